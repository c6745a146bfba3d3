//! The one binary: services, a private set-up for trying them, and client commands.

mod commands;

use std::process::ExitCode;

use clap::Parser as _;

use crate::commands::Arguments;

/// A call makes a few hundred small allocations; with the system's allocator they were a fifth of the time of a busy server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match commands::run(Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
