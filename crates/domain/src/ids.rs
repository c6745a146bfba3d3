//! Identifiers. Each kind has its own type, so that a pool can't be passed where a rep is meant.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One isolated customer of the installation. Leads every primary key of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TenantId(pub i32);

/// A lead. UUID version 7: ordered by the time of arrival, which is how history is partitioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LeadId(pub Uuid);

impl fmt::Display for LeadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of an assignment of one lead: 1, 2, 3 ... without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Epoch(pub i32);

impl Epoch {
    /// The epoch of a lead's first assignment.
    pub const FIRST: Self = Self(1);

    /// The epoch that follows this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id: expected 1 to 63 characters of a-z, 0-9 and -, the first a letter or digit")]
pub struct InvalidId {
    /// The text that was offered.
    pub text: String,
}

/// True when `text` may stand as an id: 1 to 63 of `a-z`, `0-9`, `-`, not led by `-` (AIP-122 user-chosen ids).
pub fn is_valid_id(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if is_valid_id(text) {
                    Ok(Self(Arc::from(text)))
                } else {
                    Err(InvalidId { text: text.to_owned() })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A rep: a sales person who can own leads.
    RepId
}
text_id! {
    /// A team: reps with a manager.
    TeamId
}
text_id! {
    /// A pool: the reps among whom a rule distributes.
    PoolId
}
text_id! {
    /// An account: a company.
    AccountId
}
text_id! {
    /// A subscription: who is told by webhook what happens.
    SubscriptionId
}
impl SubscriptionId {
    /// What its secret is sealed for: one that is put elsewhere opens nothing there.
    pub fn secret_of(&self, tenant: TenantId) -> String {
        format!("webhook secret of {}/{self}", tenant.0)
    }
}

text_id! {
    /// A calendar: working hours, holidays, time zone.
    CalendarId
}
text_id! {
    /// A territory: a named set of places.
    TerritoryId
}
text_id! {
    /// An absence of a rep.
    AbsenceId
}
