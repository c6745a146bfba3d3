//! Operations: who may do the next part, and whose record counts.

use std::time::Duration;

use domain::{
    ids::{Epoch, LeadId},
    ownership::{LeadState, Owner, Ownership},
};
use jiff::{Timestamp, ToSpan as _};
use uuid::Uuid;

use super::{Base, fixtures::*, now, on_database};
use crate::{Changes, Claim, Counts, Effect, LeadFilter, NewOperation, OperationLead, Outcome, Part, Selected, Why};

const LEASE: Duration = Duration::from_secs(10);
const ONE: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

pub(super) fn operation(id: u128) -> NewOperation {
    NewOperation {
        id: Uuid::from_u128(id),
        fingerprint: Uuid::from_u128(9),
        request: vec![1, 2],
        actor: "tests".to_owned(),
        traceparent: None,
        now: now(),
    }
}

pub(super) fn selected(n: u32) -> Selected {
    Selected { lead: id(n), epoch: Epoch::FIRST, state: LeadState::Offered, owner: Owner::Rep(rep("anna")) }
}

fn moved(n: u32) -> (LeadId, Outcome) {
    (id(n), Outcome::Moved { owner: Owner::Rep(rep("bob")), epoch: Epoch(2) })
}

impl Base {
    /// Starts an operation on three leads.
    async fn started(&self) {
        let leads = [1, 2, 3].map(selected);
        assert!(self.store.start_operation(self.tenant, &operation(7), &leads).await.unwrap());
    }

    async fn claim(&self, holder: Uuid, at: Timestamp) -> Option<Claim> {
        self.store.claim_operation(holder, LEASE, Some(at)).await.unwrap()
    }

    async fn record(&self, claim: &Claim, done: Vec<(LeadId, Outcome)>) -> bool {
        self.store.record_part(claim, &Part { done, next_at: claim.at }).await.unwrap()
    }

    async fn leads_of(&self, operation: u128) -> Vec<OperationLead> {
        let key = (self.tenant, Uuid::from_u128(operation));
        self.store.operation_part(key, LeadId(Uuid::nil()), 10).await.unwrap()
    }

    async fn counts(&self) -> Counts {
        self.store.operation((self.tenant, Uuid::from_u128(7))).await.unwrap().unwrap().counts
    }
}

#[tokio::test]
async fn an_id_is_started_once() {
    on_database(async |base: Base| {
        base.started().await;
        let again = operation(7);
        assert!(!base.store.start_operation(base.tenant, &again, &[selected(4)]).await.unwrap());
        assert_eq!(base.leads_of(7).await.len(), 3);
        let kept = base.store.operation_fingerprint((base.tenant, again.id)).await.unwrap();
        assert_eq!(kept, Some(again.fingerprint));
    })
    .await;
}

#[tokio::test]
async fn one_at_a_time_has_the_right_to_the_next_part_until_it_runs_out() {
    on_database(async |base: Base| {
        base.started().await;
        assert!(base.claim(ONE, now() - 1.second()).await.is_none(), "it has not begun");
        assert!(base.claim(ONE, now()).await.is_some());
        assert!(base.claim(OTHER, now() + 9.seconds()).await.is_none());
        assert!(base.claim(OTHER, now() + 10.seconds()).await.is_some());
    })
    .await;
}

#[tokio::test]
async fn of_many_who_ask_at_once_one_gets_it() {
    on_database(async |base: Base| {
        base.started().await;
        let claim = |n| base.claim(Uuid::from_u128(n), now());
        let (a, b, c, d) = tokio::join!(claim(1), claim(2), claim(3), claim(4));
        assert_eq!([a, b, c, d].into_iter().flatten().count(), 1);
    })
    .await;
}

#[tokio::test]
async fn whoever_was_stopped_and_goes_on_records_nothing() {
    on_database(async |base: Base| {
        base.started().await;
        let stopped = base.claim(ONE, now()).await.unwrap();
        let later = now() + 11.seconds();
        let other = base.claim(OTHER, later).await.unwrap();
        // While the other is at it.
        assert!(!base.record(&stopped, vec![moved(1), moved(2)]).await);
        assert_eq!(base.counts().await, Counts::default());
        assert!(base.record(&other, vec![moved(1)]).await);
        // When the other has recorded, and when the same process has the right once more, but further on.
        assert!(!base.record(&stopped, vec![moved(1), moved(2)]).await);
        let mine = base.claim(ONE, later).await.unwrap();
        assert_eq!(mine.cursor, id(1));
        assert!(!base.record(&stopped, vec![moved(1), moved(2)]).await);
        assert!(!base.store.end_operation(&stopped, None).await.unwrap());
        assert_eq!(base.counts().await, Counts { moved: 1, ..Counts::default() });
        let done: Vec<bool> = base.leads_of(7).await.iter().map(|lead| lead.outcome.is_some()).collect();
        assert_eq!(done, [true, false, false]);
        assert!(base.record(&mine, vec![moved(2), moved(3)]).await);
        // Once it has ended nobody changes it.
        let last = base.claim(ONE, later).await.unwrap();
        assert!(base.store.end_operation(&last, None).await.unwrap());
        assert!(!base.record(&last, vec![moved(3)]).await);
        assert!(base.claim(ONE, later + 1.hour()).await.is_none());
    })
    .await;
}

#[tokio::test]
async fn what_came_of_each_lead_is_kept_and_counted() {
    on_database(async |base: Base| {
        base.started().await;
        let claim = base.claim(ONE, now()).await.unwrap();
        let why = |reason| Why { reason, message: "because".to_owned() };
        let outcomes = [
            Outcome::Moved { owner: Owner::Rep(rep("bob")), epoch: Epoch(2) },
            Outcome::Refused(why(13)),
            Outcome::ChangedMeanwhile(why(8)),
        ];
        let done = [1, 2, 3].map(id).into_iter().zip(outcomes.clone()).collect();
        assert!(base.record(&claim, done).await);
        let kept: Vec<_> = base.leads_of(7).await.into_iter().map(|lead| lead.outcome.unwrap()).collect();
        assert_eq!(kept, outcomes);
        let mut expected = Effect::default();
        for outcome in &outcomes {
            expected.add(&selected(1), outcome);
        }
        let key = (base.tenant, Uuid::from_u128(7));
        assert_eq!(base.store.operation_effect(key).await.unwrap(), expected);
        assert_eq!(base.counts().await, Counts { moved: 1, refused: 1, changed_meanwhile: 1, unchanged: 0 });

        let claim = base.claim(ONE, now()).await.unwrap();
        assert!(!base.store.delete_operation(key).await.unwrap(), "it has not ended");
        assert!(base.store.end_operation(&claim, Some(vec![3])).await.unwrap());
        assert_eq!(base.store.operation(key).await.unwrap().unwrap().response, Some(vec![3]));
        assert_eq!(base.store.drop_operations_before(now()).await.unwrap(), 0);
        assert_eq!(base.store.drop_operations_before(now() + 1.second()).await.unwrap(), 1);
        assert_eq!((base.leads_of(7).await.len(), base.store.operation(key).await.unwrap()), (0, None));
    })
    .await;
}

#[tokio::test]
async fn leads_are_selected_as_they_stand() {
    on_database(async |base: Base| {
        base.route([(id(1), "anna"), (id(2), "bob"), (id(3), "anna")]).await;
        let accepted = Ownership { state: LeadState::Accepted, accepted_at: Some(now()), ..offered(id(3), "anna") };
        base.write(&Changes { ownerships: vec![(Epoch::FIRST, accepted)], ..Changes::default() }).await;
        let third = Selected { state: LeadState::Accepted, ..selected(3) };
        let named = base.store.select_by_id(base.tenant, &[id(3), id(1), id(5)]).await.unwrap();
        assert_eq!(named, [selected(1), third.clone()]);

        let find =
            async |filter: LeadFilter, limit| base.store.select_by_filter(base.tenant, &filter, limit).await.unwrap();
        let of_anna = LeadFilter { owners: Some(vec![Owner::Rep(rep("anna"))]), ..LeadFilter::default() };
        assert_eq!(find(of_anna.clone(), 9).await, [selected(1), third]);
        assert_eq!(find(of_anna, 1).await.len(), 1);
        let owners = ["anna", "bob"].map(|id| Owner::Rep(rep(id)));
        let by_rule = |rule: &str| LeadFilter {
            owners: Some(owners.to_vec()),
            rule: Some(rule.to_owned()),
            ..LeadFilter::default()
        };
        assert_eq!(find(by_rule("large-deals"), 9).await.len(), 3);
        assert_eq!(find(by_rule(""), 9).await, []);
    })
    .await;
}

#[tokio::test]
async fn closed_leads_are_found_by_name_only() {
    on_database(async |base: Base| {
        base.route([(id(1), "anna"), (id(2), "anna")]).await;
        base.sql("UPDATE ownership SET state = 5, closed_at = now(), close_outcome = 2").await;
        let named = base.store.select_by_id(base.tenant, &[id(1)]).await.unwrap();
        assert_eq!(named, [Selected { state: LeadState::Closed, ..selected(1) }]);
        let of_anna = LeadFilter { owners: Some(vec![Owner::Rep(rep("anna"))]), ..LeadFilter::default() };
        assert_eq!(base.store.select_by_filter(base.tenant, &of_anna, 9).await.unwrap(), []);
    })
    .await;
}
