//! The methods that a server knows, with everything that telemetry says about them made beforehand.

use std::{collections::HashMap, sync::Arc};

use opentelemetry::KeyValue;
use opentelemetry_semantic_conventions::attribute::{
    ERROR_TYPE, RPC_METHOD, RPC_RESPONSE_STATUS_CODE, RPC_SYSTEM_NAME,
};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::Code;

/// The name under which methods that the server doesn't know are counted, so that callers can't make up time series
/// (OpenTelemetry's semantic conventions for `rpc.method`).
pub const OTHER: &str = "_OTHER";

/// Names of the canonical codes, by number (`google.rpc.Code`).
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The code's name as the protocol spells it: `NOT_FOUND`.
pub fn code_name(code: Code) -> &'static str {
    CODES[index(code)]
}

fn index(code: Code) -> usize {
    usize::try_from(code as i32).unwrap_or(Code::Unknown as usize)
}

/// True when the failure is the server's and not the caller's: such spans are marked as errors (semantic conventions
/// for gRPC, server spans).
pub fn is_server_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

/// One method.
#[derive(Debug)]
pub struct Method {
    /// `leadrouter.v1.AssignmentService/RouteLead`, or [`OTHER`].
    pub name: Box<str>,
    /// The attributes of its metrics, by code.
    attributes: Vec<Box<[KeyValue]>>,
}

impl Method {
    fn new(name: &str, role: &'static str) -> Self {
        let attributes = CODES.iter().map(|code| {
            let mut attributes = vec![
                KeyValue::new(RPC_SYSTEM_NAME, "grpc"),
                KeyValue::new(RPC_METHOD, name.to_owned()),
                KeyValue::new(RPC_RESPONSE_STATUS_CODE, *code),
                KeyValue::new("leadrouter.role", role),
            ];
            if *code != "OK" {
                attributes.push(KeyValue::new(ERROR_TYPE, *code));
            }
            attributes.into_boxed_slice()
        });
        Self { attributes: attributes.collect(), name: name.into() }
    }

    /// The attributes of a call that ended with `code`.
    pub fn attributes(&self, code: Code) -> &[KeyValue] {
        &self.attributes[index(code)]
    }
}

/// The methods of one server.
#[derive(Debug)]
pub struct Methods {
    /// By path: `/leadrouter.v1.AssignmentService/RouteLead`.
    known: HashMap<Box<str>, Arc<Method>>,
    other: Arc<Method>,
}

impl Methods {
    /// The methods of those `services` (full names) that the encoded descriptor sets describe.
    pub fn new(role: &'static str, descriptor_sets: &[&[u8]], services: &[&str]) -> Result<Self, prost::DecodeError> {
        let mut known = HashMap::new();
        for encoded in descriptor_sets {
            for file in FileDescriptorSet::decode(*encoded)?.file {
                for service in &file.service {
                    let full_name = match file.package() {
                        "" => service.name().to_owned(),
                        package => format!("{package}.{}", service.name()),
                    };
                    if services.contains(&full_name.as_str()) {
                        known.extend(service.method.iter().map(|method| {
                            let name = format!("{full_name}/{}", method.name());
                            (format!("/{name}").into_boxed_str(), Arc::new(Method::new(&name, role)))
                        }));
                    }
                }
            }
        }
        Ok(Self { known, other: Arc::new(Method::new(OTHER, role)) })
    }

    /// The method at a request's path, or the one that stands for all others.
    pub fn find(&self, path: &str) -> &Arc<Method> {
        self.known.get(path).unwrap_or(&self.other)
    }

    /// True when the server has this method.
    pub fn knows(&self, path: &str) -> bool {
        self.known.contains_key(path)
    }
}
