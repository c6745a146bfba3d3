//! `docs/data-model.md` shows the table as it is.

use std::{collections::BTreeMap, path::Path};

use super::*;
use crate::lifecycle::{Command, Outcome, Place, Presence, outcome};

const TIMERS: [TimerKind; 5] =
    [TimerKind::Accept, TimerKind::Escalate, TimerKind::Retry, TimerKind::Wake, TimerKind::Resume];
const BEGIN: &str = "<!-- begin: drawn from crates/domain/src/lifecycle/table.rs -->\n";
const END: &str = "<!-- end -->\n";

fn place_name(place: Place) -> String {
    words(&format!("{place:?}"))
}

fn command_name(command: Command) -> String {
    match command {
        Command::Fire(kind) => format!("{} timer", words(&format!("{kind:?}"))),
        command => words(&format!("{command:?}")),
    }
}

/// `SelfService` as `self-service`.
fn words(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

fn is_open(place: Place) -> bool {
    !matches!(place, Place::Disqualified | Place::Closed)
}

/// True for what can be done to every open lead alike: it would be an arrow from everywhere.
fn is_everywhere(command: Command) -> bool {
    let mut open = Place::ALL.into_iter().filter(|place| is_open(*place)).map(|place| outcome(command, place));
    let first = open.next();
    matches!(first, Some(Outcome::Moves { .. })) && open.all(|other| Some(other) == first)
}

/// Where a command leads to in the same assignment, and in the next one: places, or the knot from which routing goes on.
fn targets(command: Command, place: Place) -> [Vec<String>; 2] {
    let Outcome::Moves { keeps, passes } = outcome(command, place) else { return [Vec::new(), Vec::new()] };
    let others = passes.iter().filter(|to| **to != place || **to == Place::Offered);
    let passes =
        if passes == Place::ROUTED { vec!["routing".to_owned()] } else { others.map(|to| place_name(*to)).collect() };
    [keeps.iter().map(|to| place_name(*to)).collect(), passes]
}

fn diagram() -> String {
    let mut arrows: BTreeMap<(usize, String), Vec<String>> = BTreeMap::new();
    for (index, place) in Place::ALL.into_iter().enumerate() {
        for command in Command::ALL.into_iter().filter(|command| !is_everywhere(*command)) {
            for to in targets(command, place).concat() {
                let commands = arrows.entry((index, to)).or_default();
                if commands.last() != Some(&command_name(command)) {
                    commands.push(command_name(command));
                }
            }
        }
    }
    let id = |name: &str| name.replace('-', "_");
    let mut text = "```mermaid\nstateDiagram-v2\n    state routing <<choice>>\n    [*] --> routing: route\n".to_owned();
    for place in Place::ALL.map(place_name).into_iter().filter(|name| name.contains('-')) {
        writeln!(text, "    state \"{place}\" as {}", id(&place)).unwrap();
    }
    for to in Place::ROUTED {
        writeln!(text, "    routing --> {}", id(&place_name(*to))).unwrap();
    }
    for ((from, to), commands) in arrows {
        writeln!(text, "    {} --> {}: {}", id(&place_name(Place::ALL[from])), id(&to), commands.join(", ")).unwrap();
    }
    for end in Place::ROUTED.iter().filter(|place| !is_open(**place)) {
        writeln!(text, "    {} --> [*]", id(&place_name(*end))).unwrap();
    }
    text + "```\n"
}

fn cell(command: Command, place: Place) -> String {
    match outcome(command, place) {
        Outcome::Moves { .. } => {
            let [keeps, passes] = targets(command, place);
            let keeps = keeps.into_iter().map(|to| if to == place_name(place) { "stays".to_owned() } else { to });
            keeps.chain(passes.into_iter().map(|to| format!("*{to}*"))).collect::<Vec<_>>().join(", ")
        }
        Outcome::Nothing => "-".to_owned(),
        Outcome::NotTheOwner => "NOT_THE_OWNER".to_owned(),
        Outcome::WrongState if is_open(place) => "WRONG_LEAD_STATE".to_owned(),
        Outcome::WrongState => "LEAD_CLOSED".to_owned(),
    }
}

fn table() -> String {
    let places: Vec<String> = Place::ALL.into_iter().map(place_name).collect();
    let mut text = format!("| | {} |\n|{}\n", places.join(" | "), " --- |".repeat(places.len() + 1));
    for command in Command::ALL {
        let cells: Vec<String> = Place::ALL.into_iter().map(|place| cell(command, place)).collect();
        writeln!(text, "| **{}** | {} |", command_name(command), cells.join(" | ")).unwrap();
    }
    text
}

fn timers() -> String {
    let mut text =
        "| | accept | escalate | retry | wake | resume |\n| --- | --- | --- | --- | --- | --- |\n".to_owned();
    for place in Place::ALL {
        let cells = TIMERS.map(|kind| match place.timer(kind) {
            Presence::Always => "always".to_owned(),
            Presence::If(when) => format!("if {when}"),
            Presence::Never => "never".to_owned(),
        });
        writeln!(text, "| **{}** | {} |", place_name(place), cells.join(" | ")).unwrap();
    }
    text
}

fn everywhere() -> String {
    let mut text = "Not drawn, because it can be done to every open lead:\n\n".to_owned();
    for command in Command::ALL.into_iter().filter(|command| is_everywhere(*command)) {
        let to = targets(command, Place::Offered).concat().join(", ");
        writeln!(text, "- {} -> {to}", command_name(command)).unwrap();
    }
    text
}

/// `BLESS=1` writes what is drawn into the document instead of comparing.
#[test]
fn the_document_shows_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/data-model.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let drawn = format!("\n{}\n{}\n{}\n{}\n", diagram(), everywhere(), table(), timers());
    let wanted = format!("{before}{BEGIN}{drawn}{END}{after}");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    } else {
        assert!(
            document == wanted,
            "docs/data-model.md does not show the life cycle as it is. Draw it anew with\n    \
             BLESS=1 cargo test -p leadrouter-domain the_document_shows_the_table"
        );
    }
}
