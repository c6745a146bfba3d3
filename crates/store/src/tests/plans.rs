//! How many rows statements read, as Postgres counts them, of a tenant with many leads in a database that has no
//! statistics: the state of every database in its first minutes, and of one after a bulk import.

use std::{future::Future, time::Duration};

use domain::{
    decide::CounterKeys,
    ids::{Epoch, LeadId, PoolId, TenantId},
    ownership::{LeadState, Owner, Position},
};
use jiff::ToSpan as _;
use uuid::Uuid;

use super::{
    Base,
    fixtures::*,
    now, on_database,
    operations::{operation, selected},
    write::handed_over,
};
use crate::{Changes, LeadFilter, Look, Outcome, Part, Selected, Share, Store, Tx};

const LEADS: u32 = 20_000;
/// A large batch.
const BATCH: u32 = 200;
/// One in so many leads waits for a place in the pool.
const WAITING: u32 = 20;
const LOOK: Look = Look { limit: 100, since: None, share: Share::ALL, patience: Duration::from_secs(2) };
/// Most rows that any statement may read for a batch: a few of each of its leads.
const MOST: i64 = 10 * BATCH as i64;

fn owner(n: u32) -> String {
    format!("rep-{}", n % 50)
}

fn routed_to_somebody(n: u32) -> Changes {
    let ownership = if n.is_multiple_of(WAITING) { waiting(id(n), "inside") } else { offered(id(n), &owner(n)) };
    Changes { new_identities: vec![(email(n), id(n))], responses: vec![request(n)], ..routed(ownership) }
}

impl Base {
    /// Routes many leads, and keeps the server from gathering statistics of them.
    async fn fill(&self) {
        self.sql(
            "DO $$ DECLARE name text; BEGIN
                 FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
                     EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = off)', name);
                 END LOOP;
             END $$",
        )
        .await;
        for first in (0..LEADS).step_by(1_000) {
            self.write(&together((first..first + 1_000).map(routed_to_somebody))).await;
        }
    }
}

/// A store with one connection, so that all that it does is counted when asked for.
pub(super) struct Meter(pub(super) Store);

impl Meter {
    pub(super) async fn new(base: &Base) -> Self {
        Self(base.other(1).await)
    }

    async fn count(&self) -> i64 {
        let flush = "SELECT pg_stat_force_next_flush()";
        sqlx::raw_sql(flush).execute(&self.0.pool).await.unwrap();
        let rows = "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_user_tables";
        sqlx::query_scalar(rows).fetch_one(&self.0.pool).await.unwrap()
    }

    /// How many rows it reads.
    pub(super) async fn rows<T>(&self, what: impl Future<Output = T>) -> i64 {
        let before = self.count().await;
        what.await;
        self.count().await - before
    }

    /// The same of something that is undone afterwards.
    async fn rows_in_tx<T>(&self, tenant: TenantId, what: impl AsyncFnOnce(&mut Tx) -> T) -> i64 {
        self.rows(async {
            let mut tx = self.0.begin("test").await.unwrap();
            tx.hold_tenant(tenant).await.unwrap();
            what(&mut tx).await;
            tx.rollback().await.unwrap();
        })
        .await
    }
}

/// What each statement reads that is about some leads. (Where the leads are not there, it is planned all the same.)
async fn measure(base: &Base, meter: &Meter) -> Vec<(&'static str, i64)> {
    let (store, tenant, one) = (&meter.0, base.tenant, id(1));
    let batch = || (0..LEADS).step_by(97).filter(|n| !n.is_multiple_of(WAITING)).take(BATCH as usize);
    let leads: Vec<LeadId> = batch().map(id).collect();
    let requests: Vec<_> = batch().map(|n| request(n).request_id).collect();
    let emails: Vec<_> = batch().map(email).collect();
    let counters = CounterKeys { reps: (0..50).map(|n| rep(&owner(n))).collect(), ..CounterKeys::default() };
    let pools: [PoolId; 1] = [pool("inside")];
    let open_of_one = LeadFilter {
        owners: Some(vec![Owner::Rep(rep(&owner(1)))]),
        states: Some(vec![LeadState::Offered]),
        ..LeadFilter::default()
    };
    let new = together(batch().map(|n| routed_to_somebody(LEADS + n)));
    let mut changes = Changes::default();
    for n in batch() {
        let (one, _) = handed_over(&offered(id(n), &owner(n)));
        changes.ownerships.extend(one.ownerships);
        changes.assignments.extend(one.assignments);
        changes.new_assignments.extend(one.new_assignments);
        changes.cleared_timers.extend(one.cleared_timers);
        changes.set_timers.extend(one.set_timers);
    }
    let last = store.position(tenant).await.unwrap();
    let last = Position { place: 900, ..last };
    vec![
        ("lookup", meter.rows_in_tx(tenant, async |tx| tx.lookup(tenant, &requests, &emails).await.unwrap()).await),
        ("leads, for commands", meter.rows_in_tx(tenant, async |tx| tx.leads(tenant, &leads).await.unwrap()).await),
        ("counters", meter.rows_in_tx(tenant, async |tx| tx.counters(tenant, &counters).await.unwrap()).await),
        ("write, new", meter.rows_in_tx(tenant, async |tx| tx.write(tenant, &new).await.unwrap()).await),
        ("write, existing", meter.rows_in_tx(tenant, async |tx| tx.write(tenant, &changes).await.is_ok()).await),
        (
            "wake_waiting",
            meter.rows_in_tx(tenant, async |tx| tx.wake_waiting(tenant, &pools, 10, now()).await.unwrap()).await,
        ),
        ("due_timers", meter.rows(store.due_timers(&LOOK, Some(now() + 1.hour()))).await),
        ("join_schedulers", meter.rows(store.join_schedulers(one.0, LOOK.patience)).await),
        ("timers_of", meter.rows(store.timers_of(tenant, one)).await),
        ("timers", meter.rows(store.timers(tenant, None, None, None, 100)).await),
        ("latest_decided", meter.rows(store.latest_decided(tenant, one)).await),
        ("assignment", meter.rows(store.assignment(tenant, one, Epoch::FIRST)).await),
        ("assignments", meter.rows(store.assignments(tenant, one, Epoch(0), 10)).await),
        ("escalations", meter.rows(store.escalations(tenant, Some(one), None, 10)).await),
        ("lead", meter.rows(store.lead(tenant, one)).await),
        ("profiles", meter.rows(store.profiles(tenant, &leads)).await),
        ("leads, open of an owner", meter.rows(store.leads(tenant, &open_of_one, None, 10)).await),
        ("leads", meter.rows(store.leads(tenant, &LeadFilter::default(), Some(one), 10)).await),
        ("select_by_filter, of an owner", meter.rows(store.select_by_filter(tenant, &open_of_one, BATCH)).await),
        ("select_by_id", meter.rows(store.select_by_id(tenant, &leads)).await),
        ("events, of long ago", meter.rows(store.events(tenant, Position { commit: 1, place: 1 }, BATCH.into())).await),
        ("events, the last ones", meter.rows(store.events(tenant, last, BATCH.into())).await),
    ]
}

/// What each statement reads that does a part of an operation.
async fn measure_part(meter: &Meter) -> [(&'static str, i64); 3] {
    let (store, lease) = (&meter.0, Duration::from_secs(10));
    let (mut claim, mut leads) = (None, Vec::new());
    let claimed = meter.rows(async {
        claim = store.claim_operation(Uuid::from_u128(1), lease, Some(now())).await.unwrap();
    });
    let claimed = claimed.await;
    let claim = claim.unwrap();
    let read = meter.rows(async {
        leads = store.operation_part(claim.key(), claim.cursor, BATCH.into()).await.unwrap();
    });
    let read = read.await;
    let done = leads.iter().map(|lead| (lead.selected.lead, Outcome::Unchanged)).collect();
    let part = Part { done, next_at: now() };
    let recorded = meter.rows(async { assert!(store.record_part(&claim, &part).await.unwrap()) }).await;
    [("claim_operation", claimed), ("operation_part", read), ("record_part", recorded)]
}

#[tokio::test]
async fn nothing_reads_a_tenant_for_a_batch() {
    on_database(async |base: Base| {
        // The first plans its statements while the tables are empty and keeps those plans.
        let early = Meter::new(&base).await;
        measure(&base, &early).await;
        base.store.start_operation(base.tenant, &operation(1), &[]).await.unwrap();
        measure_part(&early).await;
        base.sql("UPDATE operation SET ended_at = now()").await;
        base.fill().await;
        let all: Vec<Selected> = (0..LEADS).map(selected).collect();
        base.store.start_operation(base.tenant, &operation(2), &all).await.unwrap();
        let generic = Meter::new(&base).await;
        // As a proxy that mixes sessions would have it.
        let custom = Meter::new(&base).await;
        sqlx::raw_sql("SET plan_cache_mode = force_custom_plan").execute(&custom.0.pool).await.unwrap();
        for (plans, meter) in [("early", early), ("generic", generic), ("custom", custom)] {
            let mut measured = measure(&base, &meter).await;
            measured.extend(measure_part(&meter).await);
            for (statement, rows) in measured {
                assert!(rows <= MOST, "{statement} reads {rows} rows with {plans} plans");
            }
        }
    })
    .await;
}

/// A report reads every owner, once.
#[tokio::test]
async fn owners_are_counted_in_one_pass() {
    on_database(async |base: Base| {
        base.fill().await;
        let meter = Meter::new(&base).await;
        let rows = meter.rows(meter.0.owner_counts(base.tenant)).await;
        assert!((LEADS.into()..i64::from(LEADS) + MOST).contains(&rows), "{rows} rows");
    })
    .await;
}

/// The control: the same questions asked plainly, of a planner with its defaults, read all leads.
#[tokio::test]
async fn a_plain_join_reads_the_tenant_and_plain_settings_all_timers() {
    on_database(async |base: Base| {
        base.fill().await;
        let meter = Meter::new(&base).await;
        sqlx::raw_sql("RESET ALL").execute(&meter.0.pool).await.unwrap();
        let digests: Vec<_> = (0..BATCH).map(|n| Uuid::from_bytes(email(n * 7).digest)).collect();
        let plain = sqlx::query(
            "SELECT lead_id FROM unnest($2::uuid[]) AS wanted (digest)
             JOIN identity ON tenant_id = $1 AND kind = 1 AND identity.digest = wanted.digest",
        );
        let joined = meter.rows(plain.bind(base.tenant.0).bind(digests).fetch_all(&meter.0.pool)).await;
        let timers = meter.rows(meter.0.due_timers(&LOOK, Some(now() + 1.hour()))).await;
        for rows in [joined, timers] {
            assert!(rows >= i64::from(LEADS), "the planner does better ({rows} rows): the precautions may go");
        }
    })
    .await;
}
