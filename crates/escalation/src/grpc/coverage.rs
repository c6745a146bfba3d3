//! `GetSlaCoverage`: when a target can't be met.

use std::sync::Arc;

use api::{
    Error,
    convert::coverage::{Asked, Who, to_wire},
    v1,
};
use domain::{
    ids::TenantId,
    sla::{Shift, uncovered},
    snapshot::{DirectoryIndex, RepEntry},
};

use super::{Inner, snapshot_error, store_error};

impl Inner {
    /// By the directory and the policy in force.
    pub(super) async fn get_sla_coverage(
        &self,
        tenant: TenantId,
        request: v1::GetSlaCoverageRequest,
    ) -> Result<v1::GetSlaCoverageResponse, Error> {
        let now = self.clock.now();
        let asked = Asked::read(&request, now)?;
        let versions = self.store.versions(tenant).await.map_err(store_error)?;
        let snapshot = self.snapshots.of(tenant, &versions, now).await.map_err(snapshot_error)?;
        let missing = |resource: String| Error::NotFound { resource };
        let policy = &snapshot.policy;
        let sla = policy.slas.get(&asked.sla_policy).ok_or_else(|| missing(format!("sla {}", asked.sla_policy)))?;
        let reps = reps_of(&snapshot.directory, &asked.who).ok_or_else(|| missing(asked.who.to_name()))?;

        let shifts: Vec<Shift<'_>> =
            reps.iter().map(|entry| Shift { hours: &entry.calendar, absences: &entry.absences }).collect();
        let gaps = uncovered(sla.respond, &shifts, asked.from, asked.to);
        let coverage = to_wire(&asked, sla, reps.len(), &gaps, &policy.time_zone);
        Ok(v1::GetSlaCoverageResponse { coverage: Some(coverage) })
    }
}

/// The active reps. `None`: there is no such pool or team.
fn reps_of(directory: &DirectoryIndex, who: &Who) -> Option<Vec<Arc<RepEntry>>> {
    let reps: Vec<Arc<RepEntry>> = match who {
        Who::Pool(pool) => directory.pool(pool)?.members.iter().map(|(entry, _)| Arc::clone(entry)).collect(),
        Who::Team(team) => {
            directory.document.teams.get(team)?;
            let reps = directory.document.reps.values().filter(|rep| rep.team == *team);
            reps.filter_map(|rep| directory.rep(&rep.id).cloned()).collect()
        }
    };
    Some(reps.into_iter().filter(|entry| entry.rep.active).collect())
}
