//! What is there at the end, asked of the services.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use api::v1::{self, AssignmentCause, AssignmentState, GetDecisionRequest, LeadState, ListAssignmentsRequest};
use cli::Clients;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use prost_types::Timestamp;

use super::{
    history::{Assignment, Cause, Export, Kind, Lead},
    load::CAPS,
};
use crate::{company, leads, route};

/// Histories that are asked for at a time.
const AT_ONCE: usize = 16;

/// Reads all leads with their histories, and what is counted of them. Errors: something moved meanwhile, by itself.
pub(super) async fn export(clients: &Clients) -> Result<Export> {
    let found = leads(clients, "").await;
    let histories = stream::iter(found.iter().cloned().map(|lead| of_lead(clients, lead)));
    let histories = histories.buffered(AT_ONCE).try_collect().await?;
    let (own, counted) = counted(clients).await?;
    let again = leads(clients, "").await;
    ensure!(again.iter().filter(|lead| lead.name != own).eq(&found), "leads move, though nobody moves them");
    let caps = CAPS.into_iter().map(|(rep, cap)| (format!("reps/{rep}"), cap)).collect();
    Ok(Export { leads: histories, counted, caps })
}

/// The counts that a decision is made by: those of the candidates for one more lead, which nobody else knows of. With its name.
async fn counted(clients: &Clients) -> Result<(String, BTreeMap<String, i32>)> {
    let lead = v1::LeadProfile { email: Some("the.last@one.example".to_owned()), ..company::lead(0) };
    let answer = route(clients, lead).await?;
    let request = GetDecisionRequest { name: answer.decision };
    let decision = clients.assignment.clone().get_decision(request).await?.into_inner().decision;
    let destinations = decision.context("no decision")?.destinations;
    let candidates = destinations.into_iter().flat_map(|destination| destination.candidates);
    let counted = candidates.map(|candidate| (candidate.rep, candidate.open_leads)).collect();
    Ok((answer.lead.context("no lead")?.name, counted))
}

async fn of_lead(clients: &Clients, lead: v1::Lead) -> Result<Lead> {
    let parent = lead.name.clone();
    let request = ListAssignmentsRequest { parent, page_size: 1_000, page_token: String::new() };
    let history = clients.assignment.clone().list_assignments(request).await?.into_inner().assignments;
    Ok(Lead {
        is_closed: lead.state() == LeadState::Closed,
        person: lead.profile.and_then(|profile| profile.email).unwrap_or_default(),
        name: lead.name,
        owner: lead.owner,
        epoch: lead.epoch,
        history: history.into_iter().map(of_assignment).collect(),
    })
}

fn of_assignment(assignment: v1::Assignment) -> Assignment {
    let micros = |time: Timestamp| time.seconds * 1_000_000 + i64::from(time.nanos / 1_000);
    Assignment {
        epoch: assignment.epoch,
        cause: cause(assignment.cause()),
        start: assignment.start_time.map(micros).unwrap_or_default(),
        end: assignment.end_time.map(micros),
        is_accepted: assignment.accept_time.is_some(),
        is_answered: assignment.first_response_time.is_some(),
        is_closed: assignment.state() == AssignmentState::Closed,
        owner: assignment.owner,
    }
}

fn cause(cause: AssignmentCause) -> Cause {
    match cause {
        AssignmentCause::Routed => Cause::Arrival,
        AssignmentCause::Declined => Cause::Person(Kind::Decline),
        AssignmentCause::Reassigned => Cause::Person(Kind::Reassign),
        AssignmentCause::Claimed => Cause::Person(Kind::Claim),
        AssignmentCause::Returned => Cause::Person(Kind::Return),
        AssignmentCause::Unspecified
        | AssignmentCause::Expired
        | AssignmentCause::Escalated
        | AssignmentCause::Woken
        | AssignmentCause::Retried
        | AssignmentCause::WaitedOut
        | AssignmentCause::Drained
        | AssignmentCause::Rerouted => Cause::Time,
    }
}
