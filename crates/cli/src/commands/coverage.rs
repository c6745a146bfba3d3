//! `coverage`: when a response target can't be met.

use std::fmt::Write as _;

use api::{
    convert::time::to_wire,
    v1::{GetSlaCoverageRequest, SlaCoverage},
};
use clap::Args;
use jiff::Timestamp;

use super::local_time;
use crate::{
    Clients,
    text::{indented, table},
    told::answer,
};

/// Show when in the time ahead nobody is there in time to answer.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  leadrouter coverage pools/inbound --sla demo-request")]
pub struct CoverageArgs {
    /// Whose reps answer: `pools/ID` or `teams/ID`.
    pub parent: String,

    /// Name of an SLA policy of the active policy: its response target is to be met.
    #[arg(long, value_name = "NAME")]
    pub sla: String,

    /// From when on, such as `2026-12-24`; otherwise now.
    #[arg(long, value_name = "TIME", value_parser = local_time)]
    pub from: Option<Timestamp>,

    /// For how many days, 1 to 31.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(i64).range(1..=31))]
    pub days: i64,
}

/// Asks, and tells what was found.
///
/// Errors: [`CallError`](crate::CallError).
pub async fn run(args: &CoverageArgs, clients: &Clients) -> anyhow::Result<String> {
    let request = GetSlaCoverageRequest {
        parent: args.parent.clone(),
        sla_policy: args.sla.clone(),
        start_time: args.from.map(to_wire),
        horizon: Some(prost_types::Duration { seconds: args.days * 86_400, nanos: 0 }),
    };
    let found = answer(clients.escalation.clone().get_sla_coverage(request).await)?;
    Ok(told(&found.coverage.unwrap_or_default()))
}

fn told(found: &SlaCoverage) -> String {
    let SlaCoverage { parent, sla_policy, respond_within, rep_count, gaps, .. } = found;
    let hours = |seconds: i64| format!("{}:{:02} h", seconds / 3_600, seconds / 60 % 60);
    let length = |duration: Option<&prost_types::Duration>| hours(duration.map_or(0, |duration| duration.seconds));
    let reps = crate::text::count(usize::try_from(*rep_count).unwrap_or_default(), "rep");
    let mut text = format!("{parent} ({reps}), {sla_policy}: respond within {respond_within}\n");
    if gaps.is_empty() {
        return text + "can always be met";
    }
    let _ = write!(text, "can't be met by leads that come in {}:", length(found.uncovered.as_ref()));
    let rows = gaps.iter().map(|gap| {
        let at = |time: Option<&prost_types::Timestamp>| time.map_or(0, |time| time.seconds);
        let seconds = at(gap.end_time.as_ref()) - at(gap.start_time.as_ref());
        [gap.start_local.clone(), gap.end_local.clone(), hours(seconds)]
    });
    let _ = write!(text, "\n{}", indented(&table(["From", "To", "For"], rows)));
    text
}
