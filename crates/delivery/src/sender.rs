//! One attempt.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use domain::delivery::Attempt;
use http::{
    Request, Uri,
    header::{CONTENT_TYPE, USER_AGENT},
    uri::Scheme,
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::ClientConfig;

use crate::{DeliveryConfig, guard::Guard, signature::signatures};

/// Of what follows the status so much is read, and so long, that the connection can be used again. What it says counts for nothing.
const REST: (usize, Duration) = (16 << 10, Duration::from_secs(1));

/// Sends messages.
#[derive(Debug)]
pub(crate) struct Sender {
    client: Client<HttpsConnector<HttpConnector<Guard>>, Full<Bytes>>,
    guard: Guard,
    config: DeliveryConfig,
}

/// What is sent.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) url: &'a str,
    pub(crate) secrets: &'a [Vec<u8>],
    pub(crate) id: &'a str,
    /// Seconds since 1970.
    pub(crate) timestamp: i64,
    pub(crate) body: &'a str,
}

impl Sender {
    pub(crate) fn new(config: DeliveryConfig, tls: Arc<ClientConfig>) -> Self {
        let guard = Guard { allow_private: config.allow_private };
        let mut connector = HttpConnector::new_with_resolver(guard);
        connector.enforce_http(false);
        connector.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(Arc::unwrap_or_clone(tls))
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_timer(TokioTimer::new()).pool_max_idle_per_host(8);
        Self { client: client.build(connector), guard, config }
    }

    /// Sends a message once. The status of the answer is all that counts.
    pub(crate) async fn send(&self, message: Message<'_>) -> Attempt {
        let Some(request) = self.request(message) else { return Attempt::Forbidden };
        match tokio::time::timeout(self.config.timeout, self.client.request(request)).await {
            Ok(Ok(answer)) => {
                let status = answer.status().as_u16();
                let (most, longest) = REST;
                let rest = Limited::new(answer.into_body(), most).collect();
                let _ = tokio::time::timeout(longest.min(self.config.timeout), rest).await;
                Attempt::Answered(status)
            }
            Ok(Err(_)) | Err(_) => Attempt::Unanswered,
        }
    }

    /// `None`: it may not be sent there, or there is nothing to sign it with.
    fn request(&self, message: Message<'_>) -> Option<Request<Full<Bytes>>> {
        let Message { url, secrets, id, timestamp, body } = message;
        let uri: Uri = url.parse().ok()?;
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        let allowed = (secure || self.config.allow_http) && self.guard.admits(&uri) && !secrets.is_empty();
        let request = Request::post(uri)
            .header(CONTENT_TYPE, "application/cloudevents+json; charset=utf-8")
            .header(USER_AGENT, concat!("leadrouter/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signatures(secrets, id, timestamp, body))
            .body(Full::from(body.to_owned()));
        request.ok().filter(|_| allowed)
    }
}
