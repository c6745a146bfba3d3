//! What the services say about the leads afterwards: every lead, every decision made once more, the directory, the audit.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use api::v1::{
    CandidateFilter, Decision, DestinationResult, GetDecisionRequest, Lead, ListLeadsRequest, ListPoolsRequest,
    ListRepsRequest, ListTeamsRequest, PoolStrategy,
};
use cli::{Clients, told};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use indicatif::{ProgressBar, ProgressStyle};
use server::App;
use store::Audit;

/// Decisions that are asked for at the same time.
const READERS: usize = 16;
const PAGE: i32 = 1000;

/// A name and a team.
#[derive(Debug, Clone, Default)]
pub(super) struct Rep {
    pub display_name: String,
    pub team: String,
}

/// How a pool picks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rotation {
    /// By weights; if not, whoever has least to do is picked, and nobody has an exact share.
    pub by_weights: bool,
    /// Leads of each grade are shared by themselves.
    pub per_grade: bool,
}

/// How a pool shared its leads with one of its reps.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Share {
    /// The rep's weight in the pool.
    pub weight: i32,
    /// Leads that it got.
    pub leads: u64,
    /// Leads that it should have got: of each decision, its weight over the weights of all who could have taken the lead.
    pub target: f64,
}

/// Everything that is told about the leads.
#[derive(Debug, Default)]
pub(super) struct ReadBack {
    /// Leads of the tenant.
    pub leads: u64,
    /// Leads by owner: `reps/{rep}` or `queues/{queue}`.
    pub by_owner: BTreeMap<String, u64>,
    /// Leads by the destination that took them: `pool east`, `queue review`, `account owner` ...
    pub by_destination: BTreeMap<String, u64>,
    /// How each pool picks, by the destination's name.
    pub pools: BTreeMap<String, Rotation>,
    /// Shares by pool, rep and grade; the grade is blank where a pool doesn't mind it.
    pub shares: BTreeMap<(String, String, String), Share>,
    /// Reps by resource name.
    pub reps: BTreeMap<String, Rep>,
    /// Names of teams by resource name.
    pub teams: BTreeMap<String, String>,
    /// The laws of the store, recounted.
    pub audit: Audit,
}

pub(super) async fn all(clients: &Clients, app: &App) -> Result<ReadBack> {
    let mut back = ReadBack { audit: app.audit().await?, ..ReadBack::default() };
    let leads = leads(clients).await?;
    back.leads = leads.len() as u64;
    for lead in &leads {
        *back.by_owner.entry(lead.owner.clone()).or_default() += 1;
    }
    directory(clients, &mut back).await?;
    decisions(clients, &leads, &mut back).await?;
    Ok(back)
}

async fn leads(clients: &Clients) -> Result<Vec<Lead>> {
    let (mut leads, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListLeadsRequest { page_size: PAGE, page_token, filter: String::new() };
        let page =
            clients.assignment.clone().list_leads(request).await.map_err(|status| anyhow::anyhow!(told(&status)))?;
        let page = page.into_inner();
        leads.extend(page.leads);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(leads);
        }
    }
}

/// Asks for each lead's first decision. The service makes it once more from what it kept, and refuses to answer if the outcome
/// differs; so this also proves that every decision can be made again.
async fn decisions(clients: &Clients, leads: &[Lead], back: &mut ReadBack) -> Result<()> {
    let style = ProgressStyle::with_template("Replaying {bar:38} {pos}/{len} decisions  {eta} left")?;
    let bar = ProgressBar::new(leads.len() as u64).with_style(style);
    let mut decisions = stream::iter(leads)
        .map(|lead| async {
            let name = format!("{}/decisions/1", lead.name);
            let answer = clients.assignment.clone().get_decision(GetDecisionRequest { name }).await;
            answer.map_err(|status| anyhow::anyhow!("{}: {}", lead.name, told(&status)))
        })
        .buffer_unordered(READERS);
    while let Some(answer) = decisions.try_next().await? {
        bar.inc(1);
        if let Some(decision) = answer.into_inner().decision {
            back.enter(decision);
        }
    }
    bar.finish_and_clear();
    let counted: u64 = back.by_destination.values().sum();
    ensure!(counted == back.leads, "{counted} decisions were read back of {} leads", back.leads);
    Ok(())
}

impl ReadBack {
    fn enter(&mut self, decision: Decision) {
        let taken = decision.destinations.into_iter().find(|trial| trial.result() == DestinationResult::Taken);
        // Where no destination takes a lead, it waits.
        let Some(taken) = taken else {
            *self.by_destination.entry(decision.owner.replace("queues/", "queue ")).or_default() += 1;
            return;
        };
        let able: Vec<_> = taken.candidates.iter().filter(|c| c.removed_by() == CandidateFilter::Unspecified).collect();
        let weights: f64 = able.iter().map(|candidate| f64::from(candidate.weight)).sum();
        let pool = self.pools.get(&taken.destination);
        let grade = pool.filter(|pool| pool.per_grade).and(decision.score).map(|score| score.grade).unwrap_or_default();
        for candidate in able.iter().filter(|_| pool.is_some()) {
            let key = (taken.destination.clone(), candidate.rep.clone(), grade.clone());
            let share = self.shares.entry(key).or_default();
            share.weight = candidate.weight;
            share.leads += u64::from(candidate.picked);
            share.target += f64::from(candidate.weight) / weights;
        }
        *self.by_destination.entry(taken.destination).or_default() += 1;
    }
}

async fn directory(clients: &Clients, back: &mut ReadBack) -> Result<()> {
    let refused = |status: tonic::Status| anyhow::anyhow!(told(&status));
    let request = ListRepsRequest { page_size: PAGE, ..ListRepsRequest::default() };
    for rep in clients.directory.clone().list_reps(request).await.map_err(refused)?.into_inner().reps {
        back.reps.insert(rep.name, Rep { display_name: rep.display_name, team: rep.team });
    }
    let request = ListPoolsRequest { page_size: PAGE, ..ListPoolsRequest::default() };
    for pool in clients.directory.clone().list_pools(request).await.map_err(refused)?.into_inner().pools {
        let rotation =
            Rotation { by_weights: pool.strategy() != PoolStrategy::LeastLoaded, per_grade: pool.rotate_per_grade };
        let kind = if pool.partner { "partner pool" } else { "pool" };
        back.pools.insert(pool.name.replace("pools/", &format!("{kind} ")), rotation);
    }
    let request = ListTeamsRequest { page_size: PAGE, ..ListTeamsRequest::default() };
    for team in clients.directory.clone().list_teams(request).await.map_err(refused)?.into_inner().teams {
        back.teams.insert(team.name, team.display_name);
    }
    Ok(())
}
