//! Lists, page by page.

use domain::{
    ids::Epoch,
    ownership::{
        AssignmentState, CloseOutcome, Escalation, EscalationAction, LeadState, Owner, Ownership, Queue, TimerKind,
    },
};
use jiff::{Timestamp, ToSpan as _};

use super::{Base, fixtures::*, now, on_database};
use crate::{Changes, LeadFilter};

/// Ids of the leads that a filter finds, in pages of two.
async fn find(base: &Base, filter: &LeadFilter) -> Vec<u32> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = base.store.leads(base.tenant, filter, after, 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some((last, _)) = page.last() else { return found };
        after = Some(last.id);
        found.extend(page.iter().map(|(lead, _)| (1..9).find(|n| id(*n) == lead.id).unwrap()));
    }
}

/// 1, 3, 5: anna; 2, 4: bob; 6, 7 wait; 5 is closed, 3 accepted and answered.
async fn seven_leads(base: &Base) {
    base.route([(id(1), "anna"), (id(2), "bob"), (id(3), "anna"), (id(4), "bob"), (id(5), "anna")]).await;
    base.write(&together([routed(waiting(id(6), "inside")), routed(waiting(id(7), "field"))])).await;
    let answered = Ownership {
        state: LeadState::Working,
        accepted_at: Some(now()),
        first_response_at: Some(now()),
        ..offered(id(3), "anna")
    };
    let closed = Ownership {
        state: LeadState::Closed,
        closed_at: Some(now()),
        close_outcome: Some(CloseOutcome::Lost),
        ..offered(id(5), "anna")
    };
    let mut ended = begun(&closed);
    (ended.state, ended.ended_at) = (AssignmentState::Closed, Some(now()));
    let changes = Changes {
        ownerships: vec![(Epoch::FIRST, answered), (Epoch::FIRST, closed)],
        assignments: vec![ended],
        ..Changes::default()
    };
    base.write(&changes).await;
}

#[tokio::test]
async fn leads_are_found_by_owner_state_and_due_time() {
    on_database(async |base: Base| {
        seven_leads(&base).await;
        let all = LeadFilter::default();
        let of = |ids: &[&str]| LeadFilter {
            owners: Some(ids.iter().map(|id| Owner::Rep(rep(id))).collect()),
            ..LeadFilter::default()
        };
        let open = Some(vec![LeadState::Offered, LeadState::Accepted, LeadState::Working, LeadState::Queued]);
        let due = Some(now() + 12.minutes());
        assert_eq!(find(&base, &all).await, [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(find(&base, &of(&["anna"])).await, [1, 3, 5]);
        assert_eq!(find(&base, &of(&["bob", "anna", "nobody"])).await, [1, 2, 3, 4, 5]);
        assert_eq!(find(&base, &LeadFilter { states: open.clone(), ..of(&["anna", "bob"]) }).await, [1, 2, 3, 4]);
        assert_eq!(find(&base, &LeadFilter { states: open, ..LeadFilter::default() }).await, [1, 2, 3, 4, 6, 7]);
        let closed = Some(vec![LeadState::Closed]);
        assert_eq!(find(&base, &LeadFilter { states: closed, ..of(&["anna", "bob"]) }).await, [5]);
        assert_eq!(find(&base, &LeadFilter { due_before: due, ..all.clone() }).await, [1, 2, 4]);
        assert_eq!(find(&base, &LeadFilter { due_before: due, ..of(&["anna"]) }).await, [1]);
        assert_eq!(
            find(&base, &LeadFilter { due_before: Some(now() + 9.hours()), ..all.clone() }).await,
            [1, 2, 4, 6, 7]
        );
        assert_eq!(find(&base, &LeadFilter { due_before: Some(now()), ..all }).await, [] as [u32; 0]);
        let queue = Owner::Queue(Queue::Waiting);
        assert_eq!(
            find(&base, &LeadFilter { owners: Some(vec![queue.clone()]), ..LeadFilter::default() }).await,
            [6, 7]
        );

        let counts = base.store.owner_counts(base.tenant).await.unwrap();
        assert_eq!(counts, [(queue, 2, 2), (Owner::Rep(rep("anna")), 2, 3), (Owner::Rep(rep("bob")), 2, 2)]);
    })
    .await;
}

#[tokio::test]
async fn timers_come_by_due_time() {
    on_database(async |base: Base| {
        let Base { store, tenant, .. } = &base;
        let past = |n: u32| "2020-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + i64::from(n).minutes();
        let future: Timestamp = "2120-01-01T00:00:00Z".parse().unwrap();
        let timers = vec![
            timer(id(1), TimerKind::Accept, past(3)),
            timer(id(1), TimerKind::Escalate, future),
            timer(id(2), TimerKind::Accept, past(1)),
            timer(id(3), TimerKind::Retry, past(1)),
            timer(id(4), TimerKind::Wake, past(2)),
        ];
        base.write(&Changes { set_timers: timers.clone(), ..Changes::default() }).await;
        let by_due = [&timers[2], &timers[3], &timers[4], &timers[0], &timers[1]].map(Clone::clone);

        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.timers(*tenant, None, None, after, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.due_at, last.lead, last.kind));
            found.extend(page);
        }
        assert_eq!(found, by_due);
        let accept = store.timers(*tenant, Some(TimerKind::Accept), None, None, 9).await.unwrap();
        assert_eq!(accept, [timers[2].clone(), timers[0].clone()]);
        assert_eq!(store.timers(*tenant, None, Some(past(2)), None, 9).await.unwrap(), by_due[..2]);

        // A timer that is set again moves; one that is cleared goes.
        let again = timer(id(2), TimerKind::Accept, future);
        let cleared_timers = vec![(id(3), TimerKind::Retry), (id(9), TimerKind::Retry)];
        base.write(&Changes { set_timers: vec![again.clone()], cleared_timers, ..Changes::default() }).await;
        let left = store.timers(*tenant, None, None, None, 9).await.unwrap();
        assert_eq!(left, [by_due[2].clone(), by_due[3].clone(), by_due[4].clone(), again.clone()]);
        assert_eq!(store.timers_of(*tenant, id(2)).await.unwrap(), [again]);
    })
    .await;
}

#[tokio::test]
async fn escalations_come_by_lead_epoch_and_step() {
    on_database(async |base: Base| {
        let step = |n: u32, epoch: i32, step: u16| Escalation {
            lead: id(n),
            epoch: Epoch(epoch),
            step,
            action: EscalationAction::Remind,
            target: (step > 0).then(|| Owner::Rep(rep("anna"))),
            due_at: now(),
            done_at: now() + 1.second(),
            acknowledged: (epoch == 2).then(|| (now() + 2.seconds(), "anna".to_owned())),
        };
        let all = vec![step(1, 1, 0), step(1, 1, u16::MAX), step(1, 2, 1), step(2, 1, 0), step(3, 1, 0)];
        let mut shuffled = all.clone();
        shuffled.reverse();
        base.write(&Changes { escalations: shuffled, ..Changes::default() }).await;
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = base.store.escalations(base.tenant, None, after, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.lead, last.epoch, last.step));
            found.extend(page);
        }
        assert_eq!(found, all);
        assert_eq!(base.store.escalations(base.tenant, Some(id(1)), None, 9).await.unwrap(), all[..3]);
        let after = Some((id(1), Epoch(1), 0));
        assert_eq!(base.store.escalations(base.tenant, Some(id(1)), after, 9).await.unwrap(), all[1..3]);
    })
    .await;
}

#[tokio::test]
async fn assignments_come_by_epoch() {
    on_database(async |base: Base| {
        let all: Vec<_> = (1..6).map(|n| begun(&Ownership { epoch: Epoch(n), ..offered(id(1), "anna") })).collect();
        base.write(&Changes { new_assignments: all.clone(), ..Changes::default() }).await;
        let Base { store, tenant, .. } = &base;
        assert_eq!(store.assignments(*tenant, id(1), Epoch(0), 3).await.unwrap(), all[..3]);
        assert_eq!(store.assignments(*tenant, id(1), Epoch(3), 3).await.unwrap(), all[3..]);
        assert_eq!(store.assignment(*tenant, id(1), Epoch(4)).await.unwrap().as_ref(), Some(&all[3]));
        assert_eq!(store.assignment(*tenant, id(1), Epoch(6)).await.unwrap(), None);
    })
    .await;
}
