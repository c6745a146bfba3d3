//! Who waits for a place that a change of the directory may have opened.

use std::collections::BTreeSet;

use domain::{
    directory::{DirectoryDocument, Entity, EntityKind, Rep},
    ids::PoolId,
};

/// Leads that are woken at once. The others are routed again within minutes, as they would be anyway.
pub(super) const MOST: i64 = 256;

/// The pools for which a lead may find somebody now who was not there before, or of whose reps anything else has
/// changed, ascending: those of `after` and those that are gone. Whoever is woken in vain waits on.
pub(super) fn pools(
    before: &DirectoryDocument,
    after: &DirectoryDocument,
    upserts: &[Entity],
    removals: &[(EntityKind, String)],
) -> Vec<PoolId> {
    let upserted = upserts.iter().map(|entity| (entity.kind(), entity.id()));
    let removed = removals.iter().map(|(kind, id)| (*kind, id.as_str()));
    let mut changed: BTreeSet<(EntityKind, &str)> = upserted.chain(removed).collect();
    // An absence is the absence of a rep: of whom it was and of whom it is.
    let absent = changed.iter().filter(|(kind, _)| *kind == EntityKind::Absence).flat_map(|(_, id)| {
        let found = [before, after].map(|document| document.absences.get(&id.parse().ok()?));
        found.into_iter().flatten().map(|absence| (EntityKind::Rep, absence.rep.as_str()))
    });
    let absent: Vec<_> = absent.collect();
    changed.extend(absent);

    let has_changed = |rep: &Rep| {
        let calendar = after.calendar_of(rep);
        changed.contains(&(EntityKind::Rep, rep.id.as_str()))
            || changed.contains(&(EntityKind::Team, rep.team.as_str()))
            || calendar.is_some_and(|calendar| changed.contains(&(EntityKind::Calendar, calendar.as_str())))
            || rep.territories.iter().any(|place| changed.contains(&(EntityKind::Territory, place.as_str())))
    };
    let gone = before.pools.keys().filter(|id| !after.pools.contains_key(id));
    let touched = after.pools.values().filter(|pool| {
        let mut reps = pool.members.iter().filter_map(|member| after.reps.get(&member.rep));
        changed.contains(&(EntityKind::Pool, pool.id.as_str())) || reps.any(|rep| has_changed(rep))
    });
    let pools: BTreeSet<PoolId> = gone.cloned().chain(touched.map(|pool| pool.id.clone())).collect();
    pools.into_iter().collect()
}
