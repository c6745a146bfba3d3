//! The reader finds everything at once, in the right place, and survives anything.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

/// The problems of `text`, one a line, when read by `build`.
fn problems<T: fmt::Debug>(text: &str, build: impl FnOnce(Field<'_>) -> Option<T>) -> String {
    let problems = read(text, 10_000, build).unwrap_err();
    problems.iter().map(|problem| problem.to_string() + "\n").collect()
}

/// Reads everything below `field` in every way there is.
fn walk(field: Field<'_>) {
    let _ = (field.text(), field.flag(), field.integer(0..=9_u32), field.number(0.0..=1.0), field.path());
    field.note_inside(3, "inside");
    if field.is_map() {
        field.entries().into_iter().for_each(|(_, value)| walk(value));
    } else if !field.is_scalar() {
        field.list().into_iter().for_each(walk);
    }
}

#[test]
fn a_good_document_is_read() {
    let text = "name: Acme 94\ncount: 1_000\nratio: -0.5\nopen: true\nnothing: ~\nlist: [a, 2]\nmap: { x: 'y' }\n";
    let read = read(text, 1_000, |root| {
        let map = root.map(&["name", "count", "ratio", "open", "nothing", "list", "map"])?;
        assert!(map.get("nothing").is_none() && map.get("absent").is_none());
        assert_eq!(map.get("map")?.entries()[0].0, "x");
        Some((
            map.require("name")?.text()?.to_owned(),
            map.get("count")?.integer(0..=1_000_i64)?,
            map.get("ratio")?.number(-1.0..=1.0)?,
            map.get("open")?.flag()?,
            map.get("list")?.list_of(|item| item.text().map(str::to_owned)),
        ))
    });
    assert_eq!(read, Ok(("Acme 94".into(), 1_000, -0.5, true, vec!["a".into(), "2".into()])));
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let text = "\
nmae: Acme
count: '7'
ratio: 2
open: maybe
kind: gren
list: 3
items: [ok, { a: 1 }, '', Bad-Id]
count: 8
shared: &x 1
again: *x
tagged: !secret 1
";
    let found = problems(text, |root| {
        let known = ["name", "count", "ratio", "open", "kind", "list", "items", "shared", "again", "tagged"];
        let map = root.map(&known)?;
        map.require("name");
        map.get("count")?.integer(0..=9_u8);
        map.get("ratio")?.number(0.0..=1.0);
        map.get("open")?.flag();
        map.get("kind")?.one_of([(1, "green"), (2, "red")]);
        map.get("list")?.list();
        map.get("items")?.list_of(Field::parse::<crate::ids::RepId>);
        Some(())
    });
    insta::assert_snapshot!(found, @r#"
    1:1: document: `name` is missing
    1:1: document: unknown key `nmae`; did you mean `name`? (known: name, count, ratio, open, kind, list, items, shared, again, tagged)
    2:8: count: expected a whole number from 0 to 9, found the text "7"
    3:8: ratio: expected a number from 0 to 1, found `2`
    4:7: open: expected `true` or `false`, found `maybe`
    5:7: kind: expected one of green, red, found `gren`; did you mean `green`?
    6:7: list: expected a list, found `3`
    7:13: items[1]: expected text, found a map
    7:23: items[2]: must not be blank
    7:27: items[3]: `Bad-Id` is not an id: expected 1 to 63 characters of a-z, 0-9 and -, the first a letter or digit
    8:1: document: the key `count` stands here for the second time
    10:8: again: aliases (`*name`) are not read: write the value out
    11:9: tagged: tags (`!name`) are not read: leave it out
    "#);
}

#[test]
fn what_is_no_document_is_refused() {
    let mut refused = String::new();
    let deep = "- ".repeat(5_000);
    for text in [
        "",
        "# nothing\n",
        "a: [1",
        "a: 1\n---\nb: 2\n",
        "? [a]\n: 1\n",
        "a: *b",
        "a:\n\tb: 1",
        &deep,
        &"x".repeat(20_000),
    ] {
        refused += &problems(text, |root| root.map(&["a"]).map(|_| ()));
    }
    insta::assert_snapshot!(refused, @r#"
    1:1: document: is empty
    1:1: document: is empty
    2:1: document: is not YAML: while parsing a flow sequence, expected ',' or ']'
    2:1: document: a second document starts here; one is read
    1:3: document: a list or map can't be a key: keys are text
    1:4: document: is not YAML: while parsing node, found unknown anchor
    2:2: document: is not YAML: tabs disallowed within this context (block indentation)
    1:65: document: is nested more than 32 levels deep
    1:1: document: has 20000 bytes, and at most 10000 are read
    "#);
}

#[test]
fn an_alias_bomb_costs_nothing() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..30 {
        let aliases = vec![format!("*a{}", n - 1); 9].join(", ");
        bomb.extend([format!("a{n}: &a{n} [{aliases}]\n")]);
    }
    let found = read(&bomb, 10_000, |_| Some(())).unwrap_err();
    assert_eq!(found.len(), 29 * 9);
}

#[test]
fn offsets_in_a_text_have_their_place_in_every_style() {
    let documents = [
        ("plain", "when:   a == X\n", (1, 14)),
        ("single", "when: 'it''s a == X'\n", (1, 19)),
        ("double", "when: \"a == \\\"b\\\" \\u00e9 X\"\n", (1, 26)),
        ("literal", "when: |  # why\n  a ==\n    X\n", (3, 5)),
        ("folded", "- when: >-\n    a ==\n\n    X\n", (4, 5)),
        ("plain, two lines", "when: a ==\n  X\n", (2, 3)),
        ("wide", "when: 'é ü == X'\n", (1, 15)),
    ];
    for (style, text, (line, column)) in documents {
        let problem = read(text, 1_000, |root| {
            let when = root.descend("[0]").descend("when");
            when.note_inside(when.text()?.find('X')?, "here");
            Some(())
        });
        let problem = &problem.unwrap_err()[0];
        assert_eq!((problem.line, problem.column), (line, column), "{style}");
    }
}

#[test]
fn the_end_of_a_text_has_its_place() {
    for (text, column) in [("when: a ==\nthen: b\n", 11), ("when: 'a == '\n", 12), ("when: ''\n", 7)] {
        let problem = read(text, 1_000, |root| {
            root.descend("when").note_inside(99, "here");
            Some(())
        });
        let problem = &problem.unwrap_err()[0];
        assert_eq!((problem.line, problem.column), (1, column), "{text}");
    }
}

#[test]
fn paths_lead_back_to_their_fields() {
    let _ = read("a:\n  - b: { c: 1 }\n", 1_000, |root| {
        let c = root.descend("a[0].b.c");
        assert_eq!((c.path(), c.place()), ("a[0].b.c".to_owned(), Place { line: 2, column: 13 }));
        assert_eq!(root.descend("a[7].b").path(), "a");
        Some(())
    });
}

#[test]
fn near_names_are_told() {
    let names = ["enterprise", "central", "smb"];
    assert_eq!(nearest("enterprize", names), Some("enterprise"));
    assert_eq!(nearest("ecntral", names), Some("central"));
    assert_eq!(nearest("sbm", names), Some("smb"));
    assert_eq!(nearest("partners", names), None);
    assert_eq!(did_you_mean("smn", names), "; did you mean `smb`?");
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(text in "[-?:,\\[\\]{}#&*!|>'\"%@ \\na-c\\\\é]{0,80}") {
        let _ = read(&text, 10_000, |root| { walk(root); Some(()) });
    }

    /// Whatever the style, the place of a character is where the source has it.
    #[test]
    fn places_are_where_the_text_is(words in prop::collection::vec("[a-z]{1,5}", 1..6), style in 0..4) {
        let text = match style {
            0 => format!("k: {}\n", words.join(" ")),
            1 => format!("k: '{}'\n", words.join("  ")),
            2 => format!("k: |\n  {}\n", words.join("\n   ")),
            _ => format!("k: >\n  {}\n", words.join("\n\n  ")),
        };
        let places = read(&text, 10_000, |root| {
            let field = root.descend("k");
            for (offset, _) in field.text()?.match_indices(char::is_alphabetic) {
                field.note_inside(offset, "");
            }
            Some(())
        });
        let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
        let at_places: String = places.unwrap_err().iter().map(|p| lines[p.line as usize - 1][p.column as usize - 1]).collect();
        prop_assert_eq!(at_places, words.concat());
    }
}
