//! What is told about wrong conditions.

use super::*;

/// `text under the span: message`, one a line.
fn errors(source: &str) -> String {
    match builder().add(source) {
        Ok(_) => "fine".to_owned(),
        Err(errors) => {
            let lines: Vec<String> =
                errors.into_iter().map(|e| format!("[{}] {}", &source[e.span.clone()], e.message)).collect();
            lines.join("\n")
        }
    }
}

#[test]
fn each_error_teaches() {
    let sources = [
        "lead.contry == \"FR\"",
        "leed.country == \"FR\"",
        "country == \"FR\"",
        "lead.zip == \"1\"",
        "lead == 3",
        "lead.attributes.cuorse == \"x\"",
        "lead.attributes.height > 3",
        "lead.country == FR",
        "lead.country == 3",
        "lead.employees == \"200\"",
        "lead.lead_type == \"demo\"",
        "score.fit == \"D\"",
        "score.grade in [\"A1\", \"A4\", \"a2\"]",
        "score.intent == 4",
        "time.weekday == \"monday\"",
        "time.weekday > \"mon\"",
        "time.hour in [9, 24]",
        "time.date == \"22.11.2026\"",
        "time.date == lead.city",
        "lead.country == \"France\"",
        "lead.language == \"FR\"",
        "lead.employees",
        "lead.employees && true",
        "has(lead.contry)",
        "has(time.hour)",
        "has(lead.signals)",
        "has(3)",
        "lead.country == null",
        "lead.employees > 5u",
        "lead.employees / 2 > 3",
        "lead.city + lead.region == \"x\"",
        "lead.city.startsWith()",
        "startsWith(lead.city, \"a\")",
        "lead.city.startWith(\"a\")",
        "lead.city.matches(\"a.*\")",
        "lead.employees.contains(\"a\")",
        "lead.technologies.contains(\"a\")",
        "lead.technologies == [\"a\"]",
        "\"a\" in lead.city",
        "lead.employees in lead.technologies",
        "lead.city in []",
        "lead.city in [\"a\", 3]",
        "lead.technologies[0] == \"a\"",
        "lead.technologies.map(t, t) == []",
        "lead.technologies.exists(t, lead.signals.exists(s, s == t))",
        "lead.technologies.exists(lead, true)",
        "lead.city.exists(t, true)",
        "{\"a\": 1} == 1",
        "lead.employees > 1 ? 3 : \"a\"",
        "lead.employees > 99999999999999999999",
        "lead.country = \"FR\"",
        "lead.country == \"FR\" and lead.city == \"Paris\"",
        "lead.country == \"FR\" AND true",
        "not lead.has_owner",
        "lead.country ==",
        "lead.country == \"FR",
        "lead.country == \u{201c}FR\u{201d}",
        "(lead.has_owner",
        "lead.has_owner)",
        "lead.city == \"\\q\"",
        "lead.city == r\"a\"",
        "lead.employees > 200k",
        "if == 3",
        "",
        "  // nothing",
        "lead.city == \"Zürich\" && lead.ctiy == \"Genève\" && lead.employees == \"ü\"",
    ];
    let report: Vec<String> = sources.iter().map(|source| format!("{source}\n{}\n", errors(source))).collect();
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn a_model_knows_no_score() {
    let mut builder = ProgramBuilder::new(Schema::for_model(&attributes()));
    let errors = builder.add("score.grade == 'A1' || lead.employees > 3").unwrap_err();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].message.contains("can't read the score"), "{errors:?}");
    assert!(builder.add("lead.employees > 3").is_ok());
}

#[test]
fn a_refused_condition_leaves_no_trace() {
    let mut builder = builder();
    assert!(builder.add("lead.city == 3").is_err());
    assert_eq!(builder.add("lead.has_owner").unwrap(), ConditionId(0));
    assert_eq!(builder.build().len(), 1);
}

#[test]
fn attribute_names() {
    for good in ["a", "_a1", "Course"] {
        assert!(is_attribute_name(good), "{good}");
    }
    for bad in ["", "1a", "a-b", "a b", "in", "true", "ä"] {
        assert!(!is_attribute_name(bad), "{bad}");
    }
}
