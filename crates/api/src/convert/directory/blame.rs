//! What is wrong with a directory, in terms of the request that would make it so.

use domain::directory::Violation as Finding;

use crate::{Error, Path, Precondition, Violations, violations::Violation};

/// Findings by whose fault they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blame {
    /// Fields of the entry in the request.
    pub own: Violations,
    /// Fields of other entries, which refer to it.
    pub others: Vec<Violation>,
}

/// Sorts the findings of a check on the directory as the request would leave it. `entry` is the resource name of the
/// entry that it changes, `field` the field of the request that holds the entry (`rep`).
pub fn blame(findings: Vec<Finding>, entry: &str, field: &str) -> Blame {
    let mut blame = Blame::default();
    let root = Path::Request.field(field);
    for finding in findings {
        match finding.field.strip_prefix(entry).and_then(|rest| rest.strip_prefix('.')) {
            Some(own) => blame.own.add(&root.field(&in_contract(entry, own)), finding.message),
            None => match taken_from(&finding, entry) {
                Some((holder, domain)) => {
                    let message = format!("belongs to {holder} already");
                    blame.own.add(&root.field(&format!("domains[{domain}]")), message);
                }
                None => blame.others.push(Violation { field: finding.field, description: finding.message }),
            },
        }
    }
    blame
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

/// The field's name in the contract, where documents have another one.
fn in_contract(entry: &str, field: &str) -> String {
    let renamed = match field {
        "name" => "display_name",
        "start" if entry.starts_with("absences/") => "start_time",
        "end" if entry.starts_with("absences/") => "end_time",
        _ => field,
    };
    renamed.to_owned()
}
