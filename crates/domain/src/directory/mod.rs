//! Who can own leads: reps, teams, pools, accounts, territories, calendars, absences.

mod check;
mod document;
mod entities;

mod read;
mod shape;
mod territory;
mod warnings;

#[cfg(test)]
mod tests;

pub use check::Violation;
pub use document::DirectoryDocument;
pub use entities::{
    Absence, Account, CalendarSpec, Entity, EntityKind, Hours, Member, OpenHours, Pool, Rep, Seniority, Strategy, Team,
    Territory,
};
pub use read::MAX_BYTES;
