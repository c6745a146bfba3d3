//! The issuer's public keys: a JSON Web Key Set (RFC 7517).

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey,
    jwk::{Jwk, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

use super::refusals::Refusal;
use crate::config::Problem;

/// Most keys that are kept. Issuers have two or three.
const MAX_KEYS: usize = 100;

/// The keys of the issuer that can verify a token.
#[derive(Debug, Default)]
pub(in crate::auth) struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    /// The only algorithm that it is for, if it says so.
    algorithm: Option<Algorithm>,
    public: DecodingKey,
}

impl KeySet {
    /// Reads a set. Keys of kinds that are not known are left out, as the standard wants it; there must be one that can be used.
    pub(super) fn parse(json: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        let document: Document =
            serde_json::from_slice(json).map_err(|error| format!("expected a JSON Web Key Set: {error}"))?;
        let keys: Vec<Key> = document.keys.into_iter().filter_map(Key::of).take(MAX_KEYS).collect();
        if keys.is_empty() { Err("there is no key in it that can verify a token".to_owned()) } else { Ok(Self(keys)) }
    }

    /// The key of that name; the only one there is, if the token names none.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&DecodingKey, Refusal> {
        let key = match (id, self.0.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(_), keys) => keys.iter().find(|key| key.id.as_deref() == id),
        };
        let key = key.ok_or_else(|| Refusal::UnknownKey(id.map(str::to_owned)))?;
        let fits = key.public.family() == algorithm.family() && key.algorithm.is_none_or(|only| only == algorithm);
        if fits { Ok(&key.public) } else { Err(Refusal::KeyMismatch) }
    }
}

impl Key {
    fn of(value: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let signs = jwk.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
        let public = DecodingKey::from_jwk(&jwk).ok()?;
        let algorithm = match jwk.common.key_algorithm {
            None => None,
            Some(named) => Some(named.to_string().parse().ok()?),
        };
        // A shared secret in a set of public keys would be known to everybody.
        (signs && public.family() != AlgorithmFamily::Hmac).then_some(Self { id: jwk.common.key_id, algorithm, public })
    }
}

/// From the content of a file.
pub(super) fn from_file(key: &str, contents: &[Vec<u8>]) -> Result<KeySet, Vec<Problem>> {
    let content = contents.first().map(Vec::as_slice).unwrap_or_default();
    KeySet::parse(content).map_err(|why| vec![Problem::at(key, why)])
}
