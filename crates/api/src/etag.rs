//! Etags: opaque texts that name the state that a caller has seen.

use domain::ids::Epoch;

/// The etag of a lead: its epoch. It names the ownership, which is what commands change.
pub fn of_lead(epoch: Epoch) -> String {
    epoch.0.to_string()
}

/// Reads the etag of a lead.
pub fn parse_lead(text: &str) -> Option<Epoch> {
    let epoch = text.parse().ok().map(Epoch)?;
    (epoch >= Epoch::FIRST && of_lead(epoch) == text).then_some(epoch)
}

/// The etag of an entry of the directory: the version of the directory at which it was last changed.
pub fn of_entry(version: i64) -> String {
    version.to_string()
}

/// Reads the etag of an entry of the directory.
pub fn parse_entry(text: &str) -> Option<i64> {
    let version = text.parse().ok()?;
    (version >= 1 && of_entry(version) == text).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_handed_out_is_read() {
        assert_eq!(parse_lead(&of_lead(Epoch(3))), Some(Epoch(3)));
        assert_eq!(parse_entry(&of_entry(8)), Some(8));
        for wrong in ["", "0", "-1", "+3", "03", "x", "99999999999999999999"] {
            assert_eq!(parse_lead(wrong), None, "{wrong}");
            assert_eq!(parse_entry(wrong), None, "{wrong}");
        }
    }
}
