//! Answers of the directory and the policies that are kept, so that the same request coming again gets the same one.

use api::Error;
use domain::ids::TenantId;
use prost::Message;
use store::{Changes, Lookup, Store, StoredResponse, Tx, WriteError};

use crate::{
    command::RequestKey,
    standing::{Failed, rejected},
};

/// What was answered to that request before.
pub(crate) async fn look<M: Message + Default>(
    store: &Store,
    tenant: TenantId,
    key: Option<RequestKey>,
) -> Result<Option<M>, Failed> {
    if key.is_none() {
        return Ok(None);
    }
    let mut tx = store.open("find_response").await.map_err(rejected)?;
    let (_, kept) = find(&mut tx, tenant, key).await?;
    tx.commit().await.map_err(rejected)?;
    Ok(kept)
}

/// The same in a transaction, with what else it tells. Two that come at once both find nothing unless the transaction holds
/// the tenant.
pub(crate) async fn find<M: Message + Default>(
    tx: &mut Tx,
    tenant: TenantId,
    key: Option<RequestKey>,
) -> Result<(Lookup, Option<M>), Failed> {
    let ids: Vec<_> = key.iter().map(|key| key.id).collect();
    let mut lookup = tx.lookup(tenant, &ids, &[]).await.map_err(rejected)?;
    let Some((key, kept)) = key.zip(lookup.responses.pop()) else { return Ok((lookup, None)) };
    if kept.fingerprint != key.fingerprint {
        return Err(Error::RequestIdReused { request_id: key.id }.into());
    }
    let answer = M::decode(kept.response.as_slice()).map_err(|error| {
        tracing::error!(%error, request_id = %key.id, "a kept response can't be read");
        Error::Internal
    })?;
    Ok((lookup, Some(answer)))
}

/// Keeps the answer, if the transaction is committed.
pub(crate) async fn keep(
    tx: &mut Tx,
    tenant: TenantId,
    key: Option<RequestKey>,
    answer: &impl Message,
) -> Result<(), Failed> {
    let Some(RequestKey { id, fingerprint }) = key else { return Ok(()) };
    let response = StoredResponse { request_id: id, fingerprint, response: answer.encode_to_vec() };
    write(tx, tenant, &Changes { responses: vec![response], ..Changes::default() }).await
}

/// Writes changes; that another commit came first is a lost race.
pub(crate) async fn write(tx: &mut Tx, tenant: TenantId, changes: &Changes) -> Result<(), Failed> {
    let written = tx.write(tenant, changes).await.map_err(|error| match error {
        WriteError::Store(error) => rejected(error),
        WriteError::Overtaken | WriteError::RequestTaken | WriteError::EpochMoved | WriteError::IdentityTaken => {
            Failed::Raced
        }
    });
    written.map(drop)
}
