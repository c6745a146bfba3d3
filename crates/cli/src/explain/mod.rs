//! `explain`: why a lead has the owner that it has, from the score to the clocks, in words that a rep can read.

mod candidates;
pub(crate) mod history;
mod render;
mod score;
pub(crate) mod sla;

#[cfg(test)]
mod tests;

use api::v1::{Assignment, Decision, GetDecisionRequest, GetLeadRequest, GetRepRequest, Lead, ListAssignmentsRequest};
use clap::Args;
use tonic::Code;

use crate::{CallError, Clients, commands::LeadRef, pages, told::answer};

/// Say why a lead has the owner that it has.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    leadrouter explain 01890a5d-ac96-774b-bcce-b302099a8057\n  \
    leadrouter explain leads/01890a5d-ac96-774b-bcce-b302099a8057 --epoch 1")]
pub struct ExplainArgs {
    /// The lead: its UUID, or its name `leads/UUID`.
    pub lead: LeadRef,

    /// The assignment whose decision is meant, from 1; otherwise the latest decision.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub epoch: Option<i32>,
}

/// Everything that an explanation is made of. Displayed, it is the explanation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Explanation {
    /// The lead as it is now.
    pub lead: Lead,
    /// The decision that is explained.
    pub decision: Decision,
    /// Full name of the rep whom the decision picked; blank for a queue, and for a rep who is not in the directory any
    /// more.
    pub owner_name: String,
    /// The history of the lead, oldest first.
    pub history: Vec<Assignment>,
}

/// Collects what explains the decision of assignment `epoch`, or the latest decision, of `lead`.
pub async fn explanation(clients: &Clients, lead: LeadRef, epoch: Option<i32>) -> Result<Explanation, CallError> {
    let mut assignment = clients.assignment.clone();
    let name = lead.to_string();
    let epoch = epoch.map_or_else(|| "latest".to_owned(), |epoch| epoch.to_string());
    let lead = answer(assignment.get_lead(GetLeadRequest { name: name.clone() }).await)?.lead.unwrap_or_default();
    let decision = GetDecisionRequest { name: format!("{name}/decisions/{epoch}") };
    let decision = answer(assignment.get_decision(decision).await)?.decision.unwrap_or_default();
    let owner_name = full_name(clients, &decision.owner).await?;
    Ok(Explanation { owner_name, history: history(clients, &name).await?, lead, decision })
}

async fn full_name(clients: &Clients, owner: &str) -> Result<String, CallError> {
    if !owner.starts_with("reps/") {
        return Ok(String::new());
    }
    match clients.directory.clone().get_rep(GetRepRequest { name: owner.to_owned() }).await {
        Ok(found) => Ok(found.into_inner().rep.unwrap_or_default().display_name),
        Err(status) if status.code() == Code::NotFound => Ok(String::new()),
        Err(status) => Err(status.into()),
    }
}

/// The history of the lead of that name, oldest first.
pub(crate) async fn history(clients: &Clients, lead: &str) -> Result<Vec<Assignment>, CallError> {
    let page = |page_size, page_token| {
        let mut client = clients.assignment.clone();
        let request = ListAssignmentsRequest { parent: lead.to_owned(), page_size, page_token };
        async move {
            let page = answer(client.list_assignments(request).await)?;
            Ok((page.assignments, page.next_page_token))
        }
    };
    pages::all(page).await
}

pub(crate) async fn run(args: &ExplainArgs, clients: &Clients) -> anyhow::Result<String> {
    Ok(explanation(clients, args.lead, args.epoch).await?.to_string())
}
