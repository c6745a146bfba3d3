//! `RouteLeads`: leads as they come, for as long as the caller sends them.
//!
//! What has arrived is taken in parts, which are handed to the committer in the order in which they came: the results are those of
//! routing the leads one after another. All of it is done by whoever takes the results, so a caller that reads none is, two parts
//! later, not read from either: its sending stops by the flow control of HTTP/2.

use std::sync::Arc;

use api::{Error, convert::route, v1};
use futures::{FutureExt as _, Stream, StreamExt as _, stream};
use prost::Message as _;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::{
    Asker, Inner,
    route::{Prepared, key},
};
use crate::committer::{Handed, MAX_BATCH, Urgency};

/// Most leads of one part: what a commit takes.
const PART_LEADS: usize = MAX_BATCH;
/// Bytes after which a part is full, so that large leads don't add up.
const PART_BYTES: usize = 1 << 20;
/// Parts under way: while one is committed, the next is scored and waits.
const PARTS: usize = 2;

/// The caller's stream, and for whom it is read.
struct Intake<R> {
    inner: Arc<Inner>,
    asker: Asker,
    requests: R,
    stopping: CancellationToken,
    /// Nothing is read any more; with an error, if the stream broke.
    end: Option<Result<(), Status>>,
}

/// A part that is on its way.
struct Taken {
    handed: Handed,
    wrong: Vec<Option<Error>>,
}

/// The results of what `requests` brings, in order.
///
/// Ends with the caller's stream, or with its error if it breaks. When the process is `stopping` it takes no more, and ends with
/// `UNAVAILABLE` once what was taken is done.
pub(super) fn results<R>(
    inner: Arc<Inner>,
    asker: Asker,
    requests: R,
    stopping: CancellationToken,
) -> impl Stream<Item = Result<v1::RouteLeadsResponse, Status>> + Send
where
    R: Stream<Item = Result<v1::RouteLeadsRequest, Status>> + Send + Unpin,
{
    let intake = Intake { inner, asker, requests, stopping, end: None };
    let taken = stream::unfold(intake, async |mut intake| Some((intake.take().await?, intake)));
    let answered = taken.map(async |taken| match taken {
        Ok(Taken { handed, wrong }) => Prepared::results(wrong, handed.answers().await).map(Ok).collect(),
        Err(status) => vec![Err(status)],
    });
    let results = answered.buffered(PARTS).flat_map(stream::iter);
    results.map(|result| result.map(|result| v1::RouteLeadsResponse { result: Some(result) }))
}

impl<R> Intake<R>
where
    R: Stream<Item = Result<v1::RouteLeadsRequest, Status>> + Send + Unpin,
{
    /// Takes the next part; `None`: there is no more.
    async fn take(&mut self) -> Option<Result<Taken, Status>> {
        let part = self.part().await;
        if part.is_empty() {
            return self.end.replace(Ok(()))?.err().map(Err);
        }
        let entries = part.into_iter().map(|request| (key(&request), route::read_streamed(request)));
        let Prepared { commands, wrong } = self.inner.prepare(&self.asker, entries).await;
        let handed = self.inner.committer.hand_in_all(commands, Urgency::Background).await;
        Some(Ok(Taken { handed, wrong }))
    }

    /// What has arrived, but at least one lead; nothing at the end.
    async fn part(&mut self) -> Vec<v1::RouteLeadRequest> {
        let (mut part, mut bytes) = (Vec::new(), 0);
        while self.end.is_none() && part.len() < PART_LEADS && bytes < PART_BYTES {
            let next = if part.is_empty() {
                let stopped = Some(Err(Error::ServiceUnavailable.into()));
                self.stopping.run_until_cancelled(self.requests.next()).await.unwrap_or(stopped)
            } else {
                match self.requests.next().now_or_never() {
                    Some(next) => next,
                    None => break,
                }
            };
            match next {
                Some(Ok(message)) => {
                    bytes += message.encoded_len();
                    part.push(message.request.unwrap_or_default());
                }
                Some(Err(status)) => self.end = Some(Err(status)),
                None => self.end = Some(Ok(())),
            }
        }
        part
    }
}
