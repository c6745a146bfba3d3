//! What is wrong with a directory, in terms of the request that would make it so.

use domain::directory::Violation as Finding;

use crate::{Error, Path, Precondition, Violations, violations::Violation};

/// A message of an entry, with lists whose items findings name by what they are: `skills[gtx]`, `members[anna]`.
pub trait Itemised {
    /// What the items of that list go by, in the order of the message.
    fn items(&self, list: &str) -> Vec<&str>;

    /// Where the message has the item that goes by `item`; of several it is the last, for that is one too many.
    fn index_of(&self, list: &str, item: &str) -> Option<usize> {
        let items = self.items(list);
        // References are names, which end with the id; words are kept in one case.
        let id = |text: &str| text.trim().rsplit('/').next().unwrap_or_default().to_owned();
        let exact = items.iter().rposition(|text| id(text) == item);
        exact.or_else(|| items.iter().rposition(|text| id(text).to_lowercase() == item.to_lowercase()))
    }

    /// The path below that item of that list in the contract, where findings call it `rest` (`.name`). `None`: the same.
    fn within(&self, _list: &str, _index: usize, _rest: &str) -> Option<String> {
        None
    }
}

/// Findings by whose fault they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blame {
    /// Fields of the entry in the request.
    pub own: Violations,
    /// Fields of other entries, which refer to it.
    pub others: Vec<Violation>,
}

/// Sorts the findings of a check on the directory as the request would leave it. `entry` is the resource name of the
/// entry that it changes, `field` the field of the request that holds the entry (`rep`), `wire` the entry as the request
/// has it, `noted` what its reader found wrong: no more is said of a field of which something is said there.
pub fn blame(findings: Vec<Finding>, entry: &str, field: &str, wire: &impl Itemised, noted: &Violations) -> Blame {
    let mut blame = Blame { own: noted.clone(), others: Vec::new() };
    for finding in findings {
        let own = match finding.field.strip_prefix(entry).and_then(|rest| rest.strip_prefix('.')) {
            Some(own) => Some((in_contract(entry, own, wire), finding.message.clone())),
            None => taken_from(&finding, entry).map(|(holder, domain)| {
                let path = in_contract(entry, &format!("domains[{domain}]"), wire);
                (path, format!("belongs to {holder} already"))
            }),
        };
        match own {
            Some((path, message)) => {
                let path = format!("{field}.{path}");
                if !noted.iter().any(|known| is_within(&known.field, &path) || is_within(&path, &known.field)) {
                    blame.own.add(&Path::Request.field(&path), message);
                }
            }
            None => blame.others.push(Violation { field: finding.field, description: finding.message }),
        }
    }
    blame
}

/// True when `inner` is the field `outer`, or a part of it.
fn is_within(outer: &str, inner: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

impl Blame {
    /// `Ok` if nothing was found. The entry's own faults come before those of others.
    pub fn check(self, entry: &str) -> Result<(), Error> {
        if !self.own.is_empty() {
            return Err(self.own.into());
        }
        if self.others.is_empty() {
            return Ok(());
        }
        Err(Precondition::ResourceInUse { resource: entry.to_owned(), users: self.others }.into())
    }
}

/// A domain that two accounts claim is found at the one whose id comes later. The fault is the entry's that comes to it, not
/// that of the account which has had it: who that is, and the domain.
fn taken_from<'f>(finding: &'f Finding, entry: &str) -> Option<(&'f str, &'f str)> {
    let (holder, domain) = finding.field.split_once(".domains[")?;
    let domain = domain.strip_suffix(']')?;
    (finding.message == format!("belongs to {entry} already")).then_some((holder, domain))
}

/// The field's path in the contract: some have another name in documents, and items of lists are counted from 0.
fn in_contract(entry: &str, field: &str, wire: &impl Itemised) -> String {
    let renamed = match field {
        "name" => "display_name",
        "start" if entry.starts_with("absences/") => "start_time",
        "end" if entry.starts_with("absences/") => "end_time",
        _ => field,
    };
    let split = renamed.split_once('[').and_then(|(list, rest)| Some((list, rest.split_once(']')?)));
    match split.and_then(|(list, (item, rest))| Some((list, wire.index_of(list, item)?, rest))) {
        // Documents have a list for each day: `hours.mon`.
        Some((list, index, rest)) => {
            let rest = wire.within(list, index, rest).unwrap_or_else(|| rest.to_owned());
            format!("{}[{index}]{rest}", list.split('.').next().unwrap_or_default())
        }
        None => renamed.to_owned(),
    }
}
