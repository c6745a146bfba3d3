//! The steps of an escalation chain.

use super::{queue, unknown};
use crate::{
    directory::{DirectoryDocument, EntityKind},
    expr::{Attributes, ProgramBuilder, Schema},
    policy::{Condition, Recipient, Step, StepAction},
    sla::Span,
    yaml::{Field, Map},
};

/// Most steps of one SLA policy, repetitions not counted.
const MAX_STEPS: usize = 16;
/// How often a step may be repeated.
const MAX_TIMES: u32 = 10;

/// What the steps of one policy may name.
pub(super) struct Steps<'a> {
    pub directory: &'a DirectoryDocument,
    pub attributes: &'a Attributes,
}

/// What `do` may say, where the recipient is not told with it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Remind,
    Notify,
    Offer,
    Reassign,
    /// Short for an offer to the backup.
    Backup,
    /// Short for an offer to the manager.
    Manager,
    Queue,
}

impl Steps<'_> {
    /// The steps in their order, those that are repeated followed by their repetitions. `respond`: when the owner must have
    /// answered.
    pub(super) fn read(&self, field: Field<'_>, respond: Option<Span>) -> Vec<Step> {
        let mut fields = field.list();
        if let Some(field) = fields.get(MAX_STEPS) {
            field.note(format!("at most {MAX_STEPS} steps are read"));
            fields.truncate(MAX_STEPS);
        }
        let runs: Vec<(Field<'_>, Vec<Step>)> =
            fields.into_iter().filter_map(|field| Some((field, self.run(field)?))).collect();
        for (field, run) in &runs {
            let early = run.iter().filter(|step| step.action.hands_on());
            if let Some(respond) =
                respond.filter(|respond| early.clone().any(|step| respond.is_longer_than(step.after)))
            {
                field.note(format!("takes the lead away before its owner has to answer, which is after {respond}"));
            }
        }
        for pair in runs.windows(2) {
            let [(_, ahead), (field, run)] = pair else { continue };
            let (Some(before), Some(step)) = (ahead.last(), run.first()) else { continue };
            if before.after.is_longer_than(step.after) {
                field.note(format!("is earlier than the step ahead of it, which is after {}", before.after));
            }
            if matches!(before.action, StepAction::Queue(_)) && before.when.is_none() {
                field.note("is never reached: the step ahead of it moves the lead to a queue");
            }
        }
        runs.into_iter().flat_map(|(_, run)| run).collect()
    }

    /// A step and its repetitions.
    fn run(&self, field: Field<'_>) -> Option<Vec<Step>> {
        let map = field.map(&["after", "do", "to", "queue", "when", "urgent", "repeat"])?;
        let after = map.require("after").and_then(Field::parse::<Span>);
        let action = self.action(map);
        let when = map.get("when").and_then(|field| self.condition(field));
        let urgent = map.get("urgent").and_then(Field::flag).unwrap_or(false);
        if let Some(field) = map.get("urgent").filter(|_| matches!(action, Some(StepAction::Queue(_)))) {
            field.note("a queue is there at any hour");
        }
        let (after, action) = (after?, action?);
        let mut run = vec![Step { after, action, when, urgent, repetition: false }];
        if let Some(field) = map.get("repeat") {
            let (every, times) = repeat(field, &run[0])?;
            let mut after = after;
            for _ in 0..times {
                after = after.and(every)?;
                run.push(Step { after, repetition: true, ..run[0].clone() });
            }
        }
        Some(run)
    }

    fn action(&self, map: Map<'_>) -> Option<StepAction> {
        let verb = map.require("do").and_then(|field| {
            field.one_of([
                (Verb::Remind, "remind"),
                (Verb::Notify, "notify"),
                (Verb::Offer, "offer"),
                (Verb::Reassign, "reassign"),
                (Verb::Backup, "backup"),
                (Verb::Manager, "manager"),
                (Verb::Queue, "queue"),
            ])
        });
        let named = matches!(verb, None | Some(Verb::Notify | Verb::Offer | Verb::Reassign));
        if let Some(field) = map.get("to").filter(|_| !named) {
            field.note("belongs to `do: notify`, `offer` and `reassign` only");
        }
        if let Some(field) = map.get("queue").filter(|_| !matches!(verb, None | Some(Verb::Queue))) {
            field.note("belongs to `do: queue` only");
        }
        let to = || map.require("to").and_then(|field| self.recipient(field));
        Some(match verb? {
            Verb::Remind => StepAction::Remind,
            Verb::Notify => StepAction::Notify(to()?),
            Verb::Offer => StepAction::Offer(to()?),
            Verb::Reassign => StepAction::Reassign(to()?),
            Verb::Backup => StepAction::Offer(Recipient::Backup),
            Verb::Manager => StepAction::Offer(Recipient::Manager),
            Verb::Queue => StepAction::Queue(map.require("queue").and_then(queue)?),
        })
    }

    /// `backup`, `another`, `manager`, or `{ team: ID }`.
    fn recipient(&self, field: Field<'_>) -> Option<Recipient> {
        if field.is_map() {
            let field = field.map(&["team"])?.require("team")?;
            let id = field.parse()?;
            if !self.directory.teams.contains_key(&id) {
                unknown(field, EntityKind::Team, self.directory);
            }
            return Some(Recipient::Team(id));
        }
        let named = [(Recipient::Backup, "backup"), (Recipient::Another, "another"), (Recipient::Manager, "manager")];
        field.one_of(named)
    }

    fn condition(&self, field: Field<'_>) -> Option<Condition> {
        let mut builder = ProgramBuilder::new(Schema::for_policy(self.attributes));
        let id = builder.add_field(field)?;
        Some(Condition::new(builder.build(), id))
    }
}

/// How often the step is done again, and how long after each time.
fn repeat(field: Field<'_>, step: &Step) -> Option<(Span, u32)> {
    let map = field.map(&["every", "times"])?;
    let every_field = map.require("every");
    let every = every_field.and_then(Field::parse::<Span>);
    let times = map.require("times").and_then(|field| field.integer(1..=MAX_TIMES));
    if matches!(step.action, StepAction::Queue(_)) {
        field.note("a lead is moved to a queue once");
        return None;
    }
    let (every, times) = (every?, times?);
    if step.after.and(every).is_none() {
        let message =
            format!("can't be added to {}: expected the same clock, and days to days or hours to hours", step.after);
        every_field?.note(message);
        return None;
    }
    Some((every, times))
}
