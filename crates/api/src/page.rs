//! Pages: sizes, and tokens that say where the next page begins.
//!
//! A token holds a version, a digest of the method and of all arguments but size and token, and the key of the last item
//! handed out, in base64. It is opaque to callers, but not secret and not signed: what it can ask for, its
//! bearer could ask for without it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use crate::{Error, Path, Violations, convert::fields};

/// Size of a page when the caller does not say.
pub const DEFAULT_SIZE: u32 = 50;
/// Largest page.
pub const MAX_SIZE: u32 = 1_000;

const VERSION: u8 = 1;
const DIGEST: usize = 8;
/// Keys are ids and times: longer tokens are not ours.
const MAX_TOKEN: usize = 1_000;

/// Which page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<K> {
    /// Most items to answer with, 1 to [`MAX_SIZE`].
    pub size: u32,
    /// Key of the item after which it begins; `None`: at the first.
    pub after: Option<K>,
}

/// One listing: a method with its arguments. Reads and makes the tokens that belong to it.
#[derive(Debug, Clone, Copy)]
pub struct Listing([u8; DIGEST]);

impl Listing {
    /// The listing that `method` gives for these arguments, size and token left out.
    pub fn new(method: &str, arguments: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for text in [method].iter().chain(arguments) {
            // With their lengths, so that `ab, c` is not `a, bc`.
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(text.as_bytes());
        }
        let mut digest = [0; DIGEST];
        digest.copy_from_slice(&hash.finalize()[..DIGEST]);
        Self(digest)
    }

    /// The page that `page_size` and `page_token` of a request ask for. Notes a negative size, and a token that is none
    /// or one of another listing.
    pub fn page<K: DeserializeOwned>(self, page_size: i32, page_token: &str, violations: &mut Violations) -> Page<K> {
        let size = u32::try_from(page_size).unwrap_or_else(|_| {
            violations.add(&Path::Request.field("page_size"), format!("is {page_size}: expected 0 to {MAX_SIZE}"));
            0
        });
        let size = if size == 0 { DEFAULT_SIZE } else { size.min(MAX_SIZE) };
        let read = (!page_token.is_empty()).then(|| self.read(page_token));
        let after = read.and_then(|read| fields::noted(read, &Path::Request.field("page_token"), violations));
        Page { size, after }
    }

    /// The token of the page after the item with that key.
    ///
    /// Errors: [`Error::Internal`] when the key can't be encoded.
    pub fn token<K: Serialize>(self, last: &K) -> Result<String, Error> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.0);
        let bytes = postcard::to_extend(last, bytes).map_err(|_| Error::Internal)?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    fn read<K: DeserializeOwned>(self, token: &str) -> Result<K, &'static str> {
        let garbled = "is not a token: send `next_page_token` of the page before as it is";
        if token.len() > MAX_TOKEN {
            return Err(garbled);
        }
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return Err(garbled) };
        let Some(([VERSION], rest)) = bytes.split_first_chunk::<1>() else { return Err(garbled) };
        let Some((digest, key)) = rest.split_first_chunk::<DIGEST>() else { return Err(garbled) };
        if *digest != self.0 {
            return Err("belongs to another request: between pages only `page_size` may change");
        }
        match postcard::take_from_bytes(key) {
            Ok((key, [])) => Ok(key),
            _ => Err(garbled),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn page<K: DeserializeOwned>(listing: Listing, page_size: i32, page_token: &str) -> Result<Page<K>, Violations> {
        let mut violations = Violations::default();
        let page = listing.page(page_size, page_token, &mut violations);
        violations.check(page)
    }

    /// What is wrong with a token.
    fn refusal<K: DeserializeOwned + std::fmt::Debug>(listing: Listing, token: &str) -> String {
        let violations = page::<K>(listing, 0, token).unwrap_err();
        let [only] = violations.iter().as_slice() else { panic!("{violations:?}") };
        assert_eq!(only.field, "page_token");
        only.description.clone()
    }

    #[test]
    fn sizes_have_a_default_and_a_bound() {
        let listing = Listing::new("ListLeads", &[""]);
        assert_eq!(page::<u8>(listing, 0, "").unwrap(), Page { size: 50, after: None });
        assert_eq!(page::<u8>(listing, 7, "").unwrap().size, 7);
        assert_eq!(page::<u8>(listing, 5_000, "").unwrap().size, 1_000);
        assert!(page::<u8>(listing, -1, "").is_err());
    }

    #[test]
    fn size_and_token_are_wrong_at_once() {
        let violations = page::<u8>(Listing::new("ListLeads", &[]), -1, "x").unwrap_err();
        let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["page_size", "page_token"]);
    }

    #[test]
    fn a_token_leads_to_the_next_page_of_its_own_listing_only() {
        let listing = Listing::new("ListLeads", &["owner = reps/anna"]);
        let key = ("lead".to_owned(), 42_i64);
        let token = listing.token(&key).unwrap();
        assert_eq!(page(listing, 0, &token).unwrap().after, Some(key));

        for other in
            [Listing::new("ListLeads", &["owner = reps/ben"]), Listing::new("ListReps", &["owner = reps/anna"])]
        {
            assert!(refusal::<(String, i64)>(other, &token).contains("another request"));
        }
    }

    #[test]
    fn arguments_do_not_run_together() {
        assert_ne!(Listing::new("List", &["ab", "c"]).0, Listing::new("List", &["a", "bc"]).0);
    }

    #[test]
    fn garbled_tokens_are_refused() {
        let listing = Listing::new("ListLeads", &[]);
        let token = listing.token(&7_u64).unwrap();
        let cut = &token[..token.len() - 1];
        let longer = format!("{token}AA");
        let long = "A".repeat(10_000);
        for wrong in ["x", "=", "AAAA", cut, longer.as_str(), long.as_str()] {
            assert!(refusal::<u64>(listing, wrong).contains("is not a token"), "{wrong}");
        }
    }
}
