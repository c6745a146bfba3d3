//! Every fault once, in short. `cargo xtask chaos` does the same for longer.

use std::time::Duration;

use leadrouter_tests::chaos::{self, Options};

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_holds_whatever_breaks() {
    let (hold, freeze) = (Duration::from_secs(1), Duration::from_secs(2));
    // On a busy machine all of it takes its time.
    let recovery = Duration::from_mins(3);
    let options = Options { time: Duration::ZERO, seed: 1, callers: 8, hold, freeze, recovery };
    let logs = tempfile::tempdir().unwrap();
    let report = chaos::run(&options, logs.path(), |told| println!("{told}")).await.unwrap();
    assert!(report.is_good(), "{report:#?}; see {}", logs.keep().display());
    for (fault, why) in &report.not_run {
        println!("NOT RUN: {fault:?}: {why}");
    }
    // Something was at stake.
    assert!(report.unknown_attempts > report.hung_up && report.hung_up > 0 && report.moved_by_time > 0, "{report:#?}");
}
