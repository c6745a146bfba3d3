//! Certificates and keys from PEM.

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::config::Problem;

/// The certificates in a PEM file, at least one. `key` is the configuration's key that names the file.
pub(crate) fn certificates(key: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(Problem::at(key, "there is no certificate in the file")),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(Problem::at(key, format!("expected certificates in PEM: {error}"))),
    }
}

/// The private key in a PEM file.
pub(super) fn private_key(key: &str, pem: &[u8]) -> Result<PrivateKeyDer<'static>, Problem> {
    // The error has no part of the key in it.
    PrivateKeyDer::from_pem_slice(pem)
        .map_err(|error| Problem::at(key, format!("expected a private key in PEM: {error}")))
}

/// The authorities in a PEM file.
pub(crate) fn roots(key: &str, pem: &[u8]) -> Result<RootCertStore, Problem> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(key, pem)? {
        roots.add(certificate).map_err(|error| Problem::at(key, format!("a certificate can't be used: {error}")))?;
    }
    Ok(roots)
}
