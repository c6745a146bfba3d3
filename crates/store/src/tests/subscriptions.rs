//! Messages: each is made once, handed to one at a time, and never before one that is left of its lead.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use domain::{
    delivery::Secret,
    ids::{LeadId, SubscriptionId},
    ownership::{Event, EventKind, Position},
};
use jiff::{Timestamp, ToSpan as _, civil::date};
use uuid::Uuid;

use super::{Base, fixtures::*, now, on_database, plans::Meter};
use crate::{
    Claimed, Happened, Held, Lag, Made, NewSubscription, Ready, Store, Subscription, SubscriptionChange,
    SubscriptionKey, SubscriptionState,
};

const LEASE: Duration = Duration::from_mins(1);
const ONE: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

fn crm() -> SubscriptionId {
    "crm".parse().unwrap()
}

impl Base {
    fn key(&self) -> SubscriptionKey {
        (self.tenant, crm())
    }

    async fn subscribed(&self, kinds: &[EventKind]) {
        let mut tx = self.held().await;
        let (id, secret) = (crm(), Secret(vec![0, 1, 2]));
        let (url, state) = ("https://hooks.example/", SubscriptionState::Active);
        let new = NewSubscription { id: &id, url, kinds, state, secret: &secret, now: now() };
        assert!(tx.add_subscription(self.tenant, &new, 1).await.unwrap());
        tx.commit().await.unwrap();
    }

    async fn changed(&self, change: &SubscriptionChange<'_>) {
        let mut tx = self.held().await;
        tx.change_subscription(self.tenant, &crm(), change).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn stands(&self) -> Subscription {
        let mut tx = self.store.open("test").await.unwrap();
        tx.subscription(self.tenant, &crm()).await.unwrap().unwrap()
    }

    /// One more thing happens to a lead.
    async fn reminded(&self, n: u32) {
        let events = vec![Event::of(&offered(id(n), "anna"), EventKind::Accepted)];
        let mut tx = self.held().await;
        tx.tell(self.tenant, &Happened { at: now(), events }).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn make(&self, at: Timestamp) -> Made {
        make(&self.store, &self.key(), at).await
    }

    /// Until it knows that there is nothing more.
    async fn make_all(&self, at: Timestamp) {
        while self.make(at).await != Made::Events(0) {}
    }

    async fn take(&self, holder: Uuid, limit: i64, at: Timestamp) -> Vec<Claimed> {
        self.ready(holder, limit, at).await.unwrap().messages
    }

    async fn ready(&self, holder: Uuid, limit: i64, at: Timestamp) -> Option<Ready> {
        self.store.claim_messages(&self.key(), holder, (LEASE, limit), Some(at)).await.unwrap()
    }

    async fn busy(&self, at: Timestamp) -> bool {
        !self.store.busy_subscriptions(Some(at)).await.unwrap().is_empty()
    }

    async fn lag(&self, at: Timestamp) -> Lag {
        self.store.delivery_lag(Some(at)).await.unwrap()
    }
}

/// The body says whose it is, for these tests.
async fn make(store: &Store, key: &SubscriptionKey, at: Timestamp) -> Made {
    store.make_messages(key, Some(at), |told| told.event.lead.to_string()).await.unwrap()
}

fn held<'k>(key: &'k SubscriptionKey, holder: Uuid, message: &Claimed, at: Timestamp) -> Held<'k> {
    Held { key, position: message.position, holder, now: at }
}

fn lead(message: &Claimed) -> LeadId {
    LeadId(message.body.parse().unwrap())
}

#[tokio::test]
async fn messages_are_made_once_with_how_far_they_go() {
    on_database(async |base: Base| {
        base.route([(id(1), "anna")]).await;
        base.subscribed(&[]).await;
        assert!(!base.busy(now()).await, "what was before it is not told");
        base.route([(id(2), "anna"), (id(3), "anna")]).await;
        assert!(base.busy(now()).await);
        let lag = base.lag(now() + 5.seconds()).await;
        assert_eq!((lag.age, lag.commits > 0, lag.lost), (5.0, true, 0));
        let others = [base.other(2).await, base.other(2).await];
        let key = base.key();
        let made = futures::future::join_all(others.iter().map(|store| make(store, &key, now()))).await;
        let events: usize = made.iter().map(|made| if let Made::Events(events) = made { *events } else { 0 }).sum();
        assert_eq!((events, base.stands().await.pending), (2, 2), "{made:?}");
        // One more look, and it knows that there is nothing more.
        assert_eq!(base.make(now()).await, Made::Events(0));
        assert_eq!(base.take(ONE, 10, now()).await.len(), 2);
        assert!(!base.busy(now()).await);
        assert_eq!(base.lag(now() + 5.seconds()).await, Lag { age: 5.0, commits: 0, lost: 0 });
    })
    .await;
}

#[tokio::test]
async fn only_what_is_wanted_is_made_and_what_is_not_is_passed() {
    on_database(async |base: Base| {
        base.subscribed(&[EventKind::Accepted]).await;
        base.route([(id(1), "anna")]).await;
        base.reminded(1).await;
        assert_eq!(base.make(now()).await, Made::Events(2));
        assert_eq!(base.stands().await.pending, 1);
        base.changed(&SubscriptionChange { state: Some(SubscriptionState::Paused), ..Default::default() }).await;
        base.reminded(1).await;
        assert_eq!((base.make(now()).await, base.busy(now()).await), (Made::Events(0), false));
        assert!(base.ready(ONE, 10, now()).await.is_none());
        base.changed(&SubscriptionChange { state: Some(SubscriptionState::Active), ..Default::default() }).await;
        assert_eq!(base.make(now()).await, Made::Events(1));
        assert_eq!(base.stands().await.pending, 2);
    })
    .await;
}

#[tokio::test]
async fn a_message_belongs_to_one_until_the_lease_runs_out() {
    on_database(async |base: Base| {
        base.subscribed(&[]).await;
        base.route([(id(1), "anna")]).await;
        base.make(now()).await;
        let [first] = &base.take(ONE, 10, now()).await[..] else { panic!("one message") };
        assert!(!first.again);
        assert!(base.take(OTHER, 10, now() + 59.seconds()).await.is_empty());
        let later = now() + 60.seconds();
        let [again] = &base.take(OTHER, 10, later).await[..] else { panic!("one message") };
        assert_eq!((again.position, again.again), (first.position, true));
        // Who comes back too late has no say any more.
        let key = base.key();
        base.store.record_delivered(held(&key, ONE, first, later)).await.unwrap();
        base.store.record_refused(held(&key, ONE, first, later), None, "late").await.unwrap();
        assert_eq!((base.stands().await.pending, base.stands().await.dead), (1, 0));
        base.store.record_delivered(held(&key, OTHER, again, later)).await.unwrap();
        assert_eq!(base.stands().await.pending, 0);
    })
    .await;
}

#[tokio::test]
async fn a_refused_message_holds_up_its_lead_until_it_is_dead() {
    on_database(async |base: Base| {
        base.subscribed(&[]).await;
        base.route([(id(1), "anna"), (id(2), "anna")]).await;
        base.make(now()).await;
        let key = base.key();
        let messages = base.take(ONE, 10, now()).await;
        let again_at = now() + 10.minutes();
        base.reminded(1).await;
        base.reminded(2).await;
        base.make(now()).await;
        base.store.record_refused(held(&key, ONE, &messages[0], now()), Some(again_at), "500").await.unwrap();
        base.store.record_delivered(held(&key, ONE, &messages[1], now())).await.unwrap();
        let found = base.take(ONE, 10, now()).await;
        assert_eq!(found.iter().map(lead).collect::<Vec<_>>(), [id(2)]);
        base.store.record_delivered(held(&key, ONE, &found[0], now())).await.unwrap();
        // Also what happens later waits, and nobody looks before it is time.
        base.reminded(1).await;
        base.make_all(now()).await;
        assert!(!base.busy(again_at - 1.second()).await);
        assert!(base.busy(again_at).await);
        let found = base.take(ONE, 10, again_at).await;
        assert_eq!((found.len(), found[0].position, found[0].attempts), (1, messages[0].position, 1));
        base.store.record_refused(held(&key, ONE, &found[0], again_at), None, "500").await.unwrap();
        assert_eq!((base.stands().await.dead, base.stands().await.problem.as_deref()), (1, Some("500")));
        let following = base.take(ONE, 10, again_at).await;
        assert_eq!((following.len(), lead(&following[0])), (1, id(1)));

        // Sent again, it is once more before what is left of its lead.
        base.store.record_refused(held(&key, ONE, &following[0], again_at), Some(again_at), "500").await.unwrap();
        let letters = base.store.dead_letters(base.tenant, &crm(), (0, 0), 10).await.unwrap();
        assert_eq!((letters.len(), letters[0].position, letters[0].attempts), (1, messages[0].position, 2));
        let mut tx = base.held().await;
        let none = [Position { commit: 99, place: 1 }];
        assert_eq!(tx.revive_letters(base.tenant, &crm(), &none, again_at).await.unwrap(), 0);
        assert_eq!(tx.revive_letters(base.tenant, &crm(), &[], again_at).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let found = base.take(ONE, 10, again_at).await;
        assert_eq!(found.iter().map(|found| found.position).collect::<Vec<_>>(), [messages[0].position]);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_asked_by_all_messages_at_once_and_the_old_ones_die_together() {
    on_database(async |base: Base| {
        base.subscribed(&[]).await;
        base.route((1..=5).map(|n| (id(n), "anna"))).await;
        base.make_all(now()).await;
        let (key, later) = (base.key(), now() + 1.hour());
        let messages = base.take(ONE, 2, now()).await;
        for message in &messages {
            let away = base.store.record_absent(held(&key, ONE, message, now()), (later, 1), None, "no answer").await;
            assert_eq!(away.unwrap(), 0);
        }
        assert!(!base.busy(later - 1.second()).await);
        assert!(base.ready(ONE, 10, later - 1.second()).await.is_none());
        let ready = base.ready(ONE, 10, later).await.unwrap();
        assert_eq!((ready.messages.len(), ready.failures), (1, 1));
        // One came later, and is not as old as the others. It is made when somebody may be there again.
        base.route([(id(6), "anna")]).await;
        base.make(later).await;
        let probe = held(&key, ONE, &ready.messages[0], later);
        let dead = base.store.record_absent(probe, (later, 2), Some(now()), "no answer").await.unwrap();
        assert_eq!((dead, base.stands().await.dead, base.stands().await.pending), (5, 5, 1));
        let found = base.take(ONE, 10, later).await;
        base.store.record_delivered(held(&key, ONE, &found[0], later)).await.unwrap();
        assert_eq!((lead(&found[0]), base.stands().await.problem), (id(6), None));
        assert_eq!(base.store.drop_dead_letters_before(later).await.unwrap(), 0);
        assert_eq!(base.store.drop_dead_letters_before(later + 1.second()).await.unwrap(), 5);
    })
    .await;
}

#[tokio::test]
async fn who_lost_what_comes_next_says_so_and_goes_on_with_what_is_kept() {
    on_database(async |base: Base| {
        base.store.ensure_partitions(base.store.now().await.unwrap()).await.unwrap();
        base.subscribed(&[]).await;
        base.route([(id(1), "anna")]).await;
        base.store.drop_events_before(date(9999, 1, 1)).await.unwrap();
        base.store.ensure_partitions(base.store.now().await.unwrap()).await.unwrap();
        base.route([(id(2), "anna")]).await;
        assert_eq!(base.make(now()).await, Made::Lost);
        assert_eq!(base.make(now()).await, Made::Events(0), "it is told once");
        assert_eq!((base.stands().await.state, base.lag(now()).await.lost), (SubscriptionState::Lost, 1));
        assert!(!base.busy(now()).await);
        base.changed(&SubscriptionChange { state: Some(SubscriptionState::Active), ..Default::default() }).await;
        assert_eq!(base.make(now()).await, Made::Events(1));
        assert_eq!(base.take(ONE, 10, now()).await.iter().map(lead).collect::<Vec<_>>(), [id(2)]);

        // The store was put back to an earlier state: what it knows never happened.
        base.sql("UPDATE subscription SET commit = 1000000").await;
        assert!(!base.busy(now()).await);
        base.changed(&SubscriptionChange { state: Some(SubscriptionState::Active), ..Default::default() }).await;
        base.reminded(2).await;
        assert_eq!(base.make(now()).await, Made::Events(1));
    })
    .await;
}

/// Whatever waits for its time is not read to find what is due.
#[tokio::test]
async fn a_crowd_of_messages_costs_no_more_than_a_few() {
    on_database(async |base: Base| {
        base.subscribed(&[]).await;
        // 5,000 leads, each with a message that rests, and a following one that waits for it.
        base.sql(
            "INSERT INTO delivery (tenant_id, subscription_id, commit, place, lead_id, kind, at, body, since, next_at)
             SELECT tenant_id, 'crm', 1000 + n, 1, ('00000000-0000-0000-0000-' || lpad((n % 5000)::text, 12, '0'))::uuid, 1, now(), '',
                    now(), '2026-11-23T10:00:00Z'
             FROM tenant, generate_series(1, 9990) AS n",
        )
        .await;
        base.route((1..=8).map(|n| (id(n), "anna"))).await;
        base.make_all(now()).await;
        let meter = Meter::new(&base).await;
        let (key, store) = (base.key(), meter.0.clone());
        let claimed = async || store.claim_messages(&key, ONE, (LEASE, 8), Some(now())).await.unwrap().unwrap().messages;
        let mut messages = Vec::new();
        let rows = meter.rows(async { messages = claimed().await }).await;
        assert!(messages.len() == 8 && rows < 100, "a claim reads {rows} rows");
        let rows = meter.rows(store.record_delivered(held(&key, ONE, &messages[0], now()))).await;
        assert!(rows < 10, "a delivery reads {rows} rows");
        let again_at = Some(now() + 1.minute());
        let rows = meter.rows(store.record_refused(held(&key, ONE, &messages[1], now()), again_at, "500")).await;
        assert!(rows < 10, "a refusal reads {rows} rows");
        let rows = meter.rows(async { assert!(claimed().await.is_empty()) }).await;
        assert!(rows < 10, "a claim in vain reads {rows} rows");
        let rows = meter.rows(store.busy_subscriptions(Some(now()))).await;
        assert!(rows < 10, "a look reads {rows} rows");
        // Too many wait: what happens stays where it is.
        for n in 1..=3 {
            base.reminded(n).await;
        }
        assert_eq!(base.make(now()).await, Made::Events(3));
        base.reminded(3).await;
        assert_eq!(base.make(now()).await, Made::Events(0));
        let later = now() + 2.hours();
        for message in base.take(ONE, 100, later).await {
            base.store.record_delivered(held(&key, ONE, &message, later)).await.unwrap();
        }
        assert_eq!(base.make(later).await, Made::Events(1));
    })
    .await;
}

/// A crowd of senders that deliver, fail, and die, in an order that chance gives. Whether anything of a lead was sent before what
/// came earlier was delivered or dead: with the claim as it is, or with one that takes whatever is due.
async fn crowd(base: &Base, seed: u64, keeps_order: bool) -> Vec<String> {
    const LEADS: u32 = 4;
    let (key, mut at, mut wrong) = (base.key(), now(), Vec::new());
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut chance = move |of: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % of
    };
    // The model: of each lead, what is left, in order.
    let mut left: BTreeMap<LeadId, BTreeSet<Position>> = BTreeMap::new();
    let mut in_hand: Vec<(Uuid, Claimed, Timestamp)> = Vec::new();
    let (mut happened, mut holder) = (0, 10);
    loop {
        at += 1.second();
        match chance(6) {
            0 if happened < 60 => {
                let n = 1 + u32::try_from(chance(u64::from(LEADS))).unwrap();
                base.reminded(n).await;
                let position = base.store.position(base.tenant).await.unwrap();
                left.entry(id(n)).or_default().insert(Position { place: 1, ..position });
                happened += 1;
            }
            1 => drop(base.make(at).await),
            2 | 3 => {
                holder += 1;
                let holder = Uuid::from_u128(holder);
                let limit = 1 + i64::try_from(chance(4)).unwrap();
                let messages = if keeps_order {
                    base.take(holder, limit, at).await
                } else {
                    whatever(base, holder, limit, at).await
                };
                for message in messages {
                    let first = left.get(&lead(&message)).and_then(|left| left.first());
                    if first.is_some_and(|first| *first < message.position) {
                        wrong.push(format!("{:?} was sent before {first:?}", message.position));
                    }
                    if in_hand.iter().any(|(_, other, until)| other.position == message.position && at < *until) {
                        wrong.push(format!("{:?} is in two hands", message.position));
                    }
                    in_hand.push((holder, message, at + Duration::from_mins(1)));
                }
            }
            _ if !in_hand.is_empty() => {
                let nth = usize::try_from(chance(in_hand.len() as u64)).unwrap();
                let (holder, message, until) = in_hand.swap_remove(nth);
                let mine = held(&key, holder, &message, at);
                match chance(5) {
                    // It dies with it, and somebody else gets it when the lease is over.
                    0 => in_hand.push((Uuid::nil(), message, until)),
                    _ if holder.is_nil() => {}
                    1 => base.store.record_refused(mine, Some(at + 20.seconds()), "500").await.unwrap(),
                    other => {
                        let alive = base.stands().await.pending;
                        let dead = other == 2;
                        if dead {
                            base.store.record_refused(mine, None, "500").await.unwrap();
                        } else {
                            base.store.record_delivered(mine).await.unwrap();
                        }
                        if base.stands().await.pending < alive {
                            left.get_mut(&lead(&message)).unwrap().remove(&message.position);
                        }
                    }
                }
            }
            _ => {}
        }
        if happened == 60 && left.values().all(BTreeSet::is_empty) {
            break;
        }
        assert!(at < now() + 12.hours(), "it never ends: {left:?}");
    }
    assert_eq!(base.stands().await.pending, 0);
    wrong
}

/// What a claim would be that knows nothing of leads.
async fn whatever(base: &Base, holder: Uuid, limit: i64, at: Timestamp) -> Vec<Claimed> {
    let statement = "UPDATE delivery SET holder = $1, next_at = $2::timestamptz + interval '60 s'
                     WHERE (commit, place) IN (SELECT commit, place FROM delivery WHERE dead_at IS NULL AND next_at <= $2::timestamptz
                                               ORDER BY random() LIMIT $3)
                     RETURNING commit, place, body";
    let rows: Vec<(i64, i32, String)> = sqlx::query_as(statement)
        .bind(holder)
        .bind(crate::time::time(at))
        .bind(limit)
        .fetch_all(&base.store.pool)
        .await
        .unwrap();
    let claimed = |(commit, place, body)| {
        let position = Position { commit, place };
        Claimed { position, body, since: at, attempts: 0, again: false }
    };
    rows.into_iter().map(claimed).collect()
}

#[tokio::test]
async fn no_message_overtakes_another_of_its_lead() {
    for seed in 1..=4 {
        on_database(async |base: Base| {
            base.route((1..=4).map(|n| (id(n), "anna"))).await;
            base.subscribed(&[]).await;
            assert_eq!(crowd(&base, seed, true).await, Vec::<String>::new(), "{seed}");
        })
        .await;
    }
}

/// The judge sees what must not be.
#[tokio::test]
async fn without_the_order_of_leads_messages_overtake_each_other() {
    on_database(async |base: Base| {
        base.route((1..=4).map(|n| (id(n), "anna"))).await;
        base.subscribed(&[]).await;
        assert!(!crowd(&base, 1, false).await.is_empty());
    })
    .await;
}
