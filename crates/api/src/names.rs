//! Resource names: how they are written and read.

use domain::{
    ids::{AbsenceId, AccountId, CalendarId, Epoch, LeadId, PoolId, RepId, SubscriptionId, TeamId, TerritoryId},
    ownership::{Owner, Position, TimerKind},
};
use uuid::Uuid;

/// Something with a name of its own in the contract.
pub trait Resource: Sized {
    /// What names look like: `reps/{rep}`.
    const PATTERN: &'static str;

    /// Reads a name.
    fn from_name(name: &str) -> Option<Self>;

    /// Writes its name.
    fn to_name(&self) -> String;
}

/// Why a text is not a resource name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a name here: expected `{expected}`")]
pub struct InvalidName {
    /// The text that was offered.
    pub text: String,
    /// What names look like.
    pub expected: &'static str,
}

/// Reads a name of that kind of resource.
pub fn parse<T: Resource>(text: &str) -> Result<T, InvalidName> {
    T::from_name(text).ok_or_else(|| InvalidName { text: shorten(text), expected: T::PATTERN })
}

/// Enough of a text to recognise it in a message.
pub(crate) fn shorten(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

macro_rules! text_resource {
    ($($id:ident: $collection:literal, $pattern:literal;)*) => {
        $(impl Resource for $id {
            const PATTERN: &'static str = $pattern;

            fn from_name(name: &str) -> Option<Self> {
                name.strip_prefix($collection)?.strip_prefix('/')?.parse().ok()
            }

            fn to_name(&self) -> String {
                format!(concat!($collection, "/{}"), self)
            }
        })*
    };
}

text_resource! {
    RepId: "reps", "reps/{rep}";
    TeamId: "teams", "teams/{team}";
    PoolId: "pools", "pools/{pool}";
    AccountId: "accounts", "accounts/{account}";
    TerritoryId: "territories", "territories/{territory}";
    CalendarId: "calendars", "calendars/{calendar}";
    AbsenceId: "absences", "absences/{absence}";
    SubscriptionId: "subscriptions", "subscriptions/{subscription}";
}

impl Resource for LeadId {
    const PATTERN: &'static str = "leads/{uuid}";

    fn from_name(name: &str) -> Option<Self> {
        uuid(name.strip_prefix("leads/")?).map(Self)
    }

    fn to_name(&self) -> String {
        format!("leads/{self}")
    }
}

impl Resource for Owner {
    const PATTERN: &'static str = "reps/{rep}` or `queues/{queue}";

    fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    fn to_name(&self) -> String {
        self.to_string()
    }
}

/// One assignment of a lead: `leads/{uuid}/assignments/{epoch}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AssignmentName(pub LeadId, pub Epoch);

impl Resource for AssignmentName {
    const PATTERN: &'static str = "leads/{uuid}/assignments/{epoch}";

    fn from_name(name: &str) -> Option<Self> {
        let (lead, epoch) = name.split_once("/assignments/")?;
        Some(Self(LeadId::from_name(lead)?, epoch_of(epoch)?))
    }

    fn to_name(&self) -> String {
        format!("leads/{}/assignments/{}", self.0, self.1.0)
    }
}

/// One decision of a lead: `leads/{uuid}/decisions/{epoch}`, or `.../latest` for the latest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DecisionName(pub LeadId, pub Option<Epoch>);

impl Resource for DecisionName {
    const PATTERN: &'static str = "leads/{uuid}/decisions/{epoch}` or `leads/{uuid}/decisions/latest";

    fn from_name(name: &str) -> Option<Self> {
        let (lead, epoch) = name.split_once("/decisions/")?;
        let lead = LeadId::from_name(lead)?;
        if epoch == "latest" { Some(Self(lead, None)) } else { Some(Self(lead, Some(epoch_of(epoch)?))) }
    }

    fn to_name(&self) -> String {
        match self.1 {
            Some(epoch) => format!("leads/{}/decisions/{}", self.0, epoch.0),
            None => format!("leads/{}/decisions/latest", self.0),
        }
    }
}

/// A timer of a lead: `leads/{uuid}/timers/{kind}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimerName(pub LeadId, pub TimerKind);

const TIMER_KINDS: [(TimerKind, &str); 5] = [
    (TimerKind::Accept, "accept"),
    (TimerKind::Escalate, "escalate"),
    (TimerKind::Retry, "retry"),
    (TimerKind::Wake, "wake"),
    (TimerKind::Resume, "resume"),
];

impl Resource for TimerName {
    const PATTERN: &'static str = "leads/{uuid}/timers/{kind}";

    fn from_name(name: &str) -> Option<Self> {
        let (lead, text) = name.split_once("/timers/")?;
        let (kind, _) = TIMER_KINDS.into_iter().find(|(_, name)| *name == text)?;
        Some(Self(LeadId::from_name(lead)?, kind))
    }

    fn to_name(&self) -> String {
        let kind = TIMER_KINDS.iter().find(|(kind, _)| *kind == self.1).map_or("", |(_, name)| name);
        format!("leads/{}/timers/{kind}", self.0)
    }
}

/// The lead whose children are asked for, `leads/{uuid}`; `None` for `leads/-`: those of all leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeadParent(pub Option<LeadId>);

impl Resource for LeadParent {
    const PATTERN: &'static str = "leads/{uuid}` or `leads/-";

    fn from_name(name: &str) -> Option<Self> {
        if name == "leads/-" { Some(Self(None)) } else { LeadId::from_name(name).map(|lead| Self(Some(lead))) }
    }

    fn to_name(&self) -> String {
        self.0.map_or_else(|| "leads/-".to_owned(), |lead| lead.to_name())
    }
}

/// An operation that takes long, `operations/{uuid}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OperationName(pub Uuid);

impl Resource for OperationName {
    const PATTERN: &'static str = "operations/{uuid}";

    fn from_name(name: &str) -> Option<Self> {
        uuid(name.strip_prefix("operations/")?).map(Self)
    }

    fn to_name(&self) -> String {
        format!("operations/{}", self.0)
    }
}

/// A dead letter of a subscription, `subscriptions/{subscription}/deadLetters/{change}`: the change that it tells of, by its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeadLetterName(pub SubscriptionId, pub Position);

impl Resource for DeadLetterName {
    const PATTERN: &'static str = "subscriptions/{subscription}/deadLetters/{change}";

    fn from_name(name: &str) -> Option<Self> {
        let (subscription, change) = name.split_once("/deadLetters/")?;
        let (commit, place) = change.split_once('-')?;
        let position = Position { commit: positive(commit)?, place: i32::try_from(positive(place)?).ok()? };
        Some(Self(SubscriptionId::from_name(subscription)?, position))
    }

    fn to_name(&self) -> String {
        format!("{}/deadLetters/{}-{}", self.0.to_name(), self.1.commit, self.1.place)
    }
}

macro_rules! revision_resource {
    ($($(#[$doc:meta])* $name:ident, $(#[$number_doc:meta])* $number:ident: $collection:literal;)*) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(pub Option<i64>);

        impl Resource for $name {
            const PATTERN: &'static str = concat!($collection, "/{revision}` or `", $collection, "/active");

            fn from_name(name: &str) -> Option<Self> {
                match name.strip_prefix($collection)?.strip_prefix('/')? {
                    "active" => Some(Self(None)),
                    number => Some(Self(Some(positive(number)?))),
                }
            }

            fn to_name(&self) -> String {
                match self.0 {
                    Some(revision) => format!(concat!($collection, "/{}"), revision),
                    None => concat!($collection, "/active").to_owned(),
                }
            }
        }

        $(#[$number_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $number(pub i64);

        impl Resource for $number {
            const PATTERN: &'static str = concat!($collection, "/{revision}");

            fn from_name(name: &str) -> Option<Self> {
                $name::from_name(name)?.0.map(Self)
            }

            fn to_name(&self) -> String {
                $name(Some(self.0)).to_name()
            }
        })*
    };
}

revision_resource! {
    /// A revision of the policy, `policies/{revision}`; `None` for `policies/active`.
    PolicyName,
    /// A revision of the policy by its number only, `policies/{revision}`.
    PolicyRevisionName: "policies";
    /// A revision of the points model, `scoringModels/{revision}`; `None` for `scoringModels/active`.
    ScoringModelName,
    /// A revision of the points model by its number only, `scoringModels/{revision}`.
    ScoringModelRevisionName: "scoringModels";
}

/// The name of the one directory.
pub const DIRECTORY: &str = "directory";

/// A UUID in its usual form only, so that a lead has one name.
fn uuid(text: &str) -> Option<Uuid> {
    let usual = text.len() == 36 && !text.bytes().any(|b| b.is_ascii_uppercase());
    Uuid::try_parse(text).ok().filter(|_| usual)
}

fn epoch_of(text: &str) -> Option<Epoch> {
    i32::try_from(positive(text)?).ok().map(Epoch)
}

/// A decimal number from 1, without signs or leading zeros.
fn positive(text: &str) -> Option<i64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const LEAD: &str = "leads/01890a5d-ac96-774b-bcce-b302099a8057";

    fn reads_back<T: Resource>(name: &str) {
        assert_eq!(parse::<T>(name).unwrap().to_name(), name);
    }

    #[test]
    fn names_are_read_and_written_alike() {
        reads_back::<RepId>("reps/anna-berg");
        reads_back::<TerritoryId>("territories/dach");
        reads_back::<LeadId>(LEAD);
        reads_back::<LeadParent>(LEAD);
        reads_back::<LeadParent>("leads/-");
        reads_back::<AssignmentName>(&format!("{LEAD}/assignments/3"));
        reads_back::<DecisionName>(&format!("{LEAD}/decisions/12"));
        reads_back::<DecisionName>(&format!("{LEAD}/decisions/latest"));
        reads_back::<OperationName>("operations/01890a5d-ac96-774b-bcce-b302099a8057");
        reads_back::<SubscriptionId>("subscriptions/crm");
        reads_back::<DeadLetterName>("subscriptions/crm/deadLetters/17-3");
        reads_back::<PolicyName>("policies/7");
        reads_back::<ScoringModelName>("scoringModels/active");
        reads_back::<ScoringModelRevisionName>("scoringModels/7");
        for (kind, _) in TIMER_KINDS {
            let name = TimerName(parse(LEAD).unwrap(), kind).to_name();
            reads_back::<TimerName>(&name);
        }
    }

    #[test]
    fn a_thing_has_one_name() {
        for wrong in ["", "leads", "leads/", "leads/1", "reps/01890a5d-ac96-774b-bcce-b302099a8057"] {
            assert!(parse::<LeadId>(wrong).is_err(), "{wrong}");
        }
        assert!(parse::<LeadId>(&LEAD.to_uppercase().replace("LEADS", "leads")).is_err());
        assert!(parse::<LeadId>("leads/01890a5dac96774bbcceb302099a8057").is_err());
        for wrong in
            ["policies/0", "policies/07", "policies/-1", "policies/+1", "policies/", "policies/99999999999999999999"]
        {
            assert!(parse::<PolicyName>(wrong).is_err(), "{wrong}");
        }
        for wrong in ["reps/", "reps/Anna", "reps/a/b", "rep/anna", "reps/-a"] {
            assert!(parse::<RepId>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_refusal_says_what_was_expected() {
        let error = parse::<RepId>("anna").unwrap_err();
        assert_eq!(error.to_string(), "`anna` is not a name here: expected `reps/{rep}`");
        let error = parse::<PolicyName>("policies/newest").unwrap_err();
        let expected = "expected `policies/{revision}` or `policies/active`";
        assert_eq!(error.to_string(), format!("`policies/newest` is not a name here: {expected}"));
        let error = parse::<PolicyRevisionName>("policies/active").unwrap_err();
        assert_eq!(error.to_string(), "`policies/active` is not a name here: expected `policies/{revision}`");
        assert!(parse::<RepId>(&"x".repeat(5_000)).unwrap_err().to_string().len() < 200);
    }
}
