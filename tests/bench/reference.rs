//! What an assignment costs at least: pgbench, prepared, one owner updated by key and epoch, one row of history.

use std::{path::PathBuf, process::Command, time::Duration};

use anyhow::{Context as _, Result, bail};
use pglocal::Cluster;

const DATABASE: &str = "reference";

/// No row is met twice at once by chance only, and an epoch that moved updates nothing: what the reference does is the least that
/// keeps an owner unique.
const SCRIPT: &str = "\\set lead random(1, :rows)
BEGIN;
UPDATE ownership SET owner = 'reps/' || (:lead % 40), epoch = epoch + 1 WHERE tenant_id = 1 AND lead_id = :lead AND epoch >= 0;
INSERT INTO history (tenant_id, lead_id, owner, started_at) VALUES (1, :lead, 'reps/' || (:lead % 40), now());
COMMIT;
";

/// A prepared pgbench.
pub(crate) struct Reference {
    program: PathBuf,
    socket: PathBuf,
    script: PathBuf,
    rows: u32,
}

impl Reference {
    /// Makes its database in `cluster`.
    pub(crate) fn prepare(cluster: &Cluster, rows: u32) -> Result<Self> {
        let program = cluster.binaries().tool("pgbench").context(
            "there is no pgbench beside the Postgres that was found: install it (Debian: `apt-get install postgresql-contrib`)",
        )?;
        cluster.run_sql("postgres", "CREATE DATABASE reference")?;
        let schema = format!(
            "CREATE TABLE ownership (tenant_id int, lead_id bigint, owner text NOT NULL, epoch int NOT NULL,
                 PRIMARY KEY (tenant_id, lead_id)) WITH (fillfactor = 85);
             CREATE TABLE history (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id int, lead_id bigint,
                 owner text NOT NULL, started_at timestamptz NOT NULL);
             INSERT INTO ownership SELECT 1, n, 'queues/waiting', 1 FROM generate_series(1, {rows}) AS n"
        );
        cluster.run_sql(DATABASE, &schema)?;
        cluster.run_sql(DATABASE, "VACUUM ANALYZE ownership")?;
        let script = std::env::temp_dir().join(format!("leadrouter-bench-{}.sql", std::process::id()));
        std::fs::write(&script, SCRIPT)?;
        Ok(Self { program, socket: cluster.socket_dir().to_owned(), script, rows })
    }

    /// Transactions a second with that many clients.
    pub(crate) async fn run(&self, clients: usize, time: Duration) -> Result<f64> {
        let mut command = Command::new(&self.program);
        command.arg("--host").arg(&self.socket).args(["--username=postgres", "--no-vacuum", "--protocol=prepared"]);
        command.arg(format!("--client={clients}")).arg(format!("--jobs={}", clients.min(2)));
        command.arg(format!("--time={}", time.as_secs())).arg(format!("--define=rows={}", self.rows));
        command.arg("--file").arg(&self.script).arg(DATABASE);
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

impl Drop for Reference {
    fn drop(&mut self) {
        // In the directory for temporary files; no harm if it stays.
        let _ = std::fs::remove_file(&self.script);
    }
}
