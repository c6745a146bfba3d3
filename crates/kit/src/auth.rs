//! Who calls, and what they may do.
//!
//! [`AuthLayer`] finds out who calls, and lets them call the methods that their role has the permission for. What a method needs
//! stands in the contract, as an option of the method; what a role may do, in [`Rules`].

mod access;
mod audit;
mod believed;
mod credentials;
mod layer;
mod quota;
mod security;
mod token;

use std::sync::Arc;

use http::HeaderMap;
use tonic::Status;

use crate::refusal;

pub(crate) use access::{Access, Need};
pub use access::{Permissions, Role, Rules};
pub use audit::AUDIT_TARGET;
use credentials::{Grant, Tenants};
pub use layer::{Auth, AuthFuture, AuthLayer};
use quota::Account;
pub use security::Security;

/// Metadata that names the tenant.
pub const TENANT_HEADER: &str = "leadrouter-tenant";
/// Metadata that names who acts: a person or a system, as the caller knows them.
pub const ACTOR_HEADER: &str = "leadrouter-actor";
/// Metadata that names the caller's role, where callers are believed.
pub const ROLE_HEADER: &str = "leadrouter-role";

const MAX_TENANT: usize = 63;

/// Who calls. In the extensions of every request that reaches a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenant's name, a slug: 1 to 63 of `a-z`, `0-9` and `-`, not led by `-`. `default` if the caller names none.
    pub tenant: Arc<str>,
    /// Who acts: printable ASCII characters, at most 120 where callers are believed, and `anonymous` if they name none. Else the
    /// workload of the certificate (at most 120), the subject of the token (at most 255), or both: `spiffe://acme/crm for anna`.
    pub actor: Arc<str>,
}

impl Caller {
    /// The caller of a request, from its extensions. `None` only in a server without this crate's stack.
    pub fn of(extensions: &http::Extensions) -> Option<&Self> {
        extensions.get()
    }
}

/// A caller, and what they may do.
#[derive(Debug, Clone)]
struct Known {
    caller: Caller,
    role: Role,
    /// Whose quota the call is counted against. Callers who are believed have none.
    account: Option<Account>,
}

/// Names tenant and actor in the metadata of a call, as a service does that acts for somebody. What can't stand in metadata
/// is left out, and the callee's defaults hold.
pub fn name_caller(metadata: &mut tonic::metadata::MetadataMap, tenant: &str, actor: &str) {
    for (header, value) in [(TENANT_HEADER, tenant), (ACTOR_HEADER, actor)] {
        if let Ok(value) = value.parse() {
            metadata.insert(header, value);
        }
    }
}

/// Whether a tenant may be named so: 1 to 63 of `a-z`, `0-9` and `-`, not led by `-`.
pub fn is_tenant(name: &str) -> bool {
    (1..=MAX_TENANT).contains(&name.len())
        && !name.starts_with('-')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether it is 1 to `most` printable ASCII characters.
pub(crate) fn is_text(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
}

/// The header's one value. Two would let a proxy and this server disagree on which one counts.
fn single<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a [u8]>, Status> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    match values.next() {
        None => Ok(first.map(http::HeaderValue::as_bytes)),
        Some(_) => Err(refusal::invalid_metadata(name, "one value, found several")),
    }
}
