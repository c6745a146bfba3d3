//! Subscriptions: what is asked for, and how they are told.

use std::{net::IpAddr, time::Duration};

use domain::{delivery::is_public, ids::SubscriptionId, ownership::EventKind};
use tonic::codegen::http::Uri;

use super::{fields, lead::Unspecified, watch::kinds};
use crate::{
    Path, Violations,
    names::{DeadLetterName, shorten},
    v1,
};

/// Longest URL, in characters.
const MAX_URL: usize = 2_000;
/// Most dead letters that are named in one request.
const MAX_LETTERS: usize = 1_000;
/// How long the secret before stays valid when the caller does not say, and at most.
const OVERLAP: Duration = Duration::from_hours(24);
const MAX_OVERLAP: Duration = Duration::from_hours(7 * 24);

/// Where messages may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UrlRules {
    /// Also without TLS.
    pub allow_http: bool,
    /// Also to addresses of private networks.
    pub allow_private: bool,
}

/// What a subscription is to be. Of a change, only what is to be otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Where messages are sent.
    pub url: Option<String>,
    /// What it wants to hear; none: everything.
    pub kinds: Option<Vec<EventKind>>,
    /// Nothing is sent.
    pub paused: Option<bool>,
}

impl UrlRules {
    /// What is wrong with a URL.
    fn check(self, url: &str) -> Result<(), String> {
        let expected = if self.allow_http { "`http://` or `https://`" } else { "`https://`" };
        let form = format!("expected {expected}, a host and a path, such as https://hooks.example/leads");
        if url.is_empty() {
            return Err(format!("is blank: {form}"));
        }
        if url.chars().count() > MAX_URL {
            return Err(format!("is too long: expected at most {MAX_URL} characters"));
        }
        let uri: Uri = url.parse().map_err(|_| format!("is no URL: {form}"))?;
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if self.allow_http => {}
            _ => return Err(format!("is not allowed: {form}")),
        }
        let host = uri.host().unwrap_or_default();
        let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        if host.is_empty() || has_user || url.contains('#') {
            return Err(format!("has no host, or a user, or a fragment: {form}"));
        }
        let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        let inside = literal.is_some_and(|address| !is_public(address)) || host.eq_ignore_ascii_case("localhost");
        if inside && !self.allow_private {
            return Err("is an address of a private network, to which this installation does not send".to_owned());
        }
        Ok(())
    }
}

impl Wanted {
    /// Reads a subscription that is to be. Of what is not in the `mask` nothing is read; `None`: everything is.
    pub fn read(
        wire: &v1::Subscription,
        mask: Option<&prost_types::FieldMask>,
        rules: UrlRules,
        path: &Path<'_>,
        violations: &mut Violations,
    ) -> Self {
        let mask = fields_of(mask, violations);
        let is_wanted = |field| mask.contains(&field);
        if is_wanted("url")
            && let Err(why) = rules.check(&wire.url)
        {
            violations.add(&path.field("url"), why);
        }
        let kinds = is_wanted("kinds").then(|| kinds(&wire.kinds, &path.field("kinds"), violations));
        Self {
            url: is_wanted("url").then(|| wire.url.clone()),
            kinds,
            paused: is_wanted("paused").then_some(wire.paused),
        }
    }
}

/// The fields that a change is about; noted, what can't be changed.
fn fields_of<'m>(mask: Option<&'m prost_types::FieldMask>, violations: &mut Violations) -> Vec<&'m str> {
    const FIELDS: [&str; 3] = ["url", "kinds", "paused"];
    let Some(mask) = mask else { return FIELDS.to_vec() };
    for path in mask.paths.iter().filter(|path| !FIELDS.contains(&path.as_str())) {
        let found = shorten(path);
        violations.add(&Path::Request.field("update_mask"), format!("names `{found}`: expected {}", FIELDS.join(", ")));
    }
    mask.paths.iter().map(String::as_str).collect()
}

/// How long the secret before stays valid.
pub fn overlap(wire: Option<prost_types::Duration>, violations: &mut Violations) -> Duration {
    let overlap = wire.map_or(Ok(OVERLAP), Duration::try_from).ok().filter(|overlap| *overlap <= MAX_OVERLAP);
    overlap.unwrap_or_else(|| {
        violations.add(&Path::Request.field("overlap"), "is out of bounds: expected 0 s to 7 days");
        OVERLAP
    })
}

/// Reads the dead letters that are named, of that subscription.
pub fn letters(names: &[String], of: Option<&SubscriptionId>, violations: &mut Violations) -> Vec<DeadLetterName> {
    let path = Path::Request.field("names");
    if !fields::fits(names.len(), MAX_LETTERS, &path, violations) {
        return Vec::new();
    }
    let mut letters = Vec::with_capacity(names.len());
    for (place, name) in names.iter().enumerate() {
        let item = path.item(place);
        let letter = fields::name::<DeadLetterName>(name, &item, violations);
        if let Some(letter) = letter {
            if of.is_some_and(|of| *of != letter.0) {
                violations.add(&item, "is of another subscription than `parent`");
            }
            letters.push(letter);
        }
    }
    letters
}

impl TryFrom<v1::OwnershipChangeKind> for EventKind {
    type Error = Unspecified;

    fn try_from(kind: v1::OwnershipChangeKind) -> Result<Self, Unspecified> {
        use v1::OwnershipChangeKind as K;
        Ok(match kind {
            K::Unspecified => return Err(Unspecified),
            K::Assigned => Self::Assigned,
            K::Queued => Self::Queued,
            K::Returned => Self::Returned,
            K::Accepted => Self::Accepted,
            K::Responded => Self::Responded,
            K::Reminded => Self::Reminded,
            K::Escalated => Self::Escalated,
            K::Closed => Self::Closed,
            K::SleepsOn => Self::SleepsOn,
            K::ClocksMoved => Self::ClocksMoved,
            K::Paused => Self::Paused,
            K::Resumed => Self::Resumed,
            K::Acknowledged => Self::Acknowledged,
            K::Erased => Self::Erased,
        })
    }
}
