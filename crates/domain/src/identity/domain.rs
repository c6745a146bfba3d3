//! Web domains, and which of them say something about a company.

use std::sync::LazyLock;

use super::email::email_domain;
use crate::lead::Profile;

/// Domains of well-known providers of mailboxes for everyone, internet providers among them, and of throw-away
/// addresses: one a line, ascending. What a family covers is not repeated.
static SHARED: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("shared_domains.txt").lines().collect());

/// Brands whose mail domains exist under many top-level domains (`yahoo.fr`, `yahoo.co.uk`), typing mistakes among them.
const FAMILIES: [&str; 9] =
    ["gmail", "googlemail", "gmx", "hotmail", "msn", "outlook", "rocketmail", "yahoo", "yandex"];

/// The domain of the lead's company: the one that was told, else that of its e-mail address unless it is shared by
/// unrelated people (see [`is_shared_mail_domain`]).
pub fn company_domain(profile: &Profile) -> Option<String> {
    let told = profile.company_domain.as_deref().and_then(normalise_domain);
    let of_email = || profile.email.as_deref().and_then(email_domain).filter(|domain| !is_shared_mail_domain(domain));
    told.or_else(of_email)
}

/// The bare domain in what people put into a field for a web site: lower case, without scheme, `www.`, user, port,
/// path (`https://www.Acme.com:443/about` is `acme.com`). `None` when no domain with a dot is left.
pub fn normalise_domain(text: &str) -> Option<String> {
    let text = text.trim();
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host_and_port.split_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        Some(_) => return None,
        None => host_and_port,
    };
    let host = normalise_host(host)?;
    // `www.com` is a domain of its own.
    Some(host.strip_prefix("www.").filter(|rest| rest.contains('.')).map_or(host.clone(), str::to_owned))
}

/// Lower case and without a dot at the end, if it is two or more labels of letters, digits and inner hyphens, the last one
/// not a number (RFC 1123, 2.1).
pub(super) fn normalise_host(host: &str) -> Option<String> {
    let host = host.strip_suffix('.').unwrap_or(host).to_lowercase();
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let (_, top) = host.rsplit_once('.')?;
    let sound = host.len() <= 253 && host.split('.').all(is_label) && !top.bytes().all(|b| b.is_ascii_digit());
    sound.then_some(host)
}

/// Whether people who have nothing to do with each other have addresses at this (normalised) domain or at a domain above
/// it: free mail, internet providers, throw-away addresses. Then an address says nothing about a company.
///
/// No list is complete. A provider that is missing makes its users look like colleagues, which matters only if an account
/// has that domain; so providers whose own staff have addresses at the same domain are left out.
pub fn is_shared_mail_domain(domain: &str) -> bool {
    std::iter::successors(Some(domain), |rest| rest.split_once('.').map(|(_, parent)| parent))
        .filter(|suffix| suffix.contains('.'))
        .any(|suffix| SHARED.binary_search(&suffix).is_ok() || is_of_family(suffix))
}

fn is_of_family(domain: &str) -> bool {
    let Some((name, rest)) = domain.split_once('.') else { return false };
    let is_country = |label: &str| label.len() == 2 && label.is_ascii();
    let is_common = |label: &str| matches!(label, "com" | "net" | "org");
    let under_top_level = match rest.split_once('.') {
        None => is_country(rest) || is_common(rest),
        Some((second, top)) => (second == "co" || is_common(second)) && is_country(top),
    };
    // Thousands of names of one provider: mail2paris.com, mail2teacher.com ...
    let is_vanity = name.starts_with("mail2") && rest == "com";
    is_vanity || (under_top_level && FAMILIES.contains(&name))
}
