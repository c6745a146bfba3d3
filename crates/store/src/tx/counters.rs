//! Reading counters: what reps have in hand, and the turns of pools.

use std::collections::BTreeMap;

use domain::{
    decide::{CounterKeys, Counters, RepLoad},
    ids::{PoolId, RepId, TenantId},
    rotation::RotationState,
    score::Grade,
};
use sqlx::PgConnection;

use super::Tx;
use crate::{
    error::StoreError,
    rows::Place,
    time::{SqlDate, SqlTime, from_date},
};

/// The `grade` column of a rotation.
pub(super) fn grade_column(grade: Option<Grade>) -> String {
    grade.map(|grade| grade.to_string()).unwrap_or_default()
}

impl Tx {
    /// The counters of all those keys; one that was never used is at its default. One round trip.
    ///
    /// Nothing is locked. If another commit changes them before the write, [`Tx::write`] tells.
    pub async fn counters(&mut self, tenant: TenantId, keys: &CounterKeys) -> Result<Counters, StoreError> {
        let mut counters = Counters::default();
        counters.loads.extend(keys.reps.iter().map(|rep| (rep.clone(), RepLoad::default())));
        counters.rotations.extend(keys.rotations.iter().map(|key| (key.clone(), RotationState::default())));
        if counters == Counters::default() {
            return Ok(counters);
        }
        let wanted = Wanted { tenant, reps: keys.reps.iter().collect(), rotations: keys.rotations.iter().collect() };
        let statement = self.statement("counters");
        let rows = statement.run(rows(self.enter()?, &wanted)).await;
        for row in self.leave(rows)? {
            row.read(&wanted, &mut counters)?;
        }
        Ok(counters)
    }
}

/// Keys by their place.
struct Wanted<'k> {
    tenant: TenantId,
    reps: Vec<&'k RepId>,
    rotations: Vec<&'k (PoolId, Option<Grade>)>,
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

/// Those that were ever used.
async fn rows(connection: &mut PgConnection, wanted: &Wanted<'_>) -> Result<Vec<CounterRow>, sqlx::Error> {
    let reps: Vec<&str> = wanted.reps.iter().map(|rep| rep.as_str()).collect();
    let pools: Vec<&str> = wanted.rotations.iter().map(|(pool, _)| pool.as_str()).collect();
    let grades: Vec<String> = wanted.rotations.iter().map(|(_, grade)| grade_column(*grade)).collect();
    sqlx::query_as!(
        CounterRow,
        r#"
        SELECT wanted.place AS "place!", l.open_leads AS "open_leads?", l.day AS "day?: _", l.day_leads AS "day_leads?",
               l.pace_since AS "pace_since?: _", l.pace_leads AS "pace_leads?",
               NULL::text[] AS reps, NULL::bigint[] AS credits, NULL::bigint AS leads
        FROM unnest($2::text[]) WITH ORDINALITY AS wanted (rep_id, place)
        CROSS JOIN LATERAL (SELECT * FROM rep_load WHERE tenant_id = $1 AND rep_id = wanted.rep_id OFFSET 0) AS l
        UNION ALL
        SELECT wanted.place, NULL, NULL, NULL, NULL, NULL, r.reps, r.credits, r.leads
        FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS wanted (pool_id, grade, place)
        CROSS JOIN LATERAL (
            SELECT * FROM rotation WHERE tenant_id = $1 AND pool_id = wanted.pool_id AND grade = wanted.grade OFFSET 0
        ) AS r
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
    /// Puts the row among the counters.
    fn read(self, wanted: &Wanted<'_>, counters: &mut Counters) -> Result<(), StoreError> {
        let index = usize::try_from(self.place - 1).unwrap_or(usize::MAX);
        if let Some(credits) = &self.credits {
            let Some((pool, grade)) = wanted.rotations.get(index) else { return Ok(()) };
            counters.rotations.insert((pool.clone(), *grade), self.rotation(pool, *grade, credits)?);
        } else if let Some(rep) = wanted.reps.get(index) {
            counters.loads.insert((*rep).clone(), self.rep_load(rep)?);
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
