//! Signals end a process in order, and at once when they come twice. They are the process's own, so each case is a
//! process: this test starts itself again.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{process::ExitStatus, time::Duration};

use leadrouter_kit::{
    config::DrainConfig,
    lifecycle::{Drained, Lifecycle},
};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{ChildStdout, Command},
};

/// Set in the child, to what it should do.
const CHILD: &str = "LEADROUTER_KIT_SIGNALS_CHILD";

/// What a child does: says `ready`, and runs until it is asked to end.
#[tokio::test]
async fn child() {
    let Ok(kind) = std::env::var(CHILD) else { return };
    let life = Lifecycle::new();
    if kind == "stubborn" {
        life.spawn(std::future::pending::<()>());
    }
    let stopping = life.stopping().clone();
    let config = DrainConfig { timeout: Duration::from_hours(1), ..DrainConfig::default() };
    let (drained, ()) = tokio::join!(life.run(&config), async {
        println!("\nready");
        stopping.cancelled().await;
        println!("\nstopping");
    });
    assert_eq!(drained.unwrap(), Drained::Clean);
    std::process::exit(7);
}

async fn signal_child(kind: &str, signals: &[Signal]) -> ExitStatus {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, kind)
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    wait_for(&mut lines, "ready").await;
    let mut awaited = ["stopping"].into_iter();
    for signal in signals {
        kill_process(pid, *signal).unwrap();
        if let Some(line) = awaited.next() {
            wait_for(&mut lines, line).await;
        }
    }
    child.wait().await.unwrap()
}

async fn wait_for(lines: &mut tokio::io::Lines<BufReader<ChildStdout>>, expected: &str) {
    while lines.next_line().await.unwrap().is_some_and(|line| line != expected) {}
}

#[tokio::test]
async fn one_signal_ends_in_order() {
    for signal in [Signal::TERM, Signal::INT] {
        assert_eq!(signal_child("willing", &[signal]).await.code(), Some(7));
    }
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    assert_eq!(signal_child("stubborn", &[Signal::TERM, Signal::TERM]).await.code(), Some(130));
}
