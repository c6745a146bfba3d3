//! The one binary: services, a private set-up for trying them, and client commands.

mod commands;

use std::process::ExitCode;

use clap::Parser as _;

use crate::commands::Arguments;

/// A call makes a few hundred small allocations; with the system's allocator they were a fifth of the time of a busy server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let outcome = runtime().map_err(Into::into).and_then(|runtime| runtime.block_on(commands::run(Arguments::parse())));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A worker for each core but one: what is committed has a thread of its own, for which the workers only get in the way. On two
/// cores a lead cost a fifth more with two workers. `TOKIO_WORKER_THREADS` says otherwise.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if std::env::var_os("TOKIO_WORKER_THREADS").is_none() {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        builder.worker_threads(cores.saturating_sub(1).max(1));
    }
    builder.enable_all().build()
}
