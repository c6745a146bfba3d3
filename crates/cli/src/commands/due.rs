//! `due` and `report`: which leads wait for an answer, and how well targets were kept.

use api::{
    convert::time::to_wire,
    v1::{DueLead, GetSlaReportRequest, LeadSlaState, ListDueLeadsRequest, SlaReport, SlaReportGroup, SlaReportRow},
};
use clap::Args;
use domain::ownership::Owner;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{choice::one_of, leads::with_rest, local_time};
use crate::{
    CallError, Clients,
    pages::pages,
    text::{table, time},
    told::answer,
};

/// List leads that wait for their first response, the most urgent first.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  leadrouter due --overdue")]
pub struct DueArgs {
    /// Only those of this owner: `reps/ID` or `queues/NAME`.
    #[arg(long, value_name = "OWNER")]
    pub owner: Option<Owner>,

    /// Only those due before this time, such as `2026-11-22T18:00`.
    #[arg(long, value_name = "TIME", value_parser = local_time)]
    pub before: Option<Timestamp>,

    /// Only those that should have been answered already.
    #[arg(long)]
    pub overdue: bool,

    /// Most leads to list.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
}

/// Show how well response targets were kept, and how long answers took.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  leadrouter report --by team --from 2026-11-01")]
pub struct ReportArgs {
    /// By what to tell the rows apart.
    #[arg(long, value_name = "WHAT", default_value = "owner", value_parser = one_of::<SlaReportGroup>())]
    pub by: SlaReportGroup,

    /// Clocks that began from then on, such as `2026-11-01`; otherwise those of the last seven days.
    #[arg(long, value_name = "TIME", value_parser = local_time)]
    pub from: Option<Timestamp>,

    /// Up to then; otherwise now.
    #[arg(long, value_name = "TIME", value_parser = local_time)]
    pub to: Option<Timestamp>,
}

/// Errors: [`CallError`].
pub async fn due(args: &DueArgs, clients: &Clients) -> anyhow::Result<String> {
    let page = |page_size, page_token| {
        let mut client = clients.escalation.clone();
        let request = ListDueLeadsRequest {
            owner: args.owner.as_ref().map(ToString::to_string).unwrap_or_default(),
            page_size,
            page_token,
            due_before: args.before.map(to_wire),
            overdue: args.overdue,
        };
        async move {
            let page = answer(client.list_due_leads(request).await)?;
            Ok::<_, CallError>((page.due_leads, page.next_page_token))
        }
    };
    let listed = pages(args.limit, page).await?;
    Ok(with_rest(due_table(&listed.items, &TimeZone::system()), &listed))
}

fn due_table(leads: &[DueLead], zone: &TimeZone) -> String {
    let rows = leads.iter().map(|lead| {
        let overdue = if lead.state() == LeadSlaState::Overdue { "overdue" } else { "" };
        let due = time(lead.respond_by.as_ref(), zone);
        [due, overdue.to_owned(), lead.lead.clone(), lead.owner.clone(), lead.sla_policy.clone()]
    });
    table(["Answer by", "", "Lead", "Owner", "SLA policy"], rows)
}

/// Errors: [`CallError`].
pub async fn report(args: &ReportArgs, clients: &Clients, now: Timestamp) -> anyhow::Result<String> {
    let to = args.to.unwrap_or(now);
    let from = args.from.unwrap_or(to - SignedDuration::from_hours(7 * 24));
    let request =
        GetSlaReportRequest { start_time: Some(to_wire(from)), end_time: Some(to_wire(to)), group_by: args.by.into() };
    let found = answer(clients.escalation.clone().get_sla_report(request).await)?;
    Ok(told(&found.report.unwrap_or_default()))
}

fn told(report: &SlaReport) -> String {
    let length = |time: Option<&prost_types::Duration>| {
        time.map(|time| format!("{:#}", SignedDuration::new(time.seconds, 0))).unwrap_or_default()
    };
    let row = |name: String, row: &SlaReportRow| {
        let share = row.kept_share.map(|share| format!("{:.1} %", 100.0 * share)).unwrap_or_default();
        let counts = [row.kept_count, row.missed_count, row.overdue_count, row.running_count, row.withdrawn_count];
        let [kept, missed, overdue, running, withdrawn] = counts.map(|count| count.to_string());
        let [p50, p90, p99] =
            [&row.response_time_p50, &row.response_time_p90, &row.response_time_p99].map(|time| length(time.as_ref()));
        [name, share, kept, missed, overdue, running, withdrawn, p50, p90, p99]
    };
    let rows = report.rows.iter().map(|found| {
        let name = if found.key.is_empty() { "(none)".to_owned() } else { found.key.clone() };
        row(name, found)
    });
    let total = report.total.iter().map(|total| row("all".to_owned(), total));
    let heads = [
        "",
        "Kept",
        "In time",
        "Missed",
        "Overdue",
        "Running",
        "Withdrawn",
        "Half within",
        "90 % within",
        "99 % within",
    ];
    table(heads, rows.chain(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_table_with_its_total() {
        let seconds = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
        let row = SlaReportRow {
            key: "teams/east".to_owned(),
            kept_count: 3,
            missed_count: 1,
            kept_share: Some(0.75),
            response_time_p50: seconds(300),
            response_time_p90: seconds(4_000),
            response_time_p99: seconds(4_000),
            ..SlaReportRow::default()
        };
        let none = SlaReportRow { key: String::new(), running_count: 2, ..SlaReportRow::default() };
        let total = Some(SlaReportRow { key: String::new(), ..row.clone() });
        let report = SlaReport { rows: vec![none, row], total, ..SlaReport::default() };
        insta::assert_snapshot!(told(&report), @"
                    Kept    In time  Missed  Overdue  Running  Withdrawn  Half within  90 % within  99 % within
        (none)              0        0       0        2        0
        teams/east  75.0 %  3        1       0        0        0          5m           1h 6m 40s    1h 6m 40s
        all         75.0 %  3        1       0        0        0          5m           1h 6m 40s    1h 6m 40s
        ");
    }
}
