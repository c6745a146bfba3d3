//! What services and Postgres use of the processor while nothing is due.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};
use pglocal::Cluster;

/// Timers that are pending.
const PENDING: u64 = 1_000_000;
/// Clock ticks of `/proc` in a second (`getconf CLK_TCK`, the same on all Linux systems).
const TICKS: f64 = 100.0;
/// Before it is measured, so that what was written has come to rest.
const REST: Duration = Duration::from_secs(10);

const SET: &str = "INSERT INTO timer (tenant_id, lead_id, kind, epoch, due_at)
    SELECT 0, md5(n::text)::uuid, 2, 1, now() + interval '1 day' + n % 31000000 * interval '1 second'
    FROM generate_series(1";

/// Percent of a core that the process and its Postgres use in that time, with a million timers pending.
pub(crate) async fn measure(cluster: &Cluster, database: &str, process: u32, time: Duration) -> Result<f64> {
    tokio::task::block_in_place(|| {
        cluster.run_sql(database, &format!("{SET}, {PENDING}) AS n"))?;
        cluster.run_sql(database, "VACUUM ANALYZE timer")?;
        cluster.run_sql("postgres", "CHECKPOINT")
    })?;
    tokio::time::sleep(REST).await;
    let before = used(cluster, process)?;
    tokio::time::sleep(time).await;
    let used = used(cluster, process)? - before;
    tokio::task::block_in_place(|| cluster.run_sql(database, "DELETE FROM timer WHERE tenant_id = 0"))?;
    Ok(100.0 * used / time.as_secs_f64())
}

/// Seconds of a core that they have used so far.
fn used(cluster: &Cluster, process: u32) -> Result<f64> {
    let server = cluster.server_pid();
    let mut ticks = ticks(process)?.ended + ticks(server)?.ended + ticks(process)?.own + ticks(server)?.own;
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // One that has ended meanwhile counts with its parent.
        if let Ok(child) = self::ticks(pid)
            && child.parent == server
        {
            ticks += child.own;
        }
    }
    Ok(ticks / TICKS)
}

/// What a process has used: itself, and its children that have ended.
struct Ticks {
    parent: u32,
    own: f64,
    ended: f64,
}

fn ticks(pid: u32) -> Result<Ticks> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in parentheses, may hold anything. Behind it: state, parent ... and from the twelfth on user and system time.
    let fields: Vec<&str> = stat.rsplit_once(')').context("no name in stat")?.1.split_whitespace().collect();
    let number = |index: usize| -> Result<f64> { Ok(fields.get(index).context("too few fields in stat")?.parse()?) };
    Ok(Ticks {
        parent: fields.get(1).context("no parent in stat")?.parse()?,
        own: number(11)? + number(12)?,
        ended: number(13)? + number(14)?,
    })
}
