//! Tokens for tests, and the keys to verify them with, made by hand: what is tested must not have made its own question.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};

/// A key that signs tokens.
#[derive(Debug)]
pub struct Issuer {
    name: &'static str,
    key: EcdsaKeyPair,
}

impl Issuer {
    /// A new key of that name.
    pub fn new(name: &'static str) -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random).unwrap();
        Self { name, key }
    }

    /// The public key as a JSON Web Key.
    pub fn public(&self) -> Value {
        let (x, y) = self.point()[1..].split_at(32);
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.name, "x": encoded(x), "y": encoded(y) })
    }

    fn point(&self) -> &[u8] {
        self.key.public_key().as_ref()
    }

    /// A token as it should be.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_under(&json!({ "alg": "ES256", "typ": "JWT", "kid": self.name }), claims)
    }

    /// A token with another header.
    pub fn sign_under(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = self.key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", encoded(signature.as_ref()))
    }

    /// A token signed with the public key as if it were a shared secret.
    pub fn confuse(&self, claims: &Value) -> String {
        let message = message(&json!({ "alg": "HS256", "kid": self.name }), claims);
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.point());
        format!("{message}.{}", encoded(hmac::sign(&key, message.as_bytes()).as_ref()))
    }

    /// A token that nobody signed.
    pub fn unsigned(&self, claims: &Value) -> String {
        format!("{}.", message(&json!({ "alg": "none", "kid": self.name }), claims))
    }
}

/// A set of public keys.
pub fn key_set(issuers: &[&Issuer]) -> String {
    json!({ "keys": issuers.iter().map(|issuer| issuer.public()).collect::<Vec<_>>() }).to_string()
}

fn message(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encoded(header.to_string().as_bytes()), encoded(claims.to_string().as_bytes()))
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
