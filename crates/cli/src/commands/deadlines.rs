//! `timers`, `escalations` and `lead sla`: what is due, what was done about it, and how a lead stands.

use std::fmt::Write as _;

use api::{
    convert::time::to_wire,
    v1::{
        Escalation, GetLeadSlaRequest, LeadSla, LeadSlaState, ListEscalationsRequest, ListTimersRequest, Pause,
        PausedClock, Timer, TimerKind,
    },
};
use clap::Args;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{LeadRef, choice::one_of, leads::with_rest, local_time};
use crate::{
    CallError, Clients, explain,
    pages::{Listed, pages},
    text::{indented, instant, table, time, word},
    told::answer,
};

/// List what is set to happen to leads, soonest first.
#[derive(Debug, Clone, Args)]
pub struct TimersArgs {
    /// Only those of this lead: its UUID, or its name `leads/UUID`.
    pub lead: Option<LeadRef>,

    /// Only those of this kind.
    #[arg(long, value_parser = one_of::<TimerKind>())]
    pub kind: Option<TimerKind>,

    /// Only those due before this time, such as `2026-11-22T18:00`.
    #[arg(long, value_name = "TIME", value_parser = local_time)]
    pub due_before: Option<Timestamp>,

    /// Only those that should have fired already.
    #[arg(long)]
    pub overdue: bool,

    /// Most timers to list.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
}

/// List the escalation steps that were done.
#[derive(Debug, Clone, Args)]
pub struct EscalationsArgs {
    /// Only those of this lead: its UUID, or its name `leads/UUID`.
    pub lead: Option<LeadRef>,

    /// Most steps to list.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
}

/// The name of that lead; of all leads, if none is meant.
fn parent(lead: Option<LeadRef>) -> String {
    lead.map_or_else(|| "leads/-".to_owned(), |lead| lead.to_string())
}

pub(crate) async fn timers(args: &TimersArgs, clients: &Clients) -> anyhow::Result<String> {
    let page = |page_size, page_token| {
        let mut client = clients.escalation.clone();
        let request = ListTimersRequest {
            parent: parent(args.lead),
            page_size,
            page_token,
            kind: args.kind.unwrap_or_default().into(),
            due_before: args.due_before.map(to_wire),
            overdue: args.overdue,
        };
        async move {
            let page = answer(client.list_timers(request).await)?;
            Ok::<_, CallError>((page.timers, page.next_page_token))
        }
    };
    let listed = pages(args.limit, page).await?;
    Ok(with_rest(timer_table(&listed.items, &TimeZone::system()), &listed))
}

fn timer_table(timers: &[Timer], zone: &TimeZone) -> String {
    let rows = timers.iter().map(|timer| {
        let meaning = match timer.kind() {
            TimerKind::Accept => "not accepted: it goes on",
            TimerKind::Escalate => "not answered: next escalation step",
            TimerKind::Retry => "it is routed again, from waiting",
            TimerKind::Wake => "it wakes and is routed again",
            TimerKind::Resume => "its clocks run again",
            TimerKind::Unspecified => "",
        };
        let due = time(timer.due_time.as_ref(), zone);
        let overdue = if timer.overdue { "overdue" } else { "" };
        [
            due,
            overdue.to_owned(),
            word(timer.kind().as_str_name(), "TIMER_KIND_"),
            timer.lead.clone(),
            timer.epoch.to_string(),
            meaning.to_owned(),
        ]
    });
    table(["Due", "", "Kind", "Lead", "Assignment", "Then"], rows)
}

pub(crate) async fn escalations(args: &EscalationsArgs, clients: &Clients) -> anyhow::Result<String> {
    let page = |page_size, page_token| {
        let mut client = clients.escalation.clone();
        let request = ListEscalationsRequest { parent: parent(args.lead), page_size, page_token };
        async move {
            let page = answer(client.list_escalations(request).await)?;
            Ok::<_, CallError>((page.escalations, page.next_page_token))
        }
    };
    Ok(escalation_table(&pages(args.limit, page).await?, &TimeZone::system()))
}

fn escalation_table(listed: &Listed<Escalation>, zone: &TimeZone) -> String {
    let rows = listed.items.iter().map(|escalation| {
        let Escalation { lead, epoch, step, target, due_time, done_time, .. } = escalation;
        let step = step.map_or_else(|| "not accepted".to_owned(), |step| format!("step {}", step + 1));
        let late = match (due_time.as_ref().and_then(instant), done_time.as_ref().and_then(instant)) {
            (Some(due), Some(done)) => short(done.duration_since(due)),
            _ => String::new(),
        };
        let action = word(escalation.action().as_str_name(), "ESCALATION_ACTION_");
        [lead.clone(), epoch.to_string(), step, action, target.clone(), time(done_time.as_ref(), zone), late]
    });
    with_rest(table(["Lead", "Assignment", "Step", "Done", "To", "When", "Late"], rows), listed)
}

pub(crate) async fn sla(clients: &Clients, lead: LeadRef) -> anyhow::Result<String> {
    let request = GetLeadSlaRequest { name: lead.to_string() };
    let answer = answer(clients.escalation.clone().get_lead_sla(request).await)?;
    Ok(sla_told(&answer.lead_sla.unwrap_or_default()))
}

fn paused_table(clocks: &[PausedClock], zone: &TimeZone) -> String {
    let rows = clocks.iter().map(|clock| {
        let left = clock.remaining.map(|left| SignedDuration::new(left.seconds, left.nanos)).unwrap_or_default();
        let left = if left.is_negative() { format!("late by {}", short(left.abs())) } else { short(left) };
        [word(clock.clock().as_str_name(), "CLOCK_KIND_"), left, time(clock.old_due_time.as_ref(), zone)]
    });
    table(["Clock", "Left", "Was due"], rows)
}

fn pause_table(pauses: &[Pause], zone: &TimeZone) -> String {
    let rows = pauses.iter().map(|pause| {
        let end = match (&pause.end_time, &pause.resume_time) {
            (Some(end), _) => time(Some(end), zone),
            (None, Some(resume)) => format!("lasts until {}", time(Some(resume), zone)),
            (None, None) => "lasts".to_owned(),
        };
        let reason = word(pause.reason().as_str_name(), "PAUSE_REASON_");
        [time(pause.start_time.as_ref(), zone), end, reason, pause.actor.clone(), pause.note.clone()]
    });
    table(["From", "To", "Why", "By", "Note"], rows)
}

/// In the owner's time zone, as the deadlines are.
fn sla_told(lead: &LeadSla) -> String {
    let zone = lead.sla.as_ref().and_then(|sla| TimeZone::get(&sla.time_zone).ok()).unwrap_or(TimeZone::UTC);
    let left = lead.remaining.map(|left| SignedDuration::new(left.seconds, left.nanos));
    let state = match (lead.state(), left) {
        (LeadSlaState::NoTarget, _) => "has no response target".to_owned(),
        (LeadSlaState::Running, Some(left)) => format!("has {} left", short(left)),
        (LeadSlaState::Running, None) => "has time left".to_owned(),
        (LeadSlaState::Overdue, Some(left)) => format!("is overdue by {}", short(left.abs())),
        (LeadSlaState::Overdue, None) => "is overdue".to_owned(),
        (LeadSlaState::Kept, _) => "was answered in time".to_owned(),
        (LeadSlaState::Paused, _) => "stands still".to_owned(),
        (LeadSlaState::Missed, _) => "was answered too late, or not at all".to_owned(),
        (LeadSlaState::Unspecified, _) => String::new(),
    };
    let mut text = format!("{}: {}, assignment {}, {state}", lead.lead, lead.owner, lead.epoch);
    if lead.first_response_time.is_some() {
        let _ = write!(text, "; answered {}", time(lead.first_response_time.as_ref(), &zone));
    }
    let _ = write!(text, "\n\n{}", explain::sla::told(lead.sla.as_ref()));
    if !lead.paused_clocks.is_empty() {
        let _ = write!(text, "\nStanding clocks\n{}", indented(&paused_table(&lead.paused_clocks, &zone)));
    }
    if !lead.pauses.is_empty() {
        let _ = write!(text, "\nPauses\n{}", indented(&pause_table(&lead.pauses, &zone)));
    }
    if !lead.timers.is_empty() {
        let _ = write!(text, "\nTimers\n{}", indented(&timer_table(&lead.timers, &zone)));
    }
    text
}

/// The two largest units of a time: `2d 3h`, `14m 5s`, `0s`.
fn short(time: SignedDuration) -> String {
    let mut seconds = time.as_secs().unsigned_abs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")].map(|(size, unit)| {
        let count = seconds / size;
        seconds %= size;
        (count, unit)
    });
    let first = units.iter().position(|(count, _)| *count > 0).unwrap_or(3);
    let told = units[first..].iter().take(2).filter(|(count, _)| *count > 0);
    let told: Vec<String> = told.map(|(count, unit)| format!("{count}{unit}")).collect();
    let sign = if time.is_negative() { "-" } else { "" };
    if told.is_empty() { "0s".to_owned() } else { format!("{sign}{}", told.join(" ")) }
}

#[cfg(test)]
mod tests;
