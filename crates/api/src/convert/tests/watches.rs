use std::time::Duration;

use domain::ownership::{EventKind, Owner, Position};

use crate::{
    convert::watch::{Watch, Whose},
    resume, v1,
};

fn fields(request: &v1::WatchOwnershipRequest) -> Vec<String> {
    let violations = Watch::read(request, "acme").unwrap_err();
    violations.iter().map(|violation| violation.field.clone()).collect()
}

#[test]
fn nothing_need_be_said() {
    let watch = Watch::read(&v1::WatchOwnershipRequest::default(), "acme").unwrap();
    assert_eq!(watch, Watch { after: None, of: Whose::All, kinds: Vec::new(), heartbeat: Duration::from_secs(10) });
}

#[test]
fn token_owner_and_heartbeat_are_read() {
    let after = Position { commit: 4, place: 2 };
    let request = v1::WatchOwnershipRequest {
        resume_token: resume::token("acme", after),
        owner: "reps/ana".to_owned(),
        heartbeat: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
        kinds: vec![v1::OwnershipChangeKind::Reminded.into(), v1::OwnershipChangeKind::Escalated.into()],
        ..v1::WatchOwnershipRequest::default()
    };
    let kinds = vec![EventKind::Reminded, EventKind::Escalated];
    let of = Whose::Owner(Owner::Rep("ana".parse().unwrap()));
    let watch = Watch { after: Some(after), of, kinds, heartbeat: Duration::from_mins(1) };
    assert_eq!(Watch::read(&request, "acme").unwrap(), watch);
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let request = v1::WatchOwnershipRequest {
        resume_token: "x".to_owned(),
        owner: "ana".to_owned(),
        team: "teams/east".to_owned(),
        heartbeat: Some(prost_types::Duration { seconds: -1, nanos: 0 }),
        kinds: vec![1, 0, 1, 99],
    };
    let kinds = ["kinds[1]", "kinds[2]", "kinds[3]"];
    assert_eq!(fields(&request), [&["resume_token", "owner", "team", "heartbeat"][..], &kinds].concat());
    for (seconds, nanos) in [(0, 999_999_999), (60, 1), (i64::MAX, 0)] {
        let heartbeat = Some(prost_types::Duration { seconds, nanos });
        assert_eq!(fields(&v1::WatchOwnershipRequest { heartbeat, ..request.clone() }).len(), 7);
    }
}
