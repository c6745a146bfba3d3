//! What becomes of a row that can be read.

use std::io::Write as _;

use domain::lead::{AttributeValue, LeadType};
use flate2::{Compression, write::GzEncoder};

use super::{drain, import, mapping, now};
use crate::import::{Next, Rows};

const EVERYTHING: &str = r#"
name: everything
blank: [Select, "-"]
time_zone: America/New_York
fields:
  external_id: id
  email: { column: mail, lower: true }
  company_name: { column: company, default: unknown company }
  employees: people
  annual_revenue: { column: revenue, scale: 1000000 }
  country: { column: land, blank: [somewhere], map: { Germany: DE, Japan: jp }, otherwise: US }
  language: language
  technologies: { column: stack, split: "/", lower: true }
  person_name: { column: name, trim: false }
constants: { lead_type: event, source: fair }
attributes:
  seats: { type: number, column: seats }
  vip: { type: flag, column: vip }
  remark: { type: text, column: remark }
signals:
  - { kind: webinar, when: { column: stayed, at_least: 10 }, at: { column: day } }
  - { kind: download, at: { age_days: age }, count: downloads, most: 3 }
  - { kind: badge_scan, when: { column: vip, equals: ["Yes", maybe] }, at: now }
  - { kind: stranger, when: { column: company, not_blank: false }, at: now }
"#;

const HEADER: &str =
    "id,mail,company,people,revenue,land,language,stack,name,seats,vip,remark,stayed,day,age,downloads\n";

#[test]
fn a_row_becomes_a_lead() {
    let text = format!(
        "{HEADER} L1 ,Ann@Acme.Example,Acme,1200,1.5,Germany,EN,Linux/ AIX/Select//,\" Ann \",2.5,Yes,\
         \"a \"\"b\"\", c\",12,2026-11-20 09:30,1.5,7\n"
    );
    let outcome = import("a.csv", text.as_bytes(), &mapping(EVERYTHING)).unwrap();
    assert_eq!(outcome.told(), [""; 0]);
    let lead = &outcome.rows[0].profile;
    assert_eq!(lead.external_id.as_deref(), Some("L1"));
    assert_eq!(lead.email.as_deref(), Some("ann@acme.example"));
    assert_eq!(lead.employees, Some(1200));
    assert_eq!(lead.annual_revenue, Some(1_500_000));
    assert_eq!(lead.country.as_deref(), Some("DE"));
    assert_eq!(lead.language.as_deref(), Some("en"));
    assert_eq!(lead.technologies, ["linux", "aix"]);
    assert_eq!(lead.person_name.as_deref(), Some(" Ann "));
    assert_eq!((lead.lead_type, lead.source.as_deref()), (LeadType::Event, Some("fair")));
    assert_eq!(lead.attributes["seats"], AttributeValue::Number(2.5));
    assert_eq!(lead.attributes["vip"], AttributeValue::Flag(true));
    assert_eq!(lead.attributes["remark"], AttributeValue::Text("a \"b\", c".to_owned()));
    let signals: Vec<String> = lead.signals.iter().map(|signal| format!("{} {}", signal.kind, signal.at)).collect();
    let download = "download 2026-11-21T00:00:00Z";
    let badge = format!("badge_scan {}", now());
    // 09:30 in New York; three of the seven downloads.
    assert_eq!(signals, ["webinar 2026-11-20T14:30:00Z", download, download, download, badge.as_str()]);
}

#[test]
fn blank_is_unknown_and_never_zero() {
    let text = format!("{HEADER}L1,Select,-,Select,,somewhere, ,-,,-,Select,-,9,,,\n");
    let outcome = import("a.csv", text.as_bytes(), &mapping(EVERYTHING)).unwrap();
    let lead = &outcome.rows[0].profile;
    assert_eq!((&lead.email, lead.employees, lead.annual_revenue), (&None, None, None));
    assert_eq!((&lead.country, &lead.language, &lead.person_name), (&None, &None, &None));
    assert_eq!(lead.company_name.as_deref(), Some("unknown company"));
    assert!(lead.technologies.is_empty() && lead.attributes.is_empty());
    let kinds: Vec<&str> = lead.signals.iter().map(|signal| signal.kind.as_str()).collect();
    assert_eq!(kinds, ["stranger"]);
}

#[test]
fn every_mistake_of_a_row_is_told_with_its_column() {
    let text =
        format!("{HEADER}L1,,,-5,a lot,France,english,,,many,perhaps,,ten,soon,-1,1.5\nL2,,,,,Japan,,,,,,,,,,\n");
    let outcome = import("a.csv", text.as_bytes(), &mapping(EVERYTHING)).unwrap();
    assert_eq!(
        outcome.told(),
        [
            "2 people: employees: expected a whole number from 0 to 100000000, found `-5`",
            "2 revenue: annual_revenue: expected a number from 0 to 1000000000000000, found `a lot`",
            "2 language: language: expected an ISO 639-1 code such as `en`, found `english`",
            "2 seats: seats: expected a number such as `1234.5`, found `many`",
            "2 vip: vip: expected yes or no, found `perhaps`",
            "2 stayed: expected a number such as `1234.5`, found `ten`",
            "2 downloads: expected a count, a whole number from 0 on, found `1.5`",
        ]
    );
    assert_eq!(outcome.rows.len(), 1);
    assert_eq!(outcome.rows[0].profile.country.as_deref(), Some("JP"));
}

#[test]
fn times_and_ages_have_bounds() {
    let plan = mapping(
        "name: x\nfields: { email: mail }\nsignals:\n  - { kind: a, at: { column: day } }\n\
         \x20 - { kind: b, at: { age_days: age } }",
    );
    let text = "mail,day,age\nm@x.example,1969-12-31,1\nm@x.example,2026-02-30,36526\n\
                m@x.example,2026-11-22T10:00:00+02:00,0.5\n";
    let outcome = import("a.csv", text.as_bytes(), &plan).unwrap();
    assert_eq!(outcome.told().len(), 3, "{:?}", outcome.told());
    let at: Vec<String> = outcome.rows[0].profile.signals.iter().map(|signal| signal.at.to_string()).collect();
    assert_eq!(at, ["2026-11-22T08:00:00Z", "2026-11-22T00:00:00Z"]);
}

#[test]
fn json_lines_and_csv_make_the_same_lead() {
    let plan = |stack: &str| {
        let fields = "external_id: id, company_name: company.name, employees: company.size";
        let vip = "vip: { type: flag, column: vip }";
        mapping(&format!("name: x\nfields: {{ {fields}, technologies: {stack} }}\nattributes: {{ {vip} }}"))
    };
    let lines = concat!(
        "{\"id\": 7, \"company\": {\"name\": \"Acme\", \"size\": 12}, \"stack\": [\"linux\", \"aix\"], \"vip\": true}\n",
        "\n",
        "{\"id\": \"8\", \"company.name\": \"Flat\", \"stack\": null}\r\n",
        "{\"id\": 12345678901234567890123}",
    );
    let outcome = import("a.jsonl", lines.as_bytes(), &plan("stack")).unwrap();
    assert_eq!(outcome.told(), ["4 id: 1.2345678901234568e+22 is not exact: write it as a text"]);
    let first = &outcome.rows[0];
    assert_eq!((first.line, first.profile.external_id.as_deref()), (1, Some("7")));
    assert_eq!(first.profile.employees, Some(12));
    assert_eq!(first.profile.technologies, ["linux", "aix"]);
    assert_eq!((outcome.rows[1].line, outcome.rows[1].profile.company_name.as_deref()), (3, Some("Flat")));

    let text = "id,company.name,company.size,stack,vip\n7,Acme,12,linux|aix,true\n";
    let outcome = import("a.csv", text.as_bytes(), &plan("{ column: stack, split: \"|\" }")).unwrap();
    assert_eq!(outcome.rows[0].profile, first.profile);
    assert_eq!(outcome.rows[0].request_id, first.request_id);
}

#[test]
fn a_row_keeps_its_request_id_and_no_other_row_has_it() {
    let by_id = mapping("name: x\nfields: { external_id: id, email: mail }");
    let ids = |name: &str, text: &str, plan| -> Vec<_> {
        import(name, text.as_bytes(), plan).unwrap().rows.iter().map(|row| row.request_id).collect()
    };
    let first = ids("a.csv", "id,mail\n1,a@x.example\n2,b@x.example\n,c@x.example\n,d@x.example\n", &by_id);
    // Other columns, another order, another format: the same key, so the same request.
    let again = ids("a.csv", "mail,id\nchanged@x.example,2\nc@x.example,\n", &by_id);
    assert_eq!(first[1], again[0]);
    // Without a key the whole row counts, and its order with it.
    assert_ne!(first[2], again[1]);
    let distinct: std::collections::BTreeSet<_> = first.iter().collect();
    assert_eq!(distinct.len(), 4);
    let renamed = mapping("name: y\nfields: { external_id: id, email: mail }");
    assert_ne!(ids("a.csv", "id,mail\n1,a@x.example\n", &renamed)[0], first[0]);
    let by_two = mapping("name: x\nkey: [a, b]\nfields: { email: mail }");
    let pairs = ids("a.csv", "a,b,mail\n1,23,m@x.example\n12,3,m@x.example\n", &by_two);
    assert_ne!(pairs[0], pairs[1]);
}

#[test]
fn a_row_must_say_who_it_is() {
    let plan = mapping("name: x\nfields: { email: mail, city: town }");
    let outcome = import("a.csv", b"mail,town\n,Rome\n", &plan).unwrap();
    assert!(outcome.told()[0].starts_with("2 -: says nothing of who it is"), "{:?}", outcome.told());
}

#[test]
fn what_is_compressed_is_read_as_well_and_reading_goes_on_where_it_stopped() {
    let plan = mapping("name: x\nfields: { external_id: id, email: mail }");
    let text: String = std::iter::once("id,mail\n".to_owned())
        .chain((0..5000).map(|i| format!("{i},\"c{i}\n@x.example\"\n")))
        .collect();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let compressed = folder.path().join("a.csv.gz");
    std::fs::write(&compressed, encoder.finish().unwrap()).unwrap();

    let whole = drain(Rows::open(&compressed, &plan).unwrap(), &plan);
    assert_eq!(whole.rows.len(), 5000);
    assert_eq!(whole, import("a.csv", text.as_bytes(), &plan).unwrap());

    let mut rows = Rows::open(&compressed, &plan).unwrap();
    for _ in 0..1234 {
        assert!(matches!(rows.read().unwrap(), Some(Next::Row(_))));
    }
    let position = rows.position();
    let mut rest = Rows::open(&compressed, &plan).unwrap();
    rest.skip_to(position).unwrap();
    assert_eq!(drain(rest, &plan).rows, whole.rows[1234..]);
}
