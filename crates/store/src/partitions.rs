//! Partitions: history by month of the lead's arrival, responses and what others are told by day.

use jiff::{Span, Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor};
use uuid::Uuid;

use crate::{error::StoreError, pool::Store};

/// Months ahead of the current one that have a partition.
const MONTHS_AHEAD: i32 = 2;
/// Days ahead of today that have a partition.
const DAYS_AHEAD: i32 = 3;
/// What is kept by day.
const BY_DAY: [&str; 2] = ["request", "outbox"];
/// Some of each page is left free, so that accepting and ending an assignment stays on its page.
const HISTORY_STORAGE: &str = "WITH (fillfactor = 90)";

/// One partition: where it belongs, its name, and its bounds as text.
struct Partition {
    parent: &'static str,
    key: &'static str,
    name: String,
    from: String,
    to: String,
    storage: &'static str,
}

impl Store {
    /// Makes the partitions of this and the next two months (history) and of today and the next three days (responses, outbox),
    /// all UTC. Rows that came before their partition was made lie in the default partition and are moved.
    /// Call it at the start and every few hours; several programs may do so at once.
    pub async fn ensure_partitions(&self, now: Timestamp) -> Result<(), StoreError> {
        let today = now.to_zoned(TimeZone::UTC).date();
        for ahead in 0..=MONTHS_AHEAD {
            for (parent, storage) in [("assignment", HISTORY_STORAGE), ("escalation", ""), ("pause", "")] {
                self.ensure(&Partition::of_month(parent, storage, today, ahead)?).await?;
            }
        }
        for ahead in 0..=DAYS_AHEAD {
            for parent in BY_DAY {
                self.ensure(&Partition::of_day(parent, today, ahead)?).await?;
            }
        }
        Ok(())
    }

    /// Forgets the responses of all days before `day` by dropping their partitions: how many. Rows that came before the
    /// partition of their day was made, and were never moved, stay.
    pub async fn drop_requests_before(&self, day: Date) -> Result<usize, StoreError> {
        let names = self.partitions_before("request", day).await?;
        self.drop_partitions(&names).await?;
        Ok(names.len())
    }

    /// The partitions of days before `day`.
    pub(crate) async fn partitions_before(&self, parent: &'static str, day: Date) -> Result<Vec<String>, StoreError> {
        let names = sqlx::query_scalar!(
            r#"SELECT c.relname AS "name!" FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
               WHERE i.inhparent = to_regclass($1) AND c.relname < $2 AND c.relname <> $1 || '_default'"#,
            parent,
            day_name(parent, day),
        );
        Ok(names.fetch_all(&self.pool).await?)
    }

    pub(crate) async fn drop_partitions(&self, names: &[String]) -> Result<(), StoreError> {
        for name in names {
            sqlx::raw_sql(AssertSqlSafe(format!("DROP TABLE IF EXISTS {name}"))).execute(&self.pool).await?;
        }
        Ok(())
    }

    async fn ensure(&self, partition: &Partition) -> Result<(), StoreError> {
        if exists(&self.pool, &partition.name).await? {
            return Ok(());
        }
        let mut tx = self.begin("ensure_partition").await?;
        let statement = tx.statement(partition.parent);
        let made = statement.run(make(tx.enter()?, partition)).await;
        tx.leave(made)?;
        tx.commit().await
    }
}

async fn exists<'c>(database: impl PgExecutor<'c>, table: &str) -> Result<bool, StoreError> {
    let exists = sqlx::query_scalar!(r#"SELECT to_regclass($1) IS NOT NULL AS "exists!""#, table);
    Ok(exists.fetch_one(database).await?)
}

/// The lock on the parent keeps out others who make partitions, and nobody else. Attaching, instead of creating in place,
/// leaves readers and writers of the other partitions alone; the default partition is locked for the moment that it takes.
async fn make(connection: &mut PgConnection, partition: &Partition) -> Result<(), StoreError> {
    let Partition { parent, key, name, from, to, storage } = partition;
    let lock = format!("LOCK TABLE {parent} IN SHARE UPDATE EXCLUSIVE MODE");
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *connection).await?;
    if exists(&mut *connection, name).await? {
        return Ok(());
    }
    let script = format!(
        "LOCK TABLE {parent}_default IN ACCESS EXCLUSIVE MODE;
         CREATE TABLE {name} (LIKE {parent} INCLUDING ALL) {storage};
         WITH moved AS (DELETE FROM {parent}_default WHERE {key} >= '{from}' AND {key} < '{to}' RETURNING *)
         INSERT INTO {name} SELECT * FROM moved;
         ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES FROM ('{from}') TO ('{to}')"
    );
    sqlx::raw_sql(AssertSqlSafe(script)).execute(connection).await?;
    Ok(())
}

impl Partition {
    /// Leads that arrive in the month that lies `ahead` of that of `today`. Their ids are UUID version 7, which begin with
    /// the time in milliseconds; the rest of a bound is 0, below any id of that millisecond.
    fn of_month(parent: &'static str, storage: &'static str, today: Date, ahead: i32) -> Result<Self, StoreError> {
        let first = today.first_of_month();
        let (from, to) = (plus(first, ahead.months())?, plus(first, (ahead + 1).months())?);
        Ok(Self {
            parent,
            key: "lead_id",
            name: format!("{parent}_p{}", from.strftime("%Y_%m")),
            from: lead_bound(from)?.to_string(),
            to: lead_bound(to)?.to_string(),
            storage,
        })
    }

    /// Rows of the day that lies `ahead` of `today`.
    fn of_day(parent: &'static str, today: Date, ahead: i32) -> Result<Self, StoreError> {
        let (from, to) = (plus(today, ahead.days())?, plus(today, (ahead + 1).days())?);
        Ok(Self {
            parent,
            key: "day",
            name: day_name(parent, from),
            from: from.to_string(),
            to: to.to_string(),
            storage: "",
        })
    }
}

fn day_name(parent: &str, day: Date) -> String {
    format!("{parent}_p{}", day.strftime("%Y_%m_%d"))
}

fn plus(day: Date, span: Span) -> Result<Date, StoreError> {
    day.checked_add(span).map_err(|error| out_of_range(day, &error))
}

/// The least id of a lead that arrives at or after midnight, UTC.
fn lead_bound(day: Date) -> Result<Uuid, StoreError> {
    let midnight = day.to_zoned(TimeZone::UTC).map_err(|error| out_of_range(day, &error))?;
    let milliseconds = midnight.timestamp().as_millisecond().max(0).unsigned_abs();
    Ok(Uuid::from_u128(u128::from(milliseconds) << 80))
}

fn out_of_range(day: Date, error: &jiff::Error) -> StoreError {
    StoreError::Settings(format!("there can't be a partition near {day}: {error}"))
}
