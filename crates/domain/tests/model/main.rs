//! Ownership under everything that can come between, tried exhaustively in the small: two committers, two schedulers, clients who
//! send again, and processes that die at any step.
//!
//! What a command does is the product's own table. What is modelled is what surrounds it: reading, deciding, writing if
//! nobody came between, answering; finding a due timer and having it fired. Each guard of the store is left off once, in a
//! twin, and the laws must notice.
#![allow(clippy::unwrap_used, reason = "a test that fails may say so bluntly")]

mod decide;
mod laws;
mod steps;
mod store;
mod world;

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
};

use leadrouter_domain::lifecycle::Command;
use stateright::{Checker, HasDiscoveries, Model};

use self::{
    laws::Law,
    world::{Twin, Wish, World},
};

fn changes(lead: u8, commands: &[Command]) -> Vec<(u8, Wish)> {
    commands.iter().map(|command| (lead, Wish::Change(*command))).collect()
}

/// One lead that is known. Somebody does something to it, and asks again.
fn one_request() -> World {
    let commands: Vec<Command> =
        Command::ALL.into_iter().filter(|command| !matches!(command, Command::Drain | Command::Fire(_))).collect();
    World {
        twin: None,
        leads: 1,
        known: true,
        wishes: vec![changes(0, &commands)],
        sends: 2,
        replicas: 2,
        last_epoch: 3,
        crashes: 1,
    }
}

/// A lead arrives, and somebody does something to it.
fn two_requests() -> World {
    let then = [Command::Accept, Command::Decline, Command::Claim];
    World { known: false, wishes: vec![vec![(0, Wish::Route)], changes(0, &then)], last_epoch: 2, ..one_request() }
}

/// Two people do something to one lead at once.
fn two_clients() -> World {
    let wishes = vec![changes(0, &[Command::Accept]), changes(0, &[Command::Decline, Command::Close])];
    World { wishes, sends: 1, ..one_request() }
}

/// Two leads of one tenant, whose commits get in each other's way.
fn two_leads() -> World {
    let wishes = vec![changes(0, &[Command::Decline]), changes(1, &[Command::Accept])];
    World { leads: 2, wishes, sends: 1, last_epoch: 2, crashes: 0, ..one_request() }
}

fn all_laws_hold(world: World, at_least: usize) {
    let checker = world.checker().threads(2).spawn_dfs().join();
    checker.assert_properties();
    let states = checker.unique_state_count();
    println!("{states} states, {} deep", checker.max_depth());
    assert!(states >= at_least, "{states} states are too few to prove anything");
}

#[test]
fn one_request_with_a_crash() {
    all_laws_hold(one_request(), 100_000);
}

#[test]
fn one_request_through_more_epochs() {
    let wishes = vec![changes(0, &[Command::Decline, Command::Claim])];
    all_laws_hold(World { wishes, last_epoch: 4, crashes: 0, ..one_request() }, 40_000);
}

#[test]
fn two_requests_one_after_the_other() {
    all_laws_hold(two_requests(), 50_000);
}

#[test]
fn two_clients_at_once() {
    all_laws_hold(two_clients(), 50_000);
}

#[test]
fn two_leads_of_one_tenant() {
    all_laws_hold(two_leads(), 30_000);
}

/// `eventually` overlooks what goes in circles.
#[test]
fn no_path_goes_in_a_circle() {
    for world in [one_request(), two_requests()] {
        comes_to_an_end(&World { crashes: 0, ..world });
    }
}

fn comes_to_an_end(world: &World) {
    // Depth first; `true`: everything behind it is known.
    let names = RandomState::new();
    let mut known: HashMap<u64, bool> = HashMap::new();
    let mut path: Vec<(_, Vec<_>)> = vec![];
    let mut next = world.init_states();
    loop {
        if let Some(state) = next.pop() {
            let name = names.hash_one(&state);
            if let Some(is_done) = known.get(&name) {
                assert!(is_done, "{state:?} comes again");
            } else {
                known.insert(name, false);
                path.push((name, std::mem::replace(&mut next, world.next_states(&state))));
            }
        } else if let Some((name, rest)) = path.pop() {
            known.insert(name, true);
            next = rest;
        } else {
            break;
        }
    }
    assert!(known.len() > 10_000, "{}", known.len());
}

fn caught(twin: Twin, law: Law) {
    let world = World { twin: Some(twin), ..one_request() };
    let checker = world.checker().finish_when(HasDiscoveries::AnyOf([law.name()].into())).spawn_dfs().join();
    checker.assert_any_discovery(law.name());
}

#[test]
fn a_write_that_compares_nothing_makes_two_owners() {
    caught(Twin::ComparesNothing, Law::OneOwner);
    caught(Twin::ComparesNothing, Law::EpochsWithoutGaps);
}

#[test]
fn an_effect_outside_of_the_transaction_that_removes_its_timer_comes_twice() {
    caught(Twin::EffectApart, Law::EffectOnce);
}

#[test]
fn a_response_that_is_not_stored_with_the_effect_is_another_one_the_next_time() {
    caught(Twin::ForgetsResponse, Law::SameAnswer);
}

#[test]
fn a_timer_forgotten_at_a_handover_leaves_a_lead_alone() {
    caught(Twin::ForgetsTimer, Law::TimersOfPlace);
    caught(Twin::ForgetsTimer, Law::MovesOn);
}

#[test]
fn clocks_that_run_again_without_timers_leave_a_lead_alone() {
    caught(Twin::ForgetsClocks, Law::TimersOfPlace);
    caught(Twin::ForgetsClocks, Law::MovesOn);
}

#[test]
fn a_timer_removed_before_its_effect_is_lost_with_the_scheduler() {
    caught(Twin::RemovesTimerFirst, Law::MovesOn);
}

#[test]
fn work_acknowledged_before_it_is_committed_is_lost() {
    caught(Twin::AcknowledgesFirst, Law::AcknowledgedIsKept);
}
