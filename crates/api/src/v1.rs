//! `leadrouter.v1` as generated from `proto/`: messages, and a client and a server for each service.

#![allow(missing_docs, unreachable_pub, reason = "generated: services carry markers of their own")]
#![allow(clippy::all, clippy::pedantic, reason = "generated")]

tonic::include_proto!("leadrouter.v1");
