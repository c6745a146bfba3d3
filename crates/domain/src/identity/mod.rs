//! Who a lead is: the same person by e-mail or external id, the same company by domain or name.
//!
//! Everything here brings texts that people and machines write in different ways into one form, so that equal means
//! the same. Nothing here guesses: two forms that differ are two leads.

mod company;
mod domain;
mod email;
mod fold;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::lead::Profile;

pub use company::normalise_company;
pub use domain::{company_domain, is_shared_mail_domain, normalise_domain};
pub use email::{email_domain, normalise_email};

/// What a lead is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// Its e-mail address.
    Email,
    /// The caller's own key.
    ExternalId,
}

/// One thing that a lead is known by, as it is looked up: no address can be read off it.
///
/// (Whoever holds a digest and guesses the address can confirm the guess: it keeps addresses out of indexes, logs and
/// backups of those, it does not make them anonymous.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IdentityKey {
    /// What was digested.
    pub kind: IdentityKind,
    /// The first 16 bytes of SHA-256 over the kind's name, a zero byte and the normalised value. Among a thousand million
    /// leads the chance that any two collide is about 1 in 10²⁰.
    pub digest: [u8; 16],
}

impl IdentityKey {
    /// The key of an e-mail address; `None` when it is none (see [`normalise_email`]).
    pub fn email(address: &str) -> Option<Self> {
        normalise_email(address).map(|address| Self::digest(IdentityKind::Email, &address))
    }

    /// The key of an external id: white space around it does not count, letter case does. `None` when nothing is left.
    pub fn external_id(id: &str) -> Option<Self> {
        let id = id.trim();
        (!id.is_empty()).then(|| Self::digest(IdentityKind::ExternalId, id))
    }

    /// All that this lead is known by: its external id first, which the caller vouches for, then its e-mail address.
    pub fn of(profile: &Profile) -> Vec<Self> {
        let external_id = profile.external_id.as_deref().and_then(Self::external_id);
        let email = profile.email.as_deref().and_then(Self::email);
        external_id.into_iter().chain(email).collect()
    }

    fn digest(kind: IdentityKind, value: &str) -> Self {
        let name = match kind {
            IdentityKind::Email => "email",
            IdentityKind::ExternalId => "external_id",
        };
        let full = Sha256::new().chain_update(name).chain_update([0]).chain_update(value).finalize();
        let mut digest = [0; 16];
        digest.copy_from_slice(&full[..16]);
        Self { kind, digest }
    }
}
