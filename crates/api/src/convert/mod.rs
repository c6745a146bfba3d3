//! Wire <-> domain, one file for each aggregate.
//!
//! Readers take a message apart, note everything that is wrong with it, and hand out a domain value that keeps the
//! bounds of the contract. Writers can't fail.

pub mod assignment;
pub mod bulk;
pub mod clocks;
pub mod command;
pub mod coverage;
pub mod decision;
pub mod directory;
pub mod fields;
pub mod lead;
mod pause;
pub mod policy;
pub mod profile;
pub mod report;
pub mod route;
pub mod score;
pub mod scoring;
pub mod sla;
pub mod subscription;
pub mod time;
pub mod timer;
pub mod watch;

#[cfg(test)]
mod tests;

use domain::yaml::Problem;

use crate::v1;

impl From<Problem> for v1::Problem {
    fn from(problem: Problem) -> Self {
        Self {
            line: i32::try_from(problem.line).unwrap_or(i32::MAX),
            column: i32::try_from(problem.column).unwrap_or(i32::MAX),
            field: problem.field,
            message: problem.message,
        }
    }
}
