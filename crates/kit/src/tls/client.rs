//! The client's side: what this process shows to the services that it calls.

use std::{io, sync::Arc};

use arc_swap::ArcSwap;
use futures::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::transport::{Channel, Endpoint};

use super::{H2, certificates, pem::private_key, provider, roots, server::unusable};
use crate::config::{ClientTlsConfig, Problem};

/// How this process shows itself to other services, and how it knows them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ClientTls {
    pub(crate) config: Arc<ArcSwap<ClientConfig>>,
    /// The name that the servers' certificates must be for; if unset, the host of the endpoint.
    pub(crate) server_name: Option<ServerName<'static>>,
}

/// From the contents of the files that [`ClientTlsConfig::files`] names.
pub(crate) fn client_config(contents: &[Vec<u8>]) -> Result<ClientConfig, Vec<Problem>> {
    let [authorities, certificate, key] = contents else { return Err(Vec::new()) };
    let roots = roots(ClientTlsConfig::CA, authorities);
    let certificates = certificates(ClientTlsConfig::CERTIFICATE, certificate);
    let key = private_key(ClientTlsConfig::KEY, key);
    let (roots, certificates, key) = match (roots, certificates, key) {
        (Ok(roots), Ok(certificates), Ok(key)) => (roots, certificates, key),
        (roots, certificates, key) => {
            return Err([roots.err(), certificates.err(), key.err()].into_iter().flatten().collect());
        }
    };
    let refused = |error: rustls::Error| vec![Problem::at(ClientTlsConfig::CERTIFICATE, unusable(&error))];
    let builder =
        ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().map_err(refused)?;
    let mut config = builder.with_root_certificates(roots).with_client_auth_cert(certificates, key).map_err(refused)?;
    config.alpn_protocols = vec![H2.to_vec()];
    Ok(config)
}

impl ClientTls {
    /// A channel whose every new connection shows the certificate that is in force then.
    pub(crate) fn connect_lazy(&self, endpoint: &Endpoint, host: &ServerName<'static>) -> Channel {
        let (config, name) = (Arc::clone(&self.config), self.server_name.as_ref().unwrap_or(host).clone());
        endpoint.connect_with_connector_lazy(tower::service_fn(move |uri: Uri| {
            let (connector, name) = (TlsConnector::from(config.load_full()), name.clone());
            connect(uri, connector, name)
        }))
    }
}

fn connect(
    uri: Uri,
    connector: TlsConnector,
    name: ServerName<'static>,
) -> BoxFuture<'static, io::Result<TokioIo<TlsStream<TcpStream>>>> {
    Box::pin(async move {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(443))).await?;
        stream.set_nodelay(true)?;
        Ok(TokioIo::new(connector.connect(name, stream).await?))
    })
}
