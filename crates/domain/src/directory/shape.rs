//! The shapes of the words in a directory: country codes, domains, places.

/// ISO 3166-1 alpha-2, by shape: two upper-case letters.
pub(super) fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// ISO 639-1, by shape: two lower-case letters.
pub(super) fn is_language(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_lowercase())
}

/// A web domain in lower case: labels of letters, digits and `-`, at least two of them. International names as they
/// are (`bücher.example`) or in their ASCII form.
pub(super) fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c == '-' || (c.is_alphanumeric() && !c.is_uppercase()))
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_label)
}

/// An e-mail address, by shape: something, one `@`, something with no blanks.
pub(super) fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
        && !text.contains(char::is_whitespace)
}

/// `COUNTRY:PREFIX`.
pub(super) fn is_postal_prefix(text: &str) -> bool {
    text.split_once(':').is_some_and(|(country, prefix)| is_country(country) && !prefix.trim().is_empty())
}
