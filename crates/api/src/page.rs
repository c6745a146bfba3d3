//! Pages: sizes, and tokens that say where the next page begins.
//!
//! A token holds a version, a digest of the method and of all arguments but size and token, and the key of the last item
//! handed out, in base64. It is opaque to callers, but not secret and not signed: what it can ask for, its
//! bearer could ask for without it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use crate::{Error, Path, Violations};

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

    /// The page that `page_size` and `page_token` of a request ask for.
    ///
    /// Errors: [`Error::InvalidArgument`] for a negative size, [`Error::InvalidPageToken`] for a token that is none, or
    /// one of another listing.
    pub fn page<K: DeserializeOwned>(self, page_size: i32, page_token: &str) -> Result<Page<K>, Error> {
        let Ok(size) = u32::try_from(page_size) else {
            let mut violations = Violations::default();
            violations.add(&Path::Request.field("page_size"), format!("is {page_size}: expected 0 to {MAX_SIZE}"));
            return Err(Error::InvalidArgument(violations));
        };
        let size = if size == 0 { DEFAULT_SIZE } else { size.min(MAX_SIZE) };
        let after = if page_token.is_empty() { None } else { Some(self.read(page_token)?) };
        Ok(Page { size, after })
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

    fn read<K: DeserializeOwned>(self, token: &str) -> Result<K, Error> {
        let garbled =
            Error::InvalidPageToken { why: "is not a token: send `next_page_token` of the page before as it is" };
        if token.len() > MAX_TOKEN {
            return Err(garbled);
        }
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return Err(garbled) };
        let Some(([VERSION], rest)) = bytes.split_first_chunk::<1>() else { return Err(garbled) };
        let Some((digest, key)) = rest.split_first_chunk::<DIGEST>() else { return Err(garbled) };
        if *digest != self.0 {
            let why = "belongs to another request: between pages only `page_size` may change";
            return Err(Error::InvalidPageToken { why });
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

    #[test]
    fn sizes_have_a_default_and_a_bound() {
        let listing = Listing::new("ListLeads", &[""]);
        assert_eq!(listing.page::<u8>(0, "").unwrap(), Page { size: 50, after: None });
        assert_eq!(listing.page::<u8>(7, "").unwrap().size, 7);
        assert_eq!(listing.page::<u8>(5_000, "").unwrap().size, 1_000);
        assert!(matches!(listing.page::<u8>(-1, ""), Err(Error::InvalidArgument(_))));
    }

    #[test]
    fn a_token_leads_to_the_next_page_of_its_own_listing_only() {
        let listing = Listing::new("ListLeads", &["owner = reps/anna"]);
        let key = ("lead".to_owned(), 42_i64);
        let token = listing.token(&key).unwrap();
        assert_eq!(listing.page(0, &token).unwrap().after, Some(key));

        for other in
            [Listing::new("ListLeads", &["owner = reps/ben"]), Listing::new("ListReps", &["owner = reps/anna"])]
        {
            let error = other.page::<(String, i64)>(0, &token).unwrap_err();
            assert!(matches!(error, Error::InvalidPageToken { why } if why.contains("another request")));
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
            assert!(matches!(listing.page::<u64>(0, wrong), Err(Error::InvalidPageToken { .. })), "{wrong}");
        }
    }
}
