//! Bearer tokens: JSON Web Tokens (RFC 7519), signed by one issuer.

mod cache;
mod claims;
mod fetch;
mod keys;
mod refusals;
mod signature;

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use jsonwebtoken::{Algorithm, Validation};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use self::{
    cache::{Cache, Digest},
    claims::{Claims, Header},
    keys::KeySet,
    refusals::Refusal,
};
pub(super) use self::{
    fetch::Remote,
    refusals::{missing, not_bearer, not_read},
};
use super::{Grant, Rules};
use crate::{
    clock::Clock,
    config::{ConfigError, KeysConfig, TokensConfig},
    reload::{File, Reloading},
};

/// The key of the configuration that names the file of keys.
const KEYS_FILE: &str = "auth.tokens.keys.file";

/// Verifies tokens, and remembers for a while which ones it has verified.
#[derive(Debug)]
pub(super) struct Tokens {
    config: TokensConfig,
    algorithms: Vec<Algorithm>,
    rules: Rules,
    clock: Clock,
    keys: Arc<ArcSwap<KeySet>>,
    remote: Option<Arc<Remote>>,
    cache: Cache,
}

/// What keeps the keys up to date.
#[derive(Debug)]
pub(super) enum KeySource {
    File(Reloading<KeySet>),
    Url(Arc<Remote>),
}

impl KeySource {
    /// Looks for changed keys until `stopping`: at a file so often, at a URL as it is configured.
    pub(super) async fn run(self, every: Duration, clock: Clock, stopping: CancellationToken) {
        match self {
            Self::File(file) => file.run(every, clock, stopping).await,
            Self::Url(remote) => remote.run(stopping).await,
        }
    }
}

/// What came of a token.
pub(super) enum Verdict {
    /// It gives these rights.
    Good(Arc<Grant>),
    Bad(Status),
    /// Its key is not known; [`Tokens::fetch_keys`] may bring it.
    UnknownKey(Status),
}

impl Tokens {
    /// Errors: the file of keys, or of the authorities that its URL is verified with, can't be used.
    pub(super) fn load(config: &TokensConfig, rules: Rules, clock: Clock) -> Result<(Self, KeySource), ConfigError> {
        signature::install();
        let (keys, source) = source(&config.keys, &clock)?;
        let remote = if let KeySource::Url(remote) = &source { Some(Arc::clone(remote)) } else { None };
        let algorithms = config.algorithms.iter().map(|algorithm| (*algorithm).into()).collect();
        let cache = Cache::default();
        Ok((Self { config: config.clone(), algorithms, rules, clock, keys, remote, cache }, source))
    }

    /// What a token is worth. Cheap when it was seen before.
    pub(super) fn verify(&self, token: &str) -> Verdict {
        let keys = self.keys.load();
        let digest = cache::digest(token);
        if let Some((grant, expires)) = self.cache.get(&digest, &keys) {
            return if self.expired(expires) { Verdict::Bad(Refusal::Expired.into()) } else { Verdict::Good(grant) };
        }
        match self.verify_with(token, &keys, digest) {
            Ok(grant) => Verdict::Good(grant),
            Err(Refusal::UnknownKey(kid)) if self.remote.is_some() => {
                Verdict::UnknownKey(Refusal::UnknownKey(kid).into())
            }
            Err(refusal) => Verdict::Bad(refusal.into()),
        }
    }

    /// Fetches the keys again, unless that was tried a moment ago.
    pub(super) async fn fetch_keys(&self) {
        if let Some(remote) = &self.remote {
            remote.fetch_soon().await;
        }
    }

    fn verify_with(&self, token: &str, keys: &Arc<KeySet>, digest: Digest) -> Result<Arc<Grant>, Refusal> {
        let header = Header::of(token)?;
        let algorithm = header.algorithm(&self.algorithms)?;
        let key = keys.find(header.kid.as_deref(), algorithm)?;
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[&self.config.issuer]);
        validation.set_audience(&[&self.config.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are compared below, by this process's clock.
        (validation.validate_exp, validation.validate_nbf) = (false, false);
        let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, key, &validation)
            .map_err(|e| Refusal::of(&e, &self.config))?;
        let claims = Claims::of(&decoded.claims)?;
        if claims.not_before.is_some_and(|time| time > self.now().saturating_add(self.leeway())) {
            return Err(Refusal::NotYetValid);
        }
        if self.expired(claims.expires) {
            return Err(Refusal::Expired);
        }
        let grant = Arc::new(claims.grant(&self.config, &self.rules)?);
        self.cache.put(digest, Arc::clone(&grant), claims.expires, keys);
        Ok(grant)
    }

    /// Seconds since 1970.
    fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    fn leeway(&self) -> i64 {
        i64::try_from(self.config.leeway.as_secs()).unwrap_or(i64::MAX)
    }

    fn expired(&self, expires: i64) -> bool {
        self.now() >= expires.saturating_add(self.leeway())
    }
}

fn source(config: &KeysConfig, clock: &Clock) -> Result<(Arc<ArcSwap<KeySet>>, KeySource), ConfigError> {
    if let Some(path) = &config.file {
        let files = vec![File::new(KEYS_FILE, path)];
        let reloading = Reloading::load("token keys", files, |contents| keys::from_file(KEYS_FILE, contents))?;
        return Ok((reloading.current(), KeySource::File(reloading)));
    }
    let keys = Arc::new(ArcSwap::from_pointee(KeySet::default()));
    let remote = Arc::new(Remote::new(config, Arc::clone(&keys), clock.clone())?);
    Ok((keys, KeySource::Url(remote)))
}
