//! Those who watch what happens to leads, and whether they were told the truth.

use std::collections::{BTreeMap, HashSet};

use api::v1::{
    AssignmentCause, ListAssignmentsRequest, OwnershipChange, OwnershipChangeKind as Kind, WatchOwnershipRequest,
    WatchOwnershipResponse,
};
use cli::Clients;
use tonic::{Request, Status, Streaming};

use crate::{PATIENCE, leads};

/// Begins to watch, after a token or from now on. It has begun when this comes back: the first response was taken.
pub async fn watch(
    clients: &Clients,
    request: WatchOwnershipRequest,
) -> Result<(WatchOwnershipResponse, Streaming<WatchOwnershipResponse>), Status> {
    let mut request = Request::new(request);
    request.set_timeout(PATIENCE);
    let mut stream = clients.assignment.clone().watch_ownership(request).await?.into_inner();
    let first = stream.message().await?.unwrap();
    Ok((first, stream))
}

/// The same, after a token.
pub async fn resume(
    clients: &Clients,
    token: &str,
) -> Result<(WatchOwnershipResponse, Streaming<WatchOwnershipResponse>), Status> {
    watch(clients, WatchOwnershipRequest { resume_token: token.to_owned(), ..WatchOwnershipRequest::default() }).await
}

/// All changes after a token, up to the one that is `last`.
pub async fn until(clients: &Clients, token: &str, last: impl Fn(&OwnershipChange) -> bool) -> Vec<OwnershipChange> {
    let (first, mut stream) = resume(clients, token).await.unwrap();
    let mut told = first.changes;
    while !told.iter().any(&last) {
        told.extend(stream.message().await.unwrap().unwrap().changes);
    }
    told
}

/// `assigned reps/ana offered`: what happened, who has the lead, and how far it came.
pub fn short(change: &OwnershipChange) -> String {
    let kind = change.kind().as_str_name().trim_start_matches("OWNERSHIP_CHANGE_KIND_").to_lowercase();
    let state = change.state().as_str_name().trim_start_matches("LEAD_STATE_").to_lowercase();
    format!("{kind} {} {state}", change.owner)
}

/// What a history must have been told as: epoch, kind, owner, cause and owner before.
type Fact = (i32, Kind, String, AssignmentCause, String);

/// Compares what was told with the histories of all leads. What is wrong, if anything is.
pub async fn judge(clients: &Clients, told: &[OwnershipChange]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut seen = HashSet::new();
    let places: Vec<_> = told.iter().map(place).collect();
    for (change, pair) in told.iter().zip(places.windows(2)) {
        if pair[0] >= pair[1] {
            wrong.push(format!("{} is not before what follows it", change.id));
        }
    }
    let mut by_lead: BTreeMap<&str, Vec<Fact>> = BTreeMap::new();
    for change in told {
        if !seen.insert(&change.id) {
            wrong.push(format!("{} was told twice", change.id));
        }
        // Steps of the chain and clocks are no part of an assignment.
        if !matches!(
            change.kind(),
            Kind::Escalated | Kind::Reminded | Kind::ClocksMoved | Kind::Paused | Kind::Resumed | Kind::Acknowledged
        ) {
            let fact =
                (change.epoch, change.kind(), change.owner.clone(), change.cause(), change.previous_owner.clone());
            by_lead.entry(&change.lead).or_default().push(fact);
        }
    }
    for lead in leads(clients, "").await {
        let expected = history(clients, &lead.name).await;
        let found = by_lead.remove(lead.name.as_str()).unwrap_or_default();
        if found != expected {
            wrong.push(format!("{}: told {found:?}, but it was {expected:?}", lead.name));
        }
    }
    wrong.extend(by_lead.into_keys().map(|lead| format!("{lead} was told of, but is not there")));
    wrong
}

/// Commit and place.
fn place(change: &OwnershipChange) -> (i64, i32) {
    let (commit, place) = change.id.split_once('-').unwrap();
    (commit.parse().unwrap(), place.parse().unwrap())
}

/// The facts of a lead's history.
async fn history(clients: &Clients, lead: &str) -> Vec<Fact> {
    let request =
        ListAssignmentsRequest { parent: lead.to_owned(), page_size: 1_000, ..ListAssignmentsRequest::default() };
    let answer = clients.assignment.clone().list_assignments(request).await.unwrap().into_inner();
    let (mut facts, mut before) = (Vec::new(), String::new());
    for assignment in answer.assignments {
        let closed = assignment.state() == api::v1::AssignmentState::Closed;
        let begun = match (assignment.owner.as_str(), assignment.cause()) {
            ("queues/disqualified", _) => Kind::Closed,
            (_, AssignmentCause::Returned) => Kind::Returned,
            (owner, _) if owner.starts_with("queues/") => Kind::Queued,
            _ => Kind::Assigned,
        };
        let mut fact =
            |kind, before| facts.push((assignment.epoch, kind, assignment.owner.clone(), assignment.cause(), before));
        fact(begun, before);
        let claimed = assignment.cause() == AssignmentCause::Claimed;
        // A first response accepts as well, at the same moment.
        if assignment.accept_time.is_some() && !claimed && assignment.accept_time != assignment.first_response_time {
            fact(Kind::Accepted, String::new());
        }
        if assignment.first_response_time.is_some() {
            fact(Kind::Responded, String::new());
        }
        if closed && begun != Kind::Closed {
            fact(Kind::Closed, String::new());
        }
        before = assignment.owner;
    }
    facts
}
