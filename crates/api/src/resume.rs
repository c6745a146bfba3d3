//! Resume tokens: up to where a caller knows what happened.
//!
//! A token holds a version, a digest of the tenant and the position, in base64. As those of pages, it is opaque to callers, but not
//! secret and not signed: what it can ask for, its bearer could ask for without it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::ownership::Position;
use sha2::{Digest as _, Sha256};

const VERSION: u8 = 1;
const DIGEST: usize = 8;
const BYTES: usize = 1 + DIGEST + 8 + 4;

/// The token of a position of that tenant.
pub fn token(tenant: &str, position: Position) -> String {
    let mut bytes = [0; BYTES];
    bytes[0] = VERSION;
    bytes[1..=DIGEST].copy_from_slice(&digest(tenant));
    bytes[1 + DIGEST..BYTES - 4].copy_from_slice(&position.commit.to_be_bytes());
    bytes[BYTES - 4..].copy_from_slice(&position.place.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a token. Errors: what is wrong with it.
pub fn read(tenant: &str, token: &str) -> Result<Position, &'static str> {
    let garbled = "is not a token: send `resume_token` of a response as it is";
    // Longer ones are not ours, and not worth decoding.
    let bytes = (token.len() <= 2 * BYTES).then(|| URL_SAFE_NO_PAD.decode(token).ok()).flatten();
    let Some((&[VERSION], rest)) = bytes.as_deref().and_then(<[u8]>::split_first_chunk::<1>) else {
        return Err(garbled);
    };
    let Some((of, rest)) = rest.split_first_chunk::<DIGEST>() else { return Err(garbled) };
    let Some((commit, place)) = rest.split_first_chunk::<8>() else { return Err(garbled) };
    let Ok(place) = <[u8; 4]>::try_from(place) else { return Err(garbled) };
    if *of != digest(tenant) {
        return Err("belongs to another tenant");
    }
    let position = Position { commit: i64::from_be_bytes(*commit), place: i32::from_be_bytes(place) };
    if position.commit < 0 || position.place < 0 { Err(garbled) } else { Ok(position) }
}

fn digest(tenant: &str) -> [u8; DIGEST] {
    let mut digest = [0; DIGEST];
    digest.copy_from_slice(&Sha256::new().chain_update("resume ").chain_update(tenant).finalize()[..DIGEST]);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_its_position_to_its_own_tenant_only() {
        for (commit, place) in [(0, 0), (7, 3), (i64::MAX, Position::WHOLE)] {
            let position = Position { commit, place };
            let token = token("acme", position);
            assert_eq!(read("acme", &token), Ok(position));
            assert!(read("other", &token).is_err_and(|why| why.contains("another tenant")));
        }
    }

    #[test]
    fn garbled_tokens_are_refused() {
        let good = token("acme", Position { commit: 7, place: 3 });
        let negative = token("acme", Position { commit: -7, place: 3 });
        let (cut, longer, long) = (&good[..good.len() - 2], format!("{good}AA"), "A".repeat(10_000));
        for wrong in ["x", "=", "AAAA", cut, longer.as_str(), long.as_str(), negative.as_str()] {
            assert!(read("acme", wrong).is_err_and(|why| why.contains("is not a token")), "{wrong}");
        }
    }
}
