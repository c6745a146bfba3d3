use domain::lead::LeadType;

use super::{import, mapping, shown};
use crate::import::mapping::{Format, Mapping};

fn mistakes(text: &str) -> String {
    shown(&Mapping::parse(text).expect_err("the mapping is wrong"))
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let told = mistakes(
        "name: My Import
format: xml
delimiter: ab
time_zone: Mars/Olympus
fields:
  emial: Mail
  country: { column: Land, map: { Deutschland: GER }, default: de }
  employees: { constant: many }
  deal_value: { column: Value, scale: high, split: \"/\" }
  source: { lower: true }
  product: { column: What, otherwise: other }
constants:
  lead_type: demo
  country: DE
attributes:
  Seats: { type: number, column: Seats }
  vip: { type: bool, column: VIP }
signals:
  - { kind: webinar, when: { column: Stayed }, at: yesterday }
  - { kind: download, at: now, most: 500 }
ignore:
  - { column: Land, reason: twice }
  - { columns: [A, B] }
",
    );
    let expected = [
        "1:7: name: `My Import` is no name: expected 1 to 63 characters of a-z, 0-9 and -, the first no -",
        "2:9: format: expected one of csv, jsonl, found `xml`",
        "3:12: delimiter: expected one character or `tab`, found `ab`",
        "4:12: time_zone: `Mars/Olympus` is no time zone: expected an IANA name such as `Europe/Paris`",
        "5:1: document: nothing says who a lead is: map at least one of external_id, email, phone, person_name, \
         company_name, company_domain",
        "6:3: fields: unknown key `emial`; did you mean `email`?",
        "7:48: fields.country.map.Deutschland: expected an ISO 3166-1 code such as `US`, found `GER`",
        "8:26: fields.employees.constant: expected a whole number from 0 to 100000000, found `many`",
        "9:39: fields.deal_value.scale: expected a number from",
        "9:52: fields.deal_value.split: `split` makes a list, and this field is none",
        "10:11: fields.source: names neither a `column` nor a `constant`",
        "11:28: fields.product: `otherwise` is for what `map` doesn't have, and there is no `map`",
        "13:14: constants.lead_type: expected one of unspecified, demo_request",
        "14:12: constants.country: `country` stands under `fields` too",
        "16:3: attributes: `Seats` is no attribute name",
        "17:16: attributes.vip.type: expected one of text, number, flag, found `bool`",
        "19:28: signals[0].when: asks nothing: write `equals`, `at_least` or `not_blank`",
        "19:52: signals[0].at: expected `now`, { column: NAME } or { age_days: NAME }, found `yesterday`",
        "20:38: signals[1].most: bounds a `count`, and there is none",
        "20:38: signals[1].most: expected a whole number from 1 to 200, found `500`",
        "22:15: ignore[0].column: the column `Land` is read above (fields.country.column)",
        "23:5: ignore[1]: `reason` is missing",
    ];
    let lines: Vec<&str> = told.lines().collect();
    for line in expected {
        assert!(lines.iter().any(|told| told.starts_with(line)), "not told: {line}\n\ntold:\n{told}");
    }
    assert_eq!(lines.len(), expected.len(), "{told}");
}

#[test]
fn a_mapping_must_know_what_a_lead_is() {
    assert!(mistakes("name: x\nfields: { city: Town }").contains("nothing says who a lead is"));
    assert!(mistakes("fields: { email: Mail }").contains("`name` is missing"));
    assert!(mistakes("- 1").contains("expected a map"));
    assert!(mistakes("").contains("is empty"));
}

#[test]
fn a_map_in_capitals_never_matches_what_was_made_lower_case() {
    let told = mistakes("name: x\nfields: { email: { column: Mail, lower: true, map: { None: a@b.example } } }");
    assert!(told.contains("`None` never matches: with `lower: true` write `none`"), "{told}");
}

#[test]
fn columns_that_the_input_lacks_are_told_before_anything_is_sent() {
    let mapping =
        mapping("name: x\nfields:\n  email: E-mail\n  city: Twon\nignore:\n  - { column: Gone, reason: gone }\n");
    let error = import("a.csv", b"E-Mail,Town,Town\n1,2,3\n", &mapping).unwrap_err();
    assert_eq!(
        error,
        "the mapping does not fit the columns of a.csv:\n  \
         3:10: fields.email: the input has no column `E-mail`; did you mean `E-Mail`?\n  \
         4:9: fields.city: the input has no column `Twon`; did you mean `Town`?"
    );
    let twice = super::mapping("name: x\nfields: { email: Town }");
    let error = import("a.csv", b"E-Mail,Town,Town\n1,2,3\n", &twice).unwrap_err();
    assert!(error.ends_with("the input has the column `Town` twice"), "{error}");
}

#[test]
fn columns_that_are_neither_mapped_nor_ignored_are_listed_once() {
    let mapping = mapping("name: x\nfields: { email: mail }\nignore: [{ column: b, reason: no }]");
    let outcome = import("a.csv", b"mail,a,b,c\nx@y.example,1,2,3\nz@y.example,1,2,3\n", &mapping).unwrap();
    assert_eq!(outcome.unmapped, ["a", "c"]);
    let lines = b"{\"mail\":\"x@y.example\",\"a\":1,\"b\":2}\n{\"mail\":\"z@y.example\",\"a\":1,\"c\":{\"d\":3}}\n";
    assert_eq!(import("a.jsonl", lines, &mapping).unwrap().unmapped, ["a", "c"]);
}

#[test]
fn the_name_of_a_file_tells_its_format() {
    use std::path::Path;
    for (name, format) in [
        ("a.csv", Some(Format::Csv)),
        ("A.CSV.gz", Some(Format::Csv)),
        ("a.b.ndjson", Some(Format::JsonLines)),
        ("a.jsonl.gz", Some(Format::JsonLines)),
        ("csv", None),
        ("a.xlsx", None),
        ("a.gz", None),
    ] {
        assert_eq!(Format::of_path(Path::new(name)), format, "{name}");
    }
    let told = mapping("name: x\nformat: csv\nfields: { email: mail }");
    let outcome = import("whatever", b"mail\nx@y.example\n", &told).unwrap();
    assert_eq!(outcome.rows[0].profile.lead_type, LeadType::Unspecified);
    let untold = mapping("name: x\nfields: { email: mail }");
    assert!(import("whatever", b"mail\n", &untold).unwrap_err().contains("expected a name that ends in .csv"));
}

#[test]
fn the_mapping_that_the_documentation_shows_is_good() {
    let source = include_str!("../mapping/mod.rs");
    let lines = source.lines().skip_while(|line| *line != "//! ```yaml").skip(1).take_while(|line| *line != "//! ```");
    let text: String = lines.map(|line| line.trim_start_matches("//! ").to_owned() + "\n").collect();
    assert_eq!(mapping(&text).signals.len(), 2, "{text}");
}
