//! What conditions mean.

use proptest::prelude::*;

use super::*;

const T: Truth = Truth::True;
const F: Truth = Truth::False;
const U: Truth = Truth::Unknown;

#[test]
fn fields_operators_and_functions() {
    let case = Case::full();
    for (source, expected) in [
        ("true", T),
        ("lead.employees >= 200", T),
        ("200 < lead.employees", T),
        ("200 >= lead.employees", F),
        ("lead.employees > 249.5", T),
        ("lead.employees == 250.0", T),
        ("lead.employees != 250", F),
        ("lead.deal_value - 5 * lead.employees == 18750", T),
        ("-lead.employees < 0", T),
        ("lead.employees == -250", F),
        ("lead.attributes.visits * 2 == 7", T),
        ("lead.attributes.visits in [1, 3.5]", T),
        ("lead.attributes.agreed", T),
        ("lead.attributes.agreed == false", F),
        ("!lead.attributes.agreed || lead.attributes.course == 'MBA'", T),
        (r#"lead.country in ["DE", "FR"]"#, T),
        (r#"!(lead.country in ["DE", "FR"])"#, F),
        (r#""US" == account.country"#, T),
        ("lead.country == account.country", F),
        (r#"lead.job_title.startsWith("Head of") && lead.job_title.endsWith("Sales")"#, T),
        (r#"lead.job_title.contains("sales")"#, F),
        ("size(lead.job_title) == 13 && lead.product.size() == 3", T),
        (r#"lead.product < "H" && lead.product >= "GT""#, T),
        (r#""kafka" in lead.technologies"#, T),
        (r#""Kafka" in lead.technologies"#, F),
        ("lead.attributes.course in lead.technologies", F),
        ("size(lead.signals) == 2", T),
        (r#"lead.signals.exists(s, s.startsWith("pricing"))"#, T),
        (r#"lead.technologies.all(t, t == "kafka" || t.contains("gres"))"#, T),
        ("lead.technologies.exists(t, t in ['go', 'rust'])", F),
        ("lead.company_domain == 'example.com'", T),
        ("lead.lead_type == 'demo_request'", T),
        ("lead.has_owner && account.known && account.named", T),
        ("account.tier == 'strategic' && account.id == 'acme'", T),
        ("score.grade == 'A2' && score.fit == 'A' && score.intent == 2", T),
        ("score.intent in [1, 2]", T),
        ("score.points == 82.5 && score.fit_points == 62.5 && score.intent_points == 20", T),
        ("time.weekday == 'sun' && time.hour == 14 && time.minute == 30", T),
        ("time.date == '2026-11-22' && time.date < '2026-12-01'", T),
        ("time.date in ['2026-11-21', '2026-11-23']", F),
        ("lead.employees > 100 ? lead.country == 'FR' : false", T),
        ("(lead.employees > 1000 ? 'big' : 'small') == 'small'", T),
        ("(lead.employees > 100) == (lead.country == 'FR')", T),
        ("has(lead.country) && !has(lead.region)", T),
        ("// why not\nlead.employees > 1", T),
    ] {
        assert_eq!(case.eval(source), expected, "{source}");
    }
}

#[test]
fn blank_is_unknown_and_is_absorbed() {
    let case = Case::blank();
    for (source, expected) in [
        ("lead.country == 'FR'", U),
        ("lead.country != 'FR'", U),
        ("!(lead.country == 'FR')", U),
        ("!(lead.country in ['FR'])", U),
        ("lead.country == 'FR' || account.known == false", T),
        ("account.known && lead.country == 'FR'", F),
        ("lead.country == 'FR' && !account.known", U),
        ("lead.country == 'FR' || account.known", U),
        ("lead.employees * 0 == 0", U),
        ("lead.employees > 1 ? true : true", U),
        ("has(lead.country)", F),
        ("!has(score.grade)", T),
        ("score.grade == 'A1'", U),
        ("account.named || lead.has_owner", F),
        ("'x' in lead.technologies", U),
        ("lead.technologies.all(t, t == 'x')", U),
        ("'x' in lead.signals", F),
        ("lead.signals.all(s, false)", T),
        ("size(lead.signals) == 0", T),
        ("lead.lead_type == 'unspecified'", T),
        ("lead.attributes.course == 'MBA'", U),
        ("lead.country in ['FR', lead.region]", U),
        ("(lead.country == 'FR') == (lead.country == 'FR')", U),
    ] {
        assert_eq!(case.eval(source), expected, "{source}");
    }
    let mut empty = Case::blank();
    empty.lead.country = Some(String::new());
    empty.lead.attributes.insert("visits".to_owned(), AttributeValue::Text("many".to_owned()));
    assert_eq!(empty.eval("lead.country == 'FR'"), U);
    assert_eq!(empty.eval("has(lead.attributes.visits)"), F);
}

#[test]
fn what_overflows_is_unknown() {
    let mut case = Case::blank();
    case.lead.employees = Some(i64::MAX);
    assert_eq!(case.eval("lead.employees + 1 > 0"), U);
    assert_eq!(case.eval("lead.employees * 1e308 * 1e308 > 0"), U);
    case.lead.employees = Some(i64::MIN);
    assert_eq!(case.eval("-lead.employees > 0"), U);
}

#[test]
fn the_first_match_wins() {
    let mut builder = builder();
    let ids: Vec<ConditionId> =
        ["lead.country == 'DE'", "lead.employees > 10 && lead.region == 'IDF'", "account.named", "true"]
            .into_iter()
            .map(|source| builder.add(source).unwrap())
            .collect();
    let program = builder.build();
    let (full, blank) = (Case::full(), Case::blank());
    assert_eq!(program.first_true(&ids, &program.bind(&full.facts())), Some(2));
    assert_eq!(program.first_true(&ids, &program.bind(&blank.facts())), Some(3));
    assert_eq!(program.first_true(&ids[..2], &program.bind(&full.facts())), None);
    assert_eq!(program.first_true(&[ConditionId(99)], &program.bind(&full.facts())), None);
}

proptest! {
    /// A scan finds what asking one condition after another finds, whatever conditions there are, whether by index or not.
    #[test]
    fn a_scan_is_asking_one_after_another(
        picks in prop::collection::vec((0..SCANNED.len(), 0..90_usize), 1..120), country in 0..90_usize, employees in 0_i64..90,
    ) {
        let mut builder = builder();
        let ids: Vec<ConditionId> = picks
            .iter()
            .map(|(which, number)| builder.add(&SCANNED[*which].replace('N', &number.to_string())).unwrap())
            .collect();
        let program = builder.build();
        let mut case = Case::blank();
        case.lead.city = (country < 80).then(|| format!("c{country}"));
        case.lead.employees = Some(employees);
        let row = program.bind(&case.facts());
        let one_by_one = |ids: &[ConditionId]| ids.iter().position(|id| program.eval(*id, &row).is_true());
        prop_assert_eq!(program.first_true(&ids, &row), one_by_one(&ids));
        let reversed: Vec<ConditionId> = ids.iter().rev().copied().collect();
        prop_assert_eq!(program.first_true(&reversed, &row), one_by_one(&reversed));
    }
}

/// Conditions to scan; `N` is a number.
const SCANNED: [&str; 6] = [
    "lead.city == 'cN'",
    "lead.city in ['c1', 'cN', 'c2'] && lead.employees > 70",
    "lead.region == 'rN' || lead.city == 'cN'",
    "lead.employees == N && lead.city != 'cN'",
    "lead.region == 'rN'",
    "has(lead.city) && lead.employees < N - 85",
];

#[test]
fn explains_conjunct_by_conjunct() {
    let source = r#"lead.region == "IDF" && (lead.employees >= 1000 || lead.deal_value > 1) && lead.country in ["DE"] && time.date > "2026-01-01""#;
    let mut builder = builder();
    let id = builder.add(source).unwrap();
    let program = builder.build();
    assert_eq!(program.text(id), source);
    let case = Case::full();
    let row = program.bind(&case.facts());
    let findings: Vec<String> =
        program.explain(id, &row).into_iter().map(|f| format!("{} | {} | {:?}", f.text, f.truth, f.values)).collect();
    insta::assert_snapshot!(findings.join("\n"), @r#"
    lead.region == "IDF" | unknown | [("lead.region", None)]
    lead.employees >= 1000 || lead.deal_value > 1 | true | [("lead.employees", Some("250")), ("lead.deal_value", Some("20000"))]
    lead.country in ["DE"] | false | [("lead.country", Some("FR"))]
    time.date > "2026-01-01" | true | [("time.date", Some("2026-11-22"))]
    "#);
}
