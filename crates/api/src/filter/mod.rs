//! The filter of `ListLeads` and `BulkReassign`: the part of AIP-160 that an index can answer.
//!
//! ```text
//! filter     = [ comparison *( "AND" comparison ) ]
//! comparison = field "=" value
//! value      = word | '"' text with \" and \\ '"'
//! ```

mod lex;

#[cfg(test)]
mod tests;

use domain::{
    ids::{TeamId, TerritoryId},
    ownership::{LeadState, Owner},
    yaml::did_you_mean,
};
use jiff::Timestamp;

use crate::{
    Path, Violations,
    convert::fields,
    names::{self, Resource, shorten},
    v1,
};

use lex::{Token, tokens};

/// Longest filter, in bytes.
const MAX_BYTES: usize = 1_000;
const FIELDS: [&str; 7] = ["owner", "team", "state", "territory", "rule", "arrived_before", "due_before"];

/// Which leads to list. All conditions hold together; none: all leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadFilter {
    /// Owned by this rep or queue.
    pub owner: Option<Owner>,
    /// Owned by a rep of this team.
    pub team: Option<TeamId>,
    /// In this state.
    pub state: Option<LeadState>,
    /// From a place in this territory.
    pub territory: Option<TerritoryId>,
    /// Routed last by the rule of that name; blank: by none.
    pub rule: Option<String>,
    /// Arrived before this time.
    pub arrived_before: Option<Timestamp>,
    /// The first response is due before this time, and was not given.
    pub due_before: Option<Timestamp>,
}

impl LeadFilter {
    /// Reads the filter of a request.
    pub fn read(text: &str, violations: &mut Violations) -> Option<Self> {
        fields::noted(Self::parse(text), &Path::Request.field("filter"), violations)
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("is {} bytes long: expected at most {MAX_BYTES}", text.len()));
        }
        let mut filter = Self::default();
        let mut tokens = tokens(text)?.into_iter();
        let Some(mut token) = tokens.next() else { return Ok(filter) };
        loop {
            let Token::Word(field) = token else {
                return Err(format!("expected a field ({}), found {token}", FIELDS.join(", ")));
            };
            match tokens.next() {
                Some(Token::Equals) => {}
                other => return Err(format!("expected `=` after `{}`, found {}", shorten(&field), or_end(other))),
            }
            match tokens.next() {
                Some(Token::Word(value) | Token::Quoted(value)) => filter.set(&field, &value)?,
                other => {
                    return Err(format!("expected a value after `{} =`, found {}", shorten(&field), or_end(other)));
                }
            }
            match tokens.next() {
                None => return Ok(filter),
                Some(Token::Word(word)) if word == "AND" => {}
                other => return Err(format!("expected `AND` between comparisons, found {}", or_end(other))),
            }
            token = tokens.next().ok_or("expected a comparison after `AND`, found the end")?;
        }
    }

    fn set(&mut self, field: &str, value: &str) -> Result<(), String> {
        let told_before = match field {
            "owner" => self.owner.replace(name(field, value)?).is_some(),
            "team" => self.team.replace(name(field, value)?).is_some(),
            "state" => self.state.replace(state(value)?).is_some(),
            "territory" => self.territory.replace(name(field, value)?).is_some(),
            "rule" => self.rule.replace(value.to_owned()).is_some(),
            "arrived_before" => self.arrived_before.replace(time(field, value)?).is_some(),
            "due_before" => self.due_before.replace(time(field, value)?).is_some(),
            _ => {
                let hint = did_you_mean(field, FIELDS);
                return Err(format!("can't filter by `{}`: expected {}{hint}", shorten(field), FIELDS.join(", ")));
            }
        };
        if told_before { Err(format!("names `{field}` twice: each field may stand once")) } else { Ok(()) }
    }
}

fn name<T: Resource>(field: &str, value: &str) -> Result<T, String> {
    names::parse(value).map_err(|error| wrong(field, &error.to_string()))
}

fn time(field: &str, value: &str) -> Result<Timestamp, String> {
    let expected = format!("`{}` is not an RFC 3339 time such as \"2026-11-22T09:00:00Z\"", shorten(value));
    value.parse().map_err(|_| wrong(field, &expected))
}

fn state(value: &str) -> Result<LeadState, String> {
    let name = format!("LEAD_STATE_{value}");
    let known = v1::LeadState::from_str_name(&name).and_then(|state| LeadState::try_from(state).ok());
    known.ok_or_else(|| {
        let names = ["OFFERED", "ACCEPTED", "WORKING", "QUEUED", "CLOSED"];
        let hint = did_you_mean(&value.to_uppercase(), names);
        wrong("state", &format!("`{}` is not a state: expected {}{hint}", shorten(value), names.join(", ")))
    })
}

fn wrong(field: &str, why: &str) -> String {
    format!("`{field}`: {why}")
}

fn or_end(token: Option<Token>) -> String {
    token.map_or_else(|| "the end".to_owned(), |token| token.to_string())
}
