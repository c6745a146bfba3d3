//! What an operation came to.

use std::collections::BTreeMap;

use domain::ownership::Owner;

use super::{
    OperationKey, Outcome, Selected,
    row::{MOVED, REFUSED},
};
use crate::{error::StoreError, pool::Store, rows::Place};

/// Who lost and gained how many leads, and what kept others from moving.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effect {
    /// Leads lost and gained, by owner.
    pub owners: BTreeMap<Owner, (u32, u32)>,
    /// Leads that were refused, by the number of the reason.
    pub refusals: BTreeMap<i32, u32>,
}

impl Effect {
    /// Counts what came of one more lead.
    pub fn add(&mut self, selected: &Selected, outcome: &Outcome) {
        match outcome {
            Outcome::Moved { owner, .. } => {
                self.owners.entry(selected.owner.clone()).or_default().0 += 1;
                self.owners.entry(owner.clone()).or_default().1 += 1;
            }
            Outcome::Refused(why) => *self.refusals.entry(why.reason).or_default() += 1,
            Outcome::Unchanged | Outcome::ChangedMeanwhile(_) => {}
        }
    }
}

impl Store {
    /// What an operation came to so far. It reads all that came of its leads.
    pub async fn operation_effect(&self, (tenant, operation): OperationKey) -> Result<Effect, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT outcome AS "outcome!", owner, new_owner, reason, count(*) AS "leads!"
               FROM operation_lead
               WHERE tenant_id = $1 AND operation_id = $2 AND outcome IN ($3, $4)
               GROUP BY outcome, owner, new_owner, reason"#,
            tenant.0,
            operation,
            MOVED,
            REFUSED,
        );
        let mut effect = Effect::default();
        for row in rows.fetch_all(&self.pool).await? {
            let place = Place { table: "operation_lead", row: &operation };
            let leads: u32 = place.number("count", row.leads)?;
            if let Some(new_owner) = &row.new_owner {
                effect.owners.entry(place.text("owner", &row.owner)?).or_default().0 += leads;
                effect.owners.entry(place.text("new_owner", new_owner)?).or_default().1 += leads;
            }
            if let Some(reason) = row.reason {
                *effect.refusals.entry(reason).or_default() += leads;
            }
        }
        Ok(effect)
    }
}
