//! Who changed what others depend on, told as it happens. The store keeps the author of each entry and revision as well; this is for
//! those who watch.

use std::sync::Arc;

use opentelemetry::KeyValue;
use tonic::Code;

use super::Caller;
use crate::{methods::code_name, metrics};

/// The target of the log lines.
pub const AUDIT_TARGET: &str = "leadrouter::audit";

/// One call that is told when it ends, however that is.
#[derive(Debug)]
pub(super) struct Audited {
    caller: Caller,
    /// Its path, without the first slash.
    method: Arc<str>,
    code: Code,
}

impl Audited {
    /// A call that has just begun. If it is broken off, nobody knows what came of it.
    pub(super) fn new(caller: Caller, path: &str) -> Self {
        Self { caller, method: path.trim_start_matches('/').into(), code: Code::Unknown }
    }

    /// It ended with `code`.
    pub(super) fn end(mut self, code: Code) {
        self.code = code;
    }
}

impl Drop for Audited {
    fn drop(&mut self) {
        let Self { caller: Caller { tenant, actor }, method, code } = self;
        let code = code_name(*code);
        tracing::info!(target: AUDIT_TARGET, %tenant, %actor, %method, code, "administrative call");
        let attributes = [KeyValue::new("rpc.method", method.to_string()), KeyValue::new("leadrouter.code", code)];
        metrics::server().audited.add(1, &attributes);
    }
}
