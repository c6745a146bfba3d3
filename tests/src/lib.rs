//! What the end-to-end tests share: running services on a database of a test's own, with a clock that the test moves.
#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a failed step fails the test")]

pub mod authority;
pub mod bulk;
pub mod chaos;
pub mod collector;
pub mod company;
pub mod issuer;
pub mod key_server;
pub mod process;
pub mod receiver;
pub mod requests;
pub mod secured;
pub mod subscribe;
pub mod watch;

use std::{net::SocketAddr, path::PathBuf, sync::LazyLock, time::Duration};

use api::v1::{
    GetLeadRequest, Lead, LeadProfile, ListAssignmentsRequest, ListLeadsRequest, RouteLeadRequest, RouteLeadResponse,
};
use cli::{
    Clients, Connection,
    documents::{self, Document},
};
use domain::{ids::TenantId, ownership::Timer};
use jiff::Timestamp;
use kit::{clock::Clock, config::ListenConfig};
use server::{
    App, Roles,
    config::{Config, Tenants},
};
use store::{Audit, Look, Share, testing::Database};
use tonic::Status;

/// A Wednesday, ten in the morning in New York.
pub const NOW: Timestamp = Timestamp::constant(1_795_014_000, 0);

/// How long a test waits for what must happen sooner or later, however busy the machine is.
const PATIENCE: Duration = Duration::from_mins(1);

/// Running services, all three roles, with a database of their own.
#[derive(Debug)]
pub struct World {
    /// The services.
    pub app: App,
    /// Their time.
    pub clock: Clock,
    /// Clients of the services, for the tenant `default`.
    pub clients: Clients,
    /// Where everything is kept.
    pub database: Database,
}

impl World {
    /// Services that know no company.
    pub async fn empty() -> Self {
        Self::on(Database::create().await, Clock::manual(NOW)).await
    }

    /// Services with that directory and policy, and the points model that comes with the program.
    pub async fn of(directory: &str, policy: &str) -> Self {
        let world = Self::empty().await;
        world.install(directory, policy).await;
        world
    }

    /// Services on a database that may have been used before.
    pub async fn on(database: Database, clock: Clock) -> Self {
        let app = start(&database, clock.clone()).await;
        let clients = clients_of(&app, "default");
        Self { app, clock, clients, database }
    }

    /// Services on a new database that are configured otherwise.
    pub async fn configured(configure: impl FnOnce(&mut Config)) -> Self {
        let (database, clock) = (Database::create().await, Clock::manual(NOW));
        let mut config = config(&database.url());
        configure(&mut config);
        let app = App::start(config, Roles::ALL, clock.clone()).await.unwrap();
        let clients = clients_of(&app, "default");
        Self { app, clock, clients, database }
    }

    /// Another process on the same database, with clients.
    pub async fn replica(&self) -> (App, Clients) {
        let app = start(&self.database, self.clock.clone()).await;
        let clients = clients_of(&app, "default");
        (app, clients)
    }

    /// Installs a directory and a policy that fits it.
    pub async fn install(&self, directory: &str, policy: &str) {
        install(&self.clients, directory, policy).await;
    }

    /// Clients for another tenant of the same services; the tenant is made.
    pub async fn tenant(&self, name: &str) -> Clients {
        self.app.store().ensure_tenant(name, self.clock.now()).await.unwrap();
        clients_of(&self.app, name)
    }

    /// Routes one lead.
    pub async fn route(&self, lead: LeadProfile) -> Result<RouteLeadResponse, Status> {
        route(&self.clients, lead).await
    }

    /// A lead as it is now.
    pub async fn lead(&self, name: &str) -> Lead {
        let request = GetLeadRequest { name: name.to_owned() };
        self.clients.assignment.clone().get_lead(request).await.unwrap().into_inner().lead.unwrap()
    }

    /// Owner and cause of each assignment of a lead.
    pub async fn history(&self, lead: &str) -> Vec<(String, api::v1::AssignmentCause)> {
        let request = ListAssignmentsRequest { parent: lead.to_owned(), ..ListAssignmentsRequest::default() };
        let answer = self.clients.assignment.clone().list_assignments(request).await.unwrap().into_inner();
        answer.assignments.into_iter().map(|a| (a.owner.clone(), a.cause())).collect()
    }

    /// All leads of the tenant, or those that a filter finds.
    pub async fn leads(&self, filter: &str) -> Vec<Lead> {
        leads(&self.clients, filter).await
    }

    /// Moves the clock, and comes back when the lead is as wanted: timers fire in their own time.
    pub async fn advance_until(&self, by: Duration, lead: &str, wanted: impl Fn(&Lead) -> bool) -> Lead {
        self.clock.advance(by);
        self.until(lead, wanted).await
    }

    /// Comes back when the lead is as wanted. Panics when that takes far too long.
    pub async fn until(&self, lead: &str, wanted: impl Fn(&Lead) -> bool) -> Lead {
        let look = async {
            loop {
                let now = self.lead(lead).await;
                if wanted(&now) {
                    return now;
                }
                // The scheduler may have gone to sleep just before the clock was moved.
                self.clock.advance(Duration::from_millis(250));
            }
        };
        let Ok(lead) = tokio::time::timeout(PATIENCE, look).await else {
            panic!("it never came about: {:?}", self.lead(lead).await)
        };
        lead
    }

    /// Timers that are due, a thousand at most, in the order in which they are.
    pub async fn due(&self) -> Vec<(TenantId, Timer)> {
        let look = Look { limit: 1_000, since: None, share: Share::ALL, patience: Duration::ZERO };
        self.app.store().due_timers(&look, Some(self.clock.now())).await.unwrap().timers
    }

    /// The store's laws, recounted: all of them must hold.
    pub async fn audit(&self) -> Audit {
        let audit = self.app.audit().await.unwrap();
        assert_eq!(audit.violations(), 0, "{audit:?}");
        audit
    }

    /// Ends in order, after a last audit.
    pub async fn end(self) {
        self.audit().await;
        self.app.stop().await;
    }
}

/// Starts all roles on free ports.
async fn start(database: &Database, clock: Clock) -> App {
    App::start(config(&database.url()), Roles::ALL, clock).await.unwrap()
}

/// A configuration for a test: free ports, and patience with a busy machine.
pub fn config(url: &str) -> Config {
    let listen = ListenConfig { address: SocketAddr::from(([127, 0, 0, 1], 0)) };
    let mut config = Config { tenants: Tenants(vec!["default".to_owned()]), ..Config::default() };
    config.database.url = Some(url.to_owned());
    config.database.max_connections = 8;
    config.database.acquire_timeout = PATIENCE;
    config.database.statement_timeout = PATIENCE;
    config.scoring.listen = listen;
    config.assignment.listen = listen;
    config.assignment.score_timeout = PATIENCE;
    config.escalation.listen = listen;
    // Receivers are in the test.
    (config.webhooks.allow_http, config.webhooks.allow_private_networks) = (true, true);
    config
}

/// Clients of running services, for `tenant`.
pub fn clients_of(app: &App, tenant: &str) -> Clients {
    let url = |address: Option<SocketAddr>| format!("http://{}", address.unwrap());
    Connection::new(url(app.assignment), url(app.scoring), url(app.escalation), tenant).clients().unwrap()
}

/// Installs a directory and a policy that fits it.
pub async fn install(clients: &Clients, directory: &str, policy: &str) {
    documents::import_directory(clients, &Document::new("directory", directory)).await.unwrap();
    documents::install_policy(clients, &Document::new("policy", policy)).await.unwrap();
}

/// Routes one lead.
pub async fn route(clients: &Clients, lead: LeadProfile) -> Result<RouteLeadResponse, Status> {
    let request = RouteLeadRequest { lead: Some(lead), ..RouteLeadRequest::default() };
    clients.assignment.clone().route_lead(request).await.map(tonic::Response::into_inner)
}

/// All leads of a tenant that a filter finds, page by page.
pub async fn leads(clients: &Clients, filter: &str) -> Vec<Lead> {
    let (mut leads, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListLeadsRequest { page_size: 1000, page_token, filter: filter.to_owned() };
        let page = clients.assignment.clone().list_leads(request).await.unwrap().into_inner();
        leads.extend(page.leads);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return leads;
        }
    }
}

/// The program as it is built from these sources: the one that `cargo xtask test` names by `BIN`, else the one beside the test
/// programs, which cargo brings up to date first.
pub fn binary() -> PathBuf {
    static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
        let built =
            std::process::Command::new(env!("CARGO")).args(["build", "--quiet", "--package", "leadrouter"]).status();
        assert!(built.unwrap().success(), "the program can't be built");
        let test = std::env::current_exe().unwrap();
        test.parent().and_then(std::path::Path::parent).unwrap().join("leadrouter")
    });
    std::env::var_os("BIN").map_or_else(|| BUILT.clone(), PathBuf::from)
}
