//! The auditor finds each kind of fault, and none where there is none.

use domain::{
    decide::RepLoad,
    ids::Epoch,
    ownership::{AssignmentState, CloseOutcome, LeadState, Owner, Ownership, Queue, TimerKind},
};

use super::{Base, fixtures::*, now, on_database};
use crate::{Audit, Changes};

/// Everything that is offered stands still.
macro_rules! pauses {
    () => {
        "INSERT INTO pause SELECT tenant_id, lead_id, 1, 1, 1, NULL, 'tests', since FROM ownership WHERE state = 1"
    };
}

/// Six leads in all states, nothing wrong: 1 to 3 offered to anna, 4 waits, 5 in nurture, 6 closed.
async fn six_leads(base: &Base) {
    let mut changes = together([
        routed(offered(id(1), "anna")),
        routed(offered(id(2), "anna")),
        routed(offered(id(3), "anna")),
        routed(waiting(id(4), "inside")),
        routed(Ownership { owner: Owner::Queue(Queue::Nurture), waiting_pool: None, ..waiting(id(5), "none") }),
        routed(Ownership {
            state: LeadState::Closed,
            closed_at: Some(now()),
            close_outcome: Some(CloseOutcome::Disqualified),
            ..waiting(id(6), "none")
        }),
    ]);
    changes.new_timers.retain(|timer| timer.lead < id(5));
    changes.new_timers.push(timer(id(5), TimerKind::Wake, now()));
    let closed = &mut changes.new_leads.last_mut().unwrap().assignment;
    (closed.state, closed.ended_at) = (AssignmentState::Closed, Some(now()));
    changes.loads = [(rep("anna"), RepLoad { open: 3, ..RepLoad::default() })].into();
    base.write(&changes).await;
}

async fn audit(base: &Base) -> Audit {
    // The chain of the SLA policy in the fixtures has two steps.
    let steps = |revision: i64, sla: &str| (revision == 3 && sla == "demo-request").then_some(2);
    base.store.audit(base.tenant, steps).await.unwrap()
}

#[tokio::test]
async fn an_audit_finds_what_was_planted() {
    on_database(async |base: Base| {
        six_leads(&base).await;
        let sound = Audit { leads: 6, open: 5, closed: 1, ..Audit::default() };
        assert_eq!(audit(&base).await, sound);
        assert_eq!(sound.violations(), 0);

        // Each fault, what finds it, and how to mend it.
        let faults: [(&'static str, &'static str, Audit); 16] = [
            (
                "INSERT INTO lead SELECT tenant_id, 'ffffffff-0000-7000-8000-000000000000', created_at, profile FROM lead LIMIT 1",
                "DELETE FROM lead WHERE lead_id >= 'ffffffff-0000-7000-8000-000000000000'",
                Audit { leads: 7, without_owner: 1, ..sound },
            ),
            (
                "UPDATE ownership SET owner = 'queues/nowhere' WHERE owner = 'queues/nurture'",
                "UPDATE ownership SET owner = 'queues/nurture' WHERE owner = 'queues/nowhere'",
                // History says another owner as well, and what is not in nurture needs no timer.
                Audit { without_owner: 1, with_two_owners: 1, ..sound },
            ),
            (
                "UPDATE assignment SET owner = 'reps/bob' WHERE owner = 'queues/nurture'",
                "UPDATE assignment SET owner = 'queues/nurture' WHERE owner = 'reps/bob'",
                Audit { with_two_owners: 1, ..sound },
            ),
            (
                "UPDATE assignment SET ended_at = started_at WHERE owner = 'queues/nurture'",
                "UPDATE assignment SET ended_at = NULL WHERE owner = 'queues/nurture'",
                Audit { with_two_owners: 1, ..sound },
            ),
            (
                "INSERT INTO assignment SELECT tenant_id, lead_id, 2, 'reps/bob', state, cause, started_at, NULL, NULL, NULL, actor \
                 FROM assignment WHERE owner = 'queues/nurture'",
                "DELETE FROM assignment WHERE epoch = 2",
                Audit { with_two_owners: 1, epoch_gaps: 1, ..sound },
            ),
            (
                "UPDATE assignment SET epoch = 3 WHERE owner = 'queues/nurture'",
                "UPDATE assignment SET epoch = 1",
                Audit { with_two_owners: 1, epoch_gaps: 1, ..sound },
            ),
            (
                "UPDATE timer SET kind = 9 WHERE kind = 1 AND lead_id = (SELECT min(lead_id::text)::uuid FROM timer)",
                "UPDATE timer SET kind = 1 WHERE kind = 9",
                Audit { missing_timers: 1, ..sound },
            ),
            (
                "UPDATE timer SET kind = 9 WHERE kind = 2",
                "UPDATE timer SET kind = 2 WHERE kind = 9",
                Audit { missing_timers: 3, ..sound },
            ),
            (
                // The chain is past its end: no timer is needed.
                "UPDATE timer SET kind = 9 WHERE kind = 2; UPDATE ownership SET chain_step = 2",
                "UPDATE timer SET kind = 2 WHERE kind = 9; UPDATE ownership SET chain_step = 0",
                sound,
            ),
            (
                // A chain that nobody knows counts as unfinished.
                "UPDATE timer SET kind = 9 WHERE kind = 2; UPDATE ownership SET chain_step = 2, sla = sla || '?'",
                "UPDATE timer SET kind = 2 WHERE kind = 9; UPDATE ownership SET chain_step = 0, sla = rtrim(sla, '?')",
                Audit { missing_timers: 3, ..sound },
            ),
            (
                "UPDATE timer SET kind = 9 WHERE kind = 3",
                "UPDATE timer SET kind = 3 WHERE kind = 9",
                Audit { missing_timers: 1, ..sound },
            ),
            (
                "UPDATE timer SET kind = 9 WHERE kind = 4",
                "UPDATE timer SET kind = 4 WHERE kind = 9",
                Audit { missing_timers: 1, ..sound },
            ),
            (
                "UPDATE timer SET epoch = 0 WHERE kind = 4",
                "UPDATE timer SET epoch = 1 WHERE kind = 4",
                Audit { missing_timers: 1, stale_timers: 1, ..sound },
            ),
            (
                "INSERT INTO timer SELECT tenant_id, lead_id, 4, 1, since FROM ownership WHERE closed_at IS NOT NULL",
                "DELETE FROM timer AS t USING ownership AS o WHERE o.lead_id = t.lead_id AND o.closed_at IS NOT NULL",
                Audit { stale_timers: 1, ..sound },
            ),
            (
                "UPDATE rep_load SET open_leads = 4",
                "UPDATE rep_load SET open_leads = 3",
                Audit { load_mismatches: 1, ..sound },
            ),
            (
                "UPDATE rep_load SET rep_id = 'bob'",
                "UPDATE rep_load SET rep_id = 'anna'",
                Audit { load_mismatches: 2, ..sound },
            ),
        ];
        find(&base, sound, &faults).await;
    })
    .await;
}

/// Plants each fault, looks whether it is found, and mends it.
async fn find(base: &Base, sound: Audit, faults: &[(&'static str, &'static str, Audit)]) {
    for (plant, mend, finds) in faults {
        base.sql(plant).await;
        assert_eq!(audit(base).await, *finds, "{plant}");
        base.sql(mend).await;
        assert_eq!(audit(base).await, sound, "{mend}");
    }
}

#[tokio::test]
async fn an_audit_finds_what_is_wrong_with_pauses() {
    on_database(async |base: Base| {
        six_leads(&base).await;
        let sound = Audit { leads: 6, open: 5, closed: 1, ..Audit::default() };
        let faults = [
            (
                // Its clocks stand: its timers, by two kinds of three leads, must not be.
                pauses!(),
                "DELETE FROM pause",
                Audit { stale_timers: 6, ..sound },
            ),
            (
                // They are gone, and nothing is missing but the end of the pause.
                concat!(
                    pauses!(),
                    "; UPDATE pause SET until = started_at; UPDATE ownership SET accept_by = NULL WHERE state = 1; \
                     UPDATE timer SET tenant_id = -tenant_id WHERE kind < 3"
                ),
                "DELETE FROM pause; UPDATE ownership SET accept_by = since + interval '10 minutes' WHERE state = 1; \
                 UPDATE timer SET tenant_id = -tenant_id WHERE tenant_id < 0",
                Audit { missing_timers: 3, ..sound },
            ),
            (
                "UPDATE timer SET kind = 5 WHERE kind = 3",
                "UPDATE timer SET kind = 3 WHERE kind = 5",
                Audit { missing_timers: 1, stale_timers: 1, ..sound },
            ),
            (
                "INSERT INTO pause SELECT tenant_id, lead_id, 1, 1, 1, NULL, 'tests', since FROM ownership WHERE closed_at IS NOT NULL",
                "DELETE FROM pause",
                Audit { stale_pauses: 1, ..sound },
            ),
        ];
        find(&base, sound, &faults).await;
    })
    .await;
}

/// After commits of every kind the auditor has nothing to say, and the other tenant is not counted.
#[tokio::test]
async fn an_audit_is_of_one_tenant() {
    on_database(async |base: Base| {
        six_leads(&base).await;
        let other = base.store.ensure_tenant("other", now()).await.unwrap();
        assert_eq!(base.store.audit(other, |_, _| None).await.unwrap(), Audit::default());
        let closed = Ownership {
            state: LeadState::Closed,
            closed_at: Some(now()),
            close_outcome: Some(CloseOutcome::Lost),
            ..offered(id(1), "anna")
        };
        let mut ended = begun(&closed);
        (ended.state, ended.ended_at) = (AssignmentState::Closed, Some(now()));
        base.write(&Changes {
            ownerships: vec![(Epoch::FIRST, closed)],
            assignments: vec![ended],
            cleared_timers: vec![(id(1), TimerKind::Accept), (id(1), TimerKind::Escalate)],
            loads: [(rep("anna"), RepLoad { open: 2, ..RepLoad::default() })].into(),
            ..Changes::default()
        })
        .await;
        assert_eq!(audit(&base).await, Audit { leads: 6, open: 4, closed: 2, ..Audit::default() });
    })
    .await;
}
