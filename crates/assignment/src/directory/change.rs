//! One change of the directory: checked against all that depends on it, made in one transaction.

use std::sync::Arc;

use api::{
    Error, Precondition, Violations,
    convert::{clocks::Redated, directory::blame},
};
use domain::{
    decide::CounterKeys,
    directory::{DirectoryDocument, Entity, EntityKind},
    ids::{PoolId, RepId},
    policy::Policy,
};
use jiff::Timestamp;
use prost::Message;
use store::{DirectoryChange, DirectoryError, EntityVersion, Lookup, PolicyRevision, Tx};

use super::{Inner, drain::Drain, entry::Entry, fit, wake};
use crate::{
    command::RequestKey,
    error::overloaded,
    grpc::Asker,
    kept,
    redate::Redate,
    standing::{Failed, MAX_RACES, Standing, compute, rejected},
};

/// What every request for a change tells.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    /// Name of the method, and of its transaction.
    pub method: &'static str,
    /// Under which the answer is kept.
    pub key: Option<RequestKey>,
    /// Everything is checked, and nothing is changed.
    pub validate_only: bool,
    /// Resource name of what is changed: an entry or `directory`.
    pub resource: String,
    /// The entry that is changed, if it is one.
    pub entry: Option<(EntityKind, String)>,
    /// Route the open leads of reps who leave again; otherwise they must have none.
    pub drain: bool,
    /// Date the running clocks of owners who get other hours anew.
    pub redate: bool,
}

/// What a change starts from.
#[derive(Debug)]
pub(super) struct Basis {
    pub standing: Standing,
    /// The entry that is changed; `None`: there is none.
    pub entry: Option<EntityVersion>,
    policy: Option<PolicyRevision>,
    /// When the directory came to be as it stands.
    changed_at: Option<Timestamp>,
}

/// What is to be written, and how the directory looks then.
#[derive(Debug)]
pub(super) struct Planned<T> {
    pub upserts: Vec<Entity>,
    pub removals: Vec<(EntityKind, String)>,
    pub after: DirectoryDocument,
    /// What the answer tells of it.
    pub told: T,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Done<'p, T> {
    pub planned: &'p Planned<T>,
    /// The directory as it is now.
    pub document: &'p DirectoryDocument,
    /// Version of the directory, and when that came to be; as it is when nothing was changed.
    pub directory: (i64, Option<Timestamp>),
    /// Version of the entry that was changed; `None` when nothing was stored.
    pub entry: Option<i64>,
    /// Leads that were routed again.
    pub drained: usize,
    /// Running clocks that were dated anew; `None`: they were not to be.
    pub redated: Option<Redated>,
}

/// A plan with all that it touches.
struct Checked<T> {
    basis: Basis,
    planned: Planned<T>,
    /// Reps who are active and would not be.
    leaving: Vec<RepId>,
    /// Pools whose waiting leads may find somebody.
    wake: Vec<PoolId>,
    policy: Option<Policy>,
}

impl Inner {
    /// Makes a change: `plan` says what to write, from what stands; `answer` what the caller is told. Both may be asked
    /// more than once, when somebody else changes something meanwhile.
    pub(super) async fn change<T, M>(
        &self,
        asker: &Asker,
        wish: &Wish,
        plan: impl Fn(&Basis) -> Result<Planned<T>, Error> + Send + Sync + 'static,
        answer: impl Fn(&Done<'_, T>) -> M + Send + Sync,
    ) -> Result<M, Error>
    where
        T: Send + Sync + 'static,
        M: Message + Default,
    {
        let plan = Arc::new(plan);
        for _ in 0..MAX_RACES {
            match self.attempt(asker, wish, Arc::clone(&plan), &answer).await {
                Err(Failed::Raced) => {}
                Err(Failed::Refused(error)) => return Err(error),
                Ok(answer) => return Ok(answer),
            }
        }
        Err(overloaded())
    }

    async fn attempt<T, M>(
        &self,
        asker: &Asker,
        wish: &Wish,
        plan: Arc<impl Fn(&Basis) -> Result<Planned<T>, Error> + Send + Sync + 'static>,
        answer: &(impl Fn(&Done<'_, T>) -> M + Send + Sync),
    ) -> Result<M, Failed>
    where
        T: Send + Sync + 'static,
        M: Message + Default,
    {
        let basis = self.basis(asker, wish).await?;
        // After the basis was read: the first of two that come at once is found here, or it is in the basis' way below.
        if let Some(kept) = kept::look(&self.store, asker.tenant, wish.key).await? {
            return Ok(kept);
        }
        let resource = wish.resource.clone();
        let checked = compute(move || check(basis, plan.as_ref(), &resource)).await??;
        let leaves = !checked.leaving.is_empty();
        let redate = if wish.redate { self.redate(asker, &checked).await? } else { None };
        if wish.validate_only && !leaves && redate.is_none() {
            return Ok(answer(&done(&checked, None, Effects::of(wish))));
        }
        let drain = match &checked.policy {
            Some(policy) if wish.drain && leaves => Some(self.drain(asker, &checked, policy).await?),
            _ => None,
        };

        let mut tx = self.store.begin(wish.method).await.map_err(rejected)?;
        checked.basis.standing.hold(&mut tx, asker.tenant).await?;
        let (lookup, kept) = kept::find(&mut tx, asker.tenant, wish.key).await?;
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let mut effects = Effects::of(wish);
        let stored = self.write(&mut tx, asker, &checked, lookup, drain, redate, &mut effects).await?;
        if wish.validate_only {
            tx.rollback().await.map_err(rejected)?;
            return Ok(answer(&done(&checked, None, effects)));
        }
        let answer = answer(&done(&checked, Some(stored), effects));
        kept::keep(&mut tx, asker.tenant, wish.key, &answer).await?;
        tx.commit().await.map_err(rejected)?;
        Ok(answer)
    }

    async fn basis(&self, asker: &Asker, wish: &Wish) -> Result<Basis, Failed> {
        let standing = Standing::read(&self.store, asker.tenant).await?;
        let entry = match &wish.entry {
            Some((kind, id)) => self.store.entity(asker.tenant, *kind, id).await.map_err(rejected)?,
            None => None,
        };
        let policy = match standing.versions.policy {
            Some(revision) => self.store.policy(asker.tenant, revision).await.map_err(rejected)?,
            None => None,
        };
        let changed_at = self.store.directory_changed_at(asker.tenant).await.map_err(rejected)?;
        Ok(Basis { standing, entry, policy, changed_at })
    }

    async fn drain<T>(&self, asker: &Asker, checked: &Checked<T>, policy: &Policy) -> Result<Drain, Failed> {
        let versions = checked.basis.standing.versions;
        let revision = versions.policy.ok_or(Failed::Raced)?;
        let (leaving, after) = (checked.leaving.clone(), checked.planned.after.clone());
        let version = versions.directory + 1;
        Drain::read(&self.store, asker, leaving, (version, after), (revision, policy.clone()), self.clock.now()).await
    }

    /// What dating running clocks anew needs; `None`: nobody gets other hours, or no lead can have been routed.
    async fn redate<T>(&self, asker: &Asker, checked: &Checked<T>) -> Result<Option<Redate>, Failed> {
        let standing = &checked.basis.standing;
        let versions = standing.versions;
        let Some(revision) = versions.policy else { return Ok(None) };
        let (before, after) = (standing.directory.clone(), checked.planned.after.clone());
        let documents = ((versions.directory, before), (versions.directory + 1, after));
        Redate::by_hours(&self.store, asker, documents, revision, self.clock.now()).await
    }

    /// The version of the directory afterwards and when it was changed.
    #[expect(clippy::too_many_arguments, reason = "one change has many effects, each with what it needs")]
    async fn write<T>(
        &self,
        tx: &mut Tx,
        asker: &Asker,
        checked: &Checked<T>,
        lookup: Lookup,
        drain: Option<Drain>,
        redate: Option<Redate>,
        effects: &mut Effects,
    ) -> Result<(i64, Timestamp), Failed> {
        let now = self.clock.manual_now().unwrap_or(lookup.now);
        let planned = &checked.planned;
        let change = DirectoryChange {
            expected_version: Some(checked.basis.standing.versions.directory),
            upserts: &planned.upserts,
            removals: &planned.removals,
            actor: &asker.caller.actor,
            now,
        };
        let version = tx.change_directory(asker.tenant, change).await.map_err(|error| match error {
            DirectoryError::VersionMoved { .. } => Failed::Raced,
            DirectoryError::Store(error) => rejected(error),
        })?;
        if let Some(drain) = drain {
            effects.drained = drain.run(tx, asker, lookup, now).await?;
        } else {
            own_nothing(tx, asker, &checked.leaving).await?;
        }
        // Behind the drain: leads that went to others have clocks by the new hours already.
        if let Some(redate) = redate {
            effects.redated = Some(redate.run(tx, asker, now).await?);
        }
        tx.wake_waiting(asker.tenant, &checked.wake, wake::MOST, now).await.map_err(rejected)?;
        Ok((version, now))
    }
}

/// Refuses if one of the reps has an open lead. The directory must have been changed by this transaction: from then on
/// nobody gives them any.
async fn own_nothing(tx: &mut Tx, asker: &Asker, reps: &[RepId]) -> Result<(), Failed> {
    let keys = CounterKeys { reps: reps.iter().cloned().collect(), ..CounterKeys::default() };
    let counters = tx.counters(asker.tenant, &keys).await.map_err(rejected)?;
    match reps.iter().find(|rep| counters.load(rep).open > 0) {
        Some(rep) => {
            let open_leads = counters.load(rep).open.into();
            Err(Error::from(Precondition::RepHasOpenLeads { rep: rep.clone(), open_leads }).into())
        }
        None => Ok(()),
    }
}

/// What a change did to leads.
#[derive(Debug, Default)]
struct Effects {
    drained: usize,
    redated: Option<Redated>,
}

impl Effects {
    fn of(wish: &Wish) -> Self {
        Self { drained: 0, redated: wish.redate.then(Redated::default) }
    }
}

/// `stored`: the version that was written, and when; `None`: it was only checked.
fn done<T>(checked: &Checked<T>, stored: Option<(i64, Timestamp)>, effects: Effects) -> Done<'_, T> {
    let (planned, basis) = (&checked.planned, &checked.basis);
    let (before, entry) = (basis.standing.versions.directory, basis.entry.as_ref().map(|entry| entry.version));
    let directory = match stored {
        Some((version, now)) if version != before => (version, Some(now)),
        _ => (before, basis.changed_at),
    };
    let entry = if planned.upserts.is_empty() { entry } else { stored.map(|(version, _)| version) };
    let document = if stored.is_some() { &planned.after } else { &basis.standing.directory };
    let Effects { drained, redated } = effects;
    Done { planned, document, directory, entry, drained, redated }
}

/// Plans the change, and checks it against the active policy.
fn check<T>(
    basis: Basis,
    plan: &impl Fn(&Basis) -> Result<Planned<T>, Error>,
    resource: &str,
) -> Result<Checked<T>, Error> {
    let planned = plan(&basis)?;
    let (before, after) = (&basis.standing.directory, &planned.after);
    let kinds = planned.upserts.iter().map(Entity::kind).chain(planned.removals.iter().map(|(kind, _)| *kind));
    let policy = match &basis.policy {
        Some(row) if kinds.into_iter().any(fit::is_named_by_policies) => Some(fit::fit(row, after, resource)?),
        _ => None,
    };
    let is_active = |id: &RepId| after.reps.get(id).is_some_and(|rep| rep.active);
    let leaving = before.reps.values().filter(|rep| rep.active && !is_active(&rep.id)).map(|rep| rep.id.clone());
    let leaving = leaving.collect();
    let wake = wake::pools(before, after, &planned.upserts, &planned.removals);
    Ok(Checked { basis, planned, leaving, wake, policy })
}

/// Refuses a directory that does not hold together, in terms of the request for that entry: its own fields, with those that
/// were `noted` before, or the others that refer to it.
pub(super) fn hold_together<E: Entry>(
    after: &DirectoryDocument,
    resource: &str,
    wire: &E::Wire,
    noted: &Violations,
) -> Result<(), Error> {
    blame(after.check(), resource, E::KIND.name(), wire, noted).check(resource)
}
