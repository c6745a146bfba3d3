//! What is known of a lead: read from `FIELD=VALUE` words, and told again.

use api::{Path, Violations, v1::LeadProfile};
use domain::{
    lead::{AttributeValue, LeadType, Profile, Signal},
    yaml::did_you_mean,
};
use jiff::{Timestamp, tz::TimeZone};

use super::local_time;
use crate::import::mapping::{AttributeType, Slot, TARGETS, is_word};

/// Reads words such as `email=jane@acme.example`, `signal=demo_request`, `signal=webinar@2026-11-20`,
/// `attributes.course=welding` and `attributes.visits:number=3`. A signal without a time is of `now`.
///
/// Errors: everything that is wrong with them, one line each.
pub(crate) fn read(words: &[String], now: Timestamp) -> Result<Profile, String> {
    let mut profile = Profile::default();
    let mut wrong: Vec<String> = words
        .iter()
        .filter_map(|word| put(&mut profile, word, now).err().map(|reason| format!("{word}: {reason}")))
        .collect();
    if wrong.is_empty() {
        return Ok(profile);
    }
    let known = TARGETS.map(|target| target.name).join(", ");
    wrong.push(format!("fields are {known}, signal, attributes.NAME"));
    Err(wrong.join("\n"))
}

fn put(profile: &mut Profile, word: &str, now: Timestamp) -> Result<(), String> {
    let (name, value) = word.split_once('=').ok_or("expected FIELD=VALUE")?;
    let value = value.trim();
    if value.is_empty() {
        return Err("has no value; leave out what is not known".to_owned());
    }
    match name.strip_prefix("attributes.") {
        Some(attribute) => put_attribute(profile, attribute, value),
        None if name == "signal" => put_signal(profile, value, now),
        None => put_field(profile, name, value),
    }
}

fn put_field(profile: &mut Profile, name: &str, value: &str) -> Result<(), String> {
    let target = TARGETS.iter().find(|target| target.name == name).ok_or_else(|| {
        let near = did_you_mean(name, TARGETS.map(|target| target.name));
        format!("there is no field `{name}`{near}")
    })?;
    target.put(profile, value, None)
}

fn put_signal(profile: &mut Profile, value: &str, now: Timestamp) -> Result<(), String> {
    let (kind, at) = match value.split_once('@') {
        Some((kind, at)) => (kind, local_time(at)?),
        None => (value, now),
    };
    check_word(kind, "signal kind")?;
    profile.signals.push(Signal { kind: kind.to_owned(), at });
    Ok(())
}

fn put_attribute(profile: &mut Profile, name: &str, value: &str) -> Result<(), String> {
    let (name, kind) = name.split_once(':').unwrap_or((name, "text"));
    check_word(name, "attribute name")?;
    let kind = AttributeType::from_name(kind)
        .ok_or_else(|| format!("expected the type text, number or flag behind the colon, found `{kind}`"))?;
    profile.attributes.insert(name.to_owned(), kind.read(value, None)?);
    Ok(())
}

fn check_word(word: &str, what: &str) -> Result<(), String> {
    let expected = "expected 1 to 63 characters of a-z, 0-9 and _, the first a letter";
    if is_word(word) { Ok(()) } else { Err(format!("`{word}` is no {what}: {expected}")) }
}

/// Name and value of every field that is not blank, then attributes, then signals with their times in `zone`.
pub(crate) fn fields(wire: LeadProfile, zone: &TimeZone) -> Vec<[String; 2]> {
    // What a server tells is in order; of what is not, the rest is shown.
    let mut profile = api::convert::profile::read(wire, &Path::Request, &mut Violations::default());
    let mut rows = Vec::new();
    for target in TARGETS {
        let value = match target.slot {
            Slot::Text(_, slot) => slot(&mut profile).take(),
            Slot::Number(_, slot) => slot(&mut profile).map(|number| number.to_string()),
            Slot::LeadType => Some(profile.lead_type).filter(|kind| *kind != LeadType::Unspecified).map(told_type),
            Slot::Technologies => Some(profile.technologies.join(", ")).filter(|all| !all.is_empty()),
        };
        rows.extend(value.map(|value| [target.name.to_owned(), value]));
    }
    for (name, value) in profile.attributes {
        let value = match value {
            AttributeValue::Text(text) => text,
            AttributeValue::Number(number) => number.to_string(),
            AttributeValue::Flag(flag) => flag.to_string(),
        };
        rows.push([format!("attributes.{name}"), value]);
    }
    for Signal { kind, at } in profile.signals {
        rows.push(["signal".to_owned(), format!("{kind}, {}", api::convert::sla::local(at, zone))]);
    }
    rows
}

fn told_type(kind: LeadType) -> String {
    kind.name().to_owned()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_is_told_of_a_lead_is_read_and_shown() {
        let line = "email=jane@acme.example employees=200 country=us lead_type=demo_request technologies=sap \
                    technologies=aws attributes.course=welding attributes.visits:number=3 attributes.agreed:flag=yes \
                    signal=demo_request signal=webinar@2026-11-20T09:30:00Z";
        let profile = read(&words(line), now()).unwrap();
        let told: String = fields(profile.into(), &TimeZone::UTC)
            .iter()
            .map(|[name, value]| name.clone() + "=" + value + "\n")
            .collect();
        insta::assert_snapshot!(told);
    }

    #[test]
    fn every_mistake_is_told() {
        let line = "jane employees=many company=Acme emial=a@b.example country= signal=Demo signal=demo@yesterday \
                    attributes.visits:count=3 attributes.visits:number=x";
        insta::assert_snapshot!(read(&words(line), now()).unwrap_err());
    }
}
