//! Secrets as they lie in the store: sealed with a key that is not in the store, where there is one.
//!
//! A sealed secret is the byte 1, a nonce and what AES-256-GCM makes of the secret (RFC 5116); what it is for is authenticated with it,
//! so that it serves nowhere else. Without a key it is the byte 0 and the secret.

use std::{fmt, fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    error::Unspecified,
    rand::{SecureRandom as _, SystemRandom},
};

use crate::config::{ConfigError, Problem};

const PLAIN: u8 = 0;
const SEALED: u8 = 1;

/// Seals secrets and opens them. The first key seals; each opens.
#[derive(Default)]
pub struct Seal(Vec<LessSafeKey>);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({} keys)", self.0.len())
    }
}

impl Seal {
    /// Reads the files with the keys, each 32 bytes in base64. `key` is the configuration's key that names them.
    ///
    /// Errors: all that is wrong with them.
    pub fn load(key: &str, files: &[PathBuf]) -> Result<Self, ConfigError> {
        let (mut keys, mut problems) = (Vec::with_capacity(files.len()), Vec::new());
        for (index, path) in files.iter().enumerate() {
            let read = fs::read_to_string(path).map_err(|error| format!("can't read {}: {error}", path.display()));
            let expected = || format!("expected 32 bytes in base64 in {}", path.display());
            let bytes = read.and_then(|text| STANDARD.decode(text.trim()).map_err(|_| expected()));
            let made = bytes.and_then(|bytes| UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| expected()));
            match made {
                Ok(made) => keys.push(LessSafeKey::new(made)),
                Err(problem) => problems.push(Problem::at(format!("{key}[{index}]"), problem)),
            }
        }
        if problems.is_empty() { Ok(Self(keys)) } else { Err(ConfigError { problems }) }
    }

    /// Seals a secret that is for `what`.
    ///
    /// Errors: the system has no randomness.
    pub fn seal(&self, secret: &[u8], what: &str) -> Result<Vec<u8>, Unspecified> {
        let Some(key) = self.0.first() else { return Ok([&[PLAIN], secret].concat()) };
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = secret.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(what), &mut sealed)?;
        Ok([&[SEALED], nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed for `what`; `None`: none of the keys fits, or it was for something else.
    pub fn open(&self, sealed: &[u8], what: &str) -> Option<Vec<u8>> {
        match sealed.split_first()? {
            (&PLAIN, secret) => Some(secret.to_vec()),
            (&SEALED, rest) => {
                let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
                self.0.iter().find_map(|key| {
                    let mut sealed = sealed.to_vec();
                    let nonce = Nonce::assume_unique_for_key(*nonce);
                    key.open_in_place(nonce, Aad::from(what), &mut sealed).ok().map(|secret| secret.to_vec())
                })
            }
            _ => None,
        }
    }
}

/// Random bytes that nobody can guess.
///
/// Errors: the system has none.
pub fn random<const N: usize>() -> Result<[u8; N], Unspecified> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn seal(keys: &[u8]) -> Seal {
        let key = |byte: &u8| LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[*byte; 32]).unwrap());
        Seal(keys.iter().map(key).collect())
    }

    #[test]
    fn only_the_key_opens_what_it_sealed_and_only_for_the_same() {
        let sealed = seal(&[1]).seal(b"secret", "a").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(seal(&[1]).open(&sealed, "a").unwrap(), b"secret");
        // A new key is put first, and the old one kept behind it.
        assert_eq!(seal(&[2, 1]).open(&sealed, "a").unwrap(), b"secret");
        for (keys, what) in [(&[2_u8][..], "a"), (&[], "a"), (&[1], "b")] {
            assert_eq!(seal(keys).open(&sealed, what), None, "{keys:?} {what}");
        }
        assert_ne!(seal(&[1]).seal(b"secret", "a").unwrap(), sealed);
    }

    #[test]
    fn without_a_key_it_lies_open_and_can_be_sealed_later() {
        let plain = seal(&[]).seal(b"secret", "a").unwrap();
        assert_eq!(seal(&[1]).open(&plain, "a").unwrap(), b"secret");
        for wrong in [&[][..], &[2, 1, 1], &[1, 1, 1]] {
            assert_eq!(seal(&[1]).open(wrong, "a"), None);
        }
    }

    #[test]
    fn files_that_hold_no_key_are_named() {
        let dir = std::env::temp_dir().join(format!("seal-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let (good, short, none) = (dir.join("good"), dir.join("short"), dir.join("none"));
        fs::write(&good, STANDARD.encode([7; 32]) + "\n").unwrap();
        fs::write(&short, STANDARD.encode([7; 31])).unwrap();
        assert_eq!(Seal::load("keys", std::slice::from_ref(&good)).unwrap().0.len(), 1);
        let error = Seal::load("keys", &[short, good, none]).unwrap_err();
        let keys: Vec<_> = error.problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, ["keys[0]", "keys[2]"]);
        // No part of a key is told.
        assert!(!error.to_string().contains("Bwc"), "{error}");
        fs::remove_dir_all(dir).unwrap();
    }
}
