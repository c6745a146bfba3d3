//! The server's side.

use std::sync::Arc;

use rustls::{
    ServerConfig, ServerConnection,
    pki_types::CertificateDer,
    server::{NoClientAuth, NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
};

use super::{H2, certificates, pem::private_key, provider, roots};
use crate::config::{Problem, TlsConfig};

/// What a server shows, and whose client certificates it takes, from the contents of the files that [`TlsConfig::files`] names.
///
/// A client may come without a certificate: it may have a token, or only ask for the server's health. One that can't be verified
/// ends the handshake.
pub(crate) fn server_config(contents: &[Vec<u8>]) -> Result<ServerConfig, Vec<Problem>> {
    let [certificate, key, authorities @ ..] = contents else { return Err(Vec::new()) };
    let certificates = certificates(TlsConfig::CERTIFICATE, certificate);
    let key = private_key(TlsConfig::KEY, key);
    let verifier = authorities.first().map_or_else(|| Ok(Arc::new(NoClientAuth) as Arc<_>), |pem| verifier(pem));
    let (certificates, key, verifier) = match (certificates, key, verifier) {
        (Ok(certificates), Ok(key), Ok(verifier)) => (certificates, key, verifier),
        (certificates, key, verifier) => {
            return Err([certificates.err(), key.err(), verifier.err()].into_iter().flatten().collect());
        }
    };
    let refused = |error: rustls::Error| vec![Problem::at(TlsConfig::CERTIFICATE, unusable(&error))];
    let builder =
        ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().map_err(refused)?;
    let mut config =
        builder.with_client_cert_verifier(verifier).with_single_cert(certificates, key).map_err(refused)?;
    config.alpn_protocols = vec![H2.to_vec()];
    // A session that is taken up again would bring back a certificate that may have expired, or lost its authority, meanwhile.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// A half-written pair is the usual reason: certificate and key are two files.
pub(super) fn unusable(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InconsistentKeys(_) => "the certificate and the key don't belong together".to_owned(),
        error => format!("can't be used: {error}"),
    }
}

fn verifier(pem: &[u8]) -> Result<Arc<dyn ClientCertVerifier>, Problem> {
    let roots = Arc::new(roots(TlsConfig::CLIENT_CA, pem)?);
    let builder = WebPkiClientVerifier::builder_with_provider(roots, provider()).allow_unauthenticated();
    builder.build().map_err(|error| Problem::at(TlsConfig::CLIENT_CA, format!("can't be used: {error}")))
}

/// The names that the client's certificate is for: its URIs, and then its DNS names. `None` if it showed no certificate. The common
/// name is none of them: it is free text.
pub(crate) fn subject_names(connection: &ServerConnection) -> Option<Box<[Box<str>]>> {
    let certificate: &CertificateDer<'_> = connection.peer_certificates()?.first()?;
    let parsed = webpki::EndEntityCert::try_from(certificate);
    Some(parsed.map_or_else(
        |_| Box::default(),
        |parsed| parsed.valid_uri_names().chain(parsed.valid_dns_names()).map(Into::into).collect(),
    ))
}
