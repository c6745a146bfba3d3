//! Who waits for an answer, and for whom a missed target counts.

use domain::{
    ids::Epoch,
    ownership::{Acknowledgement, Escalation, EscalationAction, Owner, Ownership, Queue, ResponseClock},
};
use futures::TryStreamExt as _;
use jiff::{Timestamp, ToSpan as _};

use super::{Base, fixtures::*, now, on_database};
use crate::{Changes, Period, Response};

#[tokio::test]
async fn leads_come_by_when_their_answer_is_due() {
    on_database(async |base: Base| {
        let Base { store, tenant, .. } = &base;
        let owner = |n: u32| if n.is_multiple_of(2) { "anna" } else { "ben" };
        base.route((1..=6).map(|n| (id(n), owner(n)))).await;
        let due = |n: u32, minutes: i64| Ownership {
            respond_by: Some(now() + minutes.minutes()),
            ..offered(id(n), owner(n))
        };
        // Two at the same moment, one answered, one whose clock stands.
        let answered = Ownership { first_response_at: Some(now()), ..due(5, 1) };
        let stands = Ownership { respond_by: None, ..due(6, 1) };
        let all = [due(1, 30), due(2, 10), due(3, 20), due(4, 10), answered, stands];
        let ownerships = all.iter().map(|ownership| (Epoch::FIRST, ownership.clone())).collect();
        base.write(&Changes { ownerships, ..Changes::default() }).await;
        let by_due = [&all[1], &all[3], &all[2], &all[0]].map(Clone::clone);

        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.due_leads(*tenant, None, None, after, 3).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.respond_by.map(|due| (due, last.lead));
            found.extend(page);
        }
        assert_eq!(found, by_due);
        let before = now() + 20.minutes();
        assert_eq!(store.due_leads(*tenant, None, Some(before), None, 9).await.unwrap(), by_due[..2]);
        let anna = Owner::Rep(rep("anna"));
        assert_eq!(store.due_leads(*tenant, Some(&anna), None, None, 9).await.unwrap(), by_due[..2]);
        let nobody = Owner::Queue(Queue::Review);
        assert_eq!(store.due_leads(*tenant, Some(&nobody), None, None, 9).await.unwrap(), []);
    })
    .await;
}

fn clock(n: u32, owner: &str, answered: Option<i64>, ended: i64) -> ResponseClock {
    let at = |minutes: i64| now() + minutes.minutes();
    ResponseClock {
        lead: id(n),
        epoch: Epoch(2),
        owner: Owner::Rep(rep(owner)),
        sla: Some("demo-request".to_owned()),
        began_at: now(),
        respond_by: at(15),
        answered_at: answered.map(at),
        ended_at: at(ended),
    }
}

/// Anna has each lead for twelve minutes and Ben from then on; it is due after fifteen.
#[tokio::test]
async fn a_target_is_missed_by_whoever_has_the_lead_then() {
    on_database(async |base: Base| {
        let Base { store, tenant, .. } = &base;
        base.route((1..=4).map(|n| (id(n), "anna"))).await;
        let second = |n: u32| {
            let since = now() + 12.minutes();
            Ownership { epoch: Epoch(2), since, owner: Owner::Rep(rep("ben")), ..offered(id(n), "anna") }
        };
        let answered = Ownership { first_response_at: Some(now() + 13.minutes()), ..second(1) };
        // Kept by Carl, as if he had answered for Ben; missed; closed in time; and one that still waits.
        let response_clocks =
            vec![clock(1, "carl", Some(13), 13), clock(2, "carl", Some(40), 40), clock(3, "carl", None, 14)];
        let closed = |n: u32| Ownership { respond_by: None, ..second(n) };
        let ownerships =
            [answered, closed(2), closed(3), second(4)].into_iter().map(|row| (Epoch::FIRST, row)).collect();
        let new_assignments = (1..=4).map(|n| begun(&second(n))).collect();
        base.write(&Changes { ownerships, new_assignments, response_clocks, ..Changes::default() }).await;

        let read = async |now: Timestamp, profiles: bool| {
            let period = Period { from: super::now(), to: super::now() + 1.second(), now, profiles };
            let found: Vec<Response> = store.responses(*tenant, period).try_collect().await.unwrap();
            let mut owners: Vec<_> =
                found.iter().map(|found| (found.clock.ended_at, found.owner.to_string())).collect();
            owners.sort();
            assert!(found.iter().all(|found| found.profile.is_some() == profiles));
            owners.into_iter().map(|(_, owner)| owner).collect::<Vec<_>>()
        };
        // The one that waits has no end, and comes first.
        assert_eq!(read(now() + 14.minutes(), true).await, ["reps/ben", "reps/carl", "reps/carl", "reps/carl"]);
        assert_eq!(read(now() + 1.hour(), false).await, ["reps/ben", "reps/carl", "reps/carl", "reps/ben"]);
        let outside = Period { from: now() + 1.second(), to: now() + 1.hour(), now: now(), profiles: false };
        let none: Vec<Response> = store.responses(*tenant, outside).try_collect().await.unwrap();
        assert!(none.is_empty());
    })
    .await;
}

/// The latest of that number, and only the first who says so.
#[tokio::test]
async fn the_step_that_was_done_last_is_acknowledged_once() {
    on_database(async |base: Base| {
        let step = |epoch: i32, step: u16| Escalation {
            lead: id(1),
            epoch: Epoch(epoch),
            step,
            action: EscalationAction::Remind,
            target: None,
            due_at: now(),
            done_at: now(),
            acknowledged: None,
        };
        base.write(&Changes { escalations: vec![step(1, 0), step(1, 1), step(2, 0)], ..Changes::default() }).await;
        for (minutes, by) in [(1, "anna"), (2, "ben")] {
            let done =
                Acknowledgement { lead: id(1), step: 0, at: now() + i64::from(minutes).minutes(), by: by.to_owned() };
            base.write(&Changes { acknowledgements: vec![done], ..Changes::default() }).await;
        }
        let found = base.store.escalations(base.tenant, Some(id(1)), None, 9).await.unwrap();
        let acknowledged = Some((now() + 1.minute(), "anna".to_owned()));
        assert_eq!(found, [step(1, 0), step(1, 1), Escalation { acknowledged, ..step(2, 0) }]);
    })
    .await;
}
