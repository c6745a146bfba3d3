//! The answer's body under a deadline.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};

use crate::refusal;

pin_project! {
    /// A body that ends with the trailers of `DEADLINE_EXCEEDED` when the deadline passes before its own end.
    ///
    /// A body that never waits, which is that of every unary answer, never starts a timer.
    #[derive(Debug, Default)]
    pub struct DeadlineBody<B> {
        #[pin]
        inner: B,
        deadline: Option<Instant>,
        sleep: Option<Pin<Box<Sleep>>>,
        over: bool,
    }
}

impl<B> DeadlineBody<B> {
    pub(super) const fn new(inner: B, deadline: Option<Instant>) -> Self {
        Self { inner, deadline, sleep: None, over: false }
    }
}

impl<B: Body> Body for DeadlineBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        if *this.over {
            return Poll::Ready(None);
        }
        if let ready @ Poll::Ready(_) = this.inner.poll_frame(cx) {
            return ready;
        }
        let Some(deadline) = *this.deadline else {
            return Poll::Pending;
        };
        let sleep = this.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        ready!(sleep.as_mut().poll(cx));
        *this.over = true;
        let mut trailers = HeaderMap::with_capacity(3);
        // Fails only for a message that is no header value; this one is fixed.
        let _ = refusal::deadline_exceeded().add_header(&mut trailers);
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // A length that is promised must be kept, which a deadline can prevent.
        if self.deadline.is_some() { SizeHint::default() } else { self.inner.size_hint() }
    }
}
