//! A call under a deadline, on either side.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};
use tonic::Status;

use super::{CURRENT, Deadline, DeadlineBody};
use crate::refusal;

pin_project! {
    /// Ends with `DEADLINE_EXCEEDED` when the deadline passes before the answer's headers.
    pub struct DeadlineFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = Projected]
    enum State<F> {
        // The call ended before it began.
        Refused { status: Option<Status> },
        Waiting {
            #[pin]
            inner: F,
            #[pin]
            sleep: Sleep,
            deadline: Deadline,
            // The end of the time for the whole answer, if it has one.
            whole: Option<Instant>,
        },
    }
}

impl<F> DeadlineFuture<F> {
    pub(super) const fn refused(status: Status) -> Self {
        Self { state: State::Refused { status: Some(status) } }
    }

    /// `call` begins the call; it and all that it does is under `deadline`, the answer's body under `whole`.
    pub(super) fn begin(deadline: Deadline, whole: Option<Deadline>, call: impl FnOnce() -> F) -> Self {
        let inner = CURRENT.sync_scope(deadline, call);
        let sleep = tokio::time::sleep_until(deadline.at());
        Self { state: State::Waiting { inner, sleep, deadline, whole: whole.map(Deadline::at) } }
    }
}

impl<F, B, E> Future for DeadlineFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = Result<Response<DeadlineBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (inner, sleep, deadline, whole) = match self.project().state.project() {
            Projected::Waiting { inner, sleep, deadline, whole } => (inner, sleep, *deadline, *whole),
            Projected::Refused { status } => match status.take() {
                Some(status) => return Poll::Ready(Ok(status.into_http())),
                // Polled again after it had answered, which no executor does.
                None => return Poll::Pending,
            },
        };
        match CURRENT.sync_scope(deadline, || inner.poll(cx)) {
            Poll::Ready(Ok(response)) => Poll::Ready(Ok(response.map(|body| DeadlineBody::new(body, whole)))),
            Poll::Ready(Err(error)) if !deadline.is_over() => Poll::Ready(Err(error)),
            // The clock is asked as well as the timer. tonic has timers of its own on the same header, outside of ours
            // on the server and inside on the client, and calls their end CANCELLED: ours must be done by then.
            Poll::Pending if sleep.poll(cx).is_pending() && !deadline.is_over() => Poll::Pending,
            _ => Poll::Ready(Ok(refusal::deadline_exceeded().into_http())),
        }
    }
}
