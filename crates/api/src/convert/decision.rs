//! A decision, explained: every rule that was tried, every candidate with what removed it, the pick and the clocks.

use domain::{
    decide::{Candidate, DestinationTrial, NotTaken, Plan, RecordV1, Removal, Verdict},
    expr::Truth,
    ids::{Epoch, LeadId},
    policy::{Policy, Tried},
    rotation,
    score::ScoringModel,
    sla::Pauses,
    snapshot::Snapshot,
};
use jiff::{Timestamp, tz::TimeZone};

use super::{
    score,
    sla::{self, Hours, Targets, local},
    time,
};
use crate::{
    names::{DecisionName, PolicyName, Resource},
    v1,
};

/// What was found out about a decision by making it again.
#[derive(Debug, Clone, Copy)]
pub struct Replayed<'a> {
    /// Whose.
    pub lead: LeadId,
    /// The assignment that it began.
    pub epoch: Epoch,
    /// What was stored.
    pub record: &'a RecordV1,
    /// Directory and policy of then.
    pub snapshot: &'a Snapshot,
    /// The rule and the account.
    pub plan: &'a Plan<'a>,
    /// The outcome.
    pub verdict: &'a Verdict,
    /// The points model of then, which names the criteria; `None` when there was no score.
    pub model: Option<&'a ScoringModel>,
}

/// The decision as the contract tells it.
pub fn to_wire(decision: &Replayed<'_>, tried: &[Tried<'_>], now: Timestamp) -> v1::Decision {
    let Replayed { lead, epoch, record, snapshot, plan, verdict, model } = *decision;
    let policy = &snapshot.policy;
    v1::Decision {
        name: DecisionName(lead, Some(epoch)).to_name(),
        lead: lead.to_name(),
        epoch: epoch.0,
        decide_time: Some(time::to_wire(now)),
        policy: PolicyName(Some(record.policy_revision)).to_name(),
        directory_version: record.directory_version,
        score: Some(model.map_or_else(
            || score::summary(&record.score),
            |model| score::to_wire(&record.score, model, score::View::Full),
        )),
        account: plan.account.map(|account| account.id.to_name()).unwrap_or_default(),
        existing_owner: record.existing_owner.as_ref().map(Resource::to_name).unwrap_or_default(),
        rules: tried.iter().map(|tried| rule(policy, tried)).collect(),
        matched_rule: policy.rule(verdict.rule).map(|rule| rule.name.clone()).unwrap_or_default(),
        destinations: verdict.trials.iter().map(|trial| destination(policy, verdict, trial, snapshot, now)).collect(),
        owner: verdict.owner.to_name(),
        reason: domain::decide::reason(policy, verdict),
        sla: Some(sla(verdict, snapshot, now)),
    }
}

fn rule(policy: &Policy, tried: &Tried<'_>) -> v1::RuleTrial {
    let rule = policy.rule(Some(tried.rule));
    v1::RuleTrial {
        rule: rule.map(|rule| rule.name.clone()).unwrap_or_default(),
        condition: rule.and_then(|rule| rule.when.clone()).unwrap_or_default(),
        outcome: match tried.truth {
            Truth::True => v1::Truth::True,
            Truth::False => v1::Truth::False,
            Truth::Unknown => v1::Truth::Unknown,
        }
        .into(),
        failed_part: tried.failed.as_ref().map(failed_part).unwrap_or_default(),
    }
}

/// `lead.employees >= 200 (lead.employees is 20)`.
fn failed_part(finding: &domain::expr::Finding<'_>) -> String {
    let values: Vec<String> = finding
        .values
        .iter()
        .map(|(field, value)| match value {
            Some(value) => format!("{field} is {value}"),
            None => format!("{field} is blank"),
        })
        .collect();
    if values.is_empty() { finding.text.to_owned() } else { format!("{} ({})", finding.text, values.join(", ")) }
}

fn destination(
    policy: &Policy,
    verdict: &Verdict,
    trial: &DestinationTrial,
    snapshot: &Snapshot,
    now: Timestamp,
) -> v1::DestinationTrial {
    let destination = &policy.route(verdict.rule).destinations[trial.destination];
    let (result, detail) = match trial.not_taken {
        None => (v1::DestinationResult::Taken, String::new()),
        Some(NotTaken::NobodyFree) => (v1::DestinationResult::NobodyFree, "every candidate was removed".to_owned()),
        Some(NotTaken::NoSuchRep) => (v1::DestinationResult::NoSuchRep, format!("the lead has no {destination}")),
        Some(NotTaken::Gone) => {
            (v1::DestinationResult::Gone, format!("{destination} was not in directory {}", snapshot.directory.version))
        }
    };
    let picked = trial.picked.map(|(index, _)| index);
    let candidates = trial.candidates.iter().enumerate();
    v1::DestinationTrial {
        destination: destination.to_string(),
        result: result.into(),
        detail,
        candidates: candidates.map(|(index, candidate)| to_candidate(candidate, picked == Some(index), now)).collect(),
    }
}

fn to_candidate(candidate: &Candidate, picked: bool, now: Timestamp) -> v1::Candidate {
    let zone = candidate.entry.calendar.time_zone();
    let (removed_by, detail) =
        candidate.removed.as_ref().map_or((v1::CandidateFilter::Unspecified, String::new()), |r| removal(r, zone));
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    v1::Candidate {
        rep: candidate.entry.rep.id.to_name(),
        weight: count(candidate.weight),
        open_leads: count(candidate.load.open),
        leads_today: count(candidate.load.on(candidate.entry.calendar.day_of(now))),
        credit: rotation::leads(candidate.credit),
        removed_by: removed_by.into(),
        detail,
        picked,
    }
}

fn removal(removal: &Removal, zone: &TimeZone) -> (v1::CandidateFilter, String) {
    use v1::CandidateFilter as Filter;
    match removal {
        Removal::Inactive => (Filter::Inactive, "has left".to_owned()),
        Removal::LetGo => (Filter::LetGo, "had this lead and let it go".to_owned()),
        Removal::NotAccepting => (Filter::NotAccepting, "takes no new leads".to_owned()),
        Removal::Absent(until) => (Filter::Absent, format!("absent until {}", local(*until, zone))),
        Removal::Seniority(least) => {
            (Filter::Seniority, format!("below the {least:?} that the rule asks for").to_lowercase())
        }
        Removal::Skill(skill) => (Filter::Skill, format!("lacks the skill `{skill}`")),
        Removal::Language(language) => (Filter::Language, format!("does not speak `{language}`")),
        Removal::Territory => (Filter::Territory, "the lead's place is outside of the rep's territories".to_owned()),
        Removal::OpenCap(max) => (Filter::OpenCap, format!("has {max} open leads, the most allowed")),
        Removal::DayCap(max) => (Filter::DayCap, format!("got {max} leads today, the most allowed")),
        Removal::BacklogPace(max) => {
            (Filter::BacklogPace, format!("got {max} waiting leads in ten minutes, the pool's pace"))
        }
        Removal::OffShift(Some(opens)) => (Filter::OffShift, format!("off shift until {}", local(*opens, zone))),
        Removal::OffShift(None) => (Filter::OffShift, "off shift, and no shift is known".to_owned()),
    }
}

fn sla(verdict: &Verdict, snapshot: &Snapshot, since: Timestamp) -> v1::Sla {
    let targets = Targets {
        policy: verdict.sla.as_deref(),
        chain_since: since,
        steps_done: 0,
        next_step_due: verdict.clocks.escalate_at,
        respond_by: verdict.clocks.respond_by,
        accept_by: verdict.clocks.accept_by,
        pauses: Pauses::default(),
    };
    sla::to_wire(&targets, Hours::of(&verdict.owner, snapshot))
}
