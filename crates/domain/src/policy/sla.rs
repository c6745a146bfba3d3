//! How fast an owner must answer, and what happens when nobody does.

use std::sync::Arc;

use super::{Recipient, Step, StepAction};
use crate::{
    ownership::Queue,
    sla::{Clock, Span, Unit},
};

/// Response target and escalation steps. Every span is measured from the moment at which the lead came to a rep or
/// queue by routing; handing it on by a step does not start it anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlaPolicy {
    /// Its name.
    pub name: String,
    /// The owner answers within.
    pub respond: Span,
    /// A rep says yes within, or a backup gets the lead; `None`: nobody has to.
    pub accept: Option<Span>,
    /// What is done while nobody has answered, in the order of their time.
    pub steps: Vec<Step>,
}

/// What becomes of a lead for whom nobody is free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// It is routed again that often, and whenever a shift begins.
    pub retry_every: Span,
    /// It waits no longer than that.
    pub deadline: Span,
    /// Then it goes here.
    pub then: Queue,
}

impl Default for Waiting {
    /// Every 5 minutes for 8 hours, a working day; then a person looks at it.
    fn default() -> Self {
        Self { retry_every: minutes(5), deadline: hours(8), then: Queue::Review }
    }
}

impl SlaPolicy {
    /// The SLA policies that every policy has unless it writes its own under the same name.
    ///
    /// | name | answer | accept | remind | backup | manager | queue |
    /// | --- | --- | --- | --- | --- | --- | --- |
    /// | `demo-request` | 15 min | 15 min | 15 min | 20 min | 30 min | 45 min |
    /// | `high-intent` | 4 h | 30 min | 4 h | 6 h | 8 h | 12 h |
    /// | `event` | 48 h | | 24 h | 60 h | 72 h | 96 h |
    /// | `content` | 5 business days | | 5 d | 8 d | 10 d | 15 d |
    /// | `review` | 8 h | | 4 h, 8 h | | | |
    ///
    /// Answer and manager are the targets and escalations of the product's SLA table, and so is the window in which a
    /// lead of high intent is to be accepted. The backup comes half-way between them. A queue has neither backup nor
    /// manager, so `review` reminds twice.
    pub fn built_in() -> Vec<Arc<Self>> {
        let chain = |[remind, backup, manager, queue]: [Span; 4]| {
            vec![
                Step::new(remind, StepAction::Remind),
                Step::new(backup, StepAction::Offer(Recipient::Backup)),
                Step::new(manager, StepAction::Offer(Recipient::Manager)),
                Step::new(queue, StepAction::Queue(Queue::Review)),
            ]
        };
        let policy =
            |name: &str, respond, accept, steps| Arc::new(Self { name: name.to_owned(), respond, accept, steps });
        let reminders = [hours(4), hours(8)].map(|after| Step::new(after, StepAction::Remind));
        vec![
            policy("demo-request", minutes(15), Some(minutes(15)), chain([15, 20, 30, 45].map(minutes))),
            policy("high-intent", hours(4), Some(minutes(30)), chain([4, 6, 8, 12].map(hours))),
            policy("event", hours(48), None, chain([24, 60, 72, 96].map(hours))),
            policy("content", business_days(5), None, chain([5, 8, 10, 15].map(business_days))),
            policy("review", hours(8), None, reminders.to_vec()),
        ]
    }

    /// Every span of the policy.
    pub(super) fn spans(&self) -> impl Iterator<Item = Span> {
        [self.respond].into_iter().chain(self.accept).chain(self.steps.iter().map(|step| step.after))
    }
}

const fn minutes(amount: u32) -> Span {
    Span::new(amount, Unit::Minutes, Clock::Wall)
}

const fn hours(amount: u32) -> Span {
    Span::new(amount, Unit::Hours, Clock::Wall)
}

const fn business_days(amount: u32) -> Span {
    Span::new(amount, Unit::Days, Clock::Business)
}
