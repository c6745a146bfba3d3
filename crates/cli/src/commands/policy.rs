//! `policy`: revisions of the routing policy, and what a new one does to clocks that run.

use api::v1::{ActivatePolicyRequest, RunningClocks};
use clap::Subcommand;

use super::{
    clocks,
    revisions::{self, RevisionCommand},
};
use crate::{
    Clients,
    documents::{Policies, request_id},
    told::answer,
};

/// What can be done with policies.
#[derive(Debug, Clone, Subcommand)]
pub enum PolicyCommand {
    /// Revisions of the policy.
    #[command(flatten)]
    Revision(RevisionCommand),

    /// Make a revision the active one, and date clocks that run anew by its SLA policies.
    #[command(after_help = "Example:\n  leadrouter policy redate 4 --validate-only")]
    Redate {
        /// Its number, or its name as `list` tells it.
        revision: String,

        /// Tell which clocks would move, and change nothing.
        #[arg(long)]
        validate_only: bool,
    },
}

/// Does it, and tells what came of it.
///
/// Errors: [`Refused`](crate::documents::Refused), [`CallError`](crate::CallError), and what else to tell the user.
pub async fn run(command: PolicyCommand, clients: &Clients) -> anyhow::Result<String> {
    let policies = Policies(clients.policy.clone());
    let (revision, validate_only) = match command {
        PolicyCommand::Revision(command) => return revisions::run(command, &policies).await,
        PolicyCommand::Redate { revision, validate_only } => (revision, validate_only),
    };
    let request = ActivatePolicyRequest {
        name: revisions::name::<Policies>(&revision),
        request_id: request_id(),
        validate_only,
        running_clocks: RunningClocks::Redate.into(),
    };
    let done = answer(policies.0.clone().activate_policy(request).await)?;
    let policy = done.policy.unwrap_or_default();
    let state = if policy.active { "is active" } else { "would be active" };
    let clocks = clocks::told(&done.redated_clocks.unwrap_or_default());
    Ok(format!("{} ({}) {state}\n{clocks}", policy.name, policy.display_name))
}
