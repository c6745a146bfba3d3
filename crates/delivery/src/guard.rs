//! Where messages may go.
//!
//! A name is looked up for each connection, and only the addresses that may be spoken to are handed on to whoever connects: there is
//! no second look-up that could find another.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
    vec,
};

use domain::delivery::is_public;
use http::Uri;
use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

/// Looks names up, and passes over addresses that may not be spoken to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    pub(crate) allow_private: bool,
}

/// None of the addresses of a host may be spoken to.
#[derive(Debug, thiserror::Error)]
#[error("the host has no address that may be spoken to")]
pub(crate) struct Forbidden;

impl Guard {
    fn allows(self, address: IpAddr) -> bool {
        self.allow_private || is_public(address)
    }

    /// Whether a URL may be spoken to, as far as can be told before its name is looked up: an address in it never is looked up.
    pub(crate) fn admits(self, uri: &Uri) -> bool {
        let host = uri.host().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse();
        literal.map_or(true, |address| self.allows(address))
    }
}

impl Service<Name> for Guard {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let guard = *self;
        Box::pin(async move {
            // The port is that of the URL, which whoever connects puts in.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = found.filter(|address| guard.allows(address.ip())).collect();
            if allowed.is_empty() { Err(io::Error::other(Forbidden)) } else { Ok(allowed.into_iter()) }
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_urls_are_looked_at() {
        let guard = Guard { allow_private: false };
        for (url, admitted) in [
            ("https://127.0.0.1/hook", false),
            ("https://[::1]:8443/hook", false),
            ("https://169.254.169.254/latest", false),
            ("https://[::ffff:10.0.0.1]/hook", false),
            ("https://8.8.8.8/hook", true),
            ("https://hooks.example/hook", true),
        ] {
            assert_eq!(guard.admits(&url.parse().unwrap()), admitted, "{url}");
            assert!(Guard { allow_private: true }.admits(&url.parse().unwrap()));
        }
    }

    #[tokio::test]
    async fn a_name_of_this_machine_leads_nowhere() {
        let refused = Guard { allow_private: false }.call("localhost".parse().unwrap()).await.unwrap_err();
        assert!(refused.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Forbidden>), "{refused}");
        let allowed = Guard { allow_private: true }.call("localhost".parse().unwrap()).await.unwrap();
        assert!(allowed.into_iter().all(|address| address.ip().is_loopback()));
    }
}
