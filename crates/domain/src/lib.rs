//! What Leadrouter knows about leads, owners and time, and how it decides.
//!
//! Everything here is a pure function of its arguments: no I/O, no async, no clock, no randomness, no wire types.
//! The same input gives the same output, always; replay, what-if and the property tests stand on that.

pub mod calendar;
pub mod decide;
pub mod delivery;
pub mod directory;
pub mod expr;
pub mod identity;
pub mod ids;
pub mod lead;
pub mod lifecycle;
pub mod ownership;
pub mod policy;
pub mod rotation;
pub mod score;
pub mod sla;
pub mod snapshot;
pub mod yaml;

#[cfg(test)]
mod testing;
