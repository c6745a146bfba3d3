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

pub use check::{MAX_DAYS_STOPPED, Violation};
pub use document::DirectoryDocument;
pub use entities::{
    Absence, Account, CalendarSpec, Entity, EntityKind, Hours, LaterHours, Member, OpenHours, Opening, Pool, Rep,
    Seniority, Strategy, Team, Territory, saturday_and_sunday,
};
pub use read::MAX_BYTES;
