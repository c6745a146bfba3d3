//! `operations`: what takes long, how it stands, and its end.

use std::fmt::Write as _;

use api::{
    longrunning::{
        CancelOperationRequest, GetOperationRequest, ListOperationsRequest, Operation, WaitOperationRequest,
        operation::Result as OperationResult,
    },
    names::{OperationName, Resource as _},
    v1::{BulkReassignMetadata, BulkReassignRequest, BulkReassignResponse, bulk_reassign_request::Target},
};
use clap::Subcommand;
use jiff::tz::TimeZone;
use prost::Message as _;
use uuid::Uuid;

use super::{bulk_reassign::follow, leads::with_rest};
use crate::{
    CallError, Clients,
    pages::pages,
    text::{table, time, word},
    told::answer,
};

/// What can be done with operations.
#[derive(Debug, Clone, Subcommand)]
pub enum OperationsCommand {
    /// List operations, oldest first.
    List {
        /// Only those that have not ended.
        #[arg(long)]
        running: bool,

        /// Most operations to list.
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },

    /// Show how an operation stands, and what it came to.
    Get {
        /// The operation: its UUID, or its name `operations/UUID`.
        #[arg(value_parser = operation_name)]
        operation: String,
    },

    /// End an operation before its end; what was done stays.
    Cancel {
        /// The operation: its UUID, or its name `operations/UUID`.
        #[arg(value_parser = operation_name)]
        operation: String,
    },

    /// Wait for the end of an operation, and show what it came to.
    Wait {
        /// The operation: its UUID, or its name `operations/UUID`.
        #[arg(value_parser = operation_name)]
        operation: String,

        /// Show no progress.
        #[arg(long)]
        quiet: bool,
    },
}

pub(crate) async fn run(command: OperationsCommand, clients: &Clients) -> anyhow::Result<String> {
    let zone = TimeZone::system();
    let mut client = clients.operations.clone();
    match command {
        OperationsCommand::List { running, limit } => {
            let filter = if running { "done = false" } else { "" };
            let page = |page_size, page_token| {
                let mut client = client.clone();
                let name = "operations".to_owned();
                let request = ListOperationsRequest { name, filter: filter.to_owned(), page_size, page_token };
                async move {
                    let page = answer(client.list_operations(request).await)?;
                    Ok::<_, CallError>((page.operations, page.next_page_token))
                }
            };
            let listed = pages(limit, page).await?;
            let rows = listed.items.iter().map(|operation| row(operation, &zone));
            Ok(with_rest(table(["Operation", "Started", "By", "State", "Leads", "To"], rows), &listed))
        }
        OperationsCommand::Get { operation } => {
            let found = answer(client.get_operation(GetOperationRequest { name: operation }).await)?;
            Ok(told(&found, &zone))
        }
        OperationsCommand::Cancel { operation } => {
            answer(client.cancel_operation(CancelOperationRequest { name: operation.clone() }).await)?;
            let request = WaitOperationRequest { name: operation, timeout: None };
            Ok(told(&answer(client.wait_operation(request).await)?, &zone))
        }
        OperationsCommand::Wait { operation, quiet } => {
            let found = answer(client.get_operation(GetOperationRequest { name: operation }).await)?;
            Ok(told(&follow(clients, found, quiet).await?, &zone))
        }
    }
}

/// Reads an operation: its UUID, or its name. Returns the name.
fn operation_name(text: &str) -> Result<String, String> {
    let id = Uuid::try_parse(text.strip_prefix("operations/").unwrap_or(text));
    id.map(|id| OperationName(id).to_name())
        .map_err(|_| "expected the UUID of an operation, or `operations/UUID`".to_owned())
}

/// What is known of an operation.
pub(super) fn metadata(operation: &Operation) -> BulkReassignMetadata {
    let metadata = operation.metadata.as_ref().map(|any| any.value.as_slice()).unwrap_or_default();
    BulkReassignMetadata::decode(metadata).unwrap_or_default()
}

fn row(operation: &Operation, zone: &TimeZone) -> [String; 6] {
    let metadata = metadata(operation);
    let done = metadata.total_count - metadata.counts.unwrap_or_default().untouched_count;
    [
        operation.name.trim_start_matches("operations/").to_owned(),
        time(metadata.create_time.as_ref(), zone),
        metadata.actor.clone(),
        state(operation).to_owned(),
        format!("{done} of {}", metadata.total_count),
        target(metadata.request.as_ref()),
    ]
}

fn state(operation: &Operation) -> &'static str {
    match &operation.result {
        None => "running",
        Some(OperationResult::Response(_)) => "done",
        Some(OperationResult::Error(_)) => "cancelled",
    }
}

fn target(request: Option<&BulkReassignRequest>) -> String {
    match request.and_then(|request| request.target.as_ref()) {
        Some(Target::Owner(name) | Target::Pool(name)) => name.clone(),
        Some(Target::RouteAgain(_)) => "by the policy".to_owned(),
        None => String::new(),
    }
}

/// How an operation stands: counts, and once it has ended who lost and gained how many.
pub(super) fn told(operation: &Operation, zone: &TimeZone) -> String {
    let metadata = metadata(operation);
    let counts = metadata.counts.unwrap_or_default();
    let name = if operation.name.is_empty() { "preview, nothing was changed" } else { &operation.name };
    let mut text = format!(
        "{name}: {}\n  {} leads: {} moved, {} had the right owner, {} changed meanwhile, {} refused, {} untouched",
        state(operation),
        metadata.total_count,
        counts.moved_count,
        counts.unchanged_count,
        counts.changed_meanwhile_count,
        counts.refused_count,
        counts.untouched_count
    );
    for (what, at) in [
        ("started", &metadata.create_time),
        ("ended", &metadata.end_time),
        ("ends about", &metadata.estimated_end_time),
    ] {
        if at.is_some() && !operation.name.is_empty() {
            let _ = write!(text, "\n  {what} {}", time(at.as_ref(), zone));
        }
    }
    match &operation.result {
        None => {}
        Some(OperationResult::Error(status)) => {
            let _ = write!(text, "\n  {}", status.message);
        }
        Some(OperationResult::Response(any)) => {
            text.push_str(&effect(&BulkReassignResponse::decode(any.value.as_slice()).unwrap_or_default()));
        }
    }
    text
}

fn effect(response: &BulkReassignResponse) -> String {
    let mut text = String::new();
    let rows = response.owners.iter();
    if !response.owners.is_empty() {
        let rows =
            rows.map(|owner| [owner.owner.clone(), owner.lost_count.to_string(), owner.gained_count.to_string()]);
        let _ = write!(text, "\n{}", table(["Owner", "Lost", "Gained"], rows));
    }
    for refusal in &response.refusals {
        let reason = word(refusal.reason().as_str_name(), "ERROR_REASON_");
        let _ = write!(text, "\nrefused, {reason}: {}", refusal.lead_count);
    }
    text
}
