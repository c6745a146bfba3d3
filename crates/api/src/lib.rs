//! The contract in Rust: generated messages, clients and servers, and everything that stands between the wire and the
//! domain. Only this crate knows both.
//!
//! - [`v1`], [`longrunning`]: generated from `proto/`
//! - [`convert`]: messages into domain values and back, collecting [`Violations`]
//! - [`Error`]: why a call fails, and the one table that makes a status of it
//! - [`codec`]: protobuf, with a bound on what small messages blow up to
//! - [`names`], [`etag`], [`page`], [`resume`], [`filter`]: the small languages inside of text fields

pub mod codec;
pub mod convert;
pub mod error;
pub mod etag;
pub mod filter;
pub mod longrunning;
pub mod names;
pub mod page;
pub mod resume;
pub mod v1;
pub mod violations;

pub use error::{Error, Precondition, reason_of};
pub use violations::{Path, Violations};

/// Descriptors of `leadrouter.v1` and what it imports, encoded: for the reflection service.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/leadrouter.v1.descriptors.bin"));

/// The domain of every `google.rpc.ErrorInfo` that Leadrouter sends.
pub const ERROR_DOMAIN: &str = "leadrouter";
