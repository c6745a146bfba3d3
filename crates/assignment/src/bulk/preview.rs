//! What a bulk reassignment would come to.

use api::{Error, longrunning};
use store::{Counts, Effect, NewOperation, Operation, Selected};
use uuid::Uuid;

use super::{
    part::{Order, outcome},
    wire,
};
use crate::{
    committer::{MAX_BATCH, Rehearsal},
    error::store_error,
    grpc::Inner,
};

impl Inner {
    /// Decides for each lead in turn, as if what was decided for those before it had been written, and writes nothing.
    pub(super) async fn preview(
        &self,
        order: &Order,
        asked: NewOperation,
        leads: &[Selected],
    ) -> Result<longrunning::Operation, Error> {
        let mut rehearsal = Rehearsal::new(&self.store, &self.snapshots, &self.clock);
        let (mut counts, mut effect) = (Counts::default(), Effect::default());
        for part in leads.chunks(MAX_BATCH) {
            let commands = order.commands(self, part).await.map_err(store_error)?;
            let answers = rehearsal.decide(order.tenant, &commands).await?;
            for (selected, answer) in part.iter().zip(answers) {
                let outcome = outcome(selected, answer)?;
                counts.add(&outcome);
                effect.add(selected, &outcome);
            }
        }
        let mut operation = Operation {
            // What is not written has no name.
            id: Uuid::nil(),
            request: asked.request,
            actor: asked.actor,
            traceparent: None,
            created_at: asked.now,
            cancelled_at: None,
            ended_at: Some(asked.now),
            total: u32::try_from(leads.len()).unwrap_or(u32::MAX),
            counts,
            next_at: asked.now,
            response: None,
        };
        operation.response = Some(wire::response(&operation, &effect));
        Ok(wire::operation(&operation, asked.now))
    }
}
