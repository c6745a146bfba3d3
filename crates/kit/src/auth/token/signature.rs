//! Signatures of tokens, verified with the library that TLS uses as well. It knows public keys only: what is signed with a shared
//! secret can't be verified here at all.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind,
    crypto::{CryptoProvider, JwtVerifier, KeyUtils},
    errors::{Error, ErrorKind},
    signature::{Error as Invalid, Verifier},
};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    verifier_factory: |algorithm, key| verifier(*algorithm, key),
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes this the cryptography of tokens in this process.
pub(super) fn install() {
    // Fails when it was done before.
    let _ = PROVIDER.install_default();
}

fn verifier(algorithm: Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    let fits = algorithm.family() == key.family() && algorithm.family() != AlgorithmFamily::Hmac;
    let key = fits.then(|| Key::of(algorithm, key.kind())).flatten();
    key.map(|key| Box::new(KeyOf { algorithm, key }) as Box<_>).ok_or_else(|| ErrorKind::InvalidAlgorithm.into())
}

/// A public key with the way in which it verifies.
enum Key {
    Point(UnparsedPublicKey<Vec<u8>>),
    Rsa(RsaPublicKeyComponents<Vec<u8>>, &'static RsaParameters),
}

struct KeyOf {
    algorithm: Algorithm,
    key: Key,
}

impl Key {
    fn of(algorithm: Algorithm, kind: &DecodingKeyKind) -> Option<Self> {
        match kind {
            DecodingKeyKind::SecretOrDer(point) => {
                Some(Self::Point(UnparsedPublicKey::new(curve(algorithm)?, point.clone())))
            }
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                Some(Self::Rsa(RsaPublicKeyComponents { n: n.clone(), e: e.clone() }, rsa(algorithm)?))
            }
        }
    }
}

fn curve(algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    match algorithm {
        Algorithm::ES256 => Some(&ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Some(&ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDSA => Some(&ED25519),
        _ => None,
    }
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::RS256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Some(&RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

impl Verifier<Vec<u8>> for KeyOf {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Invalid> {
        let verified = match &self.key {
            Key::Point(key) => key.verify(message, signature),
            Key::Rsa(key, parameters) => key.verify(parameters, message, signature),
        };
        verified.map_err(|_| Invalid::new())
    }
}

impl JwtVerifier for KeyOf {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
