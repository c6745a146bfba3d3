//! What a batch writes, and who wins when two do.

use domain::{
    decide::RepLoad,
    ids::{Epoch, TenantId},
    ownership::{
        AssignmentState, Cause, CloseOutcome, Escalation, EscalationAction, LeadPause, LeadState, Owner, Ownership,
        PauseReason, Queue, Stood, TimerKind,
    },
    rotation::RotationState,
};
use jiff::{Timestamp, ToSpan as _, civil::date};
use tokio::task::JoinSet;

use super::{Base, fixtures::*, now, on_database};
use crate::{Changes, MovedIdentity, StoreError, TenantVersions, WriteError};

#[tokio::test]
async fn a_new_lead_is_read_as_it_was_written() {
    on_database(async |base: Base| {
        let Base { store, tenant, .. } = &base;
        let ownership = offered(id(1), "anna");
        let load = RepLoad { open: 1, day: date(2026, 11, 23), day_leads: 1, pace_since: now(), pace_leads: 0 };
        let turn = RotationState::new([(rep("anna"), -5), (rep("bob"), 5)].into(), 12);
        let mut changes = routed(ownership.clone());
        changes.new_identities = vec![(email(1), id(1))];
        changes.responses = vec![request(1)];
        changes.loads = [(rep("anna"), load)].into();
        changes.rotations = [((pool("inside"), Some(A1)), turn.clone()), ((pool("inside"), None), turn.clone())].into();
        base.write(&changes).await;

        assert_eq!(store.lead(*tenant, id(1)).await.unwrap(), Some((lead(id(1)), ownership.clone())));
        assert_eq!(store.assignment(*tenant, id(1), Epoch::FIRST).await.unwrap(), Some(begun(&ownership)));
        assert_eq!(store.timers_of(*tenant, id(1)).await.unwrap(), changes.new_timers);

        let mut tx = store.begin("test").await.unwrap();
        let known =
            tx.lookup(*tenant, &[request(1).request_id, request(2).request_id], &[email(1), email(2)]).await.unwrap();
        assert_eq!(known.versions, TenantVersions { directory: 0, policy: None, model: None });
        assert_eq!(known.responses, [request(1)]);
        assert_eq!(known.identities, [(email(1), id(1))]);
        let rows = tx.leads(*tenant, &[id(2), id(1)]).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!((&rows[0].ownership, &rows[0].lead), (&ownership, &lead(id(1))));
        assert_eq!((&rows[0].assignment, &rows[0].timers), (&begun(&ownership), &changes.new_timers));
        let keys = [(pool("inside"), None), (pool("inside"), Some(A1)), (pool("other"), None)];
        let counters = tx.counters(*tenant, &counters_of(&["zoe", "anna"], &keys)).await.unwrap();
        changes.loads.insert(rep("zoe"), RepLoad::default());
        assert_eq!(counters.loads, changes.loads);
        changes.rotations.insert((pool("other"), None), RotationState::default());
        assert_eq!(counters.rotations, changes.rotations);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_lead_to_which_something_has_happened_is_not_written_as_new() {
    on_database(async |base: Base| {
        let fresh = offered(id(1), "anna");
        let lived = [
            Ownership { epoch: Epoch(2), ..fresh.clone() },
            Ownership { chain_since: now() + 1.hour(), ..fresh.clone() },
            Ownership { chain_step: 1, ..fresh.clone() },
            Ownership { tried: vec![rep("bob")], ..fresh.clone() },
            Ownership { accepted_at: Some(now()), ..fresh.clone() },
            Ownership { first_response_at: Some(now()), ..fresh.clone() },
            Ownership { close_value: Some(1), ..fresh.clone() },
        ];
        for ownership in lived {
            let mut tx = base.store.begin("test").await.unwrap();
            tx.hold_tenant(base.tenant).await.unwrap();
            let mut changes = routed(fresh.clone());
            changes.new_leads[0].ownership = ownership.clone();
            let refused = tx.write(base.tenant, &changes).await;
            assert!(matches!(refused, Err(WriteError::Store(StoreError::Corrupt { .. }))), "{ownership:?}");
        }
        assert_eq!(base.store.lead(base.tenant, id(1)).await.unwrap(), None);
    })
    .await;
}

/// The lead goes from anna to the review queue.
pub(super) fn handed_over(before: &Ownership) -> (Changes, Ownership) {
    let later = now() + 30.minutes();
    let after = Ownership {
        epoch: before.epoch.next(),
        state: LeadState::Queued,
        owner: Owner::Queue(Queue::Review),
        since: later,
        chain_step: 4,
        accept_by: None,
        tried: vec![rep("anna")],
        ..before.clone()
    };
    let mut ended = begun(before);
    (ended.state, ended.ended_at, ended.end_reason) =
        (AssignmentState::Expired, Some(later), Some("no_answer".to_owned()));
    let mut next = begun(&after);
    next.cause = Cause::Escalated;
    let changes = Changes {
        ownerships: vec![(before.epoch, after.clone())],
        assignments: vec![ended],
        new_assignments: vec![next],
        cleared_timers: vec![(before.lead, TimerKind::Accept), (before.lead, TimerKind::Escalate)],
        set_timers: vec![domain::ownership::Timer {
            epoch: after.epoch,
            ..timer(before.lead, TimerKind::Escalate, later + 1.hour())
        }],
        escalations: vec![Escalation {
            lead: before.lead,
            epoch: before.epoch,
            step: 3,
            action: EscalationAction::Queue,
            target: Some(after.owner.clone()),
            due_at: later,
            done_at: later,
            acknowledged: None,
        }],
        ..Changes::default()
    };
    (changes, after)
}

#[tokio::test]
async fn a_change_of_owner_is_read_as_it_was_written() {
    on_database(async |base: Base| {
        let Base { store, tenant, .. } = &base;
        base.route([(id(1), "anna")]).await;
        let (changes, after) = handed_over(&offered(id(1), "anna"));
        base.write(&changes).await;
        let (_, found) = store.lead(*tenant, id(1)).await.unwrap().unwrap();
        assert_eq!(found, after);
        let history = store.assignments(*tenant, id(1), Epoch(0), 10).await.unwrap();
        assert_eq!(history, [changes.assignments[0].clone(), changes.new_assignments[0].clone()]);
        assert_eq!(store.timers_of(*tenant, id(1)).await.unwrap(), changes.set_timers);
        assert_eq!(store.escalations(*tenant, Some(id(1)), None, 10).await.unwrap(), changes.escalations);

        let closed = Ownership {
            state: LeadState::Closed,
            closed_at: Some(now() + 2.hours()),
            close_outcome: Some(CloseOutcome::Won),
            close_value: Some(-1),
            ..after.clone()
        };
        base.write(&Changes { ownerships: vec![(after.epoch, closed.clone())], ..Changes::default() }).await;
        assert_eq!(store.lead(*tenant, id(1)).await.unwrap().unwrap().1, closed);
    })
    .await;
}

/// A pause that ends, and the next one, in one commit: an open lead has one at a time.
#[tokio::test]
async fn pauses_are_read_as_they_were_written() {
    on_database(async |base: Base| {
        let Base { store, tenant, .. } = &base;
        base.route([(id(1), "anna"), (id(2), "anna")]).await;
        let pause = |number: u32, ended_at: Option<Timestamp>| LeadPause {
            lead: id(1),
            number,
            epoch: Epoch::FIRST,
            reason: PauseReason::LegalHold,
            note: Some("a note".to_owned()),
            actor: "tests".to_owned(),
            started_at: now() + i64::from(number).hours(),
            until: (number == 2).then(|| now() + 9.hours()),
            ended_at,
            stood: Stood {
                respond_by: Some(now() + 15.minutes()),
                accept_by: None,
                escalate_at: Some(now() + 1.hour()),
            },
        };
        let stands = |pauses: Vec<LeadPause>| {
            let ownership = Ownership { respond_by: None, accept_by: None, ..offered(id(1), "anna") };
            Changes { ownerships: vec![(Epoch::FIRST, ownership)], pauses, ..Changes::default() }
        };
        base.write(&stands(vec![pause(1, None)])).await;
        assert_eq!(store.pauses_of(*tenant, id(1)).await.unwrap(), [pause(1, None)]);
        let second = vec![pause(1, Some(now() + 2.hours())), pause(2, None)];
        base.write(&stands(second.clone())).await;
        assert_eq!(store.pauses_of(*tenant, id(1)).await.unwrap(), second);

        let mut tx = base.held().await;
        let rows = tx.leads(*tenant, &[id(1), id(2)]).await.unwrap();
        assert_eq!((&rows[0].pauses, rows[1].pauses.len()), (&second, 0));
        tx.erase(*tenant, id(1), &rows[0].lead.profile.clone().erased(now()), &[]).await.unwrap();
        tx.commit().await.unwrap();
        let left = store.pauses_of(*tenant, id(1)).await.unwrap();
        assert!(left.iter().all(|pause| pause.note.is_none() && pause.actor == "tests"), "{left:?}");

        let mut tx = base.held().await;
        let error = tx.write(*tenant, &stands(vec![pause(3, None)])).await.unwrap_err();
        assert!(format!("{error:?}").contains("lead_id_idx"), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn what_was_decided_for_another_epoch_changes_nothing() {
    on_database(async |base: Base| {
        base.route([(id(1), "anna"), (id(2), "anna")]).await;
        let (first, after) = handed_over(&offered(id(1), "anna"));
        base.write(&first).await;
        let late = handed_over(&offered(id(1), "anna")).0;
        // One stale row fails the whole batch: nothing of the other lead is left behind.
        let mut both = handed_over(&offered(id(2), "anna")).0;
        both.ownerships.extend(late.ownerships.clone());
        let gap = Changes {
            ownerships: vec![(after.epoch, Ownership { epoch: Epoch(4), ..after.clone() })],
            ..Changes::default()
        };
        for stale in [late, both, gap] {
            let mut tx = base.held().await;
            let error = tx.write(base.tenant, &stale).await.unwrap_err();
            assert!(matches!(error, WriteError::EpochMoved) && error.is_lost_race(), "{error}");
            tx.rollback().await.unwrap();
        }
        assert_eq!(base.store.lead(base.tenant, id(1)).await.unwrap().unwrap().1, after);
        assert_eq!(base.store.lead(base.tenant, id(2)).await.unwrap().unwrap().1, offered(id(2), "anna"));
    })
    .await;
}

#[tokio::test]
async fn the_second_to_take_an_identity_or_a_request_is_told() {
    on_database(async |base: Base| {
        let changes = |n: u32| {
            let mut changes = routed(offered(id(n), "anna"));
            changes.new_identities = vec![(email(3), id(n)), (email(n), id(n))];
            changes
        };
        let lost = race(&base, changes(1), changes(2)).await;
        assert!(matches!(lost, WriteError::IdentityTaken) && lost.is_lost_race(), "{lost}");
        assert_eq!(base.store.lead(base.tenant, id(2)).await.unwrap(), None, "the loser leaves nothing behind");

        let changes = |n: u32| Changes { responses: vec![request(5)], ..routed(offered(id(n), "anna")) };
        let lost = race(&base, changes(11), changes(12)).await;
        assert!(matches!(lost, WriteError::RequestTaken) && lost.is_lost_race(), "{lost}");
    })
    .await;
}

/// Two writes that were decided on the same state, by writers who do not compare: why the second fails all the same.
async fn race(base: &Base, first: Changes, second: Changes) -> WriteError {
    base.write(&first).await;
    base.held().await.write(base.tenant, &second).await.unwrap_err()
}

#[tokio::test]
async fn whoever_was_overtaken_writes_nothing() {
    on_database(async |base: Base| {
        base.route([(id(1), "anna")]).await;
        let (mut moved, _) = handed_over(&offered(id(1), "anna"));
        moved.new_leads = routed(offered(id(2), "anna")).new_leads;
        for late in [routed(offered(id(2), "anna")), handed_over(&offered(id(1), "anna")).0, moved] {
            let mut tx = base.store.open("test").await.unwrap();
            tx.lookup(base.tenant, &[], &[]).await.unwrap();
            base.write(&Changes { responses: vec![request(base.commits().await)], ..Changes::default() }).await;
            let error = tx.write(base.tenant, &late).await.unwrap_err();
            assert!(matches!(error, WriteError::Overtaken) && error.is_lost_race(), "{error}");
            drop(tx);
            assert_eq!(base.store.lead(base.tenant, id(2)).await.unwrap(), None);
            assert_eq!(base.store.lead(base.tenant, id(1)).await.unwrap().unwrap().1, offered(id(1), "anna"));
        }
        // Nothing is written by whoever has not looked.
        let mut tx = base.store.open("test").await.unwrap();
        let blind = tx.write(base.tenant, &routed(offered(id(2), "anna"))).await.unwrap_err();
        assert!(blind.to_string().contains("was not looked up"), "{blind}");
    })
    .await;
}

#[tokio::test]
async fn a_write_waits_for_whoever_holds_the_tenant() {
    on_database(async |base: Base| {
        let tenant = base.tenant;
        for commits in [true, false] {
            let mut late = base.store.open("late").await.unwrap();
            late.lookup(tenant, &[], &[]).await.unwrap();
            let holder = base.held().await;
            let mut task = JoinSet::new();
            task.spawn(async move { late.write(tenant, &routed(offered(id(1), "anna"))).await });
            base.until_somebody_waits().await;
            if commits {
                holder.commit().await.unwrap();
            } else {
                holder.rollback().await.unwrap();
            }
            let written = task.join_next().await.unwrap().unwrap();
            assert_eq!(matches!(written, Err(WriteError::Overtaken)), commits);
        }
        assert!(base.store.lead(tenant, id(1)).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn every_write_counts() {
    on_database(async |base: Base| {
        let commits = base.commits().await;
        let mut tx = base.store.open("test").await.unwrap();
        let before = tx.lookup(base.tenant, &[], &[]).await.unwrap().commits;
        let after = tx.write(base.tenant, &routed(offered(id(1), "anna"))).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((before, after), (commits.into(), Some(before + 1)));
        assert_eq!(i64::from(base.commits().await), before + 1);
        base.store.change_directory(base.tenant, None, &[], &[], "tests", now()).await.unwrap();
        assert!(i64::from(base.commits().await) > before + 1, "a change of the directory too");
    })
    .await;
}

#[tokio::test]
async fn an_identity_leaves_a_closed_lead_once() {
    on_database(async |base: Base| {
        let mut changes = routed(offered(id(1), "anna"));
        changes.new_identities = vec![(email(1), id(1))];
        base.write(&changes).await;
        let reopened = |n: u32| Changes {
            moved_identities: vec![MovedIdentity { key: email(1), from: id(1), to: id(n) }],
            ..routed(offered(id(n), "bob"))
        };
        let lost = race(&base, reopened(2), reopened(3)).await;
        assert!(matches!(lost, WriteError::IdentityTaken), "{lost}");
        let mut tx = base.store.begin("test").await.unwrap();
        let known = tx.lookup(base.tenant, &[], &[email(1)]).await.unwrap();
        assert_eq!(known.identities, [(email(1), id(2))]);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_batch_of_many_leads_is_one_write() {
    on_database(async |base: Base| {
        base.store.ensure_partitions(now()).await.unwrap();
        let leads = 2_000;
        base.write(&together((0..leads).map(|n| routed(offered(id(n), "anna"))))).await;
        let counts = base.store.owner_counts(base.tenant).await.unwrap();
        assert_eq!(counts, [(Owner::Rep(rep("anna")), i64::from(leads), i64::from(leads))]);
        let all: Vec<_> = (0..leads).map(id).collect();
        let mut tx = base.store.begin("test").await.unwrap();
        let rows = tx.leads(base.tenant, &all).await.unwrap();
        assert!(rows.iter().map(|row| row.ownership.lead).eq(all));
        assert!(rows.iter().all(|row| row.timers.len() == 2));
    })
    .await;
}

#[tokio::test]
async fn tenants_do_not_see_each_other() {
    on_database(async |base: Base| {
        let other = base.store.ensure_tenant("other", now()).await.unwrap();
        let mut changes = routed(offered(id(1), "anna"));
        changes.new_identities = vec![(email(1), id(1))];
        changes.responses = vec![request(1)];
        base.write(&changes).await;
        assert_eq!(base.store.lead(other, id(1)).await.unwrap(), None);
        let mut tx = base.store.begin("test").await.unwrap();
        let known = tx.lookup(other, &[request(1).request_id], &[email(1)]).await.unwrap();
        assert_eq!((known.responses, known.identities), (vec![], vec![]));
        assert_eq!(tx.leads(other, &[id(1)]).await.unwrap(), []);
        let counters = tx.counters(other, &counters_of(&["anna"], &[])).await.unwrap();
        assert_eq!(counters.load(&rep("anna")), RepLoad::default());
        tx.write(other, &changes).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = base.store.begin("test").await.unwrap();
        let error = tx.lookup(TenantId(999), &[], &[]).await.unwrap_err();
        assert!(matches!(error, StoreError::UnknownTenant(TenantId(999))), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_row_that_cannot_be_understood_is_named() {
    on_database(async |base: Base| {
        base.route([(id(1), "anna")]).await;
        base.sql("UPDATE ownership SET owner = 'anna'").await;
        let error = base.store.lead(base.tenant, id(1)).await.unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("table `ownership`, column `owner`, row {}: `anna` is not an owner", id(1))),
            "{error}"
        );
        base.sql("UPDATE ownership SET owner = 'reps/anna', state = 77").await;
        let error = base.store.lead(base.tenant, id(1)).await.unwrap_err().to_string();
        assert_eq!(error, format!("table `ownership`, column `state`, row {}: 77 is not a known code", id(1)));
    })
    .await;
}
