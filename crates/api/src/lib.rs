//! The contract in Rust: generated messages, clients and servers, and everything that stands between the wire and the
//! domain. Only this crate knows both.

pub mod v1;

/// Descriptors of `leadrouter.v1` and what it imports, encoded: for the reflection service.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/leadrouter.v1.descriptors.bin"));

/// The domain of every `google.rpc.ErrorInfo` that Leadrouter sends.
pub const ERROR_DOMAIN: &str = "leadrouter";
