//! Receivers that hang, point elsewhere, lie, and want nothing any more: each harms itself only.

use std::time::Duration;

use api::v1::SubscriptionState;
use leadrouter_tests::{
    World, company,
    receiver::{Heard, Mood, Receiver, taken},
    subscribe::{pause, subscribe, subscription, until},
};

use super::{moved, world};

/// As long as anybody is willing to wait for a test.
const LONG: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_hangs_holds_up_no_other() {
    const LEADS: usize = 20;
    // Fewer places than those who hang would take, if they could have them all.
    let world = World::configured(|config| (config.webhooks.timeout, config.webhooks.concurrency) = (LONG, 24)).await;
    world.install(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let (hanging, refusing) = (Receiver::start(Mood::Hang).await, Receiver::start(Mood::HangUp).await);
    let healthy = Receiver::start(Mood::Take).await;
    subscribe(&world.clients, "a-hanging", &hanging.url).await;
    subscribe(&world.clients, "a-refusing", &refusing.url).await;
    subscribe(&world.clients, "healthy", &healthy.url).await;
    for number in 0..LEADS {
        moved(&world, number).await;
    }
    let heard = healthy.until(|heard| taken(heard).len() == 3 * LEADS).await;
    assert_eq!(heard.len(), 3 * LEADS);
    // A few of its leads wait for it, and no more.
    let hung = hanging.heard();
    assert!((1..=8).contains(&hung.len()), "{}", hung.len());
    assert!(subscription(&world.clients, "a-hanging").await.pending_count > 0);
    world.app.kill().await;
}

/// Within one subscription too: the lead whose message hangs waits, the others don't.
#[tokio::test(flavor = "multi_thread")]
async fn a_lead_of_which_nothing_is_taken_holds_up_no_other_lead() {
    let world = World::configured(|config| config.webhooks.timeout = LONG).await;
    world.install(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let receiver = Receiver::start(Mood::Take).await;
    receiver.turn_by(|heard: &Heard| if heard.data("owner") == "reps/ana" { Mood::Hang } else { Mood::Take });
    subscribe(&world.clients, "crm", &receiver.url).await;
    let slow = moved(&world, 1).await;
    receiver.until(|heard| heard.len() == 1).await;
    moved(&world, 2).await;
    let heard = receiver.until(|heard| taken(heard).len() == 3).await;
    assert_eq!(heard.iter().filter(|heard| heard.data("lead") == slow).count(), 1, "what follows waits: {heard:?}");
    world.app.kill().await;
}

/// However many wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_away_is_asked_with_one_message_at_a_time() {
    let world = World::configured(|config| config.webhooks.timeout = Duration::from_secs(1)).await;
    world.install(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let receiver = Receiver::start(Mood::Say(503)).await;
    subscribe(&world.clients, "crm", &receiver.url).await;
    for number in 0..10 {
        moved(&world, number).await;
    }
    until(&world.clients, "crm", |now| now.last_problem == "it answered 503").await;
    receiver.turn(Mood::Hang);
    let before = receiver.heard().len();
    receiver.pump(&world.clock, Duration::from_secs(10), |heard| heard.len() > before).await;
    until(&world.clients, "crm", |now| now.last_problem == "there was no answer").await;
    assert_eq!(receiver.heard().len(), before + 1);
    // It is back, and all come.
    receiver.turn(Mood::Take);
    receiver.pump(&world.clock, Duration::from_secs(10), |heard| taken(heard).len() == 30).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_led_elsewhere() {
    let world = world().await;
    let elsewhere = Receiver::start(Mood::Take).await;
    let receiver = Receiver::start(Mood::PointTo(elsewhere.url.clone())).await;
    subscribe(&world.clients, "crm", &receiver.url).await;
    world.route(company::lead(1)).await.unwrap();
    let heard = receiver.pump(&world.clock, Duration::from_secs(10), |heard| heard.len() == 3).await;
    assert!(heard.windows(2).all(|pair| pair[0].id == pair[1].id));
    assert_eq!(elsewhere.connections(), 0);
    let stands = until(&world.clients, "crm", |now| !now.last_problem.is_empty()).await;
    assert_eq!(stands.last_problem, "it answered 307");
    world.end().await;
}

/// The status says whether it was taken; whatever else a receiver says is not waited for.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_receiver_says_besides_counts_for_nothing() {
    for mood in [Mood::PromiseMore, Mood::TalkForEver, Mood::Say(204)] {
        let world = world().await;
        let receiver = Receiver::start(mood.clone()).await;
        subscribe(&world.clients, "crm", &receiver.url).await;
        moved(&world, 1).await;
        receiver.until(|heard| heard.len() == 3).await;
        until(&world.clients, "crm", |now| now.pending_count == 0).await;
        assert_eq!(receiver.heard().len(), 3, "{mood:?}");
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_nothing_any_more_is_left_alone() {
    let world = world().await;
    let (gone, other) = (Receiver::start(Mood::Say(410)).await, Receiver::start(Mood::Take).await);
    subscribe(&world.clients, "gone", &gone.url).await;
    subscribe(&world.clients, "other", &other.url).await;
    world.route(company::lead(1)).await.unwrap();
    let stands = until(&world.clients, "gone", |now| now.state() == SubscriptionState::Disabled).await;
    assert_eq!(
        (stands.last_problem.as_str(), stands.pending_count, stands.dead_letter_count),
        ("it answered 410", 1, 0)
    );
    for number in 2..6 {
        moved(&world, number).await;
    }
    // Hours later: leads that nobody accepted have gone on.
    other.pump(&world.clock, Duration::from_hours(1), |heard| taken(heard).len() > 13).await;
    assert_eq!(gone.heard().len(), 1);
    // What happened meanwhile was kept for it.
    gone.turn(Mood::Take);
    assert_eq!(pause(&world.clients, "gone", false).await.state(), SubscriptionState::Active);
    gone.pump(&world.clock, Duration::from_secs(1), |heard| taken(heard).len() > 13).await;
    world.end().await;
}
