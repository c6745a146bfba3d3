//! What became of clocks that ran when hours or the policy changed.

use std::fmt::Write as _;

use api::v1::RedatedClocks;

use crate::text::count;

/// `12 running clocks of 4 leads dated anew, by +20:00 h to +44:00 h`.
pub(super) fn told(clocks: &RedatedClocks) -> String {
    let leads = usize::try_from(clocks.lead_count).unwrap_or_default();
    let moved = usize::try_from(clocks.clock_count).unwrap_or_default();
    let mut text = format!("{} of {} dated anew", count(moved, "running clock"), count(leads, "lead"));
    if let (Some(earliest), Some(latest)) = (&clocks.earliest_shift, &clocks.latest_shift) {
        let _ = write!(text, ", by {} to {}", hours(earliest), hours(latest));
    }
    text
}

/// `-0:30 h`.
fn hours(shift: &prost_types::Duration) -> String {
    let sign = if shift.seconds < 0 || shift.nanos < 0 { '-' } else { '+' };
    let minutes = shift.seconds.unsigned_abs() / 60;
    format!("{sign}{}:{:02} h", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_are_told_with_their_signs() {
        let shift = |seconds: i64| hours(&prost_types::Duration { seconds, nanos: 0 });
        assert_eq!([162_000, -1_800, -5_400, 59].map(shift), ["+45:00 h", "-0:30 h", "-1:30 h", "+0:00 h"]);
        assert_eq!(told(&RedatedClocks::default()), "0 running clocks of 0 leads dated anew");
    }
}
