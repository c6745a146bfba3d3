//! `RouteLead` and `BatchRouteLeads`: one road for one lead or a thousand. (`stream.rs` has the one for leads as they come.)

use std::sync::Arc;

use api::{
    Error, Violations,
    convert::route::{self, Route},
    v1,
};
use domain::{identity::IdentityKey, ids::LeadId, lead::Lead};
use kit::telemetry::current_traceparent;
use prost::Message as _;

use super::{Asker, Inner, request_key};
use crate::{
    command::{Action, Command, Reply, RequestKey},
    committer::{Answer, Urgency},
};

impl Inner {
    pub(super) async fn route_lead(
        &self,
        asker: &Asker,
        request: v1::RouteLeadRequest,
    ) -> Result<v1::RouteLeadResponse, Error> {
        let key = key(&request);
        let route = route::read(request)?;
        let command = self.commands(asker, vec![(route, key)]).await.pop().ok_or(Error::Internal)?;
        routed(self.committer.submit(command).await)
    }

    pub(super) async fn batch_route_leads(
        &self,
        asker: &Asker,
        request: v1::BatchRouteLeadsRequest,
    ) -> Result<v1::BatchRouteLeadsResponse, Error> {
        let keys: Vec<_> = request.requests.iter().map(key).collect();
        let entries = route::read_batch(request)?.into_iter().zip(keys).map(|(entry, key)| (key, entry));
        let Prepared { commands, wrong } = self.prepare(asker, entries).await;
        let answers = self.committer.hand_in_all(commands, Urgency::Caller).await.answers().await;
        Ok(v1::BatchRouteLeadsResponse { results: Prepared::results(wrong, answers).collect() })
    }

    /// Makes commands of what could be read.
    pub(super) async fn prepare(
        &self,
        asker: &Asker,
        entries: impl Iterator<Item = (Option<RequestKey>, Result<Route, Violations>)>,
    ) -> Prepared {
        let (mut wrong, mut routes) = (Vec::new(), Vec::new());
        for (key, entry) in entries {
            match entry {
                Ok(route) => {
                    routes.push((route, key));
                    wrong.push(None);
                }
                Err(violations) => wrong.push(Some(violations.into())),
            }
        }
        Prepared { commands: self.commands(asker, routes).await, wrong }
    }

    /// Scores the leads and makes them commands.
    async fn commands(&self, asker: &Asker, routes: Vec<(Route, Option<RequestKey>)>) -> Vec<Command> {
        let created_at = self.clock.now();
        let mut leads = Vec::with_capacity(routes.len());
        let mut rest = Vec::with_capacity(routes.len());
        for (Route { profile, preview, .. }, key) in routes {
            leads.push(Arc::new(Lead { id: LeadId(self.clock.new_uuid_v7()), created_at, profile }));
            rest.push((preview, key));
        }
        let scores = self.scores.of(&asker.caller.tenant, leads.iter().cloned()).await;
        let traceparent = current_traceparent();
        let commands = rest.into_iter().zip(leads).zip(scores).map(|(((preview, key), lead), score)| Command {
            tenant: asker.tenant,
            // A preview is not kept: it would be the answer to the real thing.
            request: key.filter(|_| !preview),
            actor: Arc::clone(&asker.caller.actor),
            note: None,
            traceparent: traceparent.clone(),
            action: Action::Route { keys: IdentityKey::of(&lead.profile), lead, score, preview },
        });
        commands.collect()
    }
}

/// Leads that were read, as commands. What is wrong with an entry is the answer to that entry; the others go on.
pub(super) struct Prepared {
    pub commands: Vec<Command>,
    /// By entry: why it is none of the commands.
    pub wrong: Vec<Option<Error>>,
}

impl Prepared {
    /// The result of each entry, from the answers to the commands.
    pub(super) fn results(
        wrong: Vec<Option<Error>>,
        answers: Vec<Answer>,
    ) -> impl Iterator<Item = v1::BatchRouteResult> {
        let mut answers = answers.into_iter();
        let results = wrong.into_iter().map(move |wrong| match wrong {
            Some(error) => Err(error),
            None => routed(answers.next().unwrap_or(Err(Error::Internal))),
        });
        results.map(to_result)
    }
}

/// The name under which the response is kept. An id that is none is refused when the request is read.
pub(super) fn key(request: &v1::RouteLeadRequest) -> Option<RequestKey> {
    let id = uuid::Uuid::try_parse(&request.request_id).ok()?;
    Some(request_key(id, "route_lead", &request.encode_to_vec()))
}

fn routed(answer: Answer) -> Result<v1::RouteLeadResponse, Error> {
    match answer? {
        Reply::Routed(response) => Ok(*response),
        Reply::Lead(_) | Reply::Fired(_) => Err(Error::Internal),
    }
}

fn to_result(result: Result<v1::RouteLeadResponse, Error>) -> v1::BatchRouteResult {
    use v1::batch_route_result::Result as Wire;
    let wire = match result {
        Ok(response) => Wire::Response(response),
        Err(error) => Wire::Error(error.into()),
    };
    v1::BatchRouteResult { result: Some(wire) }
}
