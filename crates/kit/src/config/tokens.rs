//! The section `auth.tokens`: which bearer tokens are accepted.

use std::{path::PathBuf, time::Duration};

use http::Uri;
use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};

use super::{Problem, human_duration};

/// Which bearer tokens (JWT, RFC 7519) are accepted, and what is read of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokensConfig {
    /// What `iss` must be.
    pub issuer: String,
    /// What `aud` must be, or have among its values.
    pub audience: String,
    /// Where the issuer's public keys are.
    pub keys: KeysConfig,
    /// The algorithms that tokens may be signed with. Default: all that are known here, each with a public key.
    #[serde(default = "all_algorithms")]
    pub algorithms: Vec<SignatureAlgorithm>,
    /// What clocks may differ by: a token is taken so much before `nbf` and after `exp`. Default 30 s, at most 5 min.
    #[serde(default = "thirty_seconds", with = "human_duration")]
    pub leeway: Duration,
    /// The claim with the tenant, or a list of tenants. Default `tenant`.
    #[serde(default = "tenant")]
    pub tenant_claim: String,
    /// The claim with the role. Default `role`.
    #[serde(default = "role")]
    pub role_claim: String,
}

/// Where the issuer's public keys are: a JSON Web Key Set (RFC 7517), in a file or behind a URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// The file; it is read again when it changes.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// The URL, `https` or on this machine.
    #[serde(default)]
    pub url: Option<String>,
    /// PEM file of the authorities that issue the URL's certificate. Default: those that browsers trust.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// Time between two fetches of the URL. Default 5 min.
    #[serde(default = "five_minutes", with = "human_duration")]
    pub refresh: Duration,
    /// Shortest time between two fetches, when tokens come with a key that is not known, or a fetch has failed. Default 10 s.
    #[serde(default = "ten_seconds", with = "human_duration")]
    pub min_refresh: Duration,
    /// Longest time of one fetch. Default 3 s.
    #[serde(default = "three_seconds", with = "human_duration")]
    pub timeout: Duration,
}

/// An algorithm that signs with a private key and verifies with a public one (RFC 7518, RFC 8037). Those with a shared secret are
/// none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they are named as the standard names them")]
pub enum SignatureAlgorithm {
    ES256,
    ES384,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    EdDSA,
}

impl SignatureAlgorithm {
    const ALL: [Self; 9] = [
        Self::ES256,
        Self::ES384,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::EdDSA,
    ];
}

impl From<SignatureAlgorithm> for Algorithm {
    fn from(algorithm: SignatureAlgorithm) -> Self {
        match algorithm {
            SignatureAlgorithm::ES256 => Self::ES256,
            SignatureAlgorithm::ES384 => Self::ES384,
            SignatureAlgorithm::RS256 => Self::RS256,
            SignatureAlgorithm::RS384 => Self::RS384,
            SignatureAlgorithm::RS512 => Self::RS512,
            SignatureAlgorithm::PS256 => Self::PS256,
            SignatureAlgorithm::PS384 => Self::PS384,
            SignatureAlgorithm::PS512 => Self::PS512,
            SignatureAlgorithm::EdDSA => Self::EdDSA,
        }
    }
}

fn all_algorithms() -> Vec<SignatureAlgorithm> {
    SignatureAlgorithm::ALL.to_vec()
}

fn tenant() -> String {
    "tenant".to_owned()
}

fn role() -> String {
    "role".to_owned()
}

const fn three_seconds() -> Duration {
    Duration::from_secs(3)
}

const fn ten_seconds() -> Duration {
    Duration::from_secs(10)
}

const fn thirty_seconds() -> Duration {
    Duration::from_secs(30)
}

const fn five_minutes() -> Duration {
    Duration::from_mins(5)
}

const MAX_LEEWAY: Duration = Duration::from_mins(5);

impl Default for KeysConfig {
    fn default() -> Self {
        let (refresh, min_refresh, timeout) = (five_minutes(), ten_seconds(), three_seconds());
        Self { file: None, url: None, ca: None, refresh, min_refresh, timeout }
    }
}

impl TokensConfig {
    /// The defaults, for tokens of that issuer and audience.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, keys: KeysConfig) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            keys,
            algorithms: all_algorithms(),
            leeway: thirty_seconds(),
            tenant_claim: tenant(),
            role_claim: role(),
        }
    }

    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut check = |holds: bool, key: &str, message: &str| {
            if !holds {
                problems.push(Problem::at(format!("auth.tokens.{key}"), message));
            }
        };
        for (key, value) in [
            ("issuer", &self.issuer),
            ("audience", &self.audience),
            ("tenant_claim", &self.tenant_claim),
            ("role_claim", &self.role_claim),
        ] {
            check(!value.is_empty(), key, "is empty");
        }
        check(!self.algorithms.is_empty(), "algorithms", "is empty: no token could be verified");
        check(self.leeway <= MAX_LEEWAY, "leeway", "is more than 5m: that would give tokens a longer life");
        let keys = &self.keys;
        check(keys.file.is_some() != keys.url.is_some(), "keys", "expected one of `file` and `url`");
        if let Some(url) = &keys.url {
            check(
                is_safe(url),
                "keys.url",
                "expected `https://...`, or `http://` on this machine, without user and password",
            );
        }
        check(keys.ca.is_none() || keys.url.is_some(), "keys.ca", "is for `url` only");
        for (key, time) in
            [("keys.refresh", keys.refresh), ("keys.min_refresh", keys.min_refresh), ("keys.timeout", keys.timeout)]
        {
            check(!time.is_zero(), key, "found 0, expected a time such as `10s`");
        }
        problems
    }
}

/// Keys that somebody could replace on the way would let in anybody.
fn is_safe(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let Some(authority) = uri.authority() else { return false };
    let host = authority.host().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    !authority.as_str().contains('@') && (uri.scheme_str() == Some("https") || uri.scheme_str() == Some("http") && here)
}
