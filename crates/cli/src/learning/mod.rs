//! `model train` and `model evaluate`: learning from a file, without a server.

mod evaluate;
mod join;
mod label;
mod load;
pub mod mapping;
mod moment;
mod report;
mod train;

#[cfg(test)]
mod tests;

use clap::Subcommand;

use crate::commands::revisions::RevisionCommand;

pub use evaluate::{EvaluateArgs, evaluate};
pub use train::{DataArgs, TrainArgs, train};

/// What can be done with models.
#[derive(Debug, Clone, Subcommand)]
pub enum ModelCommand {
    /// Revisions of the points model.
    #[command(flatten)]
    Revision(RevisionCommand),

    /// Learn a model from leads that were won and lost, and say how good it is.
    Train(TrainArgs),

    /// Measure a learned model on leads whose end is known.
    Evaluate(EvaluateArgs),
}
