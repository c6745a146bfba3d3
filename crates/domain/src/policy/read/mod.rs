//! A policy written in YAML: reads it, and finds all that is wrong with it.
//!
//! Every key is read before the first `?`, so that one mistake does not hide another.

mod conditions;
mod route;
mod sla;
mod steps;

use std::collections::BTreeMap;

use self::{conditions::Conditions, route::Routes};
use super::{Destination, Policy, Rule};
use crate::{
    calendar::time_zone,
    directory::{DirectoryDocument, EntityKind},
    expr::read_attributes,
    ids::{CalendarId, is_valid_id},
    ownership::Queue,
    yaml::{self, Field, Map, Problem},
};

/// Largest policy that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// Most rules of a policy.
pub const MAX_RULES: usize = 5_000;

impl Policy {
    /// Reads a policy of at most [`MAX_BYTES`] and [`MAX_RULES`] and checks it against the directory that it names
    /// pools, reps and a calendar of.
    ///
    /// Errors: all problems with their places, down to the word in a condition.
    pub fn parse(text: &str, directory: &DirectoryDocument) -> Result<Self, Vec<Problem>> {
        yaml::read(text, MAX_BYTES, |root| policy(root, directory))
    }
}

fn policy(root: Field<'_>, directory: &DirectoryDocument) -> Option<Policy> {
    let known = ["name", "description", "time_zone", "calendar", "attributes", "sla", "waiting", "rules", "default"];
    let map = root.map(&known)?;
    let name = map.require("name").and_then(Field::string);
    let description = map.get("description").and_then(Field::string);
    let time_zone = map.require("time_zone").and_then(|field| {
        let zone = time_zone(field.text()?);
        zone.map_err(|error| field.note(error.to_string())).ok()
    });
    let calendar = map.get("calendar").and_then(|field| calendar(field, directory));

    let attributes = map.get("attributes").map(read_attributes).unwrap_or_default();
    let slas = sla::slas(map, directory, &attributes);
    let waiting = map.get("waiting").and_then(sla::waiting).unwrap_or_default();
    let mut conditions = Conditions::new(&attributes);
    let routes = Routes { directory, slas: &slas, has_calendar: map.get("calendar").is_some() };
    routes.check_waiting(map, &waiting);
    let rules = rules(map, &routes, &mut conditions);
    let default = map.require("default").and_then(|field| {
        let map = field.map(&["to", "otherwise", "require", "sla"])?;
        routes.route(map)
    });
    let (program, conditions) = conditions.finish();
    Some(Policy {
        name: name?,
        description,
        time_zone: time_zone?,
        calendar,
        rules: rules?,
        default: default?,
        waiting,
        slas,
        program,
        conditions,
    })
}

fn calendar(field: Field<'_>, directory: &DirectoryDocument) -> Option<CalendarId> {
    let id = field.parse()?;
    if !directory.calendars.contains_key(&id) {
        unknown(field, EntityKind::Calendar, directory);
    }
    Some(id)
}

fn rules(map: Map<'_>, routes: &Routes<'_>, conditions: &mut Conditions) -> Option<Vec<Rule>> {
    let field = map.require("rules")?;
    let items = field.list();
    if items.len() > MAX_RULES {
        field.note(format!("there are {} rules, and at most {MAX_RULES} are read", items.len()));
        return None;
    }
    let mut lines = BTreeMap::new();
    let rules = items.into_iter().filter_map(|item| rule(item, routes, conditions, &mut lines));
    Some(rules.collect())
}

/// `lines`: the lines of the rules so far, by name.
fn rule<'d>(
    item: Field<'d>,
    routes: &Routes<'_>,
    conditions: &mut Conditions,
    lines: &mut BTreeMap<&'d str, u32>,
) -> Option<Rule> {
    let map = item.map(&["name", "when", "to", "otherwise", "require", "sla"])?;
    let line = item.place().line;
    let name = map.require("name").and_then(|field| {
        let name = field.text()?;
        if !is_valid_id(name) {
            field.note(not_a_name(name));
        }
        if let Some(line) = lines.insert(name, line) {
            field.note(format!("the rule on line {line} has this name already"));
        }
        Some(name.to_owned())
    });
    let when = map.get("when");
    conditions.add(item, when);
    let route = routes.route(map);
    Some(Rule { when: when.and_then(Field::text).map(str::to_owned), line, name: name?, route: route? })
}

fn not_a_name(name: &str) -> String {
    format!("`{name}` is not a name: expected 1 to 63 characters of a-z, 0-9 and -")
}

/// A queue that policies may name.
fn queue(field: Field<'_>) -> Option<Queue> {
    match field.name() {
        Some("waiting") => field.note("leads come to the waiting queue by themselves, when nobody of a pool is free"),
        Some("disqualified") => field.note("give a reason: { disqualify: \"a reason\" }"),
        _ => return field.one_of(Destination::QUEUES.map(|queue| (queue, queue.name()))),
    }
    None
}

/// Notes that the directory has no such entry.
fn unknown(field: Field<'_>, kind: EntityKind, directory: &DirectoryDocument) {
    let id = field.text().unwrap_or_default();
    let hint = field.did_you_mean(id, directory.ids(kind));
    field.note(format!("the directory has no {} `{id}`{hint}", kind.name()));
}
