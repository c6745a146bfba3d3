//! One gRPC server, the same for every role.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc};

use tokio::net::TcpListener;
use tonic::{
    body::Body,
    codec::CompressionEncoding,
    codegen::{Service, http::Request},
    server::NamedService,
    service::RoutesBuilder,
    transport,
};
use tonic_health::{
    ServingStatus,
    pb::health_server::HealthServer,
    server::{HealthReporter, HealthService},
};
use tower::ServiceBuilder;

use crate::{
    auth::{Access, AuthLayer, Need, Security},
    config::{ConfigError, LimitsConfig},
    deadline::ServerDeadlineLayer,
    explain::ExplainLayer,
    incoming::incoming,
    lifecycle::Lifecycle,
    limit::{LimitLayer, Limiter},
    methods::Methods,
    metrics,
    panic::CatchPanicLayer,
    telemetry::ServerTraceLayer,
};

const HEALTH: &str = "grpc.health.v1.Health";
const REFLECTION_V1: &str = "grpc.reflection.v1.ServerReflection";
const REFLECTION_V1ALPHA: &str = "grpc.reflection.v1alpha.ServerReflection";
const HEALTH_CHECK: &str = "/grpc.health.v1.Health/Check";

/// Services of others, whose contracts know no permissions. A balancer must be able to ask how a server is; what reflection tells
/// is the contract, which is no secret, but whoever asks should be known.
const EXEMPT: [(&str, Need); 3] =
    [(HEALTH, Need::Nothing), (REFLECTION_V1, Need::Caller), (REFLECTION_V1ALPHA, Need::Caller)];

/// Why a server can't start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Its configuration doesn't allow it.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A descriptor set can't be read.
    #[error("a descriptor set can't be read: {0}")]
    Descriptor(#[from] prost::DecodeError),
    /// Reflection can't be made from the descriptor sets.
    #[error("reflection can't be made from the descriptor sets: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The listener has no address.
    #[error("the listener has no address: {0}")]
    Listener(#[from] io::Error),
}

/// Applies a server's limits to a generated service: `grpc_service!(XServer::new(x), limits)`. The generated types
/// have these methods each for itself, so that no function can do it for all.
///
/// Compressed requests are accepted; answers go out plain, because tonic would compress each of them for every client
/// that can read it, however small it is.
#[macro_export]
macro_rules! grpc_service {
    ($service:expr, $limits:expr) => {
        $service
            .max_decoding_message_size($limits.max_message_bytes)
            .accept_compressed($crate::__private::CompressionEncoding::Gzip)
    };
}

/// A server to be.
#[derive(Debug)]
pub struct GrpcServer {
    role: &'static str,
    limits: LimitsConfig,
    security: Arc<Security>,
    routes: RoutesBuilder,
    services: Vec<&'static str>,
    descriptor_sets: Vec<&'static [u8]>,
    reserved: Vec<&'static str>,
    open_ended: Vec<&'static str>,
}

/// A server that runs as a task of its [`Lifecycle`], and ends with it.
#[derive(Debug, Clone)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it says about its services. They are serving from the start; a role that waits for something says so here.
    pub health: HealthReporter,
}

impl GrpcServer {
    /// A server that plays `role`, which is a word for traces and metrics: `assignment`. It lets in whom `security` knows.
    ///
    /// Each method must have a permission in the descriptor set; nobody may call one that has none. Health answers everybody,
    /// reflection every caller who is known.
    pub fn new(role: &'static str, limits: &LimitsConfig, security: Arc<Security>) -> Self {
        Self {
            role,
            limits: limits.clone(),
            security,
            routes: RoutesBuilder::default(),
            services: Vec::new(),
            descriptor_sets: Vec::new(),
            reserved: vec![HEALTH_CHECK],
            open_ended: Vec::new(),
        }
    }

    /// Serves `service`, which should have gone through [`grpc_service!`](crate::grpc_service).
    #[must_use]
    pub fn service<S>(mut self, service: S) -> Self
    where
        S: Service<Request<Body>, Response = http::Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.services.push(S::NAME);
        self.routes.add_service(service);
        self
    }

    /// Describes services, for reflection and for the names in traces and metrics: an encoded `FileDescriptorSet`. It
    /// may describe more services than this server has.
    #[must_use]
    pub fn descriptor_set(mut self, encoded: &'static [u8]) -> Self {
        self.descriptor_sets.push(encoded);
        self
    }

    /// Lets the method at `path` use the reserve of the limit in flight: `/package.Service/Method`.
    #[must_use]
    pub fn reserve(mut self, path: &'static str) -> Self {
        self.reserved.push(path);
        self
    }

    /// Gives the method at `path` no default deadline, because it takes a stream for as long as it comes.
    #[must_use]
    pub fn open_ended(mut self, path: &'static str) -> Self {
        self.open_ended.push(path);
        self
    }

    /// Starts to serve the connections of `listener`, until `lifecycle` ends.
    pub async fn serve(mut self, listener: TcpListener, lifecycle: &Lifecycle) -> Result<Running, ServeError> {
        self.limits.check()?;
        let address = listener.local_addr()?;
        self.security.check_listen(address)?;
        let health = self.add_health(lifecycle).await;
        self.add_reflection()?;
        let methods = Arc::new(Methods::new(self.role, &self.descriptor_sets, &self.services)?);
        let access = Access::new(self.security.rules(), &self.descriptor_sets, &self.services, &EXEMPT)?;
        let limiter = Arc::new(Limiter::new(&self.limits, std::mem::take(&mut self.reserved)));
        metrics::observe_in_flight(self.role, &limiter);

        // From the outside in. Whatever answers within is seen by all that stands before it.
        let stack = ServiceBuilder::new()
            // Sees every call, also those that the next layers refuse.
            .layer(ServerTraceLayer::new(self.role, methods))
            // Gives a reason to what those within refuse without one, and turns away what is not gRPC.
            .layer(ExplainLayer)
            // The clock starts before anything else is done, and bounds all of it.
            .layer(ServerDeadlineLayer::new(&self.limits, std::mem::take(&mut self.open_ended)))
            // Sheds before work is done for a call; inside of the deadline, so that a call that is over gives its place back.
            .layer(LimitLayer::new(limiter))
            // Handlers find a `Caller` in every request, who may make it.
            .layer(AuthLayer::new(&self.security, access))
            // Innermost, so that a panic is an answer like another to those outside: counted, traced, its place free.
            .layer(CatchPanicLayer)
            .into_inner();

        let incoming = incoming(listener, &self.limits, self.security.server_tls(), lifecycle);
        let stopping = lifecycle.stopping().clone();
        let routes = std::mem::take(&mut self.routes).routes();
        let serving = self
            .transport()
            .layer(stack)
            .add_routes(routes)
            .serve_with_incoming_shutdown(incoming, stopping.cancelled_owned());
        let (role, lifecycle_of_task) = (self.role, lifecycle.clone());
        lifecycle.spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(role, %error, "the server broke, ending the process");
                lifecycle_of_task.request_shutdown();
            }
        });
        tracing::info!(role = self.role, %address, "serving");
        Ok(Running { address, health })
    }

    /// HTTP/2 as the limits have it. There is no `max_connection_age_grace`: it cuts calls in flight without GOAWAY.
    fn transport(&self) -> transport::Server {
        let server = transport::Server::builder()
            .max_concurrent_streams(self.limits.max_concurrent_streams)
            .http2_max_header_list_size(self.limits.max_header_bytes)
            .http2_keepalive_interval(Some(self.limits.keepalive_interval))
            .http2_keepalive_timeout(Some(self.limits.keepalive_timeout));
        match self.limits.max_connection_age {
            Some(age) => server.max_connection_age(age),
            None => server,
        }
    }

    /// Health of the whole (the empty name) and of each service.
    async fn add_health(&mut self, lifecycle: &Lifecycle) -> HealthReporter {
        let reporter = HealthReporter::new();
        for service in &self.services {
            reporter.set_service_status(service, ServingStatus::Serving).await;
        }
        let names = self.services.iter().copied().chain([""]).map(str::to_owned).collect();
        lifecycle.watch_health(reporter.clone(), names);
        let server = HealthServer::new(HealthService::from_health_reporter(reporter.clone()));
        self.routes.add_service(server.accept_compressed(CompressionEncoding::Gzip));
        self.services.push(HEALTH);
        self.descriptor_sets.push(tonic_health::pb::FILE_DESCRIPTOR_SET);
        reporter
    }

    /// Reflection in both versions: many tools still ask for v1alpha only.
    fn add_reflection(&mut self) -> Result<(), ServeError> {
        let described = || {
            let builder =
                self.descriptor_sets.iter().fold(tonic_reflection::server::Builder::configure(), |builder, encoded| {
                    builder.register_encoded_file_descriptor_set(encoded)
                });
            let names = self.services.iter().copied().chain([REFLECTION_V1, REFLECTION_V1ALPHA]);
            names.fold(builder, tonic_reflection::server::Builder::with_service_name)
        };
        let v1 = described().build_v1()?;
        let v1alpha = described().build_v1alpha()?;
        self.routes.add_service(v1.accept_compressed(CompressionEncoding::Gzip));
        self.routes.add_service(v1alpha.accept_compressed(CompressionEncoding::Gzip));
        self.services.extend([REFLECTION_V1, REFLECTION_V1ALPHA]);
        self.descriptor_sets.push(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET);
        self.descriptor_sets.push(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET);
        Ok(())
    }
}
