//! `BatchFireTimers`: what the escalation service found to be due.

use std::{collections::BTreeMap, sync::Arc};

use api::{Error, convert, v1};
use domain::{ids::LeadId, lead::Lead, lifecycle::Fired, score::Score};
use kit::telemetry::current_traceparent;

use super::{Asker, Inner};
use crate::{
    command::{Action, Command, Reply},
    committer::Urgency,
    error::store_error,
    scores,
};

impl Inner {
    pub(super) async fn batch_fire_timers(
        &self,
        asker: &Asker,
        request: v1::BatchFireTimersRequest,
    ) -> Result<v1::BatchFireTimersResponse, Error> {
        // What is wrong with an entry is the answer to that entry; the others go on.
        let timers = convert::timer::read_batch(&request)?;
        let leads: Vec<LeadId> = timers.iter().flatten().map(|timer| timer.lead).collect();
        let profiles = self.store.profiles(asker.tenant, &leads).await.map_err(store_error)?;
        let scores = self.score_all(asker, profiles).await;
        let traceparent = current_traceparent();
        let commands = timers.iter().flatten().map(|timer| Command {
            tenant: asker.tenant,
            request: None,
            actor: Arc::clone(&asker.caller.actor),
            note: None,
            traceparent: traceparent.clone(),
            action: Action::Fire {
                lead: timer.lead,
                kind: timer.kind,
                epoch: timer.epoch,
                score: scores.get(&timer.lead).cloned().unwrap_or_else(scores::fallback),
            },
        });
        let answers = self.committer.hand_in_all(commands.collect(), Urgency::Background).await;
        let mut answers = answers.answers().await.into_iter();
        let results = timers.into_iter().map(|timer| match timer.map(|_| answers.next()) {
            Ok(Some(Ok(Reply::Fired(fired)))) => v1::FireTimerResult { outcome: outcome(fired).into(), error: None },
            Ok(Some(Err(error))) => failed(error),
            Ok(Some(Ok(Reply::Routed(_) | Reply::Lead(_))) | None) => failed(Error::Internal),
            Err(violations) => failed(violations.into()),
        });
        Ok(v1::BatchFireTimersResponse { results: results.collect() })
    }

    /// The scores of those leads as of now, by lead.
    async fn score_all(&self, asker: &Asker, leads: Vec<Lead>) -> BTreeMap<LeadId, Score> {
        let ids: Vec<LeadId> = leads.iter().map(|lead| lead.id).collect();
        let scores = self.scores.of(&asker.caller.tenant, leads.into_iter().map(Arc::new)).await;
        ids.into_iter().zip(scores).collect()
    }
}

fn outcome(fired: Fired) -> v1::FireOutcome {
    match fired {
        Fired::Done => v1::FireOutcome::Fired,
        Fired::Stale => v1::FireOutcome::Stale,
        Fired::NotDue => v1::FireOutcome::NotDue,
    }
}

fn failed(error: Error) -> v1::FireTimerResult {
    v1::FireTimerResult { outcome: v1::FireOutcome::Failed.into(), error: Some(error.into()) }
}
