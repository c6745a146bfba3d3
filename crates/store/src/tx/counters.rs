//! Locking counters: what reps have in hand, and the turns of pools.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use domain::{
    decide::{Counters, RepLoad},
    ids::{PoolId, RepId, TenantId},
    rotation::RotationState,
    score::Grade,
};
use sqlx::PgConnection;
use tracing::Instrument as _;

use super::Tx;
use crate::{
    error::StoreError,
    rows::Place,
    time::{SqlDate, SqlTime, date, from_date, time},
};

/// A counter row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum CounterKey {
    /// `rep_load`.
    Load(TenantId, RepId),
    /// `rotation`.
    Rotation(TenantId, PoolId, Option<Grade>),
}

/// Counter rows that are known to exist, committed. They are never deleted, so what is known stays true; a key that is not
/// known costs an insert that may turn out to be needless.
#[derive(Debug, Default)]
pub(crate) struct KnownCounters(Mutex<HashSet<CounterKey>>);

impl KnownCounters {
    pub(super) fn add(&self, keys: impl IntoIterator<Item = CounterKey>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(keys);
    }

    fn forget(&self, keys: impl Iterator<Item = CounterKey>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            known.remove(&key);
        }
    }

    fn missing(&self, keys: impl Iterator<Item = CounterKey>) -> Vec<CounterKey> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.filter(|key| !known.contains(key)).collect()
    }
}

/// The `grade` column of a rotation.
pub(super) fn grade_column(grade: Option<Grade>) -> String {
    grade.map(|grade| grade.to_string()).unwrap_or_default()
}

impl Tx {
    /// Locks counter rows in ascending order, reps before rotations, and reads them. A rep or rotation that was never used
    /// is not in the answer, but is locked as well. One round trip; one more the first time that a key is seen.
    ///
    /// A row that does not exist can't be locked, so two batches that both find none would both start from nothing and the
    /// later would overwrite the earlier. Therefore keys that this process has not seen committed are inserted first, at
    /// their defaults: the second batch waits there for the first. Inserts come before locks and both ascend, and nobody
    /// locks a row that it does not know to be committed before having tried to insert it; so there is no cycle of waiting.
    ///
    /// Call it once in a transaction, after [`Self::lock_leads`], with all keys: a second call could lock out of order.
    pub async fn lock_counters(
        &mut self,
        tenant: TenantId,
        reps: &[RepId],
        rotations: &[(PoolId, Option<Grade>)],
    ) -> Result<Counters, StoreError> {
        if reps.is_empty() && rotations.is_empty() {
            return Ok(Counters::default());
        }
        let wanted = Wanted::new(tenant, reps, rotations);
        self.enter()?;
        let statement = self.statement("lock_counters");
        let known = Arc::clone(&self.known);
        let locked = lock(&mut self.connection, &wanted, &known, &mut self.inserted).instrument(statement).await;
        self.leave(locked)
    }
}

/// Keys, ascending and without duplicates.
struct Wanted<'k> {
    tenant: TenantId,
    reps: Vec<&'k RepId>,
    rotations: Vec<&'k (PoolId, Option<Grade>)>,
}

impl<'k> Wanted<'k> {
    fn new(tenant: TenantId, reps: &'k [RepId], rotations: &'k [(PoolId, Option<Grade>)]) -> Self {
        let reps: BTreeSet<&RepId> = reps.iter().collect();
        let rotations: BTreeSet<&(PoolId, Option<Grade>)> = rotations.iter().collect();
        Self { tenant, reps: reps.into_iter().collect(), rotations: rotations.into_iter().collect() }
    }

    fn keys(&self) -> impl Iterator<Item = CounterKey> {
        let loads = self.reps.iter().map(|rep| CounterKey::Load(self.tenant, (*rep).clone()));
        let turns = self.rotations.iter().map(|(pool, grade)| CounterKey::Rotation(self.tenant, pool.clone(), *grade));
        loads.chain(turns)
    }
}

async fn lock(
    connection: &mut PgConnection,
    wanted: &Wanted<'_>,
    known: &KnownCounters,
    inserted: &mut Vec<CounterKey>,
) -> Result<Counters, StoreError> {
    let missing = known.missing(wanted.keys());
    if !missing.is_empty() {
        insert_defaults(connection, wanted.tenant, &missing).await?;
        inserted.extend(missing);
    }
    let rows = lock_rows(connection, wanted).await?;
    if rows.len() < wanted.reps.len() + wanted.rotations.len() {
        // Somebody deleted rows by hand. Running the batch again inserts them.
        known.forget(wanted.keys());
        return Err(StoreError::Contention(sqlx::Error::RowNotFound));
    }
    let mut counters = Counters::default();
    for row in rows {
        row.read(wanted, &mut counters)?;
    }
    Ok(counters)
}

async fn insert_defaults(
    connection: &mut PgConnection,
    tenant: TenantId,
    missing: &[CounterKey],
) -> Result<(), sqlx::Error> {
    let (mut reps, mut pools, mut grades) = (Vec::new(), Vec::new(), Vec::new());
    for key in missing {
        match key {
            CounterKey::Load(_, rep) => reps.push(rep.as_str()),
            CounterKey::Rotation(_, pool, grade) => {
                pools.push(pool.as_str());
                grades.push(grade_column(*grade));
            }
        }
    }
    let unused = RepLoad::default();
    sqlx::query!(
        "WITH loads AS (
             INSERT INTO rep_load (tenant_id, rep_id, open_leads, day, day_leads, pace_since, pace_leads)
             SELECT $1, rep, 0, $3, 0, $4, 0 FROM unnest($2::text[]) AS rep
             ON CONFLICT DO NOTHING
         )
         INSERT INTO rotation (tenant_id, pool_id, grade, reps, credits, leads)
         SELECT $1, pool, grade, '{}', '{}', 0 FROM unnest($5::text[], $6::text[]) AS new (pool, grade)
         ON CONFLICT DO NOTHING",
        tenant.0,
        &reps as _,
        date(unused.day) as _,
        time(unused.pace_since) as _,
        &pools as _,
        &grades,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A row of `rep_load`, or of `rotation` (then `credits` is set).
struct CounterRow {
    /// Its place among the keys, from 1.
    place: i64,
    open_leads: Option<i32>,
    day: Option<SqlDate>,
    day_leads: Option<i32>,
    pace_since: Option<SqlTime>,
    pace_leads: Option<i32>,
    reps: Option<Vec<String>>,
    credits: Option<Vec<i64>>,
    leads: Option<i64>,
}

/// Each row is locked when its turn comes, in the order of the keys. The first part of the UNION is run to its end before
/// the second begins, so reps are locked before rotations. (The CTEs can't be merged into it, because they lock.)
async fn lock_rows(connection: &mut PgConnection, wanted: &Wanted<'_>) -> Result<Vec<CounterRow>, sqlx::Error> {
    let reps: Vec<&str> = wanted.reps.iter().map(|rep| rep.as_str()).collect();
    let pools: Vec<&str> = wanted.rotations.iter().map(|(pool, _)| pool.as_str()).collect();
    let grades: Vec<String> = wanted.rotations.iter().map(|(_, grade)| grade_column(*grade)).collect();
    sqlx::query_as!(
        CounterRow,
        r#"
        WITH loads AS (
            SELECT wanted.place, l.* FROM unnest($2::text[]) WITH ORDINALITY AS wanted (rep_id, place)
            CROSS JOIN LATERAL (
                SELECT open_leads, day, day_leads, pace_since, pace_leads FROM rep_load
                WHERE tenant_id = $1 AND rep_id = wanted.rep_id FOR UPDATE
            ) AS l
        ), turns AS (
            SELECT wanted.place, r.*
            FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS wanted (pool_id, grade, place)
            CROSS JOIN LATERAL (
                SELECT reps, credits, leads FROM rotation
                WHERE tenant_id = $1 AND pool_id = wanted.pool_id AND grade = wanted.grade FOR UPDATE
            ) AS r
        )
        SELECT place AS "place!", open_leads, day AS "day: _", day_leads, pace_since AS "pace_since: _", pace_leads,
               NULL::text[] AS reps, NULL::bigint[] AS credits, NULL::bigint AS leads
        FROM loads
        UNION ALL
        SELECT place, NULL, NULL, NULL, NULL, NULL, reps, credits, leads FROM turns
        "#,
        wanted.tenant.0,
        &reps as _,
        &pools as _,
        &grades,
    )
    .fetch_all(connection)
    .await
}

impl CounterRow {
    /// Puts the row among the counters, unless it was never used.
    fn read(self, wanted: &Wanted<'_>, counters: &mut Counters) -> Result<(), StoreError> {
        let index = usize::try_from(self.place - 1).unwrap_or(usize::MAX);
        if let Some(credits) = &self.credits {
            let Some((pool, grade)) = wanted.rotations.get(index) else { return Ok(()) };
            let state = self.rotation(pool, *grade, credits)?;
            if state != RotationState::default() {
                counters.rotations.insert((pool.clone(), *grade), state);
            }
        } else if let Some(rep) = wanted.reps.get(index) {
            let load = self.rep_load(rep)?;
            if load != RepLoad::default() {
                counters.loads.insert((*rep).clone(), load);
            }
        }
        Ok(())
    }

    fn rep_load(&self, rep: &RepId) -> Result<RepLoad, StoreError> {
        let place = Place { table: "rep_load", row: rep };
        let null = |column| move || place.corrupt(column, "is NULL");
        Ok(RepLoad {
            open: place.number("open_leads", self.open_leads.ok_or_else(null("open_leads"))?)?,
            day: from_date(self.day.ok_or_else(null("day"))?),
            day_leads: place.number("day_leads", self.day_leads.ok_or_else(null("day_leads"))?)?,
            pace_since: self.pace_since.ok_or_else(null("pace_since"))?.to_jiff(),
            pace_leads: place.number("pace_leads", self.pace_leads.ok_or_else(null("pace_leads"))?)?,
        })
    }

    fn rotation(&self, pool: &PoolId, grade: Option<Grade>, credits: &[i64]) -> Result<RotationState, StoreError> {
        let key = format!("{pool}/{}", grade_column(grade));
        let place = Place { table: "rotation", row: &key };
        let credits = self
            .reps
            .iter()
            .flatten()
            .zip(credits)
            .map(|(rep, credit)| Ok((place.text("reps", rep)?, *credit)))
            .collect::<Result<BTreeMap<RepId, i64>, StoreError>>()?;
        Ok(RotationState::new(credits, place.number("leads", self.leads.unwrap_or_default())?))
    }
}
