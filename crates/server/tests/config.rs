//! `leadrouter config`, as a user calls it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{path::Path, process::Command};

/// The program, with nothing of this environment that it would mind.
fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leadrouter"));
    command.args(args).env_clear().env("DATABASE_URL", "postgres://leadrouter@postgres/leadrouter");
    command
}

#[test]
fn the_deployed_configuration_is_fine_for_each_role() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/leadrouter.yaml");
    for role in ["scoring", "assignment", "escalation"] {
        let output = program(&["config", "check", role, "--config", file.to_str().unwrap()]).output().unwrap();
        assert!(output.status.success(), "{role}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_configuration_that_is_wrong_is_told_with_all_its_problems() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("wrong.yaml");
    std::fs::write(&file, "limts: {}\nassignment: { lanes: 0 }\n").unwrap();
    let output = program(&["config", "check", "--config", file.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("did you mean `limits`?") && told.contains("assignment.lanes"), "{told}");
}

#[test]
fn what_is_shown_is_a_file_that_is_accepted_and_has_no_password() {
    let shown = program(&["config", "show"])
        .env("LEADROUTER_DATABASE__URL", "postgres://ana:secret@db/leads")
        .output()
        .unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.contains("postgres://ana:***@db/leads") && !text.contains("secret"), "{text}");
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("shown.yaml");
    std::fs::write(&file, text).unwrap();
    assert!(program(&["config", "check", "--config", file.to_str().unwrap()]).status().unwrap().success());
}
