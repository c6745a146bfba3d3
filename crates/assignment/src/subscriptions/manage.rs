//! Creating, changing and deleting subscriptions.

use api::{
    Error, Path, Precondition, Violations,
    convert::{
        fields,
        subscription::{Wanted, overlap},
    },
    etag,
    names::Resource as _,
    v1,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    delivery::Secret,
    ids::{SubscriptionId, TenantId},
};
use jiff::Timestamp;
use prost::Message;
use store::{NewSubscription, StoreError, Subscription, SubscriptionChange, SubscriptionState, Tx};
use uuid::Uuid;

use super::{Inner, wire};
use crate::{
    command::RequestKey,
    error::overloaded,
    grpc::{Asker, request_key},
    kept,
    standing::{Failed, rejected},
};

/// Most subscriptions of a tenant.
const MOST: i64 = 100;
/// Bytes of a secret; Standard Webhooks wants 24 to 64.
const SECRET: usize = 32;

/// A request for a change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Changing {
    method: &'static str,
    key: Option<RequestKey>,
}

/// How a change begins.
pub(super) enum Begun<M> {
    /// In this transaction.
    Held(Tx),
    /// It was made before: what was answered then.
    Kept(M),
}

impl Changing {
    pub(super) fn new(method: &'static str, id: Option<Uuid>, request: &[u8]) -> Self {
        Self { method, key: id.map(|id| request_key(id, method, request)) }
    }
}

impl Inner {
    pub(super) async fn create_subscription(
        &self,
        asker: &Asker,
        request: v1::CreateSubscriptionRequest,
    ) -> Result<v1::CreateSubscriptionResponse, Error> {
        let mut violations = Violations::default();
        let id = fields::id(&request.subscription_id, &Path::Request.field("subscription_id"), &mut violations);
        let (wire, path) = (request.subscription.clone().unwrap_or_default(), Path::Request.field("subscription"));
        let wanted = Wanted::read(&wire, None, self.rules, &path, &mut violations);
        let request_id = fields::request_id(&request.request_id, &Path::Request.field("request_id"), &mut violations);
        let id: SubscriptionId = violations.check_some(id)?;
        let (secret, told) = self.secret(asker.tenant, &id)?;
        let new = NewSubscription {
            id: &id,
            url: wanted.url.as_deref().unwrap_or_default(),
            kinds: wanted.kinds.as_deref().unwrap_or_default(),
            state: state(wanted.paused.unwrap_or_default()),
            secret: &secret,
            now: self.clock.now(),
        };
        let changing = Changing::new("create_subscription", request_id, &request.encode_to_vec());
        let mut tx = match self.begin(asker, changing).await? {
            Begun::Held(tx) => tx,
            Begun::Kept(answer) => return Ok(answer),
        };
        if tx.subscription(asker.tenant, &id).await.map_err(failed)?.is_some() {
            return Err(Error::AlreadyExists { resource: id.to_name() });
        }
        if !tx.add_subscription(asker.tenant, &new, MOST).await.map_err(failed)? {
            return Err(Precondition::TooManySubscriptions { most: MOST }.into());
        }
        let subscription = Some(found(&mut tx, asker.tenant, &id, ("", self.clock.now())).await?);
        // What is kept for the same request is without the secret.
        let answer = v1::CreateSubscriptionResponse { subscription, secret: String::new() };
        finish(tx, asker, changing, &answer).await?;
        Ok(v1::CreateSubscriptionResponse { secret: told, ..answer })
    }

    pub(super) async fn update_subscription(
        &self,
        asker: &Asker,
        request: v1::UpdateSubscriptionRequest,
    ) -> Result<v1::UpdateSubscriptionResponse, Error> {
        let mut violations = Violations::default();
        let (wire, path) = (request.subscription.clone().unwrap_or_default(), Path::Request.field("subscription"));
        let id = fields::name::<SubscriptionId>(&wire.name, &path.field("name"), &mut violations);
        let mask = request.update_mask.as_ref();
        let wanted = Wanted::read(&wire, mask, self.rules, &path, &mut violations);
        let request_id = fields::request_id(&request.request_id, &Path::Request.field("request_id"), &mut violations);
        let id = violations.check_some(id)?;
        let change = SubscriptionChange {
            url: wanted.url.as_deref(),
            kinds: wanted.kinds.as_deref(),
            state: wanted.paused.map(state),
            secret: None,
        };
        let changing = Changing::new("update_subscription", request_id, &request.encode_to_vec());
        let mut tx = match self.begin(asker, changing).await? {
            Begun::Held(tx) => tx,
            Begun::Kept(answer) => return Ok(answer),
        };
        let subscription = Some(changed(&mut tx, asker.tenant, &id, (&wire.etag, self.clock.now()), &change).await?);
        let answer = v1::UpdateSubscriptionResponse { subscription };
        finish(tx, asker, changing, &answer).await?;
        Ok(answer)
    }

    pub(super) async fn rotate_subscription_secret(
        &self,
        asker: &Asker,
        request: v1::RotateSubscriptionSecretRequest,
    ) -> Result<v1::RotateSubscriptionSecretResponse, Error> {
        let mut violations = Violations::default();
        let id = fields::name::<SubscriptionId>(&request.name, &Path::Request.field("name"), &mut violations);
        let request_id = fields::request_id(&request.request_id, &Path::Request.field("request_id"), &mut violations);
        let overlap = overlap(request.overlap, &mut violations);
        let id = violations.check_some(id)?;
        let (secret, told) = self.secret(asker.tenant, &id)?;
        let until = self.clock.now().saturating_add(overlap).map_err(|_| Error::Internal)?;
        let change = SubscriptionChange { secret: Some((&secret, until)), ..SubscriptionChange::default() };
        let changing = Changing::new("rotate_subscription_secret", request_id, &request.encode_to_vec());
        let mut tx = match self.begin(asker, changing).await? {
            Begun::Held(tx) => tx,
            Begun::Kept(answer) => return Ok(answer),
        };
        let subscription = Some(changed(&mut tx, asker.tenant, &id, (&request.etag, self.clock.now()), &change).await?);
        let answer = v1::RotateSubscriptionSecretResponse { subscription, secret: String::new() };
        finish(tx, asker, changing, &answer).await?;
        Ok(v1::RotateSubscriptionSecretResponse { secret: told, ..answer })
    }

    pub(super) async fn delete_subscription(
        &self,
        asker: &Asker,
        request: v1::DeleteSubscriptionRequest,
    ) -> Result<v1::DeleteSubscriptionResponse, Error> {
        let mut violations = Violations::default();
        let id = fields::name::<SubscriptionId>(&request.name, &Path::Request.field("name"), &mut violations);
        let request_id = fields::request_id(&request.request_id, &Path::Request.field("request_id"), &mut violations);
        let id = violations.check_some(id)?;
        let changing = Changing::new("delete_subscription", request_id, &request.encode_to_vec());
        let mut tx = match self.begin(asker, changing).await? {
            Begun::Held(tx) => tx,
            Begun::Kept(answer) => return Ok(answer),
        };
        found(&mut tx, asker.tenant, &id, (&request.etag, self.clock.now())).await?;
        tx.delete_subscription(asker.tenant, &id).await.map_err(failed)?;
        let answer = v1::DeleteSubscriptionResponse {};
        finish(tx, asker, changing, &answer).await?;
        Ok(answer)
    }

    /// Begins a change in a transaction that holds the tenant, unless the same request came before.
    pub(super) async fn begin<M: Message + Default>(
        &self,
        asker: &Asker,
        Changing { method, key }: Changing,
    ) -> Result<Begun<M>, Error> {
        let mut tx = self.store.begin(method).await.map_err(failed)?;
        tx.hold_tenant(asker.tenant).await.map_err(failed)?;
        let (_, kept) = kept::find(&mut tx, asker.tenant, key).await.map_err(refused)?;
        Ok(kept.map_or(Begun::Held(tx), Begun::Kept))
    }

    /// A new secret: as it is kept, and as it is told.
    fn secret(&self, tenant: TenantId, id: &SubscriptionId) -> Result<(Secret, String), Error> {
        let made = kit::seal::random::<SECRET>();
        let made = made.and_then(|secret| Ok((self.seal.seal(&secret, &id.secret_of(tenant))?, secret)));
        let (sealed, secret) = made.map_err(|_| {
            tracing::error!("the system has no randomness");
            Error::Internal
        })?;
        Ok((Secret(sealed), format!("whsec_{}", STANDARD.encode(secret))))
    }
}

/// Ends a change, with its answer kept for the same request.
pub(super) async fn finish(
    mut tx: Tx,
    asker: &Asker,
    Changing { key, .. }: Changing,
    answer: &impl Message,
) -> Result<(), Error> {
    kept::keep(&mut tx, asker.tenant, key, answer).await.map_err(refused)?;
    tx.commit().await.map_err(failed)
}

/// Who holds the tenant loses no race to another change; one that is lost all the same is the caller's to try again.
fn refused(failed: Failed) -> Error {
    match failed {
        Failed::Raced => overloaded(),
        Failed::Refused(error) => error,
    }
}

pub(super) fn failed(error: StoreError) -> Error {
    refused(rejected(error))
}

const fn state(paused: bool) -> SubscriptionState {
    if paused { SubscriptionState::Paused } else { SubscriptionState::Active }
}

/// The subscription as it stands.
///
/// Errors: there is none, or the caller has not seen it as it stands.
async fn found(
    tx: &mut Tx,
    tenant: TenantId,
    id: &SubscriptionId,
    (seen, now): (&str, Timestamp),
) -> Result<v1::Subscription, Error> {
    let found = tx.subscription(tenant, id).await.map_err(failed)?;
    let found: Subscription = found.ok_or_else(|| Error::NotFound { resource: id.to_name() })?;
    if !seen.is_empty() && etag::parse_entry(seen) != Some(found.version) {
        let etag = etag::of_entry(found.version);
        return Err(Error::Aborted { resource: id.to_name(), etag, owner: None });
    }
    Ok(wire::subscription(found, now))
}

async fn changed(
    tx: &mut Tx,
    tenant: TenantId,
    id: &SubscriptionId,
    (seen, now): (&str, Timestamp),
    change: &SubscriptionChange<'_>,
) -> Result<v1::Subscription, Error> {
    found(tx, tenant, id, (seen, now)).await?;
    tx.change_subscription(tenant, id, change).await.map_err(failed)?;
    found(tx, tenant, id, ("", now)).await
}
