//! One file for each command, or each family of them. A command returns the text to print.

pub mod bulk_reassign;
pub mod calendar;
mod choice;
mod clocks;
pub mod coverage;
pub mod deadlines;
pub mod directory;
pub mod due;
pub(crate) mod import;
pub mod lead;
mod lead_ref;
pub mod leads;
pub mod operations;
pub mod policy;
mod profile;
pub mod revisions;
pub mod route;
pub mod watch;
pub mod webhook;

pub use lead_ref::LeadRef;

use api::names::Resource as _;
use domain::ids::RepId;
use jiff::{Timestamp, tz::TimeZone};

/// Reads a time as a person writes it; what tells no zone is meant in the zone of this machine.
fn local_time(text: &str) -> Result<Timestamp, String> {
    crate::import::read_time(text, &TimeZone::system())
}

/// Reads a rep: the id, or the name `reps/ID` as the services tell it. Returns the name.
fn rep_name(text: &str) -> Result<String, String> {
    let id = text.strip_prefix("reps/").unwrap_or(text);
    let rep: Result<RepId, _> = id.parse();
    rep.map(|rep| rep.to_name()).map_err(|error| error.to_string())
}
