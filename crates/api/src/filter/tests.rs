#![expect(clippy::unwrap_used, reason = "tests")]

use domain::ownership::{LeadState, Queue};

use super::*;

fn refusal(filter: &str) -> String {
    LeadFilter::parse(filter).unwrap_err()
}

#[test]
fn nothing_means_all_leads() {
    assert_eq!(LeadFilter::parse("").unwrap(), LeadFilter::default());
    assert_eq!(LeadFilter::parse("  \n").unwrap(), LeadFilter::default());
}

#[test]
fn all_fields_may_stand_together_in_any_order() {
    let filter = "state=OFFERED AND due_before = \"2026-11-22T09:00:00+01:00\" AND team = teams/east AND owner=\"queues/review\"";
    let filter = LeadFilter::parse(filter).unwrap();
    assert_eq!(filter.owner, Some(Owner::Queue(Queue::Review)));
    assert_eq!(filter.team, Some("east".parse().unwrap()));
    assert_eq!(filter.state, Some(LeadState::Offered));
    assert_eq!(filter.due_before, Some("2026-11-22T08:00:00Z".parse().unwrap()));
}

#[test]
fn a_time_may_stand_without_quotes() {
    let filter = LeadFilter::parse("due_before = 2026-11-22T09:00:00Z").unwrap();
    assert_eq!(filter.due_before, Some("2026-11-22T09:00:00Z".parse().unwrap()));
}

#[test]
fn a_rule_a_territory_and_an_age_can_be_told() {
    let filter = LeadFilter::parse(
        "rule = \"large deals\" AND territory = territories/dach AND arrived_before=2026-11-22T09:00:00Z",
    );
    let filter = filter.unwrap();
    assert_eq!(filter.rule.as_deref(), Some("large deals"));
    assert_eq!(filter.territory, Some("dach".parse().unwrap()));
    assert_eq!(filter.arrived_before, Some("2026-11-22T09:00:00Z".parse().unwrap()));
    assert_eq!(LeadFilter::parse("rule = \"\"").unwrap().rule.as_deref(), Some(""));
}

#[test]
fn refusals_teach() {
    let cases = [
        (
            "ownr = reps/anna",
            "can't filter by `ownr`: expected owner, team, state, territory, rule, arrived_before, due_before; did you mean `owner`?",
        ),
        ("owner = anna", "`owner`: `anna` is not a name here: expected `reps/{rep}` or `queues/{queue}`"),
        ("team = reps/anna", "`team`: `reps/anna` is not a name here: expected `teams/{team}`"),
        ("state = offered", "did you mean `OFFERED`?"),
        ("state = UNSPECIFIED", "is not a state"),
        ("due_before = yesterday", "RFC 3339"),
        ("arrived_before = yesterday", "`arrived_before`: `yesterday` is not an RFC 3339 time"),
        ("territory = dach", "expected `territories/{territory}`"),
        ("owner", "expected `=` after `owner`, found the end"),
        ("owner reps/anna", "expected `=` after `owner`, found `reps/anna`"),
        ("owner =", "expected a value after `owner =`, found the end"),
        ("owner = reps/anna AND", "expected a comparison after `AND`, found the end"),
        ("owner = reps/anna OR state = OFFERED", "expected `AND` between comparisons, found `OR`"),
        ("owner = reps/anna state = OFFERED", "expected `AND` between comparisons, found `state`"),
        ("owner = reps/anna AND owner = reps/ben", "names `owner` twice"),
        ("(owner = reps/anna)", "holds `(`"),
        ("owner != reps/anna", "holds `!`"),
        ("owner = \"reps/anna", "ends within a text in quotes"),
        ("owner = \"a\\n\"", "holds a `\\` in quotes"),
        ("= x", "expected a field (owner, team, state, territory, rule, arrived_before, due_before), found `=`"),
    ];
    for (filter, expected) in cases {
        let found = refusal(filter);
        assert!(found.contains(expected), "{filter}: {found}");
    }
    assert!(refusal(&"x".repeat(2_000)).contains("2000 bytes"));
}

mod laws {
    use proptest::prelude::*;

    use super::LeadFilter;

    proptest! {
        /// No text makes the reader panic, and a refusal never repeats a long text.
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,1100}") {
            if let Err(error) = LeadFilter::parse(&text) {
                prop_assert!(error.len() < 1_000);
            }
        }
    }
}
