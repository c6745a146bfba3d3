#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{convert::Infallible, future::pending};

use http::{HeaderMap, HeaderValue, Request, Response};
use proptest::prelude::*;
use tonic::body::Body;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::*;
use crate::config::LimitsConfig;

fn timeout(text: &str) -> HeaderMap {
    HeaderMap::from_iter([("grpc-timeout".parse().unwrap(), HeaderValue::from_str(text).unwrap())])
}

#[test]
fn timeouts_are_read_in_every_unit() {
    let hour = Duration::from_hours(1);
    for (text, expected) in [
        ("1H", hour),
        ("60M", hour),
        ("3600S", hour),
        ("3600000m", hour),
        ("99999999u", Duration::from_micros(99_999_999)),
        ("7n", Duration::from_nanos(7)),
        ("0n", Duration::ZERO),
        ("99999999H", Duration::from_hours(99_999_999)),
    ] {
        assert_eq!(parse_timeout(&timeout(text)), Ok(Some(expected)), "{text}");
    }
    assert_eq!(parse_timeout(&HeaderMap::new()), Ok(None));
}

#[test]
fn what_is_no_timeout_is_refused() {
    for text in ["", "S", "1", "1s", "-1S", "1.5S", " 1S", "1S ", "123456789S", "1\u{e9}"] {
        assert_eq!(parse_timeout(&timeout(text)), Err(InvalidTimeout), "{text:?}");
    }
}

proptest! {
    /// Written and read again, a timeout is never longer, and shorter by less than its hundred thousandth part.
    #[test]
    fn timeouts_survive_the_wire(nanos in 0_u64..=u64::MAX) {
        let asked = Duration::from_nanos(nanos);
        let headers = HeaderMap::from_iter([("grpc-timeout".parse().unwrap(), format_timeout(asked))]);
        let read = parse_timeout(&headers).unwrap().unwrap();
        prop_assert!(read <= asked);
        prop_assert!(asked.saturating_sub(read) <= asked / 90_000);
    }
}

/// Calls a service of which the deadline layer is all there is.
async fn serve<F>(
    limits: &LimitsConfig,
    path: &'static str,
    headers: HeaderMap,
    handler: F,
) -> Response<DeadlineBody<Body>>
where
    F: AsyncFnOnce(Request<Body>) -> Response<Body>,
{
    let mut handler = Some(handler);
    let inner = service_fn(|request: Request<Body>| {
        let handler = handler.take().unwrap();
        async { Ok::<_, Infallible>(handler(request).await) }
    });
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = path.parse().unwrap();
    *request.headers_mut() = headers;
    ServerDeadlineLayer::new(limits, vec!["/open"]).layer(inner).oneshot(request).await.unwrap()
}

fn code<B>(response: &Response<B>) -> Option<&str> {
    response.headers().get("grpc-status").map(|status| status.to_str().unwrap())
}

async fn never(_: Request<Body>) -> Response<Body> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn the_default_ends_a_call_that_brings_no_deadline() {
    let start = Instant::now();
    let response = serve(&LimitsConfig::default(), "/a", HeaderMap::new(), never).await;
    assert_eq!(code(&response), Some("4"));
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn the_maximum_ends_a_call_that_wants_longer_or_has_no_default() {
    for (path, headers) in [("/a", timeout("24H")), ("/open", HeaderMap::new())] {
        let start = Instant::now();
        let limits = LimitsConfig { max_deadline: Duration::from_mins(2), ..LimitsConfig::default() };
        let response = serve(&limits, path, headers, never).await;
        assert_eq!(code(&response), Some("4"));
        assert_eq!(start.elapsed().as_secs(), 120);
    }
}

#[tokio::test(start_paused = true)]
async fn the_handler_finds_what_is_left() {
    serve(&LimitsConfig::default(), "/a", timeout("2S"), async |request| {
        tokio::time::advance(Duration::from_millis(500)).await;
        let deadline = *request.extensions().get::<Deadline>().unwrap();
        assert_eq!(Deadline::current(), Some(deadline));
        assert_eq!(deadline.remaining(), Duration::from_millis(1500));
        assert!(deadline.check().is_ok());
        Response::new(Body::empty())
    })
    .await;
    assert_eq!(Deadline::current(), None);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_is_over_says_so() {
    let deadline = Deadline::after(Duration::from_millis(1));
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(deadline.is_over());
    assert_eq!(deadline.remaining(), Duration::ZERO);
    assert_eq!(deadline.check().unwrap_err().code(), tonic::Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn a_late_call_never_reaches_the_handler() {
    let response = serve(&LimitsConfig::default(), "/a", timeout("0m"), async |_| unreachable!()).await;
    assert_eq!(code(&response), Some("4"));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_that_can_not_be_read_is_refused() {
    let response = serve(&LimitsConfig::default(), "/a", timeout("soon"), async |_| unreachable!()).await;
    assert_eq!(code(&response), Some("3"));
}

/// What a client's call looks like to the service below the client layer.
async fn sent(default: Duration, request: Request<Body>) -> Option<Duration> {
    let mut seen = None;
    let inner = service_fn(|request: Request<Body>| {
        seen = parse_timeout(request.headers()).unwrap();
        async { Ok::<_, Infallible>(Response::new(Body::empty())) }
    });
    ClientDeadlineLayer::new(default).layer(inner).oneshot(request).await.unwrap();
    seen
}

#[tokio::test(start_paused = true)]
async fn a_client_passes_on_the_earliest_deadline() {
    let default = Duration::from_secs(10);
    let plain = || Request::new(Body::empty());
    assert_eq!(sent(default, plain()).await, Some(default));

    let outer = Deadline::after(Duration::from_secs(30));
    assert_eq!(outer.scope(sent(default, plain())).await, Some(Duration::from_secs(30)));

    let mut own = plain();
    *own.headers_mut() = timeout("5S");
    assert_eq!(outer.scope(sent(default, own)).await, Some(Duration::from_secs(5)));

    let mut handed = plain();
    handed.extensions_mut().insert(Deadline::after(Duration::from_secs(3)));
    assert_eq!(outer.scope(sent(default, handed)).await, Some(Duration::from_secs(3)));
}

#[tokio::test(start_paused = true)]
async fn a_client_sends_nothing_once_it_is_over() {
    let inner = service_fn(|_: Request<Body>| async { unreachable!() as Result<Response<Body>, Infallible> });
    let call = ClientDeadlineLayer::new(Duration::from_secs(10)).layer(inner).oneshot(Request::new(Body::empty()));
    let response = Deadline::after(Duration::ZERO).scope(call).await.unwrap();
    assert_eq!(code(&response), Some("4"));
}

#[tokio::test(start_paused = true)]
async fn a_client_waits_no_longer_than_the_deadline() {
    let inner = service_fn(|_: Request<Body>| pending::<Result<Response<Body>, Infallible>>());
    let call = ClientDeadlineLayer::new(Duration::from_secs(10)).layer(inner).oneshot(Request::new(Body::empty()));
    let start = Instant::now();
    assert_eq!(code(&call.await.unwrap()), Some("4"));
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_stream_lasts_for_the_callers_time_and_no_longer() {
    let body = |_| async { Response::new(Body::new(Endless)) };
    let response = serve(&LimitsConfig::default(), "/a", timeout("2H"), async |request| body(request).await).await;
    let start = Instant::now();
    let trailers = next_frame(response.into_body()).await.into_trailers().unwrap();
    assert_eq!(trailers["grpc-status"], "4");
    assert_eq!(start.elapsed().as_secs(), 7200);

    // A caller without a deadline watches for as long as it likes.
    let response = serve(&LimitsConfig::default(), "/a", HeaderMap::new(), async |request| body(request).await).await;
    let watch = tokio::time::timeout(Duration::from_hours(100), next_frame(response.into_body()));
    assert!(watch.await.is_err());
}

struct Endless;

impl http_body::Body for Endless {
    type Data = bytes::Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Infallible>>> {
        std::task::Poll::Pending
    }
}

async fn next_frame<B: http_body::Body<Error: std::fmt::Debug> + Unpin>(mut body: B) -> http_body::Frame<B::Data> {
    std::future::poll_fn(|cx| std::pin::Pin::new(&mut body).poll_frame(cx)).await.unwrap().unwrap()
}
