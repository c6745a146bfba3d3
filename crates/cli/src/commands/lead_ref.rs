//! How a lead is named on the command line.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// A lead: its UUID, or its name `leads/UUID` as the services tell it. Displayed, it is its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadRef(Uuid);

impl FromStr for LeadRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let id = text.strip_prefix("leads/").unwrap_or(text);
        // What follows a lead's name in the names of its decisions and assignments can be left on.
        let id = id.split_once('/').map_or(id, |(lead, _)| lead);
        Uuid::try_parse(id).map(Self).map_err(|_| "expected the UUID of a lead, or `leads/UUID`".to_owned())
    }
}

impl fmt::Display for LeadRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "leads/{}", self.0)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_lead_is_found_by_uuid_and_by_name() {
        let name = "leads/01890a5d-ac96-774b-bcce-b302099a8057";
        for text in [name, &name[6..], &name[6..].to_uppercase(), &format!("{name}/decisions/2")] {
            assert_eq!(text.parse::<LeadRef>().unwrap().to_string(), name);
        }
        for text in ["", "leads/", "jane@acme.example", "reps/anna"] {
            assert!(text.parse::<LeadRef>().is_err(), "{text}");
        }
    }
}
