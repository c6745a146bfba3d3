//! The life of a lead's ownership: every command either moves it on or is refused with a reason.
//!
//! A [`LeadCase`] is one lead with everything that a command may change. Commands change it in memory; the committer
//! writes what came out. What a command does to a lead in which place is one table ([`outcome`]). No command touches anything else but the counters it was given.

mod accept;
mod acknowledge;
mod case;
mod claim;
mod close;
mod decline;
mod drain;
mod escalate;
mod fire;
mod give_back;
mod hand_over;
mod open;
mod pause;
mod reassign;
mod reassign_to_pool;
mod recipient;
mod redate;
mod refusal;
mod reroute;
mod respond;
mod table;

#[cfg(test)]
mod tests;

pub use case::{CaseChanges, Context, LeadCase};
pub use fire::Fired;
pub use give_back::GiveBack;
pub use open::open;
pub use pause::Standstill;
pub use redate::{ClockKind, Moved};
pub use refusal::Refusal;
pub use table::{Command, Outcome, Place, Presence, outcome};
