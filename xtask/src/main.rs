//! `cargo xtask`: what building and testing Leadrouter need beyond cargo itself.

mod bench;
mod chaos;
mod ci;
mod clients;
mod database;
mod layers;
mod models;
mod proto;
mod queries;
mod shell;
mod steps;
mod test;
mod tools;

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Builds, tests and checks Leadrouter")]
enum Command {
    /// Run the tests on a private Postgres, or on the server of `DATABASE_URL`
    Test {
        /// Only tests (and clients) whose name contains this
        filter: Option<String>,
        /// For the test programs, such as `--nocapture`
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Write `.sqlx`: the types of every query, asked of a private Postgres with the migrations applied
    Sqlx {
        /// Change nothing; fail if something would change
        #[arg(long)]
        check: bool,
    },
    /// Lint the contract and compare it with the accepted one
    Proto {
        /// Make today's contract the accepted one
        #[arg(long)]
        accept: bool,
    },
    /// Measure the services beside pgbench, on this machine
    Bench {
        /// For the measuring program: `--json FILE`, `--seconds N`, `--rounds N`, `--only NAME`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Break what the running services stand on, and compare what was promised with what is there
    Chaos {
        /// For the program: `--minutes N`, `--seed S`, `--json FILE`; `--help` tells the others
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Learn a model from each of the data sets of `examples/models`, and print how good they are
    Models {
        /// Where the sets are; otherwise `../shared/data`
        data: Option<std::path::PathBuf>,
    },
    /// Everything that a change must pass
    Ci {
        /// Only these steps
        #[arg(value_parser = clap::builder::PossibleValuesParser::new(ci::NAMES))]
        steps: Vec<String>,
    },
}

fn main() -> ExitCode {
    let result = shell::outlive_interrupts().and_then(|()| match Command::parse() {
        Command::Test { filter, arguments } => test::run(filter.as_deref(), &arguments),
        Command::Sqlx { check: false } => queries::refresh(),
        Command::Sqlx { check: true } => queries::check(),
        Command::Proto { accept: false } => proto::check(),
        Command::Proto { accept: true } => proto::accept(),
        Command::Bench { arguments } => bench::run(&arguments),
        Command::Chaos { arguments } => chaos::run(&arguments),
        Command::Models { data } => models::run(data),
        Command::Ci { steps } => ci::run(&steps),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
