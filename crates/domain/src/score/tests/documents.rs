//! Reading models.

use super::*;

fn problems(text: &str) -> String {
    let problems = PointsModel::parse(text).err().unwrap_or_default();
    problems.into_iter().map(|problem| problem.to_string()).collect::<Vec<_>>().join("\n")
}

#[test]
fn all_mistakes_at_once() {
    let text = r#"
name: broken
attributes: { student: flag }
author: me
fit:
  levels: { A: 30, B: 60 }
  groups:
    size: { cap: -5 }
    unused: { cap: 10 }
    nothing: {}
  criteria:
    - { name: large, when: lead.employes >= 1000, points: 40, group: sise }
    - { name: large, when: lead.employees == "1000", points: .nan }
    - { name: webinar, signal: webinar, points: 10 }
    - { name: tiny, when: lead.attributes.student, points: 0.001, group: nothing }
    - { name: zero, when: "true", points: 0 }
    - { name: huge, when: score.grade == "A1", points: 5000 }
    - when: "true"
intent:
  levels: { 1: 50, 2: 0, 3: 1 }
  criteria:
    - { name: both, when: "true", signal: reply, points: 1 }
    - { name: neither, points: 1 }
    - { name: fades, signal: [], points: 1, half_life_days: 0, max_count: 0 }
    - { name: forever, signal: reply, points: -1, half_life_days: -3 }
    - { name: counted, when: "true", points: 1, max_count: 3 }
    - { name: infinite, signal: reply, points: .inf, half_life_days: 1e9 }
"#;
    insta::assert_snapshot!(problems(text));
    insta::assert_snapshot!(problems("name: x\nfit: 3"), @"
    1:1: document: `intent` is missing
    2:6: fit: expected a map with the keys levels, groups, criteria, found `3`
    ");
}

#[test]
fn sizes_are_bounded() {
    let model = |criteria: usize| {
        let criteria: String =
            (0..criteria).map(|i| format!("    - {{ name: c{i}, when: 'true', points: 1000 }}\n")).collect();
        let tail = "intent:\n  levels: { 1: 2, 2: 1 }\n  criteria: []\n";
        format!("name: large\nfit:\n  levels: {{ A: 2, B: 1 }}\n  criteria:\n{criteria}{tail}")
    };
    let largest = PointsModel::parse(&model(MAX_CRITERIA)).unwrap();
    let lead = Profile::default();
    assert_eq!(largest.score(&facts(&lead, None), now()).fit_points, 20_000_000);
    assert!(problems(&model(MAX_CRITERIA + 1)).contains("at most 200"));
    assert!(problems(&" ".repeat(MAX_BYTES + 1)).contains("1048577"));
}

#[test]
fn bounds_of_groups_are_told_apart() {
    let text = "
name: bounded
fit:
  levels: { A: 60, B: 30 }
  groups: { up: { cap: 10.5 }, down: { floor: -5 } }
  criteria:
    - { name: a, when: 'true', points: 8, group: up }
    - { name: b, when: 'true', points: 8, group: up }
    - { name: c, when: 'true', points: -20, group: down }
intent: { levels: { 1: 50, 2: 20 }, criteria: [] }
";
    let model = PointsModel::parse(text).unwrap();
    let lead = Profile::default();
    let score = model.score(&facts(&lead, None), now());
    assert_eq!(score.fit_points, 550);
    assert_eq!(named(&model, &score), ["a 8", "b 8", "c -20", "(up) -5.5", "(down) 15"]);
    let info = model.describe(Part::Group(0)).unwrap();
    assert_eq!((info.criterion, info.group, info.rule.as_str()), (None, Some("up"), "at most 10.5"));
}
