//! Who watches is told everything, in order, once, and as it was.

mod many;

use std::{process::Stdio, time::Duration};

use api::v1::{
    AssignmentCause, CloseOutcome, DeclineReason, ErrorReason, Escalation, EscalationAction as Done, Lead,
    OwnershipChangeKind as Kind, ReturnReason, WatchOwnershipRequest,
};
use jiff::civil::date;
use leadrouter_tests::{
    World, binary, company,
    requests::Request,
    watch::{judge, resume, short, until, watch},
};
use tokio::process::Child;
use tonic::Code;

fn reps() -> String {
    company::directory(&[("ana", 1, "backup: ben"), ("ben", 1, "accepting: false")])
}

async fn now(world: &World) -> String {
    watch(&world.clients, WatchOwnershipRequest::default()).await.unwrap().0.resume_token
}

/// Every change of a lead's life that a person makes, with what it was told of.
#[tokio::test(flavor = "multi_thread")]
async fn each_command_is_told_with_its_reason() {
    let world = World::of(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let start = now(&world).await;
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    let (name, clients) = (lead.name.as_str(), &world.clients);
    let steps = [
        Request::decline(name, "1".to_owned(), "reps/ana", DeclineReason::NoCapacity),
        Request::accept(name, "2".to_owned(), "reps/ben"),
        Request::accept(name, "2".to_owned(), "reps/ben"),
        Request::reassign(name, "2".to_owned(), "queues/review"),
        Request::claim(name, "3".to_owned(), "reps/ana"),
        Request::respond(name, "4".to_owned(), "reps/ana"),
        Request::give_back(name, "4".to_owned(), "reps/ana", ReturnReason::TooEarly, None),
        Request::reassign(name, "5".to_owned(), "reps/ben"),
        Request::close(name, "6".to_owned(), "reps/ben", CloseOutcome::Won),
    ];
    for step in &steps {
        step.send(clients).await.unwrap();
    }
    let erase = api::v1::EraseLeadRequest { name: name.to_owned(), etag: "6".to_owned(), request_id: String::new() };
    // The second time there is nothing left to erase.
    for _ in 0..2 {
        clients.assignment.clone().erase_lead(erase.clone()).await.unwrap();
    }
    let spam = api::v1::LeadProfile { industry: Some("spam".to_owned()), ..company::lead(2) };
    let last = world.route(spam).await.unwrap().lead.unwrap().name;

    let told = until(clients, &start, |change| change.lead == last).await;
    let lines: Vec<_> = told.iter().map(short).collect();
    assert_eq!(
        lines,
        [
            "assigned reps/ana offered",
            "assigned reps/ben offered",
            "accepted reps/ben accepted",
            "queued queues/review queued",
            "assigned reps/ana accepted",
            "responded reps/ana working",
            "returned queues/nurture queued",
            "assigned reps/ben offered",
            "closed reps/ben closed",
            "erased reps/ben closed",
            "closed queues/disqualified closed",
        ]
    );
    let epochs: Vec<_> = told.iter().map(|change| change.epoch).collect();
    assert_eq!(epochs, [1, 2, 2, 3, 4, 4, 5, 6, 6, 6, 1]);
    let declined = &told[1];
    assert_eq!((declined.cause(), declined.end_reason.as_str()), (AssignmentCause::Declined, "NO_CAPACITY"));
    assert_eq!(declined.previous_owner, "reps/ana");
    assert_eq!((declined.respond_by, declined.accept_by), (lead.respond_by, lead.accept_by));
    assert_eq!((told[6].end_reason.as_str(), told[6].previous_owner.as_str()), ("TOO_EARLY", "reps/ana"));
    assert_eq!((told[8].close_outcome(), told[8].close_value, told[8].respond_by), (CloseOutcome::Won, None, None));
    assert_eq!(told[10].close_outcome(), CloseOutcome::Disqualified);
    world.end().await;
}

/// What happens by itself. Whoever hears of it late is told what it was then, not what became of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_time_does_is_told_as_it_was_then() {
    let world = World::of(&reps(), company::POLICY).await;
    let start = now(&world).await;
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    Request::accept(&lead.name, lead.etag.clone(), "reps/ana").send(&world.clients).await.unwrap();
    world.advance_until(Duration::from_mins(61), &lead.name, |lead| lead.owner == "queues/review").await;

    let told = until(&world.clients, &start, |change| change.owner == "queues/review").await;
    let steps: Vec<_> = told.iter().filter_map(|change| change.escalation.clone()).collect();
    let actions: Vec<_> = steps.iter().map(Escalation::action).collect();
    assert_eq!(actions, [Done::Remind, Done::FellThrough, Done::Offer, Done::Queue]);
    let lines: Vec<_> = told.iter().map(|change| format!("{} {}", change.epoch, short(change))).collect();
    assert_eq!(
        lines,
        [
            "1 assigned reps/ana offered",
            "1 accepted reps/ana accepted",
            "1 reminded reps/ana accepted",
            "1 escalated reps/ana accepted",
            "1 escalated reps/ana accepted",
            "2 assigned reps/boss offered",
            "2 escalated reps/boss offered",
            "3 queued queues/review queued",
        ]
    );
    assert_eq!(judge(&world.clients, &told).await, Vec::<String>::new());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_some_leads_hears_also_that_they_go() {
    let directory = reps().replace(
        "reps:\n",
        "  - { id: east, name: East, calendar: always }\nreps:\n  - { id: eva, name: Eva, team: east }\n",
    );
    let world = World::of(&directory, company::POLICY).await;
    let of_eva = WatchOwnershipRequest { owner: "reps/eva".to_owned(), ..WatchOwnershipRequest::default() };
    let of_east = WatchOwnershipRequest { team: "teams/east".to_owned(), ..WatchOwnershipRequest::default() };
    let (_, mut eva) = watch(&world.clients, of_eva).await.unwrap();
    let (_, mut east) = watch(&world.clients, of_east).await.unwrap();
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    for (etag, owner) in [("1", "reps/eva"), ("2", "reps/ana"), ("3", "queues/nurture")] {
        Request::reassign(&lead.name, etag.to_owned(), owner).send(&world.clients).await.unwrap();
    }
    for stream in [&mut eva, &mut east] {
        let mut told = Vec::new();
        while told.len() < 2 {
            told.extend(stream.message().await.unwrap().unwrap().changes.iter().map(short));
        }
        assert_eq!(told, ["assigned reps/eva offered", "assigned reps/ana offered"]);
    }
    let unknown = WatchOwnershipRequest { team: "teams/west".to_owned(), ..WatchOwnershipRequest::default() };
    assert_eq!(watch(&world.clients, unknown).await.unwrap_err().code(), Code::NotFound);
    drop((eva, east));
    world.end().await;
}

/// A stream on which nothing is told lives, and its token moves on: past what others do, and past midnight.
#[tokio::test(flavor = "multi_thread")]
async fn silence_is_told() {
    let world = World::of(&reps(), company::POLICY).await;
    let heartbeat = Some(prost_types::Duration { seconds: 1, nanos: 0 });
    let request =
        WatchOwnershipRequest { owner: "reps/boss".to_owned(), heartbeat, ..WatchOwnershipRequest::default() };
    let (first, mut stream) = watch(&world.clients, request).await.unwrap();
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    let later = loop {
        let response = stream.message().await.unwrap().unwrap();
        assert!(response.changes.is_empty());
        if response.resume_token != first.resume_token {
            break response;
        }
    };
    assert_eq!(first.changes.len(), 0);
    // Behind what the filter kept from it.
    Request::accept(&lead.name, lead.etag, "").send(&world.clients).await.unwrap();
    let told = until(&world.clients, &later.resume_token, |_| true).await;
    assert_eq!(told.iter().map(short).collect::<Vec<_>>(), ["accepted reps/ana accepted"]);
    drop(stream);
    world.end().await;
}

/// A server that ends says so; at the next one it goes on where it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_outlives_its_server() {
    let world = World::of(&reps(), company::POLICY).await;
    let (first, mut stream) = watch(&world.clients, WatchOwnershipRequest::default()).await.unwrap();
    world.route(company::lead(1)).await.unwrap();
    let told = stream.message().await.unwrap().unwrap();
    assert_eq!(told.changes.len(), 1);
    let World { app, clock, database, .. } = world;
    let (end, drained) = tokio::join!(
        async {
            loop {
                if let Err(status) = stream.message().await {
                    return status;
                }
            }
        },
        app.stop()
    );
    assert_eq!((end.code(), api::reason_of(&end)), (Code::Unavailable, Some(ErrorReason::ServiceUnavailable)));
    assert_eq!(drained, kit::lifecycle::Drained::Clean);

    // This one ends as a crash would.
    let World { app, clock, database, clients } = World::on(database, clock).await;
    leadrouter_tests::route(&clients, company::lead(2)).await.unwrap();
    let (next, mut stream) = resume(&clients, &told.resume_token).await.unwrap();
    assert_eq!(next.changes.len(), 1);
    app.kill().await;
    // Nobody is left to say why.
    assert_eq!(api::reason_of(&stream.message().await.unwrap_err()), None);

    let world = World::on(database, clock).await;
    world.route(company::lead(3)).await.unwrap();
    for (token, leads) in [(&first.resume_token, 3), (&told.resume_token, 2), (&next.resume_token, 1)] {
        let (next, _) = resume(&world.clients, token).await.unwrap();
        assert_eq!(next.changes.len(), leads);
    }
    world.end().await;
}

/// Whoever does not read is waited for, keeps nobody else waiting, and finds everything later.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_waited_for() {
    let world = World::of(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let (_, mut slow) = watch(&world.clients, WatchOwnershipRequest::default()).await.unwrap();
    let (_, mut quick) = watch(&world.clients, WatchOwnershipRequest::default()).await.unwrap();
    let requests = |first: usize| {
        let request = |number| api::v1::RouteLeadRequest { lead: Some(company::lead(number)), ..Default::default() };
        api::v1::BatchRouteLeadsRequest { requests: (first..first + 500).map(request).collect() }
    };
    let (mut heard, mut routed) = (0, 0);
    while routed < 1_500 {
        world.clients.assignment.clone().batch_route_leads(requests(routed)).await.unwrap();
        routed += 500;
        while heard < routed {
            heard += quick.message().await.unwrap().unwrap().changes.len();
        }
    }
    let mut told = Vec::new();
    while told.len() < routed {
        told.extend(slow.message().await.unwrap().unwrap().changes);
    }
    assert_eq!((heard, judge(&world.clients, &told).await), (routed, Vec::<String>::new()));
    drop((slow, quick));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_kept_any_more_is_not_passed_over() {
    let world = World::of(&reps(), company::POLICY).await;
    let start = now(&world).await;
    world.route(company::lead(1)).await.unwrap();
    let (read, _) = resume(&world.clients, &start).await.unwrap();
    // Days go by: those of now were made when the services began.
    assert!(world.app.store().drop_events_before(date(9999, 1, 1)).await.unwrap() > 0);
    let lost = resume(&world.clients, &start).await.unwrap_err();
    assert_eq!((lost.code(), api::reason_of(&lost)), (Code::OutOfRange, Some(ErrorReason::ResumeTokenLost)));
    // Who has seen all of it is not concerned.
    let (next, _) = resume(&world.clients, &now(&world).await).await.unwrap();
    assert_eq!((next.changes.len(), read.changes.len()), (0, 1));

    // Nor does a token serve another tenant, or tell the future.
    let other = world.tenant("other").await;
    let foreign = resume(&other, &start).await.unwrap_err();
    assert_eq!((foreign.code(), foreign.message().contains("another tenant")), (Code::InvalidArgument, true));
    let ahead = api::resume::token("default", domain::ownership::Position { commit: i64::MAX, place: 0 });
    assert_eq!(resume(&world.clients, &ahead).await.unwrap_err().code(), Code::OutOfRange);
    world.end().await;
}

/// The command shows what happens, and goes on the next time where it ended.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_watches() {
    let world = World::of(&company::directory(&[("ana", 1, "")]), company::POLICY).await;
    let files = tempfile::tempdir().unwrap();
    let token = files.path().join("token");
    let watching = || {
        let mut command = tokio::process::Command::new(binary());
        command.arg("watch").arg("--resume").arg(&token).args(["--owner", "reps/ana", "--limit", "1"]);
        command.env("LEADROUTER_SERVER", format!("http://{}", world.app.assignment.unwrap()));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap()
    };
    let shown = async |child: Child, lead: Lead| {
        let shown = String::from_utf8(child.wait_with_output().await.unwrap().stdout).unwrap();
        assert_eq!(shown.lines().count(), 1, "{shown}");
        assert!(shown.ends_with(&format!("{}  assigned      reps/ana (routed)\n", lead.name)), "{shown}");
    };
    let child = watching();
    // From then on it watches.
    while !token.exists() {
        tokio::task::yield_now().await;
    }
    shown(child, world.route(company::lead(1)).await.unwrap().lead.unwrap()).await;
    let second = world.route(company::lead(2)).await.unwrap().lead.unwrap();
    shown(watching(), second).await;
    world.end().await;
}

/// Nobody is told what belongs to another tenant.
#[tokio::test(flavor = "multi_thread")]
async fn tenants_do_not_hear_each_other() {
    let world = World::of(&reps(), company::POLICY).await;
    let other = world.tenant("other").await;
    leadrouter_tests::install(&other, &reps(), company::POLICY).await;
    let (start, mut stream) = watch(&other, WatchOwnershipRequest::default()).await.unwrap();
    world.route(company::lead(1)).await.unwrap();
    let lead = leadrouter_tests::route(&other, company::lead(1)).await.unwrap().lead.unwrap();
    let told = stream.message().await.unwrap().unwrap();
    assert_eq!((told.changes.len(), &told.changes[0].lead), (1, &lead.name));
    assert_eq!(start.changes.len(), 0);
    assert_eq!(told.changes[0].kind(), Kind::Assigned);
    drop(stream);
    world.end().await;
}
