//! What happened, as it is read: in order, by parts, and not at all when it is gone.

use domain::ownership::{AssignmentState, Before, Event, EventKind, LeadState, Owner, Position, Queue, Told};
use jiff::{ToSpan as _, civil::date};

use super::{Base, fixtures::*, now, on_database, write::handed_over};
use crate::Happened;

const START: Position = Position { commit: 0, place: Position::WHOLE };

async fn read(base: &Base, after: Position, limit: i64) -> Vec<Told> {
    base.store.events(base.tenant, after, limit).await.unwrap().unwrap().events
}

#[tokio::test]
async fn an_event_is_read_with_what_history_keeps_of_it() {
    on_database(async |base: Base| {
        let first = offered(id(1), "anna");
        base.write(&routed(first.clone())).await;
        let (mut change, second) = handed_over(&first);
        let escalated = Event { step: Some(3), ..Event::of(&first, EventKind::Escalated) };
        let events = vec![escalated.clone(), Event::of(&second, EventKind::Queued)];
        change.happened = Some(Happened { at: second.since, events: events.clone() });
        base.write(&change).await;

        let told = read(&base, START, 100).await;
        assert_eq!(told.iter().map(|told| told.event.kind).collect::<Vec<_>>(), {
            use EventKind as K;
            [K::Assigned, K::Escalated, K::Queued]
        });
        let [assigned, escalated, queued] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((&assigned.owner, assigned.at, &assigned.before), (&first.owner, now(), &None));
        assert_eq!(assigned.event.until, first.accept_by);
        // Of the lead as it stood when the clock ran out.
        assert_eq!((&escalated.owner, escalated.event.state), (&first.owner, LeadState::Offered));
        assert_eq!(escalated.escalation.as_ref(), Some(&change.escalations[0]));
        let review = Owner::Queue(Queue::Review);
        assert_eq!((&queued.owner, &queued.event, queued.at), (&review, &events[1], second.since));
        let before =
            Before { owner: first.owner, state: AssignmentState::Expired, end_reason: Some("no_answer".to_owned()) };
        assert_eq!(queued.before, Some(before));
    })
    .await;
}

#[tokio::test]
async fn what_is_read_by_parts_is_the_same_as_the_whole() {
    on_database(async |base: Base| {
        // More commits than are read at once, of different sizes.
        let mut next = 0;
        for size in (0..150).map(|n| 1 + n % 4) {
            base.route((next..next + size).map(|n| (id(n), "anna"))).await;
            next += size;
        }
        let whole = {
            let (mut all, mut after) = (Vec::new(), START);
            loop {
                let part = read(&base, after, 10_000).await;
                let Some(last) = part.last() else { break all };
                after = last.position;
                all.extend(part);
            }
        };
        assert_eq!(whole.len(), usize::try_from(next).unwrap());
        assert!(whole.is_sorted_by(|one, two| one.position < two.position));
        for limit in [1, 2, 7] {
            let (mut parts, mut after) = (Vec::new(), START);
            loop {
                let read = base.store.events(base.tenant, after, limit).await.unwrap().unwrap();
                after = read.until;
                if read.events.is_empty() {
                    break;
                }
                assert!(read.events.len() <= usize::try_from(limit).unwrap());
                parts.extend(read.events);
            }
            assert_eq!(parts, whole, "{limit}");
            assert_eq!(after, base.store.position(base.tenant).await.unwrap());
        }
    })
    .await;
}

/// Commits without an event are nothing to wait for, and what is not committed is not there.
#[tokio::test]
async fn the_position_goes_with_what_is_committed() {
    on_database(async |base: Base| {
        base.held().await.commit().await.unwrap();
        let read_on = async || base.store.events(base.tenant, START, 10).await.unwrap().unwrap();
        assert_eq!(read_on().await.until, Position { commit: 1, place: Position::WHOLE });
        let mut open = base.held().await;
        open.write(base.tenant, &routed(offered(id(1), "anna"))).await.unwrap();
        assert_eq!((read_on().await.until.commit, read_on().await.events), (1, Vec::new()));
        open.commit().await.unwrap();
        let read = read_on().await;
        assert_eq!((read.events.len(), read.until), (1, Position { commit: 3, place: 1 }));
    })
    .await;
}

#[tokio::test]
async fn what_was_dropped_is_missed_by_those_who_had_not_read_it() {
    on_database(async |base: Base| {
        let today = base.store.now().await.unwrap();
        let day = today.to_zoned(jiff::tz::TimeZone::UTC).date();
        base.store.ensure_partitions(today - 24.hours()).await.unwrap();
        base.route([(id(1), "anna")]).await;
        base.sql("UPDATE outbox SET day = day - 1").await;
        let yesterday = base.store.position(base.tenant).await.unwrap();
        base.route([(id(2), "anna")]).await;
        assert_eq!(read(&base, START, 10).await.len(), 2);

        assert_eq!(base.store.drop_events_before(day).await.unwrap(), 1);
        assert_eq!(base.store.drop_events_before(day).await.unwrap(), 0);
        assert_eq!(base.store.events(base.tenant, START, 10).await.unwrap(), None);
        assert_eq!(read(&base, yesterday, 10).await.len(), 1);
        // Nothing was lost of a tenant of which there was nothing.
        let other = base.store.ensure_tenant("other", now()).await.unwrap();
        base.store.drop_events_before(date(9999, 1, 1)).await.unwrap();
        assert!(base.store.events(other, START, 10).await.unwrap().is_some());
        assert_eq!(base.store.events(base.tenant, yesterday, 10).await.unwrap(), None);
        let ahead = Position { commit: 1_000, place: 0 };
        assert_eq!(base.store.events(base.tenant, ahead, 10).await.unwrap(), None);
    })
    .await;
}

/// What is written in one transaction has one row: of leads that are new, and of those that change.
#[tokio::test]
async fn a_commit_has_one_row_and_one_that_fails_has_none() {
    on_database(async |base: Base| {
        let first = offered(id(1), "anna");
        base.write(&routed(first.clone())).await;
        let rows = async || base.sql("UPDATE outbox SET day = day").await;
        assert_eq!(rows().await, 1);

        let (change, second) = handed_over(&first);
        let mut both = together([routed(offered(id(2), "anna"))]);
        (both.ownerships, both.assignments) = (change.ownerships, change.assignments);
        both.new_assignments = change.new_assignments;
        both.happened.as_mut().unwrap().events.push(Event::of(&second, EventKind::Queued));
        base.write(&both).await;
        assert_eq!((rows().await, read(&base, START, 10).await.len()), (2, 3));

        // The epoch has moved: nothing of it is so.
        let mut tx = base.held().await;
        assert!(tx.write(base.tenant, &both).await.is_err());
        drop(tx);
        assert_eq!((rows().await, read(&base, START, 10).await.len()), (2, 3));
    })
    .await;
}
