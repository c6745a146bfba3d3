#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use clap::{CommandFactory as _, Parser};

use super::Command;
use crate::Connection;

/// Put together as the binary does.
#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: Command,
}

fn parse(line: &str) -> Cli {
    Cli::try_parse_from(["leadrouter"].into_iter().chain(line.split(' '))).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_tree_of_commands_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_and_flag_says_what_it_does() {
    fn check(command: &clap::Command) {
        assert!(command.get_about().is_some(), "{} says nothing", command.get_name());
        for argument in command.get_arguments().filter(|argument| !argument.is_global_set()) {
            assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
        }
        command.get_subcommands().for_each(check);
    }
    Cli::command().get_subcommands().for_each(check);
}

#[test]
fn connection_flags_stand_anywhere() {
    for line in ["--tenant acme policy list", "policy --tenant acme list", "policy list --tenant acme"] {
        assert_eq!(parse(line).connection.tenant.as_deref(), Some("acme"), "{line}");
    }
}

#[test]
fn a_lead_is_explained_by_name_or_id() {
    let lead = "01890a5d-ac96-774b-bcce-b302099a8057";
    for line in [format!("explain {lead}"), format!("explain leads/{lead} --epoch 3")] {
        let Command::Explain(args) = parse(&line).command else { panic!("{line}") };
        assert_eq!(args.lead.to_string(), format!("leads/{lead}"));
    }
    let wrong = Cli::try_parse_from(["leadrouter", "explain", "jane"]).unwrap_err().to_string();
    assert!(wrong.contains("expected the UUID of a lead"), "{wrong}");
}

#[test]
fn many_leads_are_given_away() {
    for line in [
        "bulk-reassign --filter state=OFFERED --to reps/ana --note enough --report moved.csv",
        "bulk-reassign --leads leads.txt --to-pool sales --max-per-hour 60 --detach",
        "bulk-reassign --filter owner=reps/ana --route-again --validate-only",
        "operations list --running",
        "operations wait 01890a5d-ac96-774b-bcce-b302099a8057 --quiet",
        "operations cancel operations/01890a5d-ac96-774b-bcce-b302099a8057",
    ] {
        parse(line);
    }
    for (line, part) in [
        ("bulk-reassign --to reps/ana", "<--filter <EXPR>|--leads <FILE>>"),
        ("bulk-reassign --filter state=OFFERED", "<--to <OWNER>|--to-pool <POOL>|--route-again>"),
        ("bulk-reassign --filter x --leads y --to reps/ana", "cannot be used with"),
        ("bulk-reassign --filter x --to ana", "`ana` is not an owner"),
        ("operations get x", "expected the UUID of an operation"),
    ] {
        let line = format!("leadrouter {line}");
        let wrong = Cli::try_parse_from(line.split(' ')).unwrap_err().to_string();
        assert!(wrong.contains(part), "{wrong}");
    }
}

#[test]
fn a_lead_is_acted_on() {
    let lead = "leads/01890a5d-ac96-774b-bcce-b302099a8057";
    for line in [
        "accept LEAD --rep anna-berg",
        "decline LEAD --reason wrong-skills",
        "respond LEAD --at 2026-11-22T09:30:00Z",
        "reassign LEAD --to queues/review --ignore-caps",
        "claim LEAD --rep reps/anna-berg",
        "return LEAD --reason project-postponed --wake 2027-02-01",
        "close LEAD --outcome won --value 25000 --etag 3",
    ] {
        parse(&format!("lead {}", line.replace("LEAD", lead)));
    }
    for (line, part) in [
        ("claim LEAD", "--rep <REP>"),
        ("decline LEAD --reason tired", "wrong-territory"),
        ("reassign LEAD --to anna", "anna"),
        ("return LEAD --reason other --wake soon", "expected a time from 1970 on"),
    ] {
        let line = format!("leadrouter lead {}", line.replace("LEAD", lead));
        let wrong = Cli::try_parse_from(line.split(' ')).unwrap_err().to_string();
        assert!(wrong.contains(part), "{wrong}");
    }
}
