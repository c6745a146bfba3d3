//! Answers that are kept, so that the same request coming again gets the same one.

use api::Error;
use domain::ids::TenantId;
use prost::Message;
use sha2::{Digest as _, Sha256};
use store::{Changes, StoredResponse, Tx, WriteError};
use uuid::Uuid;

use crate::error::store_error;

/// The name under which an answer is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestKey {
    id: Uuid,
    /// Digest of the method and of what was asked: another request under the same id is refused.
    fingerprint: Uuid,
}

impl RequestKey {
    /// The key of a request whose caller gave it an id; `None` for any other.
    pub(crate) fn new(id: Option<Uuid>, method: &str, request: &impl Message) -> Option<Self> {
        let digest =
            Sha256::new().chain_update(method).chain_update([0]).chain_update(request.encode_to_vec()).finalize();
        let mut fingerprint = [0; 16];
        fingerprint.copy_from_slice(&digest[..16]);
        id.map(|id| Self { id, fingerprint: Uuid::from_bytes(fingerprint) })
    }
}

/// What was answered to that request before. The tenant must be held by the transaction, so that two that come at
/// once don't both find nothing.
pub(crate) async fn find<M: Message + Default>(
    tx: &mut Tx,
    tenant: TenantId,
    key: Option<RequestKey>,
) -> Result<Option<M>, Error> {
    let Some(key) = key else { return Ok(None) };
    let found = tx.lookup(tenant, &[key.id], &[]).await.map_err(store_error)?;
    let Some(kept) = found.responses.into_iter().next() else { return Ok(None) };
    if kept.fingerprint != key.fingerprint {
        return Err(Error::RequestIdReused { request_id: key.id });
    }
    M::decode(kept.response.as_slice()).map(Some).map_err(|error| {
        tracing::error!(%error, request_id = %key.id, "a kept response can't be read");
        Error::Internal
    })
}

/// Keeps the answer, if the transaction is committed.
pub(crate) async fn keep(
    tx: &mut Tx,
    tenant: TenantId,
    key: Option<RequestKey>,
    answer: &impl Message,
) -> Result<(), Error> {
    let Some(RequestKey { id, fingerprint }) = key else { return Ok(()) };
    let response = StoredResponse { request_id: id, fingerprint, response: answer.encode_to_vec() };
    let changes = Changes { responses: vec![response], ..Changes::default() };
    let written = tx.write(tenant, &changes).await.map_err(|error| match error {
        WriteError::Store(error) => store_error(error),
        // Another method took the id meanwhile; the caller may try again.
        WriteError::Overtaken | WriteError::RequestTaken | WriteError::EpochMoved | WriteError::IdentityTaken => {
            Error::StoreUnavailable
        }
    });
    written.map(drop)
}
