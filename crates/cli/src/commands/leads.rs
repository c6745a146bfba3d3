//! `leads`: many leads, a line each; and how one lead is told in a line.

use std::fmt::Write as _;

use api::v1::{Lead, ListLeadsRequest};
use clap::Args;
use jiff::tz::TimeZone;

use crate::{
    CallError, Clients,
    pages::{Listed, pages},
    text::{table, time, word},
    told::answer,
};

/// List leads, oldest first.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Filters are comparisons by owner, team, state or due_before, joined by AND.\n\n\
    Examples:\n  \
    leadrouter leads --filter 'owner = queues/review'\n  \
    leadrouter leads --filter 'team = teams/east AND state = OFFERED AND due_before = \"2026-11-22T09:00:00Z\"'")]
pub struct LeadsArgs {
    /// Only leads of which this holds.
    #[arg(long, value_name = "EXPR", default_value = "", hide_default_value = true)]
    pub filter: String,

    /// Most leads to list.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
}

pub(crate) async fn run(args: &LeadsArgs, clients: &Clients) -> anyhow::Result<String> {
    let page = |page_size, page_token| {
        let mut client = clients.assignment.clone();
        let request = ListLeadsRequest { page_size, page_token, filter: args.filter.clone() };
        async move {
            let page = answer(client.list_leads(request).await)?;
            Ok::<_, CallError>((page.leads, page.next_page_token))
        }
    };
    Ok(told(&pages(args.limit, page).await?, &TimeZone::system()))
}

fn told(listed: &Listed<Lead>, zone: &TimeZone) -> String {
    let rows = listed.items.iter().map(|lead| {
        let profile = lead.profile.clone().unwrap_or_default();
        let who =
            [profile.email, profile.person_name, profile.company_name, profile.company_domain, profile.external_id];
        [
            lead.name.trim_start_matches("leads/").to_owned(),
            time(lead.create_time.as_ref(), zone),
            lead.grade.clone(),
            lead.owner.clone(),
            state(lead),
            time(due(lead), zone),
            who.into_iter().flatten().next().unwrap_or_default(),
        ]
    });
    with_rest(table(["Lead", "Arrived", "Grade", "Owner", "State", "Due", "Who"], rows), listed)
}

/// The table of what was listed, and that there is more if there is.
pub(super) fn with_rest<T>(mut table: String, listed: &Listed<T>) -> String {
    if listed.items.is_empty() {
        return "there are none".to_owned();
    }
    if listed.more {
        table.push_str("\nthere are more: see --limit");
    }
    table
}

/// `leads/UUID: reps/anna-berg, accepted; first response is due ...`.
pub(super) fn line(lead: &Lead, zone: &TimeZone) -> String {
    let mut text = format!("{}: {}, {}", lead.name, lead.owner, state(lead));
    for (what, at) in [
        ("to be accepted by", lead.accept_by.as_ref().filter(|_| lead.accept_time.is_none())),
        ("first response is due", due(lead)),
        ("waits at most until", lead.wait_until.as_ref()),
        ("wakes", lead.wake_time.as_ref()),
        ("answered", lead.first_response_time.as_ref()),
        ("closed", lead.close_time.as_ref()),
    ] {
        if at.is_some() {
            let _ = write!(text, "; {what} {}", time(at, zone));
        }
    }
    text
}

/// What is still due.
fn due(lead: &Lead) -> Option<&prost_types::Timestamp> {
    lead.respond_by.as_ref().filter(|_| lead.first_response_time.is_none() && lead.close_time.is_none())
}

/// The state, and how it was closed.
fn state(lead: &Lead) -> String {
    let state = word(lead.state().as_str_name(), "LEAD_STATE_");
    match lead.close_value {
        _ if lead.close_time.is_none() => state,
        Some(value) => format!("{state}: {} ({value} US dollars)", outcome(lead)),
        None => format!("{state}: {}", outcome(lead)),
    }
}

fn outcome(lead: &Lead) -> String {
    word(lead.close_outcome().as_str_name(), "CLOSE_OUTCOME_")
}

#[cfg(test)]
mod tests {
    use api::v1::{CloseOutcome, LeadState};

    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "as messages have it")]
    fn minute(minute: i64) -> Option<prost_types::Timestamp> {
        Some(prost_types::Timestamp { seconds: 1_795_426_200 + 60 * minute, nanos: 0 })
    }

    fn lead(state: LeadState) -> Lead {
        Lead {
            name: "leads/01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
            create_time: minute(0),
            owner: "reps/anna-berg".to_owned(),
            state: state.into(),
            grade: "B1".to_owned(),
            respond_by: minute(15),
            ..Lead::default()
        }
    }

    #[test]
    fn leads_are_listed_with_what_is_due() {
        let won = Lead {
            close_time: minute(90),
            close_outcome: CloseOutcome::Won.into(),
            close_value: Some(25_000),
            ..lead(LeadState::Closed)
        };
        let listed = Listed { items: vec![lead(LeadState::Offered), won], more: true };
        insta::assert_snapshot!(told(&listed, &TimeZone::UTC));
    }

    #[test]
    fn a_line_says_what_comes_next() {
        let offered = Lead { accept_by: minute(5), ..lead(LeadState::Offered) };
        let answered = Lead { accept_time: minute(3), first_response_time: minute(10), ..lead(LeadState::Working) };
        insta::assert_snapshot!([offered, answered].map(|lead| line(&lead, &TimeZone::UTC)).join("\n"));
    }
}
