//! Generic server parts that know no lead: configuration, clock, telemetry, the stack of layers that every gRPC
//! server of this project wears, and an orderly end.
//!
//! A role is put together like this: [`config::load`] -> [`telemetry::init`] -> [`lifecycle::Lifecycle`] ->
//! [`server::GrpcServer`] -> [`lifecycle::Lifecycle::run`] -> [`telemetry::Telemetry::shutdown`].

pub mod auth;
pub mod client;
pub mod clock;
pub mod config;
pub mod deadline;
pub mod explain;
pub mod incoming;
pub mod lifecycle;
pub mod limit;
pub mod methods;
pub mod metrics;
pub mod panic;
pub mod refusal;
mod reload;
pub mod seal;
pub mod server;
pub mod telemetry;
pub mod tls;

/// What [`grpc_service!`](crate::grpc_service) needs from tonic, so that its users need not name it.
#[doc(hidden)]
pub mod __private {
    pub use tonic::codec::CompressionEncoding;
}
