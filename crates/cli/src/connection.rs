//! Where the services are, and for whom they are asked.

use anyhow::Context as _;
use clap::Args;
use tonic::transport::Endpoint;

use crate::{
    clients::{Caller, Clients, Link, endpoint},
    credentials::Credentials,
};

/// Where the services are, and for whom they are asked. Every command takes these flags.
#[derive(Debug, Clone, Args)]
pub struct Connection {
    /// Address of the assignment service, which keeps directory and policy as well.
    #[arg(long, global = true, value_name = "URL", help_heading = HEADING)]
    #[arg(env = "LEADROUTER_SERVER", hide_env_values = true, default_value = SERVER)]
    pub server: String,

    /// Address of the scoring service, which keeps the points models.
    #[arg(long, global = true, value_name = "URL", help_heading = HEADING)]
    #[arg(env = "LEADROUTER_SCORING_SERVER", hide_env_values = true, default_value = SCORING_SERVER)]
    pub scoring_server: String,

    /// Address of the escalation service, which answers for deadlines.
    #[arg(long, global = true, value_name = "URL", help_heading = HEADING)]
    #[arg(env = "LEADROUTER_ESCALATION_SERVER", hide_env_values = true, default_value = ESCALATION_SERVER)]
    pub escalation_server: String,

    /// The tenant whose leads are meant; otherwise the one that the credential is for, or `default`.
    #[arg(long, global = true, value_name = "NAME", help_heading = HEADING, env = "LEADROUTER_TENANT", hide_env_values = true)]
    pub tenant: Option<String>,

    /// Who acts, for the history of leads; otherwise the user who is logged in.
    #[arg(long, global = true, value_name = "NAME", help_heading = HEADING, env = "LEADROUTER_ACTOR", hide_env_values = true)]
    pub actor: Option<String>,

    /// What is shown to services that ask for a credential.
    #[command(flatten)]
    pub credentials: Credentials,
}

const HEADING: &str = "Connection";
const SERVER: &str = "http://127.0.0.1:7070";
const SCORING_SERVER: &str = "http://127.0.0.1:7071";
const ESCALATION_SERVER: &str = "http://127.0.0.1:7072";

impl Connection {
    /// A connection to services at these addresses, for `tenant`.
    pub fn new(
        server: impl Into<String>,
        scoring_server: impl Into<String>,
        escalation_server: impl Into<String>,
        tenant: impl Into<String>,
    ) -> Self {
        Self {
            server: server.into(),
            scoring_server: scoring_server.into(),
            escalation_server: escalation_server.into(),
            tenant: Some(tenant.into()),
            actor: None,
            credentials: Credentials::default(),
        }
    }

    /// Clients of the five services. Each connects with its first call, and again whenever it has to.
    ///
    /// Must be called inside of a tokio runtime. Errors: an address, the tenant or the actor can't be one.
    pub fn clients(&self) -> anyhow::Result<Clients> {
        let caller = Caller::new(self.tenant.as_deref(), &self.actor())?;
        let link = |address: &str, option: &'static str| -> anyhow::Result<Link> {
            let endpoint = self.endpoint(address).with_context(|| option.to_owned())?;
            Ok(Link::new(endpoint.connect_lazy(), caller.clone(), address, option).showing(&self.credentials))
        };
        let assignment = link(&self.server, "--server")?;
        let scoring = link(&self.scoring_server, "--scoring-server")?;
        let escalation = link(&self.escalation_server, "--escalation-server")?;
        Ok(Clients::new(assignment, scoring, escalation))
    }

    /// The service at an address, as it is connected to. Errors: it can't be an address, or a credential can't be used.
    pub fn endpoint(&self, address: &str) -> anyhow::Result<Endpoint> {
        self.credentials.secure(endpoint(address)?)
    }

    fn actor(&self) -> String {
        let user = || std::env::var("USER").ok().filter(|user| !user.is_empty());
        self.actor.clone().or_else(user).unwrap_or_else(|| "cli".to_owned())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_can_not_be_an_address_is_told_with_its_flag() {
        for (address, part) in
            [("localhost:7070", "expected an address such as `http://localhost:7070`"), ("http://", "http://")]
        {
            let connection = Connection::new(SERVER, address, ESCALATION_SERVER, "default");
            let error = format!("{:#}", connection.clients().err().unwrap());
            assert!(error.starts_with("--scoring-server: ") && error.contains(part), "{error}");
        }
    }

    #[tokio::test]
    async fn a_tenant_that_can_not_be_sent_is_told() {
        let connection = Connection::new(SERVER, SCORING_SERVER, ESCALATION_SERVER, "Müller\n");
        let error = connection.clients().err().unwrap().to_string();
        assert!(error.starts_with("--tenant: "), "{error}");
    }
}
