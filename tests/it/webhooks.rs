//! Who subscribed is told everything, in order per lead, at least once and signed, whatever receivers do.

mod crash;
mod guard;
mod manage;
mod receivers;
mod secrets;

use std::{collections::BTreeMap, time::Duration};

use api::v1::{
    CloseOutcome, OwnershipChangeKind as Kind, RedeliverDeadLettersRequest, Subscription, SubscriptionState,
    WatchOwnershipRequest,
};
use leadrouter_tests::{
    World, company,
    receiver::{Mood, Receiver, overtakers, taken},
    requests::Request,
    subscribe::{create, dead_letters, pause, subscribe, subscription, until},
    watch::{self, watch},
};
use sqlx::{Connection as _, PgConnection};

async fn world() -> World {
    World::of(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await
}

/// A lead that is routed and reassigned twice: three changes, of the last of which the owner is `queues/review`.
async fn moved(world: &World, number: usize) -> String {
    let name = world.route(company::lead(number)).await.unwrap().lead.unwrap().name;
    for (etag, owner) in [("1", "queues/nurture"), ("2", "queues/review")] {
        Request::reassign(&name, etag.to_owned(), owner).send(&world.clients).await.unwrap();
    }
    name
}

/// One message, field by field, against what a watcher is told of the same change.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_a_signed_event_about_the_change() {
    let world = world().await;
    let receiver = Receiver::start(Mood::Take).await;
    let secret = subscribe(&world.clients, "crm", &receiver.url).await;
    let start = watch(&world.clients, WatchOwnershipRequest::default()).await.unwrap().0.resume_token;
    let name = world.route(company::lead(1)).await.unwrap().lead.unwrap().name;
    Request::accept(&name, "1".to_owned(), "reps/ana").send(&world.clients).await.unwrap();
    Request::close(&name, "1".to_owned(), "reps/ana", CloseOutcome::Won).send(&world.clients).await.unwrap();

    let heard = receiver.until(|heard| heard.len() == 3).await;
    let told = watch::until(&world.clients, &start, |change| change.kind() == Kind::Closed).await;
    assert_eq!(heard.len(), told.len());
    for (heard, change) in heard.iter().zip(&told) {
        assert!(heard.is_signed_with(&secret), "{heard:?}");
        assert!(!heard.is_signed_with("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
        assert_eq!(heard.content_type, "application/cloudevents+json; charset=utf-8");
        assert_eq!(heard.timestamp, leadrouter_tests::NOW.as_second().to_string());
        let event = heard.event();
        assert_eq!(event["id"], heard.id);
        assert_eq!(heard.id, format!("default-{}", change.id));
        assert_eq!((event["specversion"].as_str(), event["source"].as_str()), (Some("1.0"), Some("/tenants/default")));
        assert_eq!(event["subject"], name);
        assert_eq!(event["time"], leadrouter_tests::NOW.to_string());
        let kind = change.kind().as_str_name();
        let last = kind.trim_start_matches("OWNERSHIP_CHANGE_KIND_").to_lowercase();
        assert_eq!(event["type"], format!("leadrouter.v1.lead.{last}"));
        for (field, expected) in [
            ("id", &change.id),
            ("kind", &kind.to_owned()),
            ("lead", &change.lead),
            ("owner", &change.owner),
            ("state", &change.state().as_str_name().to_owned()),
            ("cause", &change.cause().as_str_name().to_owned()),
        ] {
            assert_eq!(heard.data(field), *expected, "{field}");
        }
        assert_eq!(event["data"]["epoch"], change.epoch);
    }
    assert_eq!(heard[2].data("closeOutcome"), "CLOSE_OUTCOME_WON");
    let stands = until(&world.clients, "crm", |now| now.pending_count == 0).await;
    assert_eq!((stands.last_problem.as_str(), stands.dead_letter_count), ("", 0));
    world.end().await;
}

/// A receiver that is away for an hour, in each way in which one can be: nothing is missing, and of each lead everything comes in
/// order. What it took without being heard comes again, under the same id.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_was_away_for_an_hour_is_told_everything_in_order() {
    const LEADS: usize = 12;
    let world = World::configured(|config| config.webhooks.timeout = Duration::from_secs(1)).await;
    world.install(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let receiver = Receiver::start(Mood::Say(503)).await;
    subscribe(&world.clients, "crm", &receiver.url).await;
    let start = watch(&world.clients, WatchOwnershipRequest::default()).await.unwrap().0.resume_token;
    let begun = world.clock.now();
    let mut last = String::new();
    for number in 0..LEADS {
        last = moved(&world, number).await;
    }
    for mood in [Mood::Say(503), Mood::HangUp, Mood::Babble, Mood::Hang, Mood::Say(429)] {
        let before = receiver.heard().len();
        receiver.turn(mood);
        receiver.pump(&world.clock, Duration::from_secs(20), |heard| heard.len() > before).await;
    }
    while world.clock.now().duration_since(begun).as_secs() < 3_600 {
        let before = receiver.heard().len();
        receiver.pump(&world.clock, Duration::from_secs(30), |heard| heard.len() > before).await;
    }
    let stands = subscription(&world.clients, "crm").await;
    assert_eq!((stands.state(), stands.pending_count), (SubscriptionState::Active, 3 * i64::try_from(LEADS).unwrap()));
    assert!(!stands.last_problem.is_empty());
    assert!(receiver.heard().iter().all(|heard| !heard.taken));

    // Some are taken by a receiver that then hangs up: they come again.
    let hasty = std::sync::atomic::AtomicUsize::new(0);
    receiver.turn_by(move |_| {
        let nth = hasty.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if nth % 5 == 1 { Mood::HangUp } else { Mood::Take }
    });
    let heard = receiver.pump(&world.clock, Duration::from_secs(30), |heard| taken(heard).len() == 3 * LEADS).await;
    assert_eq!(overtakers(&heard), Vec::<String>::new());
    let told = watch::until(&world.clients, &start, |change| change.lead == last && change.epoch == 3).await;
    let (mut expected, mut found) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
    for change in told {
        expected.entry(change.lead).or_default().push(change.id);
    }
    for heard in taken(&heard) {
        found.entry(heard.data("lead")).or_default().push(heard.data("id"));
    }
    assert_eq!(found, expected);
    until(&world.clients, "crm", |now| now.pending_count == 0 && now.dead_letter_count == 0).await;
    world.end().await;
}

/// The judge of the order must see when it is broken.
#[tokio::test(flavor = "multi_thread")]
async fn an_overtaker_is_seen() {
    let world = world().await;
    let receiver = Receiver::start(Mood::Take).await;
    subscribe(&world.clients, "crm", &receiver.url).await;
    moved(&world, 1).await;
    let mut heard = receiver.until(|heard| heard.len() == 3).await;
    assert_eq!(overtakers(&heard).len(), 0);
    heard.swap(0, 1);
    assert_eq!(overtakers(&heard).len(), 1);
    world.end().await;
}

/// Only what is asked for, and only of the own tenant.
#[tokio::test(flavor = "multi_thread")]
async fn who_wants_some_kinds_hears_no_others_and_nobody_hears_of_other_tenants() {
    let world = world().await;
    let other = world.tenant("other").await;
    let (closed, of_other) = (Receiver::start(Mood::Take).await, Receiver::start(Mood::Take).await);
    let kinds = vec![Kind::Closed.into()];
    create(&world.clients, "closed", Subscription { url: closed.url.clone(), kinds, ..Subscription::default() }).await;
    subscribe(&other, "closed", &of_other.url).await;
    leadrouter_tests::install(&other, &company::directory(&[("zoe", 1, "")]), company::POLICY).await;
    for number in 0..3 {
        let name = world.route(company::lead(number)).await.unwrap().lead.unwrap();
        Request::close(&name.name, name.etag, &name.owner, CloseOutcome::Lost).send(&world.clients).await.unwrap();
    }
    let theirs = leadrouter_tests::route(&other, company::lead(7)).await.unwrap().lead.unwrap().name;
    let heard = closed.until(|heard| heard.len() == 3).await;
    assert!(heard.iter().all(|heard| heard.data("kind") == "OWNERSHIP_CHANGE_KIND_CLOSED"), "{heard:?}");
    let heard = of_other.until(|heard| !heard.is_empty()).await;
    assert_eq!((heard.len(), heard[0].data("lead")), (1, theirs));
    assert_eq!(heard[0].event()["source"], "/tenants/other");
    until(&world.clients, "closed", |now| now.pending_count == 0).await;
    assert_eq!(closed.heard().len(), 3);
    world.end().await;
}

/// A message that the receiver won't have is tried for three days, and holds up its own lead only. Then it is a dead letter, and can
/// be sent again.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_takes_for_three_days_is_a_dead_letter_that_can_be_sent_again() {
    let world = world().await;
    let receiver = Receiver::start(Mood::Take).await;
    subscribe(&world.clients, "crm", &receiver.url).await;
    receiver.turn_by(|heard| if heard.data("owner") == "reps/ana" { Mood::Say(422) } else { Mood::Take });
    let poison = moved(&world, 1).await;
    let other = moved(&world, 2).await;
    // The first lead was given to ana, and nothing of it is taken; the other one to ben, and all is.
    let heard = receiver.until(|heard| taken(heard).len() == 3).await;
    assert!(taken(&heard).iter().all(|heard| heard.data("lead") == other), "{heard:?}");

    let begun = world.clock.now();
    receiver.pump(&world.clock, Duration::from_mins(10), |heard| taken(heard).len() == 5).await;
    let passed = world.clock.now().duration_since(begun).as_hours();
    assert!((71..=74).contains(&passed), "{passed} h");
    let [letter] = &dead_letters(&world.clients, "crm").await[..] else { panic!("one dead letter") };
    assert_eq!(
        (&letter.lead, letter.kind(), letter.last_problem.as_str()),
        (&poison, Kind::Assigned, "it answered 422")
    );
    assert!(letter.attempt_count > 50, "{}", letter.attempt_count);
    let stands = subscription(&world.clients, "crm").await;
    assert_eq!((stands.dead_letter_count, stands.pending_count), (1, 0));

    receiver.turn(Mood::Take);
    let again = RedeliverDeadLettersRequest {
        parent: "subscriptions/crm".to_owned(),
        names: vec![letter.name.clone()],
        request_id: uuid::Uuid::from_u128(7).to_string(),
    };
    let mut client = world.clients.subscriptions.clone();
    for _ in 0..2 {
        let answer = client.redeliver_dead_letters(again.clone()).await.unwrap().into_inner();
        assert_eq!(answer.dead_letter_count, 1);
    }
    let heard = receiver.pump(&world.clock, Duration::from_secs(1), |heard| taken(heard).len() == 6).await;
    let late = taken(&heard).pop().unwrap();
    let refused = heard.iter().find(|heard| heard.data("lead") == poison).unwrap();
    assert_eq!((late.id.as_str(), late.body.as_str()), (refused.id.as_str(), letter.body.as_str()));
    until(&world.clients, "crm", |now| now.dead_letter_count == 0 && now.pending_count == 0).await;
    world.end().await;
}

/// Paused for longer than what happened is kept: it says so, instead of going on as if nothing was.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_away_for_too_long_is_not_silently_behind() {
    let world = world().await;
    let receiver = Receiver::start(Mood::Take).await;
    subscribe(&world.clients, "crm", &receiver.url).await;
    world.route(company::lead(1)).await.unwrap();
    receiver.until(|heard| heard.len() == 1).await;
    assert_eq!(pause(&world.clients, "crm", true).await.state(), SubscriptionState::Paused);
    world.route(company::lead(2)).await.unwrap();
    assert!(world.app.store().drop_events_before(jiff::civil::date(9999, 1, 1)).await.unwrap() > 0);
    world.app.store().ensure_partitions(world.clock.now()).await.unwrap();

    // Whoever sets it to go on loses what is gone, and is told of what is kept.
    pause(&world.clients, "crm", false).await;
    let third = world.route(company::lead(3)).await.unwrap().lead.unwrap().name;
    let heard = receiver.until(|heard| heard.len() == 2).await;
    assert_eq!(heard[1].data("lead"), third);

    // The same, but nobody looks: what it is behind of goes while it is active.
    let mut other = PgConnection::connect(&world.database.url()).await.unwrap();
    sqlx::raw_sql("UPDATE subscription SET commit = 0, place = 0").execute(&mut other).await.unwrap();
    world.route(company::lead(4)).await.unwrap();
    let lost = until(&world.clients, "crm", |now| now.state() == SubscriptionState::Lost).await;
    assert!(lost.last_problem.contains("not kept any more"), "{}", lost.last_problem);

    // Nothing more comes until somebody has seen it; then, what is kept.
    assert_eq!(receiver.heard().len(), 2);
    assert_eq!(pause(&world.clients, "crm", false).await.state(), SubscriptionState::Active);
    receiver.pump(&world.clock, Duration::from_millis(250), |heard| taken(heard).len() == 3).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_dispatchers_tell_each_change_once_and_in_order() {
    const LEADS: usize = 30;
    let world = world().await;
    let (second, _) = world.replica().await;
    let (third, clients) = world.replica().await;
    let receiver = Receiver::start(Mood::Take).await;
    subscribe(&clients, "crm", &receiver.url).await;
    for number in 0..LEADS {
        moved(&world, number).await;
    }
    let heard = receiver.pump(&world.clock, Duration::from_millis(500), |heard| heard.len() >= 3 * LEADS).await;
    assert_eq!((taken(&heard).len(), overtakers(&heard)), (3 * LEADS, Vec::new()));
    until(&world.clients, "crm", |now| now.pending_count == 0).await;
    assert_eq!(receiver.heard().len(), 3 * LEADS, "nobody died, so nothing came twice");
    let kinds: Vec<_> = heard.iter().map(|heard| heard.data("kind")).collect();
    assert_eq!(kinds.iter().filter(|kind| kind.ends_with("ASSIGNED")).count(), LEADS);
    second.stop().await;
    third.stop().await;
    world.end().await;
}
