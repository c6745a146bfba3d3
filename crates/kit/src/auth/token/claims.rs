//! What is read of a token.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::refusals::Refusal;
use crate::{
    auth::{Grant, Rules, Tenants, is_tenant, is_text},
    config::TokensConfig,
};

/// What a subject may be at most (`OpenID` Connect Core 1.0, section 2).
const MAX_SUBJECT: usize = 255;

/// As much of a token's header as decides on how it is verified. Nothing in it is to be trusted.
#[derive(Debug, Deserialize)]
pub(super) struct Header {
    alg: String,
    pub(super) kid: Option<String>,
    crit: Option<Value>,
}

impl Header {
    pub(super) fn of(token: &str) -> Result<Self, Refusal> {
        let part = token.split('.').next().unwrap_or_default();
        let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed)?;
        let header: Self = serde_json::from_slice(&json).map_err(|_| Refusal::Malformed)?;
        // RFC 7515, 4.1.11: what must be understood and isn't, is refused.
        if header.crit.is_some() { Err(Refusal::Critical) } else { Ok(header) }
    }

    /// The algorithm, if it is one of `accepted`. That list, and not the token, says what may verify a token (RFC 8725, 3.1).
    pub(super) fn algorithm(&self, accepted: &[Algorithm]) -> Result<Algorithm, Refusal> {
        let algorithm = self.alg.parse().map_err(|_| Refusal::Algorithm)?;
        accepted.contains(&algorithm).then_some(algorithm).ok_or(Refusal::Algorithm)
    }
}

/// The claims of a token whose signature, issuer and audience are right.
#[derive(Debug)]
pub(super) struct Claims<'a> {
    all: &'a Map<String, Value>,
    /// Seconds since 1970.
    pub(super) expires: i64,
    pub(super) not_before: Option<i64>,
}

impl<'a> Claims<'a> {
    pub(super) fn of(all: &'a Map<String, Value>) -> Result<Self, Refusal> {
        let expires = all.get("exp").and_then(seconds).ok_or_else(|| Refusal::missing("exp"))?;
        let not_before = match all.get("nbf") {
            None => None,
            Some(time) => Some(seconds(time).ok_or_else(|| Refusal::missing("nbf"))?),
        };
        Ok(Self { all, expires, not_before })
    }

    /// What they allow the subject.
    pub(super) fn grant(&self, config: &TokensConfig, rules: &Rules) -> Result<Grant, Refusal> {
        let text = |claim: &str| self.all.get(claim).and_then(Value::as_str).ok_or_else(|| Refusal::missing(claim));
        let subject = text("sub")?;
        if !is_text(subject, MAX_SUBJECT) {
            return Err(wrong("sub", "must be 1 to 255 printable ASCII characters"));
        }
        let name = text(&config.role_claim)?;
        let role = rules
            .role(name)
            .ok_or_else(|| wrong(&config.role_claim, &format!("must be one of: {}", rules.role_names())))?;
        let tenants = self.tenants(&config.tenant_claim)?;
        Ok(Grant { name: subject.into(), tenants: Tenants::These(tenants), role: *role })
    }

    /// One tenant or a list. All of them can't be had by a token.
    fn tenants(&self, claim: &str) -> Result<Box<[std::sync::Arc<str>]>, Refusal> {
        let names = match self.all.get(claim) {
            Some(Value::Array(names)) => names.as_slice(),
            Some(name) => std::slice::from_ref(name),
            None => return Err(Refusal::missing(claim)),
        };
        let tenant = |name: &Value| name.as_str().filter(|name| is_tenant(name)).map(Into::into);
        let tenants: Option<Box<[_]>> = names.iter().map(tenant).collect();
        tenants
            .filter(|tenants| !tenants.is_empty())
            .ok_or_else(|| wrong(claim, "must be the name of a tenant, or a list of names"))
    }
}

fn wrong(claim: &str, what: &str) -> Refusal {
    Refusal::Claim(claim.to_owned(), what.to_owned())
}

/// A time as tokens have it (RFC 7519, 2): a number of seconds, perhaps with a fraction.
fn seconds(value: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "cut to the bounds, as `as` does")]
    let cut = |seconds: f64| seconds as i64;
    value.as_i64().or_else(|| value.as_f64().map(cut))
}
