//! E-mail addresses, in the form in which two of the same mailbox are equal.

use super::domain::normalise_host;

/// The longest address that can be delivered to (RFC 5321, 4.5.3.1.3, less the two angle brackets), in bytes.
const MAX_ADDRESS: usize = 254;
/// The longest part before the `@` (RFC 5321, 4.5.3.1.1), in bytes.
const MAX_LOCAL: usize = 64;

/// The address in its normalised form, or `None` when it is not one.
///
/// - White space around it is dropped, letters become lower case: no provider that matters tells mailboxes apart by case.
/// - `+tag` behind a name is dropped (`ann+shop@` is `ann@`): the large providers deliver both to one mailbox, and people
///   who use tags want to know who sold their address, not to be two leads.
/// - At Gmail dots in the name don't count and `googlemail.com` is `gmail.com`. Elsewhere dots count.
/// - Quoted names, comments, domains without a dot and address literals (`[192.0.2.1]`) are refused: in forms they are
///   mistakes. International names and domains are kept as they are written, not converted to or from Punycode.
pub fn normalise_email(address: &str) -> Option<String> {
    let (local, domain) = parts(address)?;
    let local = local.to_lowercase();
    let before_tag = local.split_once('+').map_or(&*local, |(name, _)| name.trim_end_matches('.'));
    // A leading `+` is not a tag: nothing would be left.
    let name = if before_tag.is_empty() { &*local } else { before_tag };
    if matches!(&*domain, "gmail.com" | "googlemail.com") {
        return Some(format!("{}@gmail.com", name.replace('.', "")));
    }
    Some(format!("{name}@{domain}"))
}

/// The domain of an address, in lower case; `None` when it is not an address.
pub fn email_domain(address: &str) -> Option<String> {
    parts(address).map(|(_, domain)| domain)
}

/// The name as written and the domain normalised, if both are sound.
fn parts(address: &str) -> Option<(&str, String)> {
    let address = address.trim();
    let (local, domain) = address.split_once('@')?;
    let fits = address.len() <= MAX_ADDRESS && local.len() <= MAX_LOCAL;
    (fits && is_local(local)).then_some(())?;
    Some((local, normalise_host(domain)?))
}

/// Words of letters, digits and the signs that RFC 5322 (3.2.3) allows, with single dots between them.
fn is_local(local: &str) -> bool {
    let is_word_char = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.split('.').all(|word| !word.is_empty() && word.chars().all(is_word_char))
}
