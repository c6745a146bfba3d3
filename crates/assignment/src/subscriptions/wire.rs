//! Subscriptions and dead letters as they are told.

use api::{
    convert::time,
    etag,
    names::{DeadLetterName, Resource as _},
    v1,
};
use domain::ids::SubscriptionId;
use jiff::Timestamp;
use store::{DeadLetter, Subscription, SubscriptionState};

pub(super) fn subscription(row: Subscription, now: Timestamp) -> v1::Subscription {
    use v1::SubscriptionState as S;
    let state = match row.state {
        SubscriptionState::Active => S::Active,
        SubscriptionState::Paused => S::Paused,
        SubscriptionState::Disabled => S::Disabled,
        SubscriptionState::Lost => S::Lost,
    };
    v1::Subscription {
        name: row.id.to_name(),
        url: row.url,
        kinds: row.kinds.into_iter().map(|kind| v1::OwnershipChangeKind::from(kind).into()).collect(),
        paused: row.state == SubscriptionState::Paused,
        state: state.into(),
        etag: etag::of_entry(row.version),
        create_time: Some(time::to_wire(row.created_at)),
        pending_count: row.pending,
        oldest_pending_time: row.oldest.map(time::to_wire),
        dead_letter_count: row.dead,
        last_problem: row.problem.unwrap_or_default(),
        previous_secret_expire_time: row.old_secret_until.filter(|until| now < *until).map(time::to_wire),
    }
}

pub(super) fn dead_letter(of: &SubscriptionId, letter: DeadLetter) -> v1::DeadLetter {
    v1::DeadLetter {
        name: DeadLetterName(of.clone(), letter.position).to_name(),
        lead: letter.lead.to_name(),
        kind: v1::OwnershipChangeKind::from(letter.kind).into(),
        dead_time: Some(time::to_wire(letter.dead_at)),
        attempt_count: letter.attempts,
        last_problem: letter.problem.unwrap_or_default(),
        body: letter.body,
    }
}
