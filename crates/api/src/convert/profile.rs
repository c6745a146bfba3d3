//! What a caller tells of a lead.

use std::collections::BTreeMap;

use domain::lead::{AttributeValue, LeadType, Profile, Signal};

use super::{
    fields::{MAX_DOLLARS, MAX_EMAIL, MAX_PEOPLE, MAX_TEXT, amount, fits, known, optional_text, text},
    time,
};
use crate::{Path, Violations, names::shorten, v1};

/// Most technologies of a lead.
pub const MAX_TECHNOLOGIES: usize = 100;
/// Most attributes of a lead.
pub const MAX_ATTRIBUTES: usize = 100;
/// Most signals of a lead.
pub const MAX_SIGNALS: usize = 200;

/// Reads a profile that must be there.
pub fn required(wire: Option<v1::LeadProfile>, path: &Path<'_>, violations: &mut Violations) -> Profile {
    let Some(wire) = wire else {
        violations.add(path, "is absent: what is known of the lead is required");
        return Profile::default();
    };
    read(wire, path, violations)
}

/// Reads a profile.
pub fn read(wire: v1::LeadProfile, path: &Path<'_>, violations: &mut Violations) -> Profile {
    let v = violations;
    let profile = Profile {
        erased_at: None,
        external_id: optional_text(wire.external_id, &path.field("external_id"), v),
        email: email(wire.email, &path.field("email"), v),
        phone: optional_text(wire.phone, &path.field("phone"), v),
        person_name: optional_text(wire.person_name, &path.field("person_name"), v),
        job_title: optional_text(wire.job_title, &path.field("job_title"), v),
        company_name: optional_text(wire.company_name, &path.field("company_name"), v),
        company_domain: optional_text(wire.company_domain, &path.field("company_domain"), v),
        industry: optional_text(wire.industry, &path.field("industry"), v),
        employees: amount(wire.employees, MAX_PEOPLE, &path.field("employees"), v),
        annual_revenue: amount(wire.annual_revenue, MAX_DOLLARS, &path.field("annual_revenue"), v),
        country: country(wire.country, &path.field("country"), v),
        region: optional_text(wire.region, &path.field("region"), v),
        postal_code: optional_text(wire.postal_code, &path.field("postal_code"), v),
        city: optional_text(wire.city, &path.field("city"), v),
        language: language(wire.language, &path.field("language"), v),
        product: optional_text(wire.product, &path.field("product"), v),
        deal_value: amount(wire.deal_value, MAX_DOLLARS, &path.field("deal_value"), v),
        lead_type: known(wire.lead_type, &path.field("lead_type"), v).map_or_else(LeadType::default, lead_type),
        source: optional_text(wire.source, &path.field("source"), v),
        campaign: optional_text(wire.campaign, &path.field("campaign"), v),
        technologies: technologies(wire.technologies, &path.field("technologies"), v),
        attributes: attributes(wire.attributes, &path.field("attributes"), v),
        signals: signals(wire.signals, &path.field("signals"), v),
    };
    let known_by = [
        &profile.external_id,
        &profile.email,
        &profile.phone,
        &profile.person_name,
        &profile.company_name,
        &profile.company_domain,
    ];
    if known_by.into_iter().all(Option::is_none) {
        let fields = "`external_id`, `email`, `phone`, `person_name`, `company_name` and `company_domain`";
        v.add(path, format!("names nobody: expected at least one of {fields}"));
    }
    profile
}

/// An address, by shape: something, one `@`, something, no white space. The message does not repeat it.
pub(super) fn email(value: Option<String>, path: &Path<'_>, violations: &mut Violations) -> Option<String> {
    let email = text(value?, MAX_EMAIL, path, violations)?;
    let parts = email.split_once('@');
    let whole = parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if !whole || email.contains(char::is_whitespace) {
        violations.add(path, "is not an e-mail address: expected one such as ada@acme.example");
    }
    Some(email)
}

/// ISO 3166-1 alpha-2 by shape, in upper case.
pub(super) fn country(value: Option<String>, path: &Path<'_>, violations: &mut Violations) -> Option<String> {
    two_letters(value, path, violations, "a country code such as US (ISO 3166-1 alpha-2)")
        .map(|code| code.to_uppercase())
}

fn language(value: Option<String>, path: &Path<'_>, violations: &mut Violations) -> Option<String> {
    two_letters(value, path, violations, "a language code such as en (ISO 639-1)").map(|code| code.to_lowercase())
}

fn two_letters(value: Option<String>, path: &Path<'_>, violations: &mut Violations, expected: &str) -> Option<String> {
    let code = optional_text(value, path, violations)?;
    if code.len() != 2 || !code.bytes().all(|b| b.is_ascii_alphabetic()) {
        violations.add(path, format!("`{}` is not {expected}", shorten(&code)));
    }
    Some(code)
}

fn technologies(wire: Vec<String>, path: &Path<'_>, violations: &mut Violations) -> Vec<String> {
    if !fits(wire.len(), MAX_TECHNOLOGIES, path, violations) {
        return Vec::new();
    }
    let mut read = Vec::with_capacity(wire.len());
    for (index, value) in wire.into_iter().enumerate() {
        match text(value, MAX_TEXT, &path.item(index), violations) {
            Some(value) => read.push(value),
            None => violations.add(&path.item(index), "is blank"),
        }
    }
    read
}

fn attributes(
    wire: BTreeMap<String, v1::AttributeValue>,
    path: &Path<'_>,
    violations: &mut Violations,
) -> BTreeMap<String, AttributeValue> {
    use v1::attribute_value::Kind;

    if !fits(wire.len(), MAX_ATTRIBUTES, path, violations) {
        return BTreeMap::new();
    }
    let mut read = BTreeMap::new();
    for (key, value) in wire {
        let shown = shorten(&key);
        let path = path.key(&shown);
        if !is_word(&key) {
            violations.add(&path, "is not a key: expected 1 to 63 characters of a-z, 0-9 and _, the first a letter");
        }
        let value = match value.kind {
            // A blank text is a blank attribute: unknown.
            Some(Kind::Text(value)) => text(value, MAX_TEXT, &path.field("text"), violations).map(AttributeValue::Text),
            Some(Kind::Number(value)) => {
                if !value.is_finite() {
                    violations.add(&path.field("number"), format!("is {value}: expected a finite number"));
                }
                Some(AttributeValue::Number(value))
            }
            Some(Kind::Flag(value)) => Some(AttributeValue::Flag(value)),
            None => {
                violations.add(&path, "has no value: expected one of `text`, `number` and `flag`");
                None
            }
        };
        if let Some(value) = value {
            read.insert(key, value);
        }
    }
    read
}

fn signals(wire: Vec<v1::Signal>, path: &Path<'_>, violations: &mut Violations) -> Vec<Signal> {
    if !fits(wire.len(), MAX_SIGNALS, path, violations) {
        return Vec::new();
    }
    let mut read = Vec::with_capacity(wire.len());
    for (index, signal) in wire.into_iter().enumerate() {
        let path = path.item(index);
        if !is_word(&signal.kind) {
            let found = shorten(&signal.kind);
            let expected = "1 to 63 characters of a-z, 0-9 and _, the first a letter";
            violations.add(&path.field("kind"), format!("`{found}` is not a kind of signal: expected {expected}"));
        }
        let at = path.field("at");
        match signal.at.map(|wire| time::from_wire(wire, &at, violations)) {
            Some(Some(at)) => read.push(Signal { kind: signal.kind, at }),
            Some(None) => {}
            None => violations.add(&at, "is absent: a signal needs its time"),
        }
    }
    read
}

/// A word that policies and points models can name.
fn is_word(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn lead_type(wire: v1::LeadType) -> LeadType {
    match wire {
        v1::LeadType::Unspecified => LeadType::Unspecified,
        v1::LeadType::DemoRequest => LeadType::DemoRequest,
        v1::LeadType::ContactRequest => LeadType::ContactRequest,
        v1::LeadType::MarketingQualified => LeadType::MarketingQualified,
        v1::LeadType::Event => LeadType::Event,
        v1::LeadType::ContentDownload => LeadType::ContentDownload,
        v1::LeadType::Referral => LeadType::Referral,
    }
}

impl From<LeadType> for v1::LeadType {
    fn from(lead_type: LeadType) -> Self {
        match lead_type {
            LeadType::Unspecified => Self::Unspecified,
            LeadType::DemoRequest => Self::DemoRequest,
            LeadType::ContactRequest => Self::ContactRequest,
            LeadType::MarketingQualified => Self::MarketingQualified,
            LeadType::Event => Self::Event,
            LeadType::ContentDownload => Self::ContentDownload,
            LeadType::Referral => Self::Referral,
        }
    }
}

impl From<Profile> for v1::LeadProfile {
    fn from(profile: Profile) -> Self {
        let signal = |signal: Signal| v1::Signal { kind: signal.kind, at: Some(time::to_wire(signal.at)) };
        Self {
            external_id: profile.external_id,
            email: profile.email,
            phone: profile.phone,
            person_name: profile.person_name,
            job_title: profile.job_title,
            company_name: profile.company_name,
            company_domain: profile.company_domain,
            industry: profile.industry,
            employees: profile.employees,
            annual_revenue: profile.annual_revenue,
            country: profile.country,
            region: profile.region,
            postal_code: profile.postal_code,
            city: profile.city,
            language: profile.language,
            product: profile.product,
            deal_value: profile.deal_value,
            lead_type: v1::LeadType::from(profile.lead_type).into(),
            source: profile.source,
            campaign: profile.campaign,
            technologies: profile.technologies,
            attributes: profile.attributes.into_iter().map(|(key, value)| (key, value.into())).collect(),
            signals: profile.signals.into_iter().map(signal).collect(),
        }
    }
}

impl From<AttributeValue> for v1::AttributeValue {
    fn from(value: AttributeValue) -> Self {
        use v1::attribute_value::Kind;
        let kind = match value {
            AttributeValue::Text(value) => Kind::Text(value),
            AttributeValue::Number(value) => Kind::Number(value),
            AttributeValue::Flag(value) => Kind::Flag(value),
        };
        Self { kind: Some(kind) }
    }
}
