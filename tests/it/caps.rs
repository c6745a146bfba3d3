//! Caps hold, however many callers come at once.

use std::collections::BTreeMap;

use futures::future::join_all;
use leadrouter_tests::{World, company, route};

/// Counts of open leads by owner.
async fn owners(world: &World) -> BTreeMap<String, usize> {
    let mut owners = BTreeMap::new();
    for lead in world.leads("").await {
        *owners.entry(lead.owner).or_default() += 1;
    }
    owners
}

#[tokio::test(flavor = "multi_thread")]
async fn no_rep_gets_more_than_the_cap_from_64_callers_of_two_replicas() {
    let directory =
        company::directory(&[("ana", 1, "max_open: 7"), ("ben", 3, "max_open: 20"), ("cem", 1, "max_per_day: 5")]);
    let world = World::of(&directory, company::POLICY).await;
    let (other, clients) = world.replica().await;
    let calls = (0..64).flat_map(|n| [(n, &world.clients), (64 + n, &clients)]);
    let answers = join_all(calls.map(|(n, clients)| route(clients, company::lead(n)))).await;
    for answer in answers {
        answer.unwrap();
    }
    let expected = [("queues/waiting", 128 - 32), ("reps/ana", 7), ("reps/ben", 20), ("reps/cem", 5)];
    assert_eq!(owners(&world).await, expected.map(|(owner, leads)| (owner.to_owned(), leads)).into());
    other.stop().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_cap_the_same_callers_give_the_same_reps_more() {
    // The control: it is the cap that stopped them above.
    let world = World::of(&company::directory(&[("ana", 1, ""), ("ben", 3, "")]), company::POLICY).await;
    for answer in join_all((0..64).map(|n| route(&world.clients, company::lead(n)))).await {
        answer.unwrap();
    }
    assert_eq!(owners(&world).await, [("reps/ana", 16), ("reps/ben", 48)].map(|(o, n)| (o.to_owned(), n)).into());
    world.end().await;
}
