//! Partitions: rows find theirs, searches read one, old ones go.

use jiff::{Timestamp, ToSpan as _, civil::date};
use tokio::task::JoinSet;

use super::{Base, fixtures::*, now, on_database};
use crate::{Changes, StoreError};

async fn rows_of(base: &Base, table: &'static str) -> i64 {
    let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM ONLY {table}"));
    sqlx::query_scalar(sql).fetch_one(&base.store.pool).await.unwrap()
}

async fn partitions_of(base: &Base, parent: &str) -> Vec<String> {
    let sql = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = $1::regclass ORDER BY 1";
    sqlx::query_scalar(sql).bind(parent).fetch_all(&base.store.pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_is_kept_by_month_of_arrival() {
    on_database(async |base: Base| {
        // Made by several at once, and again, without harm.
        let mut tasks = JoinSet::new();
        for _ in 0..3 {
            let store = base.store.clone();
            tasks.spawn(async move { store.ensure_partitions(now()).await.unwrap() });
        }
        tasks.join_all().await;
        base.store.ensure_partitions(now()).await.unwrap();
        let names = ["assignment_default", "assignment_p2026_11", "assignment_p2026_12", "assignment_p2027_01"];
        assert_eq!(partitions_of(&base, "assignment").await, names);
        assert_eq!(partitions_of(&base, "escalation").await.len(), 4);

        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let last = arrived(at("2026-11-30T23:59:59.999Z"), u32::MAX);
        let first = arrived(at("2026-12-01T00:00:00Z"), 0);
        let later = arrived(at("2027-02-01T00:00:00Z"), 0);
        base.route([(last, "anna"), (first, "anna"), (later, "anna")]).await;
        for (table, rows) in [("assignment_p2026_11", 1), ("assignment_p2026_12", 1), ("assignment_default", 1)] {
            assert_eq!(rows_of(&base, table).await, rows, "{table}");
        }

        // A month later the row that came too early moves to its partition, and is still there.
        base.store.ensure_partitions(now() + (24 * 30).hours()).await.unwrap();
        assert_eq!(rows_of(&base, "assignment_default").await, 0);
        assert_eq!(rows_of(&base, "assignment_p2027_02").await, 1);
        let found = base.store.assignments(base.tenant, later, domain::ids::Epoch(0), 5).await.unwrap();
        assert_eq!(found, [begun(&offered(later, "anna"))]);
    })
    .await;
}

#[tokio::test]
async fn a_lead_is_searched_in_one_partition() {
    on_database(async |base: Base| {
        base.store.ensure_partitions(now()).await.unwrap();
        let sql = format!("EXPLAIN SELECT * FROM assignment WHERE tenant_id = 1 AND lead_id = '{}'", id(1));
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&base.store.pool).await.unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains("assignment_p2026_11") && !plan.contains("Append"), "{plan}");
    })
    .await;
}

#[tokio::test]
async fn responses_go_by_day() {
    on_database(async |base: Base| {
        let today = base.store.now().await.unwrap();
        let day = today.to_zoned(jiff::tz::TimeZone::UTC).date();
        base.store.ensure_partitions(today - 48.hours()).await.unwrap();
        base.store.ensure_partitions(today).await.unwrap();
        base.write(&Changes { responses: vec![request(1)], ..Changes::default() }).await;
        assert_eq!(rows_of(&base, "request_default").await, 0);

        assert_eq!(base.store.drop_requests_before(day - 1.day()).await.unwrap(), 1);
        assert_eq!(base.store.drop_requests_before(day - 1.day()).await.unwrap(), 0);
        let mut tx = base.store.begin("test").await.unwrap();
        let found = tx.lookup(base.tenant, &[request(1).request_id], &[]).await.unwrap();
        assert_eq!(found.responses, [request(1)]);
        tx.commit().await.unwrap();
        assert_eq!(base.store.drop_requests_before(date(9999, 1, 1)).await.unwrap(), 5);
        assert_eq!(partitions_of(&base, "request").await, ["request_default"]);
    })
    .await;
}

/// A row may be on its way to the default partition while that of its day is made: Postgres refuses it then, and it is written
/// again. A row that no table takes is another matter.
#[tokio::test]
async fn whoever_writes_while_a_partition_is_made_writes_again() {
    on_database(async |base: Base| {
        base.write(&Changes { responses: vec![request(1)], ..Changes::default() }).await;
        base.store.ensure_partitions(base.store.now().await.unwrap()).await.unwrap();
        assert_eq!(rows_of(&base, "request_default").await, 0);
        let late =
            "INSERT INTO request_default SELECT tenant_id, gen_random_uuid(), day, fingerprint, response FROM request";
        let error: StoreError = sqlx::raw_sql(late).execute(&base.store.pool).await.unwrap_err().into();
        assert!(error.is_race(), "{error:?}");
        let wrong = "UPDATE rep_load SET open_leads = -1";
        base.sql("INSERT INTO rep_load SELECT tenant_id, 'anna', 0, current_date, 0, now(), 0 FROM tenant").await;
        let error: StoreError = sqlx::raw_sql(wrong).execute(&base.store.pool).await.unwrap_err().into();
        assert!(!error.is_race(), "{error:?}");
    })
    .await;
}

/// The primary key has the day in it; what keeps a request to one response at midnight is that it stands under both days.
#[tokio::test]
async fn a_response_of_yesterday_is_found_and_counts() {
    on_database(async |base: Base| {
        base.write(&Changes { responses: vec![request(1)], ..Changes::default() }).await;
        base.sql("UPDATE request SET day = day - 1").await;
        let mut tx = base.store.begin("test").await.unwrap();
        let found = tx.lookup(base.tenant, &[request(1).request_id], &[]).await.unwrap();
        assert_eq!(found.responses, [request(1)]);
        tx.commit().await.unwrap();
        base.sql("UPDATE request SET day = day - 2").await;
        let mut tx = base.store.begin("test").await.unwrap();
        assert_eq!(tx.lookup(base.tenant, &[request(1).request_id], &[]).await.unwrap().responses, []);
    })
    .await;
}
