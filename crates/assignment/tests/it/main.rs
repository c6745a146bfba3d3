//! The directory and the policies, on a real store.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod entries;
mod hangups;
mod imports;
mod policies;
mod races;
mod redate;
mod references;
mod reps;
mod support;
