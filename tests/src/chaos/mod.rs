//! Chaos: real processes, a real Postgres, callers of all kinds, and one fault after the other. What callers were told is
//! compared with what is there at the end by a checker that knows nothing of how it came about.
//!
//! | file | what |
//! | --- | --- |
//! | [`fault`] | what is done to the fleet |
//! | [`fleet`], [`postgres`], [`wire`] | what it is done to |
//! | `load` | callers |
//! | [`history`] | what they sent and received, and what is there at the end (`export`) |
//! | [`check`] | the promises |

mod export;
mod load;

pub mod check;
pub mod fault;
pub mod fleet;
pub mod history;
pub mod postgres;
pub mod wire;

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::{Context as _, Result};
use kit::client::ClientConfig;
use rand::{SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use serde::Serialize;
use server::{App, Roles};
use tokio::time::{Instant, sleep};

use self::{
    check::Violation,
    fault::Fault,
    fleet::{Fleet, REPLICAS, Role},
    history::{Export, Operation, Outcome},
    load::{CAPS, Load, REPS},
    postgres::Postgres,
    wire::Wire,
};
use crate::{company, config, install};

/// A lead must be accepted within a second, is looked after at the next ones, and comes to rest in a queue.
const POLICY: &str = "
name: everything-to-sales
time_zone: America/New_York
sla:
  quick:
    respond: 2s@wall
    accept: 1s@wall
    escalate:
      - { after: 2s@wall, do: remind }
      - { after: 3s@wall, do: backup }
      - { after: 5s@wall, do: manager }
      - { after: 8s@wall, do: queue, queue: review }
waiting: { retry_every: 1s@wall, deadline: 10s@wall, then: review }
rules:
  - { name: not-a-customer, when: lead.industry == \"spam\", to: { disqualify: spam } }
default: { to: { pool: sales }, sla: quick }
";

/// What a run is to be like.
#[derive(Debug, Clone)]
pub struct Options {
    /// Faults follow each other for so long; each comes at least once.
    pub time: Duration,
    /// Names the run: which callers do what, and which faults come when.
    pub seed: u64,
    /// How many callers there are.
    pub callers: usize,
    /// How long a fault of the database lasts.
    pub hold: Duration,
    /// How long a service stands still.
    pub freeze: Duration,
    /// How long it may take after a fault until everybody is served again.
    pub recovery: Duration,
}

/// What a fault strikes.
#[derive(Debug)]
struct Site {
    fleet: Fleet,
    wire: Wire,
    postgres: Postgres,
    hold: Duration,
    freeze: Duration,
}

/// What came of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What names it.
    pub seed: u64,
    /// Seconds of it, from the first call to the last.
    pub seconds: f64,
    /// By fault.
    pub faults: BTreeMap<Fault, Strikes>,
    /// Faults that this machine allows no process to make, and why.
    pub not_run: BTreeMap<Fault, &'static str>,
    /// Longest time from the end of a fault until every replica acknowledged something, milliseconds.
    pub longest_recovery_ms: u64,
    /// What callers wanted.
    pub operations: usize,
    /// Of these, those that were done.
    pub acknowledged: usize,
    /// Of these, those that were refused for good.
    pub refused: usize,
    /// Calls whose outcome was unknown, and which were sent again.
    pub unknown_attempts: usize,
    /// Of these, calls that their callers hung up on.
    pub hung_up: usize,
    /// Leads at the end.
    pub leads: usize,
    /// Changes of owner by people.
    pub moved_by_people: usize,
    /// Changes of owner because time went by.
    pub moved_by_time: usize,
    /// Broken promises, found by the checker.
    pub violations: Vec<Violation>,
    /// Broken promises, found by the store's own auditor.
    pub audit_violations: i64,
    /// Services that ended by themselves.
    pub fallen: Vec<String>,
}

/// How often a fault struck, and what it took to recover.
#[derive(Debug, Default, Serialize)]
pub struct Strikes {
    /// How often.
    pub times: u32,
    /// Milliseconds from its end until every replica acknowledged something; `None`: not within [`Options::recovery`].
    pub recovery_ms: Vec<Option<u64>>,
}

impl Report {
    /// Whether all that is promised held.
    pub fn is_good(&self) -> bool {
        let recovered = self.faults.values().flat_map(|strikes| &strikes.recovery_ms).all(Option::is_some);
        recovered && self.violations.is_empty() && self.audit_violations == 0 && self.fallen.is_empty()
    }
}

/// Runs, and tells of each fault when it is over. What the services log goes to `logs`.
pub async fn run(options: &Options, logs: &Path, progress: impl Fn(&str)) -> Result<Report> {
    let postgres = tokio::task::spawn_blocking(Postgres::start).await??;
    let wire = Wire::to(postgres.socket()?).await?;
    let url = Postgres::url(wire.address());
    let fleet = Fleet::start(url.clone(), logs).await?;
    let mut site = Site { fleet, wire, postgres, hold: options.hold, freeze: options.freeze };
    let clients: Vec<_> = (0..REPLICAS).map(|replica| site.fleet.clients(replica)).collect::<Result<_>>()?;
    install(&clients[0], &directory(), POLICY).await;
    progress("services and callers are running");

    let began = Instant::now();
    let load = Load::start(clients.clone(), options.callers, options.seed);
    let faults = strike(&mut site, &load, options, &progress).await?;
    let fallen = site.fleet.fallen()?;
    let operations = load.stop().await?;
    let seconds = began.elapsed().as_secs_f64();
    progress("the last call is answered; reading what is there");

    // Nothing moves by itself any more: timers that are being fired are waited for.
    for replica in 0..REPLICAS {
        tokio::task::block_in_place(|| site.fleet.stop(Role::Escalation, replica))?;
    }
    let export = export::export(&clients[0]).await?;
    let violations = check::check(&operations, &export);
    let audit_violations = audit(&url).await?;
    let mut report = summary(&operations, &export);
    let recoveries = faults.values().flat_map(|strikes: &Strikes| &strikes.recovery_ms);
    report.longest_recovery_ms = recoveries.filter_map(|time| *time).max().unwrap_or_default();
    if !site.postgres.can_be_full() {
        report.not_run.insert(Fault::DiskFull, "a small file system takes root to mount");
    }
    Ok(Report { seed: options.seed, seconds, faults, violations, audit_violations, fallen, ..report })
}

fn directory() -> String {
    let told = REPS.map(|rep| {
        let cap = CAPS.iter().find(|(capped, _)| *capped == rep);
        (rep, cap.map_or_else(String::new, |(_, most)| format!("max_open: {most}")))
    });
    company::directory(&told.each_ref().map(|(rep, cap)| (*rep, 1, cap.as_str())))
}

/// Strikes with each fault in turn, in another order every time, until the time is over.
async fn strike(
    site: &mut Site,
    load: &Load,
    options: &Options,
    progress: impl Fn(&str),
) -> Result<BTreeMap<Fault, Strikes>> {
    let mut rng = StdRng::seed_from_u64(options.seed);
    let mut faults: BTreeMap<Fault, Strikes> = BTreeMap::new();
    let end = Instant::now() + options.time;
    while faults.is_empty() || Instant::now() < end {
        let mut order = Fault::ALL;
        order.shuffle(&mut rng);
        for fault in order {
            let is_over = Instant::now() >= end && faults.contains_key(&fault);
            if is_over || (fault == Fault::DiskFull && !site.postgres.can_be_full()) {
                continue;
            }
            // Some work is done in between.
            sleep(Duration::from_millis(500)).await;
            fault.strike(site, &mut rng).await.with_context(|| format!("{fault:?}"))?;
            let recovery = load.recovery(Instant::now(), options.recovery).await;
            let told = recovery.map_or_else(|| "never".to_owned(), |time| format!("after {} ms", time.as_millis()));
            progress(&format!("{fault:?}: everybody served again {told}"));
            let strikes = faults.entry(fault).or_default();
            strikes.times += 1;
            strikes.recovery_ms.push(recovery.map(|time| time.as_millis().try_into().unwrap_or(u64::MAX)));
        }
    }
    Ok(faults)
}

/// What the store's own auditor finds.
async fn audit(url: &str) -> Result<i64> {
    let roles = Roles { scoring: false, assignment: true, escalation: false };
    let mut config = config(url);
    // Nobody routes anything here.
    config.assignment.scoring = Some(ClientConfig::new("http://127.0.0.1:1"));
    let app = App::start(config, roles, kit::clock::Clock::system()).await?;
    let audit = app.audit().await?;
    app.stop().await;
    Ok(audit.violations())
}

/// Counts.
fn summary(operations: &[Operation], export: &Export) -> Report {
    let acknowledged = operations.iter().filter(|operation| operation.answer().is_some()).count();
    let ended = operations.iter().filter(|operation| operation.end().is_some()).count();
    let attempts = operations.iter().flat_map(|operation| &operation.attempts);
    let unknown: Vec<&str> = attempts
        .filter_map(|attempt| match &attempt.outcome {
            Outcome::Unknown(why) => Some(why.as_str()),
            Outcome::Acknowledged(_) | Outcome::Refused(_) => None,
        })
        .collect();
    let causes = export.leads.iter().flat_map(|lead| lead.history.iter().map(|assignment| assignment.cause));
    let (people, time): (Vec<_>, Vec<_>) =
        causes.filter(|cause| *cause != history::Cause::Arrival).partition(|cause| *cause != history::Cause::Time);
    Report {
        seed: 0,
        seconds: 0.0,
        faults: BTreeMap::new(),
        not_run: BTreeMap::new(),
        longest_recovery_ms: 0,
        operations: operations.len(),
        acknowledged,
        refused: ended - acknowledged,
        unknown_attempts: unknown.len(),
        hung_up: unknown.iter().filter(|why| why.starts_with("hung up")).count(),
        leads: export.leads.len(),
        moved_by_people: people.len(),
        moved_by_time: time.len(),
        violations: Vec::new(),
        audit_violations: 0,
        fallen: Vec::new(),
    }
}
