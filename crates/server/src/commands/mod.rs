//! The command line.

mod config;
mod demo;
mod dev;
mod health;
mod local;
mod serve;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use cli::Connection;

/// Decides who owns each lead, how fast they must answer, and what happens when they don't.
#[derive(Debug, Parser)]
#[command(name = "leadrouter", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything with an example company, route its leads, and tell what came of them.
    Demo(demo::DemoArgs),
    /// Start all services on a private Postgres, or on that of `DATABASE_URL`.
    Dev(dev::DevArgs),
    /// Start services on the configured Postgres.
    Serve(serve::ServeArgs),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Ask a service whether it serves.
    Health(health::HealthArgs),
    #[command(flatten)]
    Client(cli::Command),
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.command {
        Command::Demo(args) => demo::run(args).await,
        Command::Dev(args) => dev::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Config(command) => config::run(&command),
        Command::Health(args) => health::run(args, &arguments.connection).await,
        Command::Client(command) => {
            cli::run(command, &arguments.connection).await?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
