//! The directory: who can own leads.

use std::time::Duration;

use api::v1::{Directory, ImportDirectoryRequest, ImportDirectoryResponse, Problem, ValidateDirectoryRequest};
use tonic::Request;

use super::{Document, refusal, request_id};
use crate::{Clients, told::answer};

/// A directory may have 32 MiB, and all of it is checked and compared.
const TIMEOUT: Duration = Duration::from_mins(3);

/// Makes the directory what `document` says, all or nothing.
///
/// Errors: [`Refused`](super::Refused) with every problem; [`CallError`](crate::CallError).
pub async fn import_directory(clients: &Clients, document: &Document) -> anyhow::Result<ImportDirectoryResponse> {
    send_directory(clients, document, false).await
}

/// [`import_directory`], or, with `validate_only`, what it would do.
pub(crate) async fn send_directory(
    clients: &Clients,
    document: &Document,
    validate_only: bool,
) -> anyhow::Result<ImportDirectoryResponse> {
    let source = document.source.clone();
    let request = ImportDirectoryRequest { source, request_id: request_id(), validate_only, expected_version: 0 };
    let mut client = clients.directory.clone();
    match client.import_directory(patient(request)).await {
        Ok(response) => Ok(response.into_inner()),
        Err(status) => Err(refusal(document, status, |source| problems(clients, source)).await),
    }
}

/// Everything that is wrong with `document`.
pub(crate) async fn problems_of_directory(clients: &Clients, document: &Document) -> anyhow::Result<Vec<Problem>> {
    problems(clients, document.source.clone()).await
}

async fn problems(clients: &Clients, source: String) -> anyhow::Result<Vec<Problem>> {
    let mut client = clients.directory.clone();
    let request = patient(ValidateDirectoryRequest { source });
    Ok(answer(client.validate_directory(request).await)?.problems)
}

fn patient<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(TIMEOUT);
    request
}

/// `version 12: 35 reps, 6 teams, ...`.
pub(crate) fn summary(directory: &Directory) -> String {
    let Directory { version, rep_count, team_count, pool_count, account_count, .. } = directory;
    let Directory { territory_count, calendar_count, absence_count, .. } = directory;
    format!(
        "directory version {version}: {rep_count} reps, {team_count} teams, {pool_count} pools, {account_count} accounts, \
         {territory_count} territories, {calendar_count} calendars, {absence_count} absences"
    )
}
