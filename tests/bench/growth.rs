//! What a large tenant pays for its size.

use std::{
    fmt::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use cli::Clients;
use pglocal::Cluster;

use crate::{
    leads::Leads,
    load::{Caller, Measured, repeat},
    service::{ALWAYS, Service, install},
};

/// How large a tenant is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Name of the tenant.
    pub tenant: &'static str,
    /// Leads that it has had, of which one in ten is open.
    pub leads: u64,
    pub reps: usize,
    pub pools: usize,
    pub rules: usize,
}

impl Size {
    pub(crate) const SMALL: Self = Self { tenant: "small", leads: 10_000, reps: 100, pools: 10, rules: 20 };

    pub(crate) const fn large(leads: u64) -> Self {
        Self { tenant: "large", leads, reps: 10_000, pools: 500, rules: 1_000 }
    }
}

impl Size {
    /// Sectors into which the rules cut the market; each is cut again by the number of employees.
    const fn sectors(self) -> usize {
        if self.rules < 50 { 5 } else { 50 }
    }

    fn directory(self) -> String {
        let mut text = format!("{ALWAYS}teams:\n");
        for pool in 0..self.pools {
            let _ = writeln!(text, "  - {{ id: t{pool}, name: Team {pool}, calendar: always }}");
        }
        text.push_str("reps:\n");
        for rep in 0..self.reps {
            let _ = writeln!(text, "  - {{ id: r{rep}, name: Rep {rep}, team: t{} }}", rep % self.pools);
        }
        text.push_str("pools:\n");
        for pool in 0..self.pools {
            let _ = writeln!(text, "  - id: p{pool}\n    name: Pool {pool}\n    members:");
            for rep in (pool..self.reps).step_by(self.pools) {
                let _ = writeln!(text, "      - {{ rep: r{rep} }}");
            }
        }
        text
    }

    fn policy(self) -> String {
        let (sectors, bands) = (self.sectors(), self.rules / self.sectors());
        let mut text = "name: segments\ntime_zone: UTC\nsla:\n  slow: { respond: 30d@wall, escalate: [] }\n\
                        waiting: { retry_every: 5m@wall, deadline: 2h@wall, then: review }\nrules:\n"
            .to_owned();
        for rule in 0..self.rules {
            let (sector, from) = (rule % sectors, rule / sectors * EMPLOYEES / bands);
            let _ = writeln!(
                text,
                "  - {{ name: rule-{rule}, when: 'lead.industry == \"sector {sector}\" && lead.employees >= {from} && \
                 lead.employees < {}', to: {{ pool: p{} }}, sla: slow }}",
                from + EMPLOYEES / bands,
                rule % self.pools
            );
        }
        text + "default: { to: { pool: p0 }, sla: slow }\n"
    }
}

/// Companies have fewer.
const EMPLOYEES: usize = 5_000;

/// Sends leads of all segments.
struct Routing {
    clients: Clients,
    leads: Arc<Leads>,
    sectors: usize,
}

impl Caller for Routing {
    async fn once(&mut self) -> Result<usize> {
        let (number, mut request) = self.leads.numbered();
        if let Some(lead) = &mut request.lead {
            lead.industry = Some(format!("sector {}", number % self.sectors));
            lead.employees = Some(i64::try_from(number * 7 % EMPLOYEES)?);
        }
        self.clients.assignment.route_lead(request).await?;
        Ok(1)
    }
}

/// Routes leads of the tenant with that many callers.
pub(crate) async fn run(
    size: Size,
    callers: usize,
    connections: &[Clients],
    leads: &Arc<Leads>,
    time: Duration,
) -> Result<Measured> {
    let caller = |number: usize| Routing {
        clients: connections[number % connections.len()].clone(),
        leads: Arc::clone(leads),
        sectors: size.sectors(),
    };
    repeat(callers, time, caller).await
}

/// Leads that are written at a time.
const CHUNK: u64 = 250_000;

/// Ids ascend with time, as those of leads do. Each lead has a profile, an owner, an assignment, and two keys by which it is known
/// again; one in ten is open and has a deadline in a year.
const LEADS: &str = "
CREATE TEMPORARY TABLE chunk AS
    SELECT n, (SELECT tenant_id FROM tenant WHERE slug = ':tenant') AS tenant_id, n % 10 = 0 AS is_open,
           'reps/r' || n % :reps AS owner, now() - make_interval(mins => 20000000 - n::int) AS at,
           (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - 40000000000 + n * 1000), 12, '0') || '7'
            || lpad(to_hex(n % 4096), 3, '0') || '8' || substr(md5(n::text), 1, 15))::uuid AS lead_id
    FROM generate_series(:from, :to) AS n;
INSERT INTO lead SELECT tenant_id, lead_id, at, json_build_object('email', 'somebody' || n || '@company' || n % 99991 || '.example',
    'company_name', 'Company ' || n % 99991, 'country', 'FR', 'employees', n % 5000) FROM chunk;
INSERT INTO ownership (tenant_id, lead_id, epoch, state, owner, since, chain_since, chain_step, sla, respond_by, accepted_at, closed_at,
                       close_outcome, grade, rule, policy_revision, tried)
    SELECT c.tenant_id, c.lead_id, 1, CASE WHEN is_open THEN 2 ELSE 5 END, c.owner, at, at, 0, 'slow', at, at,
           CASE WHEN is_open THEN NULL ELSE at END, CASE WHEN is_open THEN NULL ELSE 1 END, 11, 'default', 1, '{}'
    FROM chunk AS c;
INSERT INTO assignment (tenant_id, lead_id, epoch, owner, state, cause, started_at, ended_at, accepted_at, actor)
    SELECT tenant_id, lead_id, 1, owner, CASE WHEN is_open THEN 2 ELSE 11 END, 1, at,
           CASE WHEN is_open THEN NULL ELSE at END, at, 'bench' FROM chunk;
INSERT INTO timer SELECT tenant_id, lead_id, 2, 1, now() + interval '1 year' FROM chunk WHERE is_open;
INSERT INTO identity SELECT tenant_id, kind, md5(n || '/' || kind)::uuid, lead_id FROM chunk, generate_series(1, 2) AS kind;
";

/// Makes the tenant's company, and writes its leads as if they had come over the years.
pub(crate) async fn prepare(service: &Service, cluster: &Cluster, database: &str, size: Size) -> Result<Vec<Clients>> {
    let connections = service.connections(size.tenant)?;
    install(&connections[0], &size.directory(), &size.policy()).await?;
    let begun = Instant::now();
    for from in (0..size.leads).step_by(usize::try_from(CHUNK)?) {
        let to = (from + CHUNK).min(size.leads) - 1;
        let script = LEADS.replace(":tenant", size.tenant).replace(":reps", &size.reps.to_string());
        let script = script.replace(":from", &from.to_string()).replace(":to", &to.to_string());
        cluster.run_sql(database, &script)?;
        println!("growth: {} of {} leads written, {:.0} s", to + 1, size.leads, begun.elapsed().as_secs_f64());
    }
    let reps = format!(
        "INSERT INTO rep_load SELECT tenant_id, 'r' || n, {} / 10 / {}, '2000-01-01', 0, now(), 0
         FROM tenant, generate_series(0, {} - 1) AS n WHERE slug = '{}'",
        size.leads, size.reps, size.reps, size.tenant
    );
    cluster.run_sql(database, &reps)?;
    cluster.run_sql(database, "VACUUM ANALYZE")?;
    Ok(connections)
}
