//! What is sent: a `CloudEvent` 1.0 in structured mode, whose data are the contract's `OwnershipChange` in protobuf's JSON.

use api::{convert::watch, v1};
use domain::ownership::{EventKind, Position, Told};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The id of a message: of an event of a tenant, however often it is sent.
pub(crate) fn id(tenant: &str, position: Position) -> String {
    format!("{tenant}-{}", watch::id(position))
}

/// What is sent of an event.
pub(crate) fn body(tenant: &str, told: &Told) -> String {
    let change = watch::to_wire(told);
    let event = json!({
        "specversion": "1.0",
        "id": id(tenant, told.position),
        "source": format!("/tenants/{tenant}"),
        "type": format!("leadrouter.v1.lead.{}", word(told.event.kind)),
        "subject": change.lead,
        "time": told.at.to_string(),
        "datacontenttype": "application/json",
        "data": data(change),
    });
    event.to_string()
}

/// The last part of an event's type.
fn word(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Assigned => "assigned",
        EventKind::Queued => "queued",
        EventKind::Returned => "returned",
        EventKind::Accepted => "accepted",
        EventKind::Responded => "responded",
        EventKind::Reminded => "reminded",
        EventKind::Escalated => "escalated",
        EventKind::Closed => "closed",
        EventKind::SleepsOn => "sleeps_on",
        EventKind::ClocksMoved => "clocks_moved",
        EventKind::Paused => "paused",
        EventKind::Resumed => "resumed",
        EventKind::Acknowledged => "acknowledged",
        EventKind::Erased => "erased",
    }
}

/// An object of which what is blank is left out, as protobuf's JSON does.
#[derive(Default)]
struct Object(Map<String, Value>);

impl Object {
    fn text(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.0.insert(name.to_owned(), value.into());
        }
        self
    }

    /// An enum, unless it says nothing.
    fn word(self, name: &str, number: i32, value: &str) -> Self {
        if number == 0 { self } else { self.text(name, value) }
    }

    fn number(mut self, name: &str, value: i32) -> Self {
        if value != 0 {
            self.0.insert(name.to_owned(), value.into());
        }
        self
    }

    fn time(self, name: &str, value: Option<prost_types::Timestamp>) -> Self {
        let time = value.and_then(|time| Timestamp::new(time.seconds, time.nanos).ok());
        self.text(name, time.map(|time| time.to_string()).unwrap_or_default())
    }

    fn maybe(mut self, name: &str, value: Option<Value>) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value);
        }
        self
    }

    fn value(self) -> Value {
        Value::Object(self.0)
    }
}

fn data(change: v1::OwnershipChange) -> Value {
    let (kind, state, cause) = (change.kind(), change.state(), change.cause());
    let outcome = change.close_outcome();
    Object::default()
        .text("id", change.id)
        .word("kind", change.kind, kind.as_str_name())
        .text("lead", change.lead)
        .number("epoch", change.epoch)
        .time("changeTime", change.change_time)
        .text("owner", change.owner)
        .word("state", change.state, state.as_str_name())
        .word("cause", change.cause, cause.as_str_name())
        .text("previousOwner", change.previous_owner)
        .text("endReason", change.end_reason)
        .time("respondBy", change.respond_by)
        .time("acceptBy", change.accept_by)
        .time("waitUntil", change.wait_until)
        .maybe("escalation", change.escalation.map(escalation))
        .word("closeOutcome", change.close_outcome, outcome.as_str_name())
        // Numbers of 64 bits are texts there.
        .maybe("closeValue", change.close_value.map(|value| value.to_string().into()))
        .time("resumeTime", change.resume_time)
        .value()
}

fn escalation(escalation: v1::Escalation) -> Value {
    let action = escalation.action();
    Object::default()
        .text("name", escalation.name)
        .text("lead", escalation.lead)
        .number("epoch", escalation.epoch)
        // The first step is one too.
        .maybe("step", escalation.step.map(Value::from))
        .word("action", escalation.action, action.as_str_name())
        .text("target", escalation.target)
        .time("dueTime", escalation.due_time)
        .time("doneTime", escalation.done_time)
        .value()
}
