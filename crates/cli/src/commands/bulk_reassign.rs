//! `bulk-reassign`: many leads to somebody else.

use std::{fmt::Write as _, fs, path::PathBuf, str::FromStr as _};

use anyhow::{Context as _, ensure};
use api::{
    longrunning::{Operation, WaitOperationRequest},
    names::Resource as _,
    v1::{
        BulkReassignRequest, BulkReassignResult, ListBulkReassignResultsRequest, RouteAgain,
        bulk_reassign_request::Target,
    },
};
use clap::Args;
use domain::{ids::PoolId, ownership::Owner};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::tz::TimeZone;

use super::{
    LeadRef,
    operations::{metadata, told},
};
use crate::{CallError, Clients, documents::request_id, pages::all, text::word, told::answer};

/// Give many leads to somebody else, and wait until it is done.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "What can't be done is told lead by lead in the report; the others go on. Ctrl-C ends only the waiting.\n\n\
    Examples:\n  \
    leadrouter bulk-reassign --filter 'owner = reps/anna-berg' --to-pool enterprise --validate-only\n  \
    leadrouter bulk-reassign --filter 'team = teams/east AND state = OFFERED' --route-again --max-per-hour 600\n  \
    leadrouter bulk-reassign --leads leads.txt --to reps/ben-cole --report moved.csv"
)]
#[command(group = clap::ArgGroup::new("which").required(true))]
#[command(group = clap::ArgGroup::new("target").required(true))]
pub struct BulkReassignArgs {
    /// The open leads of which this holds, as `leads --filter` reads it.
    #[arg(long, value_name = "EXPR", group = "which")]
    pub filter: Option<String>,

    /// The leads that this file names, one a line: UUID, or `leads/UUID`; at most 10,000.
    #[arg(long, value_name = "FILE", group = "which")]
    pub leads: Option<PathBuf>,

    /// To this owner: `reps/ID`, or `queues/review`, `queues/nurture` or `queues/self-service`.
    #[arg(long, value_name = "OWNER", group = "target")]
    pub to: Option<Owner>,

    /// To the free members of this pool, by its own strategy.
    #[arg(long, value_name = "POOL", group = "target", value_parser = pool_name)]
    pub to_pool: Option<String>,

    /// To whomever the active policy finds.
    #[arg(long, group = "target")]
    pub route_again: bool,

    /// Most leads that change hands in an hour; otherwise as fast as it goes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub max_per_hour: Option<i32>,

    /// What to keep in the history of each lead; at most 500 characters.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub note: String,

    /// Tell what it would come to, and change nothing.
    #[arg(long)]
    pub validate_only: bool,

    /// Where to write what came of each lead: CSV.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["detach", "validate_only"])]
    pub report: Option<PathBuf>,

    /// Don't wait; `operations wait` does later.
    #[arg(long)]
    pub detach: bool,

    /// Show no progress.
    #[arg(long)]
    pub quiet: bool,
}

pub(crate) async fn run(args: &BulkReassignArgs, clients: &Clients) -> anyhow::Result<String> {
    let zone = TimeZone::system();
    let started = answer(clients.assignment.clone().bulk_reassign(request(args)?).await)?;
    if args.detach || args.validate_only {
        return Ok(told(&started, &zone));
    }
    let name = started.name.clone();
    let operation = follow(clients, started, args.quiet).await.with_context(|| format!("{name} goes on by itself"))?;
    let mut text = told(&operation, &zone);
    if let Some(path) = &args.report {
        let results = results(clients, &name).await?;
        report(path, &results).with_context(|| format!("can't write the report {}", path.display()))?;
        let _ = write!(text, "\n{} tells what came of each lead", path.display());
    }
    Ok(text)
}

fn request(args: &BulkReassignArgs) -> anyhow::Result<BulkReassignRequest> {
    let leads = match &args.leads {
        Some(path) => read_leads(path)?,
        None => Vec::new(),
    };
    let target = match (&args.to, &args.to_pool) {
        (Some(owner), _) => Target::Owner(owner.to_name()),
        (None, Some(pool)) => Target::Pool(pool.clone()),
        (None, None) => Target::RouteAgain(RouteAgain {}),
    };
    Ok(BulkReassignRequest {
        filter: args.filter.clone().unwrap_or_default(),
        leads,
        target: Some(target),
        max_per_hour: args.max_per_hour.unwrap_or_default(),
        note: args.note.clone(),
        request_id: request_id(),
        validate_only: args.validate_only,
    })
}

/// The first column of each line that is not blank; a line of headings is passed over.
fn read_leads(path: &PathBuf) -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(path).with_context(|| format!("can't read the leads {}", path.display()))?;
    let mut leads = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let first = line.split([',', ';', '\t']).next().unwrap_or_default().trim().trim_matches('"');
        match LeadRef::from_str(first) {
            Ok(lead) => leads.push(lead.to_string()),
            Err(_) if first.is_empty() || number == 1 => {}
            Err(error) => anyhow::bail!("{}, line {number}: found `{first}`, {error}", path.display()),
        }
    }
    ensure!(!leads.is_empty(), "{} names no leads", path.display());
    Ok(leads)
}

/// Reads a pool: the id, or the name `pools/ID`. Returns the name.
fn pool_name(text: &str) -> Result<String, String> {
    let pool: Result<PoolId, _> = text.strip_prefix("pools/").unwrap_or(text).parse();
    pool.map(|pool| pool.to_name()).map_err(|error| error.to_string())
}

/// Waits for the end of an operation, and shows how far it has come.
pub(super) async fn follow(clients: &Clients, mut operation: Operation, quiet: bool) -> Result<Operation, CallError> {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(None, target);
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {pos} of {len} leads  {per_sec}  {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    loop {
        let known = metadata(&operation);
        let done = known.total_count - known.counts.unwrap_or_default().untouched_count;
        bar.set_length(u64::try_from(known.total_count).unwrap_or_default());
        bar.set_position(u64::try_from(done).unwrap_or_default());
        if operation.done {
            bar.finish_and_clear();
            return Ok(operation);
        }
        // Long enough to cost nothing, short enough for the bar to move.
        let timeout = Some(prost_types::Duration { seconds: 1, nanos: 0 });
        let request = WaitOperationRequest { name: operation.name, timeout };
        operation = answer(clients.operations.clone().wait_operation(request).await)?;
    }
}

async fn results(clients: &Clients, operation: &str) -> Result<Vec<BulkReassignResult>, CallError> {
    all(|page_size, page_token| {
        let mut client = clients.assignment.clone();
        let request = ListBulkReassignResultsRequest { parent: operation.to_owned(), page_size, page_token };
        async move {
            let page = answer(client.list_bulk_reassign_results(request).await)?;
            Ok::<_, CallError>((page.results, page.next_page_token))
        }
    })
    .await
}

/// A line for each lead.
fn report(path: &PathBuf, results: &[BulkReassignResult]) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_path(path)?;
    writer.write_record(["lead", "outcome", "owner_before", "owner", "reason", "message"])?;
    for result in results {
        let outcome = word(result.outcome().as_str_name(), "BULK_REASSIGN_OUTCOME_");
        let reason = match result.reason {
            0 => "",
            _ => result.reason().as_str_name().trim_start_matches("ERROR_REASON_"),
        };
        let line = [&result.lead, &outcome, &result.owner_before, &result.owner, reason, &result.message];
        writer.write_record(line)?;
    }
    writer.flush()?;
    Ok(())
}
