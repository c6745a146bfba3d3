//! `leadrouter bulk-reassign` and `leadrouter operations`.

use std::process::{Command, Output};

use leadrouter_tests::{World, binary, bulk::get};

use super::{expected, owners, world_of};

/// Runs the program as somebody at a terminal would, and tells what it said.
async fn said(world: &World, line: &[&str]) -> String {
    let mut command = Command::new(binary());
    command.args(line).env("LEADROUTER_SERVER", format!("http://{}", world.app.assignment.unwrap()));
    let Output { status, stdout, stderr } =
        tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_announces_does_and_reports() {
    let world = world_of(&[("ana", 1, ""), ("ben", 1, "max_open: 3"), ("cem", 1, "accepting: false")], 4).await;
    let files = tempfile::tempdir().unwrap();
    let report = files.path().join("moved.csv");
    let of_ana = ["bulk-reassign", "--filter", "owner = reps/ana", "--quiet"];
    let preview = said(&world, &[&of_ana[..], &["--to", "reps/ben", "--validate-only"]].concat()).await;
    assert!(preview.contains("2 leads: 1 moved") && preview.contains("refused, rep at cap: 1"), "{preview}");
    assert_eq!(owners(&world).await, expected([("reps/ana", 2), ("reps/ben", 2)]));

    let done = said(&world, &[&of_ana[..], &["--to", "reps/ben", "--report", report.to_str().unwrap()]].concat()).await;
    assert!(done.contains("2 leads: 1 moved"), "{done}");
    let lines = std::fs::read_to_string(&report).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines[0], "lead,outcome,owner_before,owner,reason,message");
    assert!(lines[1].ends_with(",moved,reps/ana,reps/ben,,"), "{lines:?}");
    assert!(lines[2].contains(",refused,reps/ana,,REP_AT_CAP,"), "{lines:?}");
    assert_eq!(owners(&world).await, expected([("reps/ana", 1), ("reps/ben", 3)]));

    // The report names leads for another one, which is left to itself and then cancelled.
    let (leads, rest) = (report.to_str().unwrap(), ["--to", "reps/cem", "--max-per-hour", "1", "--detach"]);
    let started = said(&world, &[&["bulk-reassign", "--leads", leads][..], &rest].concat()).await;
    let (name, _) = started.split_once(": running").unwrap();
    leadrouter_tests::bulk::until_done(&world.clients, name, 1).await;
    assert!(said(&world, &["operations", "list", "--running"]).await.contains("1 of 2"));
    assert!(said(&world, &["operations", "cancel", name]).await.contains("cancelled after 1 of 2 leads"));
    assert!(said(&world, &["operations", "wait", name]).await.contains("1 untouched"));
    assert!(get(&world.clients, name).await.done);
    world.end().await;
}
