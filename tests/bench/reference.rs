//! What Postgres itself needs, by pgbench, prepared, one transaction after the other.

use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use pglocal::Cluster;

/// The database of the smallest assignment.
const DATABASE: &str = "reference";

/// Rows that it updates: far more than callers, so that it never waits for a row lock.
const ROWS: u32 = 100_000;

/// The least that a durable assignment takes. No row is met twice at once but by chance, and an epoch that moved updates nothing: what
/// this does is the least that keeps an owner unique.
const ASSIGNMENT: &str = "\\set lead random(1, 100000)
BEGIN;
UPDATE ownership SET owner = 'reps/' || (:lead % 40), epoch = epoch + 1 WHERE tenant_id = 1 AND lead_id = :lead AND epoch >= 0;
INSERT INTO history (tenant_id, lead_id, owner, started_at) VALUES (1, :lead, 'reps/' || (:lead % 40), now());
COMMIT;
";

/// Writes the rows of a batch again, for a tenant of their own: the same rows into the same tables, table by table.
const BATCH: &str = "SELECT nextval('bench_id') AS base \\gset
BEGIN;
UPDATE tenant SET commits = commits + 1 WHERE tenant_id = -1;
INSERT INTO lead SELECT -1, bench_uuid(:base, n), created_at, profile FROM bench_lead;
INSERT INTO ownership SELECT -1, bench_uuid(:base, n), epoch, state, owner, since, chain_since, chain_step, sla, respond_by,
    accept_by, wake_at, waiting_pool, accepted_at, first_response_at, closed_at, close_outcome, close_value, grade, rule,
    policy_revision, tried FROM bench_ownership;
INSERT INTO assignment SELECT -1, bench_uuid(:base, n), epoch, owner, state, cause, started_at, ended_at, accepted_at,
    first_response_at, actor, note, end_reason, traceparent, decision FROM bench_assignment;
INSERT INTO timer SELECT -1, bench_uuid(:base, n), kind, epoch, due_at + interval '1 year', traceparent FROM bench_timer;
INSERT INTO identity SELECT -1, kind, gen_random_uuid(), bench_uuid(:base, n) FROM bench_identity;
INSERT INTO request SELECT -1, gen_random_uuid(), day, fingerprint, response FROM bench_request;
UPDATE rep_load SET open_leads = open_leads + 1, day_leads = day_leads + 1 WHERE tenant_id = -1;
UPDATE rotation SET leads = leads + 1, credits = credits WHERE tenant_id = -1;
COMMIT;
";

/// Takes what was written last for a sample. Ids ascend in both, as those of new leads do.
const SAMPLE: &str = "
CREATE SEQUENCE IF NOT EXISTS bench_id;
CREATE OR REPLACE FUNCTION bench_uuid(base bigint, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT (lpad(to_hex(base), 16, '0') || lpad(to_hex(n), 16, '0'))::uuid $$;
INSERT INTO tenant (tenant_id, slug, created_at) VALUES (-1, 'bench', now());
CREATE TABLE bench_ids AS SELECT lead_id, row_number() OVER () AS n FROM
    (SELECT lead_id FROM lead WHERE tenant_id = 1 ORDER BY lead_id DESC LIMIT 500) AS last;
CREATE TABLE bench_lead AS SELECT n, t.* FROM lead AS t JOIN bench_ids USING (lead_id) WHERE tenant_id = 1;
CREATE TABLE bench_ownership AS SELECT n, t.* FROM ownership AS t JOIN bench_ids USING (lead_id) WHERE tenant_id = 1;
CREATE TABLE bench_assignment AS SELECT n, t.* FROM assignment AS t JOIN bench_ids USING (lead_id) WHERE tenant_id = 1;
CREATE TABLE bench_timer AS SELECT n, t.* FROM timer AS t JOIN bench_ids USING (lead_id) WHERE tenant_id = 1;
CREATE TABLE bench_identity AS SELECT n, t.* FROM identity AS t JOIN bench_ids USING (lead_id) WHERE tenant_id = 1;
CREATE TABLE bench_request AS SELECT * FROM request WHERE tenant_id = 1 LIMIT 500;
INSERT INTO rep_load SELECT -1, rep_id, open_leads, day, day_leads, pace_since, pace_leads FROM rep_load WHERE tenant_id = 1;
INSERT INTO rotation SELECT -1, pool_id, grade, reps, credits, leads FROM rotation WHERE tenant_id = 1;
";

/// Gives the leads of a part of a bulk reassignment to others, as one would write it by hand.
const PART: &str = "SELECT nextval('bench_part') AS part \\gset
WITH part AS (
    SELECT lead_id FROM bench_bulk WHERE part = :part::bigint % :parts::bigint
), moved AS (
    UPDATE ownership AS o SET owner = 'reps/r' || (o.epoch % 40), epoch = epoch + 1, since = now(), chain_since = now()
    FROM part WHERE o.tenant_id = -2 AND o.lead_id = part.lead_id
    RETURNING o.lead_id, o.epoch, o.owner, o.state
)
INSERT INTO assignment (tenant_id, lead_id, epoch, owner, state, cause, started_at, actor)
SELECT -2, lead_id, epoch, owner, state, 1, now(), 'bench' FROM moved;
";

/// The leads of a tenant once more, cut into parts.
const BULK: &str = "
CREATE SEQUENCE bench_part;
INSERT INTO tenant (tenant_id, slug, created_at) VALUES (-2, 'bench-bulk', now());
INSERT INTO ownership SELECT -2, lead_id, epoch, state, owner, since, chain_since, chain_step, sla, respond_by, accept_by,
    wake_at, waiting_pool, accepted_at, first_response_at, closed_at, close_outcome, close_value, grade, rule, policy_revision,
    tried FROM ownership WHERE tenant_id = (SELECT tenant_id FROM tenant WHERE slug = 'bulk');
INSERT INTO assignment SELECT -2, lead_id, epoch, owner, state, cause, started_at, ended_at, accepted_at, first_response_at, actor,
    note, end_reason, traceparent, decision FROM assignment WHERE tenant_id = (SELECT tenant_id FROM tenant WHERE slug = 'bulk');
CREATE TABLE bench_bulk AS SELECT lead_id, (row_number() OVER (ORDER BY lead_id) - 1) / :size AS part FROM ownership WHERE tenant_id = -2;
CREATE INDEX ON bench_bulk (part);
ANALYZE bench_bulk, ownership;
";

/// Has the acceptance windows of a part of the leads run out, as one would write it by hand: the lead goes to its owner's backup.
const DUE: &str = "SELECT nextval('bench_due_part') AS part \\gset
BEGIN;
UPDATE tenant SET commits = commits + 1 WHERE tenant_id = -3;
WITH part AS (
    SELECT lead_id FROM bench_due WHERE part = :part::bigint % :parts::bigint
), moved AS (
    UPDATE ownership AS o SET owner = 'reps/r' || (o.epoch % 40), epoch = epoch + 1, since = now(),
           accept_by = now() + interval '30 days', tried = tried || o.owner
    FROM part WHERE o.tenant_id = -3 AND o.lead_id = part.lead_id
    RETURNING o.lead_id, o.epoch, o.owner, o.accept_by
), ended AS (
    UPDATE assignment AS a SET state = 6, ended_at = now() FROM moved
    WHERE a.tenant_id = -3 AND a.lead_id = moved.lead_id AND a.epoch = moved.epoch - 1
), begun AS (
    INSERT INTO assignment (tenant_id, lead_id, epoch, owner, state, cause, started_at, actor)
    SELECT -3, lead_id, epoch, owner, 1, 3, now(), 'bench' FROM moved
), timed AS (
    UPDATE timer AS t SET epoch = moved.epoch, due_at = moved.accept_by FROM moved
    WHERE t.tenant_id = -3 AND t.lead_id = moved.lead_id AND t.kind = 1
), noted AS (
    INSERT INTO escalation SELECT -3, lead_id, epoch - 1, 65535, 2, owner, now(), now() FROM moved
), told AS (
    INSERT INTO outbox SELECT -3, commits, now()::date, now(), (SELECT array_agg(lead_id) FROM moved), '{}', '{}', '{}', '{}', '{}', '{}'
    FROM tenant WHERE tenant_id = -3
)
UPDATE rep_load SET open_leads = open_leads + 1 - 1, day_leads = day_leads + 1 WHERE tenant_id = -3;
COMMIT;
";

/// The leads of another tenant, with their timers and counters.
const DUE_COPY: &str = "
CREATE SEQUENCE bench_due_part;
INSERT INTO tenant (tenant_id, slug, created_at) VALUES (-3, 'bench-due', now());
CREATE TEMPORARY TABLE of_due AS SELECT tenant_id FROM tenant WHERE slug = 'due';
INSERT INTO ownership SELECT -3, lead_id, epoch, state, owner, since, chain_since, chain_step, sla, respond_by, accept_by,
    wake_at, waiting_pool, accepted_at, first_response_at, closed_at, close_outcome, close_value, grade, rule, policy_revision,
    tried FROM ownership WHERE tenant_id = (SELECT * FROM of_due);
INSERT INTO assignment SELECT -3, lead_id, epoch, owner, state, cause, started_at, ended_at, accepted_at, first_response_at, actor,
    note, end_reason, traceparent, decision FROM assignment WHERE tenant_id = (SELECT * FROM of_due);
INSERT INTO timer SELECT -3, lead_id, kind, epoch, due_at, traceparent FROM timer WHERE tenant_id = (SELECT * FROM of_due);
INSERT INTO rep_load SELECT -3, rep_id, open_leads, day, day_leads, pace_since, pace_leads FROM rep_load
    WHERE tenant_id = (SELECT * FROM of_due);
CREATE TABLE bench_due AS SELECT lead_id, (row_number() OVER (ORDER BY lead_id) - 1) / :size AS part FROM ownership WHERE tenant_id = -3;
CREATE INDEX ON bench_due (part);
ANALYZE bench_due, ownership, timer;
";

/// A prepared pgbench.
pub(crate) struct Reference {
    program: PathBuf,
    socket: PathBuf,
    /// In which scripts lie.
    place: tempfile::TempDir,
}

impl Reference {
    /// Makes the database of the smallest assignment in `cluster`.
    pub(crate) fn prepare(cluster: &Cluster) -> Result<Self> {
        let program = cluster.binaries().tool("pgbench").context(
            "there is no pgbench beside the Postgres that was found: install it (Debian: `apt-get install postgresql-contrib`)",
        )?;
        cluster.run_sql("postgres", &format!("CREATE DATABASE {DATABASE}"))?;
        let schema = format!(
            "CREATE TABLE ownership (tenant_id int, lead_id bigint, owner text NOT NULL, epoch int NOT NULL,
                 PRIMARY KEY (tenant_id, lead_id)) WITH (fillfactor = 85);
             CREATE TABLE history (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id int, lead_id bigint,
                 owner text NOT NULL, started_at timestamptz NOT NULL);
             INSERT INTO ownership SELECT 1, n, 'queues/waiting', 1 FROM generate_series(1, {ROWS}) AS n"
        );
        cluster.run_sql(DATABASE, &schema)?;
        cluster.run_sql(DATABASE, "VACUUM ANALYZE ownership")?;
        Ok(Self { program, socket: cluster.socket_dir().to_owned(), place: tempfile::tempdir()? })
    }

    /// The smallest durable assignments a second, with that many clients.
    pub(crate) async fn assignments(&self, clients: usize, time: Duration) -> Result<f64> {
        self.run(DATABASE, ASSIGNMENT, &[clients_of(clients), time_of(time)].concat()).await
    }

    /// Takes a sample of the newest leads of the tenant 1 in `database`.
    pub(crate) fn take_sample(cluster: &Cluster, database: &str) -> Result<()> {
        cluster.run_sql(database, SAMPLE)?;
        Ok(())
    }

    /// Batches a second that are like the sample.
    pub(crate) async fn batches(&self, database: &str, clients: usize, time: Duration) -> Result<f64> {
        self.run(database, BATCH, &[clients_of(clients), time_of(time)].concat()).await
    }

    /// Copies the leads of the tenant `bulk` in `database`, in parts of that size.
    pub(crate) fn prepare_bulk(cluster: &Cluster, database: &str, size: usize) -> Result<()> {
        cluster.run_sql(database, &BULK.replace(":size", &size.to_string()))?;
        Ok(())
    }

    /// Seconds in which `parts` parts change hands, each once.
    pub(crate) async fn bulk(&self, database: &str, parts: usize) -> Result<f64> {
        self.parts(database, PART, parts).await
    }

    /// Copies the leads of the tenant `due` in `database`, in parts of that size.
    pub(crate) fn prepare_due(cluster: &Cluster, database: &str, size: usize) -> Result<()> {
        cluster.run_sql(database, &DUE_COPY.replace(":size", &size.to_string()))?;
        Ok(())
    }

    /// Seconds in which the windows of `parts` parts run out, each once.
    pub(crate) async fn due(&self, database: &str, parts: usize) -> Result<f64> {
        self.parts(database, DUE, parts).await
    }

    async fn parts(&self, database: &str, script: &str, parts: usize) -> Result<f64> {
        let arguments = ["--client=1".to_owned(), format!("--transactions={parts}"), format!("--define=parts={parts}")];
        let begun = Instant::now();
        self.run(database, script, &arguments).await?;
        Ok(begun.elapsed().as_secs_f64())
    }

    /// Transactions a second.
    async fn run(&self, database: &str, script: &str, arguments: &[String]) -> Result<f64> {
        let path = self.place.path().join("script.sql");
        std::fs::write(&path, script)?;
        let mut command = Command::new(&self.program);
        command.arg("--host").arg(&self.socket).args(["--username=postgres", "--no-vacuum", "--protocol=prepared"]);
        command.args(arguments).arg("--file").arg(&path).arg(database);
        let output =
            tokio::task::spawn_blocking(move || command.output()).await?.context("pgbench can't be started")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let tps = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next()?.parse().ok());
        let Some(tps) = tps.filter(|_| output.status.success()) else {
            bail!("pgbench failed: {}{text}", String::from_utf8_lossy(&output.stderr));
        };
        Ok(tps)
    }
}

fn clients_of(clients: usize) -> Vec<String> {
    vec![format!("--client={clients}"), format!("--jobs={}", clients.min(2))]
}

fn time_of(time: Duration) -> Vec<String> {
    vec![format!("--time={}", time.as_secs())]
}
