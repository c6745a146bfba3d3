//! The `sla` table and the `waiting` block.

use std::{collections::BTreeMap, sync::Arc};

use super::{not_a_name, queue};
use crate::{
    ids::is_valid_id,
    policy::{SlaPolicy, Step, StepAction, Waiting},
    sla::Span,
    yaml::{Field, Map},
};

/// Most steps of one SLA policy.
const MAX_STEPS: usize = 16;

/// The SLA policies of the document, and those built in that it does not write itself.
pub(super) fn slas(map: Map<'_>) -> BTreeMap<String, Arc<SlaPolicy>> {
    let built_in = SlaPolicy::built_in().into_iter().map(|sla| (sla.name.clone(), sla));
    let mut slas: BTreeMap<String, Arc<SlaPolicy>> = built_in.collect();
    let Some(table) = map.get("sla") else { return slas };
    for (name, field) in table.entries() {
        if !is_valid_id(name) {
            table.note_key(name, not_a_name(name));
        }
        slas.insert(name.to_owned(), Arc::new(sla(name, field)));
    }
    slas
}

/// Also one that can't be read gives something, so that rules which name it are not told as mistakes too.
fn sla(name: &str, field: Field<'_>) -> SlaPolicy {
    let map = field.map(&["respond", "accept", "escalate"]);
    let get = |key| map.and_then(|map| map.get(key));
    let respond = map.and_then(|map| map.require("respond")).and_then(Field::parse::<Span>);
    let accept = get("accept").and_then(Field::parse::<Span>);
    let mut steps = get("escalate").map(Field::list).unwrap_or_default();
    if let Some(field) = steps.get(MAX_STEPS) {
        field.note(format!("at most {MAX_STEPS} steps are read"));
        steps.truncate(MAX_STEPS);
    }
    let steps: Vec<(Field<'_>, Step)> = steps.into_iter().filter_map(|field| Some((field, step(field)?))).collect();

    if let (Some(field), Some(accept), Some(respond)) = (get("accept"), accept, respond)
        && accept.is_longer_than(respond)
    {
        field.note(format!("is later than `respond` ({respond}): who must have answered has accepted"));
    }
    for (field, step) in &steps {
        let hands_on = step.action != StepAction::Remind;
        if let Some(respond) = respond.filter(|respond| hands_on && respond.is_longer_than(step.after)) {
            field.note(format!("takes the lead away before its owner has to answer, which is after {respond}"));
        }
    }
    for pair in steps.windows(2) {
        let [(_, before), (field, step)] = pair else { continue };
        if before.after.is_longer_than(step.after) {
            field.note(format!("is earlier than the step ahead of it, which is after {}", before.after));
        }
        if matches!(before.action, StepAction::Queue(_)) {
            field.note("is never reached: the step ahead of it moves the lead to a queue");
        }
    }
    SlaPolicy {
        name: name.to_owned(),
        respond: respond.unwrap_or(Waiting::default().deadline),
        accept,
        steps: steps.into_iter().map(|(_, step)| step).collect(),
    }
}

fn step(field: Field<'_>) -> Option<Step> {
    let map = field.map(&["after", "do", "queue"])?;
    let after = map.require("after").and_then(Field::parse);
    let action = map.require("do").and_then(|field| {
        field.one_of([
            (Some(StepAction::Remind), "remind"),
            (Some(StepAction::Backup), "backup"),
            (Some(StepAction::Manager), "manager"),
            (None, "queue"),
        ])
    });
    let queue_field = map.get("queue");
    let action = match action {
        None => None,
        Some(None) => map.require("queue").and_then(queue).map(StepAction::Queue),
        Some(action) => {
            if let Some(field) = queue_field {
                field.note("belongs to `do: queue` only");
            }
            action
        }
    };
    Some(Step { after: after?, action: action? })
}

pub(super) fn waiting(field: Field<'_>) -> Option<Waiting> {
    let map = field.map(&["retry_every", "deadline", "then"])?;
    let default = Waiting::default();
    let waiting = Waiting {
        retry_every: map.get("retry_every").and_then(Field::parse).unwrap_or(default.retry_every),
        deadline: map.get("deadline").and_then(Field::parse).unwrap_or(default.deadline),
        then: map.get("then").and_then(queue).unwrap_or(default.then),
    };
    if waiting.retry_every.is_longer_than(waiting.deadline) {
        field.note(format!("`retry_every` ({}) is later than `deadline` ({})", waiting.retry_every, waiting.deadline));
    }
    Some(waiting)
}
