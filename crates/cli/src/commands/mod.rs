//! One file for each command, or each family of them. A command returns the text to print.

pub mod directory;
pub(crate) mod import;
mod lead_ref;
pub mod revisions;

pub use lead_ref::LeadRef;
