//! Keys behind a URL: fetched now and then, and when a token names one that is not known, but never more often than allowed.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use opentelemetry::KeyValue;
use tokio::sync::{Semaphore, watch};
use tokio_util::{bytes::Bytes, sync::CancellationToken};

use super::keys::KeySet;
use crate::{
    clock::Clock,
    config::{ConfigError, KeysConfig, Problem},
    metrics, tls,
};

/// Most bytes that are read of an answer. A set with a few keys has some thousand.
const MAX_BYTES: usize = 256 << 10;
/// Calls that may wait for a fetch at once; those beyond are refused without, so that tokens with made-up keys can't hold all
/// places of a server.
const MAX_WAITING: usize = 64;
const URL: &str = "auth.tokens.keys.url";
const CA: &str = "auth.tokens.keys.ca";

/// A set of keys behind a URL.
#[derive(Debug)]
pub(in crate::auth) struct Remote {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    uri: Uri,
    timeout: Duration,
    refresh: Duration,
    min_refresh: Duration,
    keys: Arc<ArcSwap<KeySet>>,
    clock: Clock,
    state: watch::Sender<State>,
    waiting: Semaphore,
}

/// Where the loop is that fetches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A fetch is under way.
    Fetching,
    /// One has just ended; it is too early for another.
    Resting,
    /// Another may begin when it is wanted.
    Ready,
    /// A token came with a key that is not known.
    Wanted,
}

impl Remote {
    /// Keys go to `keys`. Nothing is fetched yet. Errors: the URL or the file of authorities can't be used.
    pub(super) fn new(config: &KeysConfig, keys: Arc<ArcSwap<KeySet>>, clock: Clock) -> Result<Self, ConfigError> {
        let url = config.url.as_deref().unwrap_or_default();
        let uri = url.parse().map_err(|error| ConfigError::of(Problem::at(URL, format!("found `{url}`: {error}"))))?;
        let tls = tls::outgoing(CA, config.ca.as_deref())?;
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            uri,
            timeout: config.timeout,
            refresh: config.refresh,
            min_refresh: config.min_refresh,
            keys,
            clock,
            state: watch::Sender::new(State::Fetching),
            waiting: Semaphore::new(MAX_WAITING),
        })
    }

    /// Fetches at once, and again every so often, until `stopping`. Only this loop fetches, so that no call that is broken off can
    /// break off a fetch that others wait for.
    pub(in crate::auth) async fn run(self: Arc<Self>, stopping: CancellationToken) {
        let fetching = async {
            loop {
                self.state.send_replace(State::Fetching);
                let good = self.fetch_in_time().await;
                self.state.send_replace(State::Resting);
                self.clock.sleep(self.min_refresh).await;
                if good {
                    self.state.send_replace(State::Ready);
                    let mut state = self.state.subscribe();
                    tokio::select! {
                        _ = state.wait_for(|state| *state == State::Wanted) => {}
                        () = self.clock.sleep(self.refresh.saturating_sub(self.min_refresh)) => {}
                    }
                }
            }
        };
        stopping.run_until_cancelled(fetching).await;
    }

    /// Has the keys fetched for a token whose key is not known, and waits for it; at once back when they were just fetched.
    pub(super) async fn fetch_soon(&self) {
        let Ok(_place) = self.waiting.try_acquire() else { return };
        self.state.send_if_modified(|state| {
            let ready = *state == State::Ready;
            if ready {
                *state = State::Wanted;
            }
            ready
        });
        let mut state = self.state.subscribe();
        // Bounded by the time of the fetch, and of course by the call's own deadline.
        let _ = tokio::time::timeout(self.timeout, state.wait_for(|state| *state == State::Resting)).await;
    }

    /// Puts new keys in place of the old ones; true if there were any.
    async fn fetch_in_time(&self) -> bool {
        let fetched = tokio::time::timeout(self.timeout, self.fetch()).await;
        let fetched = fetched.unwrap_or_else(|_| Err(format!("no answer within {:?}", self.timeout)));
        let outcome = if fetched.is_ok() { "ok" } else { "failed" };
        metrics::server().key_fetches.add(1, &[KeyValue::new("leadrouter.outcome", outcome)]);
        match fetched {
            Ok(keys) => {
                self.keys.store(Arc::new(keys));
                true
            }
            Err(error) => {
                tracing::error!(url = %self.uri, error, "the keys of tokens can't be fetched; those that are known stay in use");
                false
            }
        }
    }

    async fn fetch(&self) -> Result<KeySet, String> {
        let request = Request::get(self.uri.clone()).header("accept", "application/json").body(Empty::new());
        let request = request.map_err(|error| error.to_string())?;
        let response = self.client.request(request).await.map_err(|error| chain(&error))?;
        if response.status() != StatusCode::OK {
            return Err(format!("the answer is {}", response.status()));
        }
        let body = Limited::new(response.into_body(), MAX_BYTES).collect().await.map_err(|error| error.to_string())?;
        KeySet::parse(&body.to_bytes())
    }
}

/// An error with what is behind it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
