//! `google.longrunning` as generated: operations, and the service that tells of them.

#![allow(missing_docs, unreachable_pub, reason = "generated: services carry markers of their own")]
#![allow(clippy::all, clippy::pedantic, reason = "generated")]

pub use tonic_types::pb::Status;

tonic::include_proto!("google.longrunning");
