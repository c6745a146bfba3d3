//! Who had the lead, one after the other.

use api::v1::Assignment;
use jiff::tz::TimeZone;

use crate::text::{table, time, word};

pub(crate) fn told(history: &[Assignment], zone: &TimeZone) -> String {
    table(["#", "Owner", "From", "State", "Answered", "By", "Because"], history.iter().map(|entry| row(entry, zone)))
}

fn row(entry: &Assignment, zone: &TimeZone) -> [String; 7] {
    let Assignment { epoch, owner, rule, actor, end_reason, note, .. } = entry;
    let mut because = word(entry.cause().as_str_name(), "ASSIGNMENT_CAUSE_");
    if !rule.is_empty() {
        because = format!("{because}, rule \"{rule}\"");
    }
    if !note.is_empty() {
        because = format!("{because}: {note}");
    }
    let mut state = word(entry.state().as_str_name(), "ASSIGNMENT_STATE_");
    if !end_reason.is_empty() {
        state = format!("{state} ({})", word(end_reason, ""));
    }
    let from = time(entry.start_time.as_ref(), zone);
    let answered = time(entry.first_response_time.as_ref(), zone);
    [epoch.to_string(), owner.clone(), from, state, answered, actor.clone(), because]
}
