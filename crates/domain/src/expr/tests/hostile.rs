//! Input that is meant to hurt.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn nested(open: &str, inner: &str, close: &str, times: usize) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

/// Refused or not, but within reasonable time, and the process lives.
fn survive(source: &str) -> Result<ConditionId, Vec<ExprError>> {
    let begin = Instant::now();
    let outcome = builder().add(source);
    assert!(begin.elapsed() < Duration::from_secs(20), "{} bytes took {:?}", source.len(), begin.elapsed());
    if let Err(errors) = &outcome {
        assert!(!errors.is_empty());
        for error in errors {
            assert!(source.get(error.span.clone()).is_some(), "{error:?} is not in {source:?}");
            assert!(!error.message.is_empty());
        }
    }
    outcome
}

#[test]
fn size_is_limited() {
    let padded = |length: usize| format!("true//{}", "x".repeat(length - 6));
    assert!(survive(&padded(MAX_SOURCE)).is_ok());
    assert!(survive(&padded(MAX_SOURCE + 1)).is_err());
}

#[test]
fn nodes_are_limited() {
    let list = |nodes: usize| format!("lead.city in [{}]", vec!["'a'"; nodes - 4].join(","));
    assert!(survive(&list(MAX_NODES)).is_ok());
    assert!(survive(&list(MAX_NODES + 1)).unwrap_err()[0].message.contains("at most 200"));
}

#[test]
fn depth_is_limited() {
    assert!(survive(&nested("(", "true", ")", MAX_DEPTH)).is_ok());
    let errors = survive(&nested("(", "true", ")", MAX_DEPTH + 1)).unwrap_err();
    assert!(errors[0].message.contains("more than 32 deep"), "{errors:?}");
    assert_eq!(errors.len(), 1);
    assert!(survive(&nested("true?true:", "true", "", MAX_DEPTH)).is_ok());
    assert!(survive(&nested("true?true:", "true", "", MAX_DEPTH + 1)).is_err());
}

#[test]
fn long_flat_chains_at_the_limit() {
    let half = MAX_NODES / 2;
    for source in [
        vec!["true"; half].join("&&"),
        vec!["true"; half].join("||"),
        vec!["true"; half].join("=="),
        vec!["1"; half].join("<"),
        vec!["1"; half].join("in"),
        format!("{} > 1", vec!["1"; half - 1].join("+")),
        format!("{} > 1", vec!["1"; half - 1].join("-")),
        format!("{}true", "!".repeat(MAX_NODES - 1)),
        format!("{}1 > 0", "-".repeat(MAX_NODES - 3)),
        format!("a{}", ".b".repeat(MAX_NODES - 1)),
        format!("a{}", ".b()".repeat(MAX_NODES - 1)),
        format!("a{}", "[0]".repeat(half - 1)),
        nested("f(", "1", ")", MAX_DEPTH),
        nested("[", "1", "]", MAX_DEPTH),
        nested("{1:", "1", "}", MAX_DEPTH),
        nested("has(", "lead.city", ")", MAX_DEPTH),
        nested("lead.signals.all(s,", "true", ")", MAX_DEPTH),
        nested("(true?", "true", ":true)", MAX_DEPTH / 2),
        nested("(!", "true", ")", MAX_DEPTH),
    ] {
        let _ = survive(&source);
    }
}

#[test]
fn far_beyond_the_limits() {
    for source in [
        "(".repeat(100_000),
        "!".repeat(100_000),
        "1+".repeat(50_000),
        "a.".repeat(50_000),
        "[".repeat(4_000),
        "!".repeat(4_000),
        ".".repeat(4_000),
        ",".repeat(4_000),
        "a.".repeat(2_000),
        "true?".repeat(800),
        "\"".repeat(4_001),
        "'\\".repeat(2_000),
        format!("'\\q{}", "(".repeat(4_000)),
        format!("\"\"\"{}", "(".repeat(4_000)),
        format!("r'\\'{}", "(".repeat(4_000)),
        format!("b'{}", "(".repeat(4_000)),
        format!("`{}", "(".repeat(4_000)),
        format!("//\r{}", "(".repeat(4_000)),
        "\u{0}".repeat(4_000),
        "ü".repeat(2_000),
    ] {
        assert!(survive(&source).is_err() || source.starts_with("//"), "{source:.20}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the pieces, an answer comes, and its places are inside the source.
    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(vec![
        "lead.city", "lead.employees", "lead", ".", "\"a\"", "'ü'", "1", "2.5", "-", "!", "(", ")", "[", "]", "{", "}", ",", "==",
        "<", "in", "&&", "||", "?", ":", "has", "size", "exists", " ", "\n", "// é\n", "lead.signals.exists(s, ", "null", "true", "+",
        "if", "1u", "0x", "\\", "\"",
    ]), 0..40)) {
        let _ = survive(&pieces.concat());
    }

    #[test]
    fn any_text(source in "\\PC{0,60}") {
        let _ = survive(&source);
    }
}
