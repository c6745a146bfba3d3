//! What should come out, in the simplest words: leads and addresses in maps, and one event after the other.

use std::collections::BTreeMap;

use domain::ids::{LeadId, RepId};

/// Most open leads of a rep.
pub(super) const CAP: u32 = 3;

/// What a transaction did, as it saw it.
#[derive(Debug, Clone)]
pub(super) struct Event {
    /// The version of the directory that it decided by.
    pub(super) directory: i64,
    pub(super) deed: Deed,
}

#[derive(Debug, Clone)]
pub(super) enum Deed {
    /// A lead was opened for a rep, who took it if there was room. Its address named another lead before.
    Opened { lead: LeadId, email: u32, before: Option<LeadId>, wanted: RepId, taken: bool },
    /// The address named a lead that was open.
    Known { lead: LeadId, email: u32 },
    /// A lead was to go to a rep, and did or did not.
    Passed { lead: LeadId, to: RepId, taken: bool },
    /// A lead was to be closed, and was or had been already.
    Closed { lead: LeadId, now: bool },
    /// There is a new version of the directory.
    Reorganised { version: i64 },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) epoch: i32,
    pub(super) rep: Option<RepId>,
    pub(super) open: bool,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) leads: BTreeMap<LeadId, Kept>,
    pub(super) directory: i64,
    emails: BTreeMap<u32, LeadId>,
}

impl Model {
    pub(super) fn open_leads(&self, rep: &RepId) -> u32 {
        let open = self.leads.values().filter(|lead| lead.open && lead.rep.as_ref() == Some(rep));
        open.count().try_into().unwrap()
    }

    fn is_open(&self, lead: LeadId) -> bool {
        self.leads[&lead].open
    }

    /// Does the same. An error if it would have come out differently.
    pub(super) fn apply(&mut self, event: &Event) -> Result<(), String> {
        same("the directory's version", &event.directory, &self.directory)?;
        match &event.deed {
            Deed::Opened { lead, email, before, wanted, taken } => {
                same("the lead of the address", before, &self.emails.get(email).copied())?;
                same("whether that is open", &false, &before.is_some_and(|before| self.is_open(before)))?;
                same("whether there is room", taken, &(self.open_leads(wanted) < CAP))?;
                let rep = taken.then(|| wanted.clone());
                same("a second birth", &None, &self.leads.insert(*lead, Kept { epoch: 1, rep, open: true }))?;
                self.emails.insert(*email, *lead);
            }
            Deed::Known { lead, email } => {
                same("the lead of the address", &Some(lead), &self.emails.get(email))?;
                same("whether that is open", &true, &self.is_open(*lead))?;
            }
            Deed::Passed { lead, to, taken } => {
                let another = self.is_open(*lead) && self.leads[lead].rep.as_ref() != Some(to);
                same("whether it may go there", taken, &(another && self.open_leads(to) < CAP))?;
                if *taken {
                    let epoch = self.leads[lead].epoch + 1;
                    self.leads.insert(*lead, Kept { epoch, rep: Some(to.clone()), open: true });
                }
            }
            Deed::Closed { lead, now } => {
                same("whether it was open", now, &self.is_open(*lead))?;
                self.leads.get_mut(lead).unwrap().open = false;
            }
            Deed::Reorganised { version } => {
                self.directory += 1;
                same("the next version", version, &self.directory)?;
            }
        }
        Ok(())
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: found {found:?}, expected {expected:?}")) }
}
