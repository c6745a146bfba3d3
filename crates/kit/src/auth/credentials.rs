//! Callers who show who they are: with a client certificate, with a token, or with both.

use std::{collections::HashMap, sync::Arc};

use futures::future::BoxFuture;
use http::{HeaderMap, Request, header::AUTHORIZATION};
use tonic::{Code, Status};

use super::{
    Account, Caller, Known, Role, Rules, TENANT_HEADER, single,
    token::{self, Tokens, Verdict},
};
use crate::{
    config::{ALL_TENANTS, WorkloadConfig},
    incoming::Peer,
    refusal::{self, reason},
};

/// What a credential allows whoever shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    /// A workload, or a user.
    pub(super) name: Arc<str>,
    pub(super) tenants: Tenants,
    pub(super) role: Role,
}

/// The tenants that a credential is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tenants {
    All,
    These(Box<[Arc<str>]>),
}

impl Tenants {
    fn allow(&self, tenant: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(tenants) => tenants.iter().any(|allowed| **allowed == *tenant),
        }
    }
}

/// Knows callers by what they show.
#[derive(Debug)]
pub(super) struct Credentials {
    /// By the name in the certificate.
    workloads: HashMap<Box<str>, Arc<Grant>>,
    tokens: Option<Arc<Tokens>>,
}

/// What is known of a caller.
pub(super) enum Answer {
    Known(Result<Known, Status>),
    /// Keys are fetched first.
    Later(BoxFuture<'static, Result<Known, Status>>),
}

impl Credentials {
    /// `workloads` and their roles have been checked.
    pub(super) fn new(workloads: &[WorkloadConfig], tokens: Option<Tokens>, rules: &Rules) -> Self {
        let grant = |workload: &WorkloadConfig| {
            let tenants = if workload.tenants.iter().any(|tenant| tenant == ALL_TENANTS) {
                Tenants::All
            } else {
                Tenants::These(workload.tenants.iter().map(|tenant| tenant.as_str().into()).collect())
            };
            let role = *rules.role(&workload.role)?;
            let name: Arc<str> = workload.id.as_str().into();
            Some((workload.id.as_str().into(), Arc::new(Grant { name, tenants, role })))
        };
        Self { workloads: workloads.iter().filter_map(grant).collect(), tokens: tokens.map(Arc::new) }
    }

    pub(super) fn caller<B>(&self, request: &Request<B>) -> Answer {
        match self.look(request) {
            Ok(answer) => answer,
            Err(status) => Answer::Known(Err(status)),
        }
    }

    fn look<B>(&self, request: &Request<B>) -> Result<Answer, Status> {
        let headers = request.headers();
        let workload = self.workload(request)?;
        let Some(token) = bearer(headers)? else {
            let nobody = || token::missing(!self.workloads.is_empty(), self.tokens.is_some());
            let workload = workload.ok_or_else(nobody)?;
            let account = Account::Workload(Arc::clone(&workload.name));
            return Ok(Answer::Known(known(&workload, None, named_tenant(headers)?, account)));
        };
        let tokens = self.tokens.as_ref().ok_or_else(token::not_read)?;
        match tokens.verify(token) {
            Verdict::Good(user) => Ok(Answer::Known(together(workload.as_deref(), &user, named_tenant(headers)?))),
            Verdict::Bad(status) => Err(status),
            Verdict::UnknownKey(_) => {
                let (tokens, token) = (Arc::clone(tokens), token.to_owned());
                let tenant = named_tenant(headers)?.map(str::to_owned);
                Ok(Answer::Later(Box::pin(async move {
                    tokens.fetch_keys().await;
                    match tokens.verify(&token) {
                        Verdict::Good(user) => together(workload.as_deref(), &user, tenant.as_deref()),
                        Verdict::Bad(status) | Verdict::UnknownKey(status) => Err(status),
                    }
                })))
            }
        }
    }

    /// The workload that the connection's certificate is for; `None` without a certificate.
    fn workload<B>(&self, request: &Request<B>) -> Result<Option<Arc<Grant>>, Status> {
        let names = request.extensions().get::<Peer>().and_then(|peer| peer.names.as_deref());
        let Some(names) = names else { return Ok(None) };
        let grant = names.iter().find_map(|name| self.workloads.get(name));
        grant.map(|grant| Some(Arc::clone(grant))).ok_or_else(|| unknown_workload(names))
    }
}

/// The token of a call.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Status> {
    let Some(value) = single(headers, AUTHORIZATION.as_str())? else { return Ok(None) };
    let value = std::str::from_utf8(value).map_err(|_| token::not_bearer())?;
    let token = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token.map(|(_, token)| Some(token.trim())).ok_or_else(token::not_bearer)
}

fn named_tenant(headers: &HeaderMap) -> Result<Option<&str>, Status> {
    // What isn't text is nobody's tenant.
    Ok(single(headers, TENANT_HEADER)?.map(|value| std::str::from_utf8(value).unwrap_or_default()))
}

fn together(workload: Option<&Grant>, user: &Grant, tenant: Option<&str>) -> Result<Known, Status> {
    match workload {
        Some(workload) => known(workload, Some(user), tenant, Account::Workload(Arc::clone(&workload.name))),
        None => known(user, None, tenant, Account::User(Arc::clone(&user.name))),
    }
}

/// The caller with one credential, or with those of a workload and of the user for whom it acts: then nobody can do through the
/// other what they can't do themselves.
fn known(first: &Grant, user: Option<&Grant>, named: Option<&str>, account: Account) -> Result<Known, Status> {
    let tenant = tenant(first, user, named)?;
    let Some(user) = user else {
        let caller = Caller { tenant, actor: Arc::clone(&first.name) };
        return Ok(Known { caller, role: first.role, account: Some(account) });
    };
    let permissions = first.role.permissions.shared_with(user.role.permissions);
    // Messages name the role that allows less.
    let name = if permissions == first.role.permissions { first.role.name } else { user.role.name };
    let actor = [&*first.name, " for ", &*user.name].concat().into();
    Ok(Known { caller: Caller { tenant, actor }, role: Role { name, permissions }, account: Some(account) })
}

/// The tenant that was named, if the credentials are for it; the only one that they are for, if none was named.
fn tenant(first: &Grant, user: Option<&Grant>, named: Option<&str>) -> Result<Arc<str>, Status> {
    let allowed = |tenant: &str| first.tenants.allow(tenant) && user.is_none_or(|user| user.tenants.allow(tenant));
    let lists = [Some(&first.tenants), user.map(|user| &user.tenants)];
    let list = lists.into_iter().flatten().find_map(|tenants| match tenants {
        Tenants::These(tenants) => Some(tenants),
        Tenants::All => None,
    });
    match (named, list) {
        // Whoever may act for all tenants names one; whether there is such a tenant is found out later.
        (Some(named), None) => Ok(named.into()),
        (Some(named), Some(list)) => {
            let found = list.iter().find(|tenant| ***tenant == *named && allowed(tenant));
            found.cloned().ok_or_else(|| tenant_denied(named))
        }
        (None, None) => Err(choose_tenant()),
        (None, Some(list)) => {
            let mut possible = list.iter().filter(|tenant| allowed(tenant));
            match (possible.next(), possible.next()) {
                (Some(only), None) => Ok(Arc::clone(only)),
                (Some(_), Some(_)) => Err(choose_tenant()),
                (None, _) => Err(tenant_denied("")),
            }
        }
    }
}

fn unknown_workload(names: &[Box<str>]) -> Status {
    let message = match names {
        [] => "the client certificate is for no URI and no DNS name".to_owned(),
        names => {
            format!("the client certificate is for `{}`, which `auth.workloads` does not name", names.join("`, `"))
        }
    };
    refusal::of(Code::Unauthenticated, &message, reason::CREDENTIAL_INVALID)
}

fn tenant_denied(named: &str) -> Status {
    let message = if named.is_empty() {
        "the certificate and the token are for different tenants".to_owned()
    } else {
        format!("tenant `{}` does not exist or is not the caller's", named.escape_debug())
    };
    refusal::of(Code::PermissionDenied, &message, reason::TENANT_DENIED)
}

fn choose_tenant() -> Status {
    refusal::invalid_metadata(TENANT_HEADER, "the name of a tenant: the credential is for more than one")
}
