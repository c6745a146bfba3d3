//! Why a token is not accepted, in words for whoever sent it. Nothing of the token is repeated but the name of its key.

use jsonwebtoken::errors::{Error, ErrorKind};
use tonic::{Code, Status};

use crate::{
    config::TokensConfig,
    refusal::{self, reason},
};

/// What is kept of a key's name.
const MAX_NAME: usize = 64;

/// Why a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    Malformed,
    Algorithm,
    Critical,
    UnknownKey(Option<String>),
    KeyMismatch,
    Signature,
    Issuer(String),
    Audience(String),
    Expired,
    NotYetValid,
    /// A claim is not there, or is not what it should be.
    Claim(String, String),
}

impl Refusal {
    pub(super) fn of(error: &Error, config: &TokensConfig) -> Self {
        match error.kind() {
            ErrorKind::InvalidSignature => Self::Signature,
            ErrorKind::InvalidAlgorithm => Self::KeyMismatch,
            ErrorKind::InvalidIssuer => Self::Issuer(config.issuer.clone()),
            ErrorKind::InvalidAudience => Self::Audience(config.audience.clone()),
            ErrorKind::MissingRequiredClaim(claim) => Self::missing(claim),
            _ => Self::Malformed,
        }
    }

    pub(super) fn missing(claim: &str) -> Self {
        Self::Claim(claim.to_owned(), "is missing, or of another type than it should be".to_owned())
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let why = match &refusal {
            Refusal::Malformed => "it is no signed JSON Web Token".to_owned(),
            Refusal::Algorithm => "it is signed with an algorithm that is not accepted here".to_owned(),
            Refusal::Critical => "its header asks for something (`crit`) that is not known here".to_owned(),
            Refusal::UnknownKey(None) => "its header names no key (`kid`), and there is more than one".to_owned(),
            Refusal::UnknownKey(Some(kid)) => {
                format!("its key `{}` is not known", kid.escape_debug().take(MAX_NAME).collect::<String>())
            }
            Refusal::KeyMismatch => "its key is for another algorithm".to_owned(),
            Refusal::Signature => "its signature does not fit".to_owned(),
            Refusal::Issuer(expected) => format!("its issuer (`iss`) is not `{expected}`"),
            Refusal::Audience(expected) => format!("its audience (`aud`) is not `{expected}`"),
            Refusal::Expired => "it has expired (`exp`); get a new one".to_owned(),
            Refusal::NotYetValid => "it is not valid yet (`nbf`)".to_owned(),
            Refusal::Claim(claim, what) => format!("its claim `{claim}` {what}"),
        };
        let reason = if refusal == Refusal::Expired { reason::CREDENTIAL_EXPIRED } else { reason::CREDENTIAL_INVALID };
        refusal::of(Code::Unauthenticated, &format!("the token is refused: {why}"), reason)
    }
}

/// Neither a certificate nor a token.
pub(in crate::auth) fn missing(certificates: bool, tokens: bool) -> Status {
    let how = match (certificates, tokens) {
        (true, true) => "connect with a client certificate, or send a token as `authorization: Bearer ...`",
        (true, false) => "connect with a client certificate",
        (false, _) => "send a token as `authorization: Bearer ...`",
    };
    refusal::of(Code::Unauthenticated, &format!("nobody knows who calls: {how}"), reason::CREDENTIAL_MISSING)
}

/// `authorization` holds something else.
pub(in crate::auth) fn not_bearer() -> Status {
    let message = "`authorization` is refused: expected `Bearer`, a blank, and a token";
    refusal::of(Code::Unauthenticated, message, reason::CREDENTIAL_INVALID)
}

/// A token where none is read. To act without it would be to act for somebody else.
pub(in crate::auth) fn not_read() -> Status {
    let message = "the token is refused: no tokens are accepted here (`auth.tokens` is not configured)";
    refusal::of(Code::Unauthenticated, message, reason::CREDENTIAL_INVALID)
}
