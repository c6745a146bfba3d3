//! The commands, and who does which.

use clap::Subcommand;
use jiff::Timestamp;

use crate::{
    Connection,
    commands::{
        bulk_reassign, calendar, coverage, deadlines, directory, due, import, lead, leads, operations, policy,
        revisions, route, watch, webhook,
    },
    documents::Models,
    explain,
    import::ImportArgs,
    learning::{self, ModelCommand},
    text::print,
};

/// What can be asked of a running installation.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Say why a lead has the owner that it has.
    Explain(explain::ExplainArgs),

    /// Route one lead, and say who owns it now and why.
    Route(route::RouteArgs),

    /// Send the rows of a CSV or JSON Lines file as leads.
    Import(ImportArgs),

    /// List leads, by owner, team, state or what is due.
    Leads(leads::LeadsArgs),

    /// Show one lead, or act on it as its owner or manager.
    #[command(subcommand)]
    Lead(lead::LeadCommand),

    /// Show what happens to leads, as it happens.
    Watch(watch::WatchArgs),

    /// Who is told by webhook what happens to leads, and what could not be delivered.
    #[command(subcommand)]
    Webhook(webhook::WebhookCommand),

    /// Give many leads to somebody else, and wait until it is done.
    BulkReassign(bulk_reassign::BulkReassignArgs),

    /// What takes long: see how it stands, wait for it, cancel it.
    #[command(subcommand)]
    Operations(operations::OperationsCommand),

    /// List what is set to happen to leads, soonest first.
    Timers(deadlines::TimersArgs),

    /// List the escalation steps that were done.
    Escalations(deadlines::EscalationsArgs),

    /// List leads that wait for their first response, the most urgent first.
    Due(due::DueArgs),

    /// Show how well response targets were kept, and how long answers took.
    Report(due::ReportArgs),

    /// Show when in the time ahead a response target can't be met with the working hours that are known.
    Coverage(coverage::CoverageArgs),

    /// Who can own leads: check and import the directory.
    #[command(subcommand)]
    Directory(directory::DirectoryCommand),

    /// Working hours: add holidays from a file.
    #[command(subcommand)]
    Calendar(calendar::CalendarCommand),

    /// Who gets what: check, create and activate revisions of the routing policy.
    #[command(subcommand)]
    #[command(after_help = "Example:\n  leadrouter policy create examples/maven/policy.yaml --activate")]
    Policy(policy::PolicyCommand),

    /// What a lead is worth: revisions of the points model, and models learned from leads that were won and lost.
    #[command(subcommand)]
    #[command(after_help = "Example:\n  leadrouter model create examples/maven/model.yaml --activate")]
    Model(ModelCommand),
}

/// Does what `command` says, and prints what came of it.
///
/// Errors: what to tell the user before the program ends with exit code 1.
pub async fn run(command: Command, connection: &Connection) -> anyhow::Result<()> {
    // Made only for those that speak to a server.
    let clients = || connection.clients();
    let text = match command {
        Command::Explain(args) => explain::run(&args, &clients()?).await,
        Command::Route(args) => route::run(&args, &clients()?, now()).await,
        Command::Leads(args) => leads::run(&args, &clients()?).await,
        Command::Lead(command) => lead::run(command, &clients()?).await,
        Command::Watch(args) => watch::run(&args, &clients()?).await,
        Command::Webhook(command) => webhook::run(command, &clients()?).await,
        Command::BulkReassign(args) => bulk_reassign::run(&args, &clients()?).await,
        Command::Operations(command) => operations::run(command, &clients()?).await,
        Command::Timers(args) => deadlines::timers(&args, &clients()?).await,
        Command::Escalations(args) => deadlines::escalations(&args, &clients()?).await,
        Command::Due(args) => due::due(&args, &clients()?).await,
        Command::Report(args) => due::report(&args, &clients()?, now()).await,
        Command::Coverage(args) => coverage::run(&args, &clients()?).await,
        Command::Import(args) => import::run(&args, &clients()?, now()).await,
        Command::Directory(command) => directory::run(command, &clients()?).await,
        Command::Calendar(command) => calendar::run(command, &clients()?).await,
        Command::Policy(command) => policy::run(command, &clients()?).await,
        Command::Model(ModelCommand::Revision(command)) => revisions::run(command, &Models(clients()?.scoring)).await,
        Command::Model(ModelCommand::Train(args)) => learning::train(&args),
        Command::Model(ModelCommand::Evaluate(args)) => learning::evaluate(&args),
    }?;
    // What was shown as it came is not shown again.
    if !text.is_empty() {
        print(&text)?;
    }
    Ok(())
}

/// The one place where a command learns the time.
#[expect(clippy::disallowed_methods, reason = "the edge of a program that ends with its command")]
fn now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests;
