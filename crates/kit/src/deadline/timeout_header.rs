//! The `grpc-timeout` header: one to eight digits and a unit (gRPC over HTTP/2, "Timeout").

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

/// The header's name.
pub(super) const GRPC_TIMEOUT: &str = "grpc-timeout";

const MAX_DIGITS: usize = 8;
const TOO_MANY: u128 = 100_000_000;

/// The header is there but can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("1 to 8 digits and a unit (H, M, S, m, u or n), such as `500m` for half a second")]
pub struct InvalidTimeout;

/// Reads the header; `None` when there is none.
pub fn parse_timeout(headers: &HeaderMap) -> Result<Option<Duration>, InvalidTimeout> {
    headers.get(GRPC_TIMEOUT).map(|value| parse(value.as_bytes())).transpose()
}

fn parse(text: &[u8]) -> Result<Duration, InvalidTimeout> {
    let (unit, digits) = text.split_last().ok_or(InvalidTimeout)?;
    if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return Err(InvalidTimeout);
    }
    let number = digits.iter().fold(0_u64, |number, digit| number * 10 + u64::from(digit - b'0'));
    match unit {
        b'H' => Ok(Duration::from_secs(number * 3600)),
        b'M' => Ok(Duration::from_secs(number * 60)),
        b'S' => Ok(Duration::from_secs(number)),
        b'm' => Ok(Duration::from_millis(number)),
        b'u' => Ok(Duration::from_micros(number)),
        b'n' => Ok(Duration::from_nanos(number)),
        _ => Err(InvalidTimeout),
    }
}

/// Writes a timeout in the finest unit that fits, rounded down: the callee must not believe it has more than is left.
pub fn format_timeout(timeout: Duration) -> HeaderValue {
    let units = [
        (timeout.as_nanos(), b'n'),
        (timeout.as_micros(), b'u'),
        (timeout.as_millis(), b'm'),
        (u128::from(timeout.as_secs()), b'S'),
        (u128::from(timeout.as_secs() / 60), b'M'),
        (u128::from(timeout.as_secs() / 3600), b'H'),
    ];
    let fitting = units.into_iter().find(|(number, _)| *number < TOO_MANY);
    let (number, unit) = fitting.unwrap_or((TOO_MANY - 1, b'H'));
    let mut text = [0_u8; MAX_DIGITS + 1];
    let mut start = MAX_DIGITS;
    text[start] = unit;
    // Below `TOO_MANY`, so it has at most eight digits.
    let mut rest = u32::try_from(number).unwrap_or(0);
    loop {
        start -= 1;
        text[start] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    HeaderValue::from_bytes(&text[start..]).unwrap_or_else(|_| HeaderValue::from_static("0n"))
}
