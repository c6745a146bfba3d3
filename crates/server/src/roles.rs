//! The three roles, each a server (and its loop) over the shared store.

use std::{net::SocketAddr, sync::Arc};

use api::longrunning::operations_server::OperationsServer;
use api::v1::{
    assignment_service_server::AssignmentServiceServer, directory_service_server::DirectoryServiceServer,
    escalation_service_server::EscalationServiceServer, policy_service_server::PolicyServiceServer,
    scoring_service_server::ScoringServiceServer, subscription_service_server::SubscriptionServiceServer,
};
use assignment::{AssignmentApi, AssignmentConfig, DirectoryApi, PolicyApi, SubscriptionApi};
use delivery::Dispatcher;
use escalation::{EscalationApi, Scheduler, SchedulerConfig};
use kit::{
    auth::Security,
    client::{self, ClientConfig},
    clock::Clock,
    config::LimitsConfig,
    grpc_service,
    lifecycle::Lifecycle,
    server::{GrpcServer, ServeError},
};
use scoring::ScoringApi;
use snapshots::Snapshots;
use store::{Store, Tenants};
use tokio::net::TcpListener;

use crate::{
    app::StartError,
    config::{Config, WebhookFiles},
};

/// Bytes of a whole directory in one message: the 32 MiB that a directory file may have, and what surrounds it.
const DIRECTORY_MESSAGE_BYTES: usize = 33 << 20;
/// May use the limit's reserve: timers must be fired also when callers crowd in.
const FIRE_TIMERS: &str = "/leadrouter.v1.AssignmentService/BatchFireTimers";

/// Takes leads for as long as they come.
const ROUTE_LEADS: &str = "/leadrouter.v1.AssignmentService/RouteLeads";

/// What the roles of a process share.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub store: Store,
    pub tenants: Arc<Tenants>,
    pub snapshots: Arc<Snapshots>,
    pub clock: Clock,
    pub security: Arc<Security>,
    pub webhooks: WebhookFiles,
    pub lifecycle: Lifecycle,
}

impl Shared {
    pub(crate) fn new(store: Store, clock: Clock, mut security: Security, webhooks: WebhookFiles) -> Self {
        let lifecycle = Lifecycle::new();
        security.keep_up(&lifecycle);
        let tenants = Arc::new(Tenants::new(store.clone()));
        let snapshots = Arc::new(Snapshots::new(store.clone()));
        Self { store, tenants, snapshots, clock, security: Arc::new(security), webhooks, lifecycle }
    }

    /// How the services are addressed.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.security.has_tls() { "https" } else { "http" }
    }

    fn server(&self, role: &'static str, config: &Config) -> GrpcServer {
        let server = GrpcServer::new(role, &config.limits, Arc::clone(&self.security));
        server.descriptor_set(api::FILE_DESCRIPTOR_SET)
    }

    pub(crate) async fn scoring(&self, config: &Config, listener: TcpListener) -> Result<SocketAddr, ServeError> {
        let api = ScoringApi::new(self.store.clone(), Arc::clone(&self.tenants), self.clock.clone());
        let server =
            self.server("scoring", config).service(grpc_service!(ScoringServiceServer::new(api), config.limits));
        Ok(server.serve(listener, &self.lifecycle).await?.address)
    }

    /// `scoring` is where scores are asked for.
    pub(crate) async fn assignment(
        &self,
        config: &Config,
        listener: TcpListener,
        scoring: &ClientConfig,
    ) -> Result<SocketAddr, StartError> {
        let (store, tenants) = (|| self.store.clone(), || Arc::clone(&self.tenants));
        let api = AssignmentApi::start(
            store(),
            tenants(),
            Arc::clone(&self.snapshots),
            self.clock.clone(),
            &client::channel(scoring, self.security.client_tls()).map_err(ServeError::from)?,
            AssignmentConfig { lanes: config.assignment.lanes, score_timeout: config.assignment.score_timeout },
            &self.lifecycle,
        )
        .map_err(StartError::Thread)?;
        let directory = DirectoryApi::new(store(), tenants(), self.clock.clone());
        let policy = PolicyApi::new(store(), tenants(), self.clock.clone());
        let seal = || Arc::clone(&self.webhooks.seal);
        let subscriptions =
            SubscriptionApi::new(store(), tenants(), self.clock.clone(), seal(), config.webhooks.rules());
        if config.webhooks.send {
            let (delivery, files) = (config.webhooks.delivery(), (seal(), Arc::clone(&self.webhooks.tls)));
            let dispatcher = Dispatcher::new(store(), tenants(), self.clock.clone(), delivery, files, api.commits());
            self.lifecycle.spawn(dispatcher.run(self.lifecycle.clone()));
        }
        let large = LimitsConfig {
            max_message_bytes: config.limits.max_message_bytes.max(DIRECTORY_MESSAGE_BYTES),
            ..config.limits.clone()
        };
        let server = self
            .server("assignment", config)
            .service(grpc_service!(OperationsServer::new(api.operations()), config.limits))
            .service(grpc_service!(AssignmentServiceServer::new(api), config.limits))
            .service(grpc_service!(DirectoryServiceServer::new(directory), large))
            .service(grpc_service!(PolicyServiceServer::new(policy), config.limits))
            .service(grpc_service!(SubscriptionServiceServer::new(subscriptions), config.limits))
            .reserve(FIRE_TIMERS)
            .open_ended(ROUTE_LEADS);
        Ok(server.serve(listener, &self.lifecycle).await?.address)
    }

    /// `assignment` is where due timers are fired.
    pub(crate) async fn escalation(
        &self,
        config: &Config,
        listener: TcpListener,
        assignment: &ClientConfig,
    ) -> Result<SocketAddr, ServeError> {
        let api = EscalationApi::new(self.store.clone(), Arc::clone(&self.tenants), self.clock.clone());
        let server = self.server("escalation", config);
        let server = server.service(grpc_service!(EscalationServiceServer::new(api), config.limits));
        let channel = client::channel(assignment, self.security.client_tls())?;
        let address = server.serve(listener, &self.lifecycle).await?.address;
        let role = &config.escalation;
        let scheduler = Scheduler::new(
            self.store.clone(),
            Arc::clone(&self.tenants),
            Arc::clone(&self.snapshots),
            self.clock.clone(),
            SchedulerConfig { batch: role.batch, poll: role.poll, retry: role.retry, audit: role.audit },
            channel,
        );
        self.lifecycle.spawn(scheduler.run(self.lifecycle.clone()));
        Ok(address)
    }
}
