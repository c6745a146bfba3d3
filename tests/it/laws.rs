//! What holds for every lead: batches give what single calls give, and every decision can be made again.

use api::v1::{BatchRouteLeadsRequest, GetDecisionRequest, LeadProfile, RouteLeadRequest, batch_route_result};
use cli::Clients;
use leadrouter_tests::{World, company, install, route};

/// Owners in the order of the leads, routed in batches of those sizes, one after another.
async fn in_batches(clients: &Clients, leads: &[LeadProfile], sizes: &[usize]) -> Vec<String> {
    let (mut owners, mut rest) = (Vec::new(), leads);
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            return owners;
        }
        let (batch, later) = rest.split_at(*size.min(&rest.len()));
        rest = later;
        let requests = batch
            .iter()
            .map(|lead| RouteLeadRequest { lead: Some(lead.clone()), ..RouteLeadRequest::default() })
            .collect();
        let answer = clients.assignment.clone().batch_route_leads(BatchRouteLeadsRequest { requests }).await.unwrap();
        for result in answer.into_inner().results {
            let Some(batch_route_result::Result::Response(response)) = result.result else { panic!("{result:?}") };
            owners.push(response.lead.unwrap().owner);
        }
    }
    owners
}

async fn one_by_one(clients: &Clients, leads: &[LeadProfile]) -> Vec<String> {
    let mut owners = Vec::new();
    for lead in leads {
        owners.push(route(clients, lead.clone()).await.unwrap().lead.unwrap().owner);
    }
    owners
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_gives_what_single_calls_give() {
    let world = World::empty().await;
    // Every tenth writes a second time; caps are met on the way.
    let leads: Vec<LeadProfile> = (0..150).map(|n| company::lead(if n % 10 == 9 { n - 5 } else { n })).collect();
    let directory =
        company::directory(&[("ana", 1, "max_open: 20"), ("ben", 3, ""), ("cem", 2, "max_per_day: 9"), ("dia", 2, "")]);
    let mut outcomes = Vec::new();
    for (tenant, sizes) in [("one", &[][..]), ("batches", &[1, 40, 7][..]), ("all", &[150][..])] {
        let clients = world.tenant(tenant).await;
        install(&clients, &directory, company::POLICY).await;
        outcomes.push(match sizes {
            [] => one_by_one(&clients, &leads).await,
            sizes => in_batches(&clients, &leads, sizes).await,
        });
    }
    assert_eq!(outcomes[0], outcomes[1]);
    assert_eq!(outcomes[0], outcomes[2]);
    // The order matters, so it is no accident that they agree.
    let mut sorted = outcomes[0].clone();
    sorted.sort();
    assert_ne!(outcomes[0], sorted);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_of_all_causes_can_be_made_again_under_a_later_directory_and_policy() {
    let world = World::of(&company::directory(&[("ana", 1, "max_open: 2"), ("ben", 1, "")]), company::POLICY).await;
    let mut names = Vec::new();
    for number in 0..6 {
        names.push(world.route(company::lead(number)).await.unwrap().lead.unwrap().name);
    }
    // Those who are not accepted go to others.
    world.clock.advance(std::time::Duration::from_mins(10));
    for name in &names {
        world.until(name, |lead| lead.epoch >= 2).await;
    }
    let before = all_decisions(&world, &names).await;
    assert!(before.len() >= 12);
    let policy = company::POLICY.replace("quick", "hasty").replace("not-a-customer", "renamed");
    world.install(&company::directory(&[("ana", 5, ""), ("ben", 1, "max_open: 1"), ("cem", 9, "")]), &policy).await;
    assert_eq!(all_decisions(&world, &names).await, before);
    world.end().await;
}

async fn all_decisions(world: &World, leads: &[String]) -> Vec<api::v1::Decision> {
    let mut decisions = Vec::new();
    for lead in leads {
        for epoch in 1..=world.history(lead).await.len() {
            let request = GetDecisionRequest { name: format!("{lead}/decisions/{epoch}") };
            let answer = world.clients.assignment.clone().get_decision(request).await.unwrap();
            decisions.push(answer.into_inner().decision.unwrap());
        }
    }
    decisions
}
