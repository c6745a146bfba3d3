//! Until when somebody must have answered, and what happens otherwise.

use api::v1::{EscalationAction, EscalationStep, Sla};

use crate::text::{indented, table};

pub(crate) fn told(sla: Option<&Sla>) -> String {
    let Some(sla) = sla.filter(|sla| !sla.sla_policy.is_empty()) else {
        return "Response: no target applies\n".to_owned();
    };
    let Sla { sla_policy, respond_within, respond_by_local, accept_by_local, time_zone, .. } = sla;
    let heading = format!("Response: within {respond_within} by SLA policy \"{sla_policy}\", in {time_zone}\n");
    let accept = ("accept", String::new(), accept_by_local);
    let respond = ("first response", respond_within.clone(), respond_by_local);
    let targets = [accept, respond].into_iter().filter(|(_, _, due)| !due.is_empty());
    let targets = targets.map(|(what, after, due)| [format!("{what} by"), due.clone(), after]);
    let rows = targets.chain(sla.steps.iter().map(row));
    heading + &indented(&table(["What", "When", "After"], rows))
}

fn row(step: &EscalationStep) -> [String; 3] {
    let what = match step.action() {
        EscalationAction::Remind => "else remind the owner".to_owned(),
        EscalationAction::Notify => format!("else tell {}", whom(&step.to)),
        EscalationAction::Offer => format!("else offer to {}", whom(&step.to)),
        EscalationAction::Reassign => format!("else give to {}", whom(&step.to)),
        EscalationAction::Queue => format!("else put into {}", step.queue),
        EscalationAction::FellThrough | EscalationAction::Skipped | EscalationAction::Unspecified => {
            "else go on".to_owned()
        }
    };
    let what = if step.when.is_empty() { what } else { format!("{what}, if {}", step.when) };
    let what = if step.urgent { what + ", at any hour" } else { what };
    let done = if step.done { " (done)" } else { "" };
    [what, format!("{}{done}", step.due_local), step.after.clone()]
}

fn whom(to: &str) -> String {
    match to {
        "backup" | "manager" => format!("the {to}"),
        "another" => "another rep".to_owned(),
        team => format!("whoever of {team} is on duty"),
    }
}
