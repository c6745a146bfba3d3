//! Callers who say themselves who they are.

use std::sync::Arc;

use http::HeaderMap;
use tonic::Status;

use super::{
    ACTOR_HEADER, Caller, Known, Permissions, ROLE_HEADER, Role, Rules, TENANT_HEADER, is_tenant, is_text, single,
};
use crate::refusal;

const DEFAULT_TENANT: &str = "default";
const DEFAULT_ACTOR: &str = "anonymous";
const MAX_ACTOR: usize = 120;

/// The role of whoever names none: they are believed in everything.
const ANY: Role = Role { name: "any", permissions: Permissions::ALL };

/// Takes callers by their word. Those who name nothing share one `Caller`.
#[derive(Debug, Clone)]
pub(super) struct Believed {
    nobody: Caller,
    rules: Rules,
}

impl Believed {
    pub(super) fn new(rules: Rules) -> Self {
        Self { nobody: Caller { tenant: DEFAULT_TENANT.into(), actor: DEFAULT_ACTOR.into() }, rules }
    }

    pub(super) fn caller(&self, headers: &HeaderMap) -> Result<Known, Status> {
        let tenant = match single(headers, TENANT_HEADER)? {
            None => Arc::clone(&self.nobody.tenant),
            Some(tenant) => text(tenant).filter(|name| is_tenant(name)).ok_or_else(invalid_tenant)?.into(),
        };
        let actor = match single(headers, ACTOR_HEADER)? {
            None => Arc::clone(&self.nobody.actor),
            Some(actor) => text(actor).filter(|name| is_text(name, MAX_ACTOR)).ok_or_else(invalid_actor)?.into(),
        };
        Ok(Known { caller: Caller { tenant, actor }, role: self.role(headers)?, account: None })
    }

    fn role(&self, headers: &HeaderMap) -> Result<Role, Status> {
        let Some(name) = single(headers, ROLE_HEADER)? else { return Ok(ANY) };
        let role = text(name).and_then(|name| self.rules.role(name));
        role.copied()
            .ok_or_else(|| refusal::invalid_metadata(ROLE_HEADER, &format!("one of: {}", self.rules.role_names())))
    }
}

fn text(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value).ok()
}

fn invalid_tenant() -> Status {
    refusal::invalid_metadata(TENANT_HEADER, "1 to 63 characters of a-z, 0-9 and -, the first a letter or digit")
}

fn invalid_actor() -> Status {
    refusal::invalid_metadata(ACTOR_HEADER, "1 to 120 printable ASCII characters")
}

#[cfg(test)]
mod tests;
