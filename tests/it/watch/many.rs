//! Many write, through two processes, and somebody who watches is cut off again and again.

use api::v1::{CloseOutcome, DeclineReason, OwnershipChange, ReturnReason, WatchOwnershipRequest};
use cli::Clients;
use kit::clock::Clock;
use leadrouter_tests::{
    World, company,
    requests::Request,
    watch::{judge, watch},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use store::testing::Database;
use tokio::{sync::watch::Receiver, task::JoinSet};

const WRITERS: u64 = 12;
const LEADS: usize = 25;

/// Leads of one writer, from their arrival to some end. Nobody else commands them.
async fn write(clients: Clients, writer: u64) {
    let mut random = StdRng::seed_from_u64(writer);
    for lead in 0..LEADS {
        let number = usize::try_from(writer).unwrap() * LEADS + lead;
        let answer = Request::route(company::lead(number)).send(&clients).await.unwrap();
        let mut lead = answer.lead;
        for _ in 0..random.random_range(0..6) {
            let (name, etag) = (lead.name.as_str(), lead.etag.clone());
            let request = match random.random_range(0..8) {
                0 => Request::accept(name, etag, ""),
                1 => Request::decline(name, etag, "", DeclineReason::Other),
                2 => Request::respond(name, etag, ""),
                3 => {
                    Request::reassign(name, etag, ["reps/ana", "reps/cleo", "queues/review"][random.random_range(0..3)])
                }
                4 => Request::claim(name, etag, "reps/ben"),
                5 => Request::give_back(name, etag, "", ReturnReason::NoBudget, None),
                6 => Request::close(name, etag, "", CloseOutcome::Lost),
                _ => Request::reassign(name, etag, "reps/dora"),
            };
            // What the lead's place does not allow changes nothing.
            if let Ok(answer) = request.send(&clients).await {
                lead = answer.lead;
            }
        }
    }
}

/// Watches until the last lead is told of, cut off after a few responses each time, at one process or the other.
async fn cut(processes: [Clients; 2], start: String, last: Receiver<String>, seed: u64) -> Vec<OwnershipChange> {
    let mut random = StdRng::seed_from_u64(seed);
    let (mut told, mut token) = (Vec::<OwnershipChange>::new(), start);
    let is_over = |told: &[OwnershipChange]| told.iter().any(|change| change.lead == *last.borrow());
    while !is_over(&told) {
        let process = &processes[random.random_range(0..2)];
        let heartbeat = Some(prost_types::Duration { seconds: 1, nanos: 0 });
        let request = WatchOwnershipRequest { resume_token: token.clone(), heartbeat, ..Default::default() };
        let (mut response, mut stream) = watch(process, request).await.unwrap();
        for _ in 0..random.random_range(1..5) {
            // Kept together with what was told, as the contract asks for.
            told.extend(response.changes);
            token = response.resume_token;
            if is_over(&told) {
                break;
            }
            response = stream.message().await.unwrap().unwrap();
        }
        // The last response, if the stream is cut here, was never dealt with.
    }
    told
}

/// What somebody would hear who resumes by the time of the last change instead of the token, cut off at each fifth.
fn by_time(told: &[OwnershipChange]) -> Vec<OwnershipChange> {
    let mut heard: Vec<OwnershipChange> = Vec::new();
    for (number, change) in told.iter().enumerate() {
        let before = heard.last().map(|last| last.change_time.as_ref().map(|time| (time.seconds, time.nanos)));
        let time = Some(change.change_time.as_ref().map(|time| (time.seconds, time.nanos)));
        if number % 5 != 0 || time > before {
            heard.push(change.clone());
        }
    }
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_cut_off_misses_nothing_and_hears_nothing_twice() {
    let world = World::on(Database::create().await, Clock::system()).await;
    let reps = [("ana", 1, ""), ("ben", 2, ""), ("cleo", 1, ""), ("dora", 1, "")];
    world.install(&company::directory(&reps), company::POLICY).await;
    let (other, other_clients) = world.replica().await;
    let processes = [world.clients.clone(), other_clients];
    let start = super::now(&world).await;

    let mut writers: JoinSet<()> =
        (0..WRITERS).map(|writer| write(processes[usize::try_from(writer % 2).unwrap()].clone(), writer)).collect();
    // Which lead is the last is known once it is there.
    let (named, name) = tokio::sync::watch::channel(String::new());
    let watchers: JoinSet<_> = (0..3).map(|seed| cut(processes.clone(), start.clone(), name.clone(), seed)).collect();
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let last = world.route(company::lead(9_999)).await.unwrap().lead.unwrap();
    named.send(last.name).unwrap();

    let told = watchers.join_all().await;
    assert!(told[0].len() > 400, "{}", told[0].len());
    for told in &told {
        assert_eq!(judge(&world.clients, told).await, Vec::<String>::new());
    }
    // The control: the judge finds what time loses, what is told twice, and what is out of order.
    assert!(!judge(&world.clients, &by_time(&told[0])).await.is_empty());
    let twice = [&told[0][..], &told[0][7..8]].concat();
    assert!(!judge(&world.clients, &twice).await.is_empty());
    let mut moved = told[0].clone();
    moved.swap(10, 11);
    assert!(!judge(&world.clients, &moved).await.is_empty());
    other.stop().await;
    world.end().await;
}
