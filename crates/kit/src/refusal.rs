//! The answers that this crate gives itself, before or instead of a handler.

use std::{
    collections::HashMap,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use http::Response;
use pin_project_lite::pin_project;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::telemetry::current_trace_id;

/// The domain of every `ErrorInfo` of this product.
pub const ERROR_DOMAIN: &str = "leadrouter";

/// Reasons of the errors that this crate makes; the contract's enum of reasons has the same names.
pub mod reason {
    /// The deadline passed.
    pub const DEADLINE_EXCEEDED: &str = "DEADLINE_EXCEEDED";
    /// Too much is in flight.
    pub const OVERLOADED: &str = "OVERLOADED";
    /// The caller calls more often than they may.
    pub const QUOTA_EXCEEDED: &str = "QUOTA_EXCEEDED";
    /// A metadata value can't be read.
    pub const INVALID_METADATA: &str = "INVALID_METADATA";
    /// The fault is the server's.
    pub const INTERNAL: &str = "INTERNAL";
    /// The server has no such method, or does not know how the message is compressed.
    pub const NOT_SUPPORTED: &str = "NOT_SUPPORTED";
    /// The message is larger than the server takes.
    pub const MESSAGE_TOO_LARGE: &str = "MESSAGE_TOO_LARGE";
    /// What was sent does not keep to the protocol.
    pub const MALFORMED_CALL: &str = "MALFORMED_CALL";

    /// The caller has not the permission that the method needs.
    pub const METHOD_DENIED: &str = "METHOD_DENIED";

    /// The credential is not for that tenant.
    pub const TENANT_DENIED: &str = "TENANT_DENIED";
    /// Neither a certificate nor a token came with the call.
    pub const CREDENTIAL_MISSING: &str = "CREDENTIAL_MISSING";
    /// The token was good once.
    pub const CREDENTIAL_EXPIRED: &str = "CREDENTIAL_EXPIRED";
    /// The certificate or the token is not accepted.
    pub const CREDENTIAL_INVALID: &str = "CREDENTIAL_INVALID";

    /// All of them.
    pub const ALL: [&str; 13] = [
        DEADLINE_EXCEEDED,
        OVERLOADED,
        QUOTA_EXCEEDED,
        INVALID_METADATA,
        INTERNAL,
        NOT_SUPPORTED,
        MESSAGE_TOO_LARGE,
        MALFORMED_CALL,
        METHOD_DENIED,
        TENANT_DENIED,
        CREDENTIAL_MISSING,
        CREDENTIAL_EXPIRED,
        CREDENTIAL_INVALID,
    ];
}

/// When a refused caller should come back. Callers add jitter of their own.
pub const RETRY_AFTER: Duration = Duration::from_millis(100);

/// A refusal with a reason and nothing more to tell.
pub(crate) fn of(code: Code, message: &str, reason: &str) -> Status {
    Status::with_error_details(code, message, ErrorDetails::with_error_info(reason, ERROR_DOMAIN, []))
}

/// The call's deadline passed before there was an answer.
pub fn deadline_exceeded() -> Status {
    of(
        Code::DeadlineExceeded,
        "the deadline passed before there was an answer; if it changes something, it may have: send the same again with \
         the same `request_id`",
        reason::DEADLINE_EXCEEDED,
    )
}

/// The server has as much to do as it can.
pub fn overloaded() -> Status {
    let mut details = ErrorDetails::with_error_info(reason::OVERLOADED, ERROR_DOMAIN, []);
    details.set_retry_info(Some(RETRY_AFTER));
    Status::with_error_details(
        Code::ResourceExhausted,
        "the server is at its limit of calls in flight; try again after the delay in RetryInfo, with jitter",
        details,
    )
}

/// The metadata value of `header` can't be used; `expected` says what could.
pub fn invalid_metadata(header: &'static str, expected: &str) -> Status {
    let message = format!("metadata `{header}`: expected {expected}");
    let mut details =
        ErrorDetails::with_error_info(reason::INVALID_METADATA, ERROR_DOMAIN, [("header".into(), header.into())]);
    details.add_bad_request_violation(header, format!("expected {expected}"));
    Status::with_error_details(Code::InvalidArgument, message, details)
}

/// Something broke inside; what, stays inside.
pub fn internal() -> Status {
    let trace: HashMap<_, _> =
        current_trace_id().map(|trace| ("trace_id".to_owned(), trace.to_string())).into_iter().collect();
    let details = ErrorDetails::with_error_info(reason::INTERNAL, ERROR_DOMAIN, trace);
    Status::with_error_details(Code::Internal, "internal error; the server's log has more, by `trace_id`", details)
}

pin_project! {
    /// The future of a layer that lets a call through or answers it itself. It keeps `held` while the handler works.
    pub struct Gated<F, H = ()> {
        #[pin]
        gate: Gate<F, H>,
    }
}

pin_project! {
    #[project = GateProjected]
    enum Gate<F, H> {
        Open { #[pin] inner: F, held: Option<H> },
        Closed { status: Option<Status> },
    }
}

impl<F, H> Gated<F, H> {
    /// Lets the call through.
    pub(crate) const fn open(inner: F, held: H) -> Self {
        Self { gate: Gate::Open { inner, held: Some(held) } }
    }

    /// Answers with `status`.
    pub(crate) const fn closed(status: Status) -> Self {
        Self { gate: Gate::Closed { status: Some(status) } }
    }
}

impl<F, H, B, E> Future for Gated<F, H>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().gate.project() {
            GateProjected::Open { inner, held } => {
                let result = ready!(inner.poll(cx));
                *held = None;
                Poll::Ready(result)
            }
            GateProjected::Closed { status } => match status.take() {
                Some(status) => Poll::Ready(Ok(status.into_http())),
                // Polled again after it had answered, which no executor does.
                None => Poll::Pending,
            },
        }
    }
}
