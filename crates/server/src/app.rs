//! The services of one process, from a configuration to their end.

use std::{io, net::SocketAddr};

use kit::{
    auth::Security,
    client::ClientConfig,
    clock::Clock,
    config::ConfigError,
    lifecycle::{Drained, Lifecycle},
    server::ServeError,
};
use store::{Audit, Store, StoreError};
use tokio::net::TcpListener;

use crate::{access::RULES, config::Config, roles::Shared, upkeep};

/// Which roles a process plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Scores leads.
    pub scoring: bool,
    /// Decides and owns.
    pub assignment: bool,
    /// Watches time.
    pub escalation: bool,
}

impl Roles {
    /// All of them, which still talk over gRPC.
    pub const ALL: Self = Self { scoring: true, assignment: true, escalation: true };
}

/// Why the services can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration doesn't allow it.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store can't be used.
    #[error("the ownership store can't be used")]
    Store(#[from] StoreError),
    /// An address can't be listened on.
    #[error("can't listen on {address} for the {role} role: {source}")]
    Listen {
        /// The role.
        role: &'static str,
        /// Its address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The system has no more threads.
    #[error("the committer's thread can't be started: {0}")]
    Thread(#[source] io::Error),
    /// A server can't be put together.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Running services. Dropping it leaves them running until the runtime ends: call [`App::stop`].
#[derive(Debug)]
pub struct App {
    /// Where the scoring role listens.
    pub scoring: Option<SocketAddr>,
    /// Where the assignment role listens.
    pub assignment: Option<SocketAddr>,
    /// Where the escalation role listens.
    pub escalation: Option<SocketAddr>,
    shared: Shared,
    config: Config,
}

impl App {
    /// Prepares the store and starts the roles. A role that needs another one is pointed to it: to the configured endpoint,
    /// else to the one in this process.
    ///
    /// Errors: see [`StartError`]; nothing is left running then.
    pub async fn start(config: Config, roles: Roles, clock: Clock) -> Result<Self, StartError> {
        // Boxed, as below: a start needs some room, which all who await it would need as well.
        Box::pin(Self::begin(config, roles, clock, Taken::IsAnError)).await
    }

    /// The same, but an address on which somebody else listens is replaced by a free port of that host.
    pub async fn start_beside_others(config: Config, roles: Roles, clock: Clock) -> Result<Self, StartError> {
        Box::pin(Self::begin(config, roles, clock, Taken::GoesElsewhere)).await
    }

    async fn begin(config: Config, roles: Roles, clock: Clock, taken: Taken) -> Result<Self, StartError> {
        config.check(roles)?;
        let security = Security::load(&config.auth, RULES, clock.clone())?;
        let webhooks = config.webhooks.load()?;
        let store = Store::connect(&config.database_url()?, config.store_options()).await?;
        upkeep::prepare(&store, &config, &clock).await?;
        let shared = Shared::new(store, clock, security, webhooks);
        let mut app = Self { scoring: None, assignment: None, escalation: None, shared, config };
        if let Err(error) = app.start_roles(roles, taken).await {
            app.kill().await;
            return Err(error);
        }
        upkeep::start(&app.shared, &app.config);
        Ok(app)
    }

    /// Callees first, so that their callers know where they are.
    async fn start_roles(&mut self, roles: Roles, taken: Taken) -> Result<(), StartError> {
        let Self { shared, config, .. } = self;
        if roles.scoring {
            let listener = listen("scoring", config.scoring.listen.address, taken).await?;
            self.scoring = Some(shared.scoring(config, listener).await?);
        }
        if roles.assignment {
            let listener = listen("assignment", config.assignment.listen.address, taken).await?;
            let scoring = callee(config.assignment.scoring.as_ref(), shared, self.scoring);
            self.assignment = Some(shared.assignment(config, listener, &scoring).await?);
        }
        if roles.escalation {
            let listener = listen("escalation", config.escalation.listen.address, taken).await?;
            let assignment = callee(config.escalation.assignment.as_ref(), shared, self.assignment);
            self.escalation = Some(shared.escalation(config, listener, &assignment).await?);
        }
        Ok(())
    }

    /// Serves until a signal (or a broken server) asks for the end, and ends in order.
    pub async fn run(self) -> io::Result<Drained> {
        let drained = self.shared.lifecycle.run(&self.config.drain).await?;
        self.shared.store.close().await;
        Ok(drained)
    }

    /// Ends in order: what was accepted is answered.
    pub async fn stop(self) -> Drained {
        let drained = self.shared.lifecycle.shut_down(&self.config.drain).await;
        self.shared.store.close().await;
        drained
    }

    /// Ends as a crash would: connections are cut, tasks dropped where they wait.
    pub async fn kill(self) {
        self.shared.lifecycle.abort().await;
        self.shared.store.close().await;
    }

    /// How the services are addressed: `http`, or `https` where they use TLS.
    pub fn scheme(&self) -> &'static str {
        self.shared.scheme()
    }

    /// What the roles share to end together.
    pub fn lifecycle(&self) -> &Lifecycle {
        &self.shared.lifecycle
    }

    /// The store, for those who watch over the services.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Recounts the laws of the store, for all tenants.
    ///
    /// Errors: the store or a policy in it can't be read.
    pub async fn audit(&self) -> Result<Audit, snapshots::SnapshotError> {
        self.shared.snapshots.audit_all(self.shared.clock.now()).await
    }
}

/// What an address comes to on which somebody else listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    IsAnError,
    GoesElsewhere,
}

async fn listen(role: &'static str, address: SocketAddr, taken: Taken) -> Result<TcpListener, StartError> {
    // The listener itself tells: between asking and listening somebody else may come.
    let listener = match TcpListener::bind(address).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && taken == Taken::GoesElsewhere => {
            TcpListener::bind(SocketAddr::new(address.ip(), 0)).await
        }
        bound => bound,
    };
    listener.map_err(|source| StartError::Listen { role, address, source })
}

/// The configured callee, else the one in this process. `Config::check` has made sure that there is one.
fn callee(configured: Option<&ClientConfig>, shared: &Shared, here: Option<SocketAddr>) -> ClientConfig {
    let url = |address| format!("{}://{address}", shared.scheme());
    let local = || ClientConfig::new(here.map_or_else(String::new, url));
    configured.cloned().unwrap_or_else(local)
}
