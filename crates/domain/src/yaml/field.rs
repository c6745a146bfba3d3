//! Typed access to a node of a document: what does not fit is noted and read as `None`.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use saphyr_parser::ScalarStyle;

use super::{
    Place, Problems, did_you_mean, place,
    tree::{Node, NodeId, Tree, Value},
};

/// A node of a document, with its place and path. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Field<'d> {
    tree: &'d Tree<'d>,
    problems: &'d Problems,
    node: NodeId,
}

/// A map whose keys are all known, see [`Field::map`].
#[derive(Debug, Clone, Copy)]
pub struct Map<'d>(Field<'d>);

impl<'d> Field<'d> {
    pub(super) fn root(tree: &'d Tree<'d>, problems: &'d Problems) -> Self {
        Self { tree, problems, node: 0 }
    }

    /// Its line and column.
    pub fn place(self) -> Place {
        self.get().place
    }

    /// Its path from the root: `rules[3].when`.
    pub fn path(self) -> String {
        self.tree.path(self.node)
    }

    /// Notes a problem at this place.
    pub fn note(self, message: impl Into<String>) {
        self.note_at(self.place(), message);
    }

    /// Notes a problem at the byte `offset` of this text, wherever that stands in the document.
    pub fn note_inside(self, offset: usize, message: impl Into<String>) {
        let place = match &self.get().value {
            Value::Scalar(..) if self.problems.is_full() => return,
            Value::Scalar(text, style) => place::inside(self.tree.source, self.place(), *style, text, offset),
            Value::List(_) | Value::Map(_) => self.place(),
        };
        self.note_at(place, message);
    }

    /// [`did_you_mean`], or nothing once nobody would read it.
    pub fn did_you_mean<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
        if self.problems.is_full() { String::new() } else { did_you_mean(word, known) }
    }

    /// True for a text, number or flag.
    pub fn is_scalar(self) -> bool {
        matches!(self.get().value, Value::Scalar(..))
    }

    /// True for a map.
    pub fn is_map(self) -> bool {
        matches!(self.get().value, Value::Map(_))
    }

    /// A text that is not blank. What would be a number or flag elsewhere is taken as it is written.
    pub fn text(self) -> Option<&'d str> {
        self.scalar("text").filter(|text| {
            let blank = text.trim().is_empty();
            if blank {
                self.note("must not be blank");
            }
            !blank
        })
    }

    /// The same, owned.
    pub fn string(self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    /// `true` or `false`.
    pub fn flag(self) -> Option<bool> {
        let value = self.plain().and_then(|text| text.to_ascii_lowercase().parse().ok());
        self.expected(value, || "`true` or `false`".to_owned())
    }

    /// A whole number within `range`.
    pub fn integer<N>(self, range: RangeInclusive<N>) -> Option<N>
    where
        N: FromStr + PartialOrd + Display,
    {
        let value = self.plain().and_then(|text| text.replace('_', "").parse().ok()).filter(|n| range.contains(n));
        self.expected(value, || format!("a whole number from {} to {}", range.start(), range.end()))
    }

    /// A number within `range`, with or without decimals.
    pub fn number(self, range: RangeInclusive<f64>) -> Option<f64> {
        let value = self.plain().and_then(|text| text.replace('_', "").parse().ok()).filter(|n| range.contains(n));
        self.expected(value, || format!("a number from {} to {}", range.start(), range.end()))
    }

    /// A text that reads as `T`: an id, a date, a span of time ...
    pub fn parse<T>(self) -> Option<T>
    where
        T: FromStr<Err: Display>,
    {
        self.text()?.parse().map_err(|error: T::Err| self.note(error.to_string())).ok()
    }

    /// A text that reads as `T`, whose own error would say too much: `expected` is put in its place.
    pub fn parse_as<T: FromStr>(self, expected: &str) -> Option<T> {
        let value = self.text()?.parse().ok();
        self.expected(value, || expected.to_owned())
    }

    /// One of a closed set of names.
    pub fn one_of<T>(self, choices: impl IntoIterator<Item = (T, &'static str)>) -> Option<T> {
        let text = self.text()?;
        let (values, names): (Vec<T>, Vec<&str>) = choices.into_iter().unzip();
        let found = names.iter().position(|name| *name == text);
        if found.is_none() {
            let hint = self.did_you_mean(text, names.iter().copied());
            self.note(format!("expected one of {}, found {}{hint}", names.join(", "), self.found()));
        }
        values.into_iter().nth(found?)
    }

    /// The items of a list; none (and a problem) if it isn't one.
    pub fn list(self) -> Vec<Self> {
        let Value::List(items) = &self.get().value else {
            self.note(format!("expected a list, found {}", self.found()));
            return Vec::new();
        };
        items.iter().map(|node| Self { node: *node, ..self }).collect()
    }

    /// The texts, ids ... of a list, each read by `read`; those that could not be read are left out.
    pub fn list_of<T>(self, read: impl FnMut(Self) -> Option<T>) -> Vec<T> {
        self.list().into_iter().filter_map(read).collect()
    }

    /// A map of which only `known` keys are allowed; others are problems, each with the nearest known one.
    pub fn map(self, known: &[&str]) -> Option<Map<'d>> {
        let Value::Map(entries) = &self.get().value else {
            self.note(format!("expected a map with the keys {}, found {}", known.join(", "), self.found()));
            return None;
        };
        for (key, place, _) in entries.iter().filter(|(key, ..)| !known.contains(&key.as_ref())) {
            let hint = self.did_you_mean(key, known.iter().copied());
            let key = shorten(key);
            self.note_at(*place, format!("unknown key `{key}`{hint} (known: {})", known.join(", ")));
        }
        Some(Map(self))
    }

    /// The entries of a map with keys of its author's choice; none (and a problem) if it isn't a map. What is wrong
    /// with a key goes to [`Field::note_key`].
    pub fn entries(self) -> Vec<(&'d str, Self)> {
        let Value::Map(entries) = &self.get().value else {
            self.note(format!("expected a map, found {}", self.found()));
            return Vec::new();
        };
        entries.iter().map(|(key, _, node)| (key.as_ref(), Self { node: *node, ..self })).collect()
    }

    /// Notes a problem at the key `key` of this map, or at the map if it has no such key.
    pub fn note_key(self, key: &str, message: impl Into<String>) {
        let place = match &self.get().value {
            Value::Map(entries) => entries.iter().find(|(k, ..)| k == key).map(|(_, place, _)| *place),
            _ => None,
        };
        self.note_at(place.unwrap_or(self.place()), message);
    }

    /// The field below this one that `path` leads to, or the last one on the way that is there. An item of a list goes by
    /// its index or its name (`members[2].rep`, `members[anna].rep`): what a text says, or the `id` or `rep` of a map;
    /// of several items with that name it is the last.
    #[must_use]
    pub fn descend(mut self, path: &str) -> Self {
        let mut rest = path;
        while !rest.is_empty() {
            let (step, after) = match rest.strip_prefix('[') {
                Some(index) => index.split_once(']').unwrap_or((index, "")),
                None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
            };
            let Some(next) = self.child(step) else { break };
            self = next;
            rest = after.strip_prefix('.').unwrap_or(after);
        }
        self
    }

    fn child(self, step: &str) -> Option<Self> {
        let at = |node: &NodeId| Self { node: *node, ..self };
        match &self.get().value {
            Value::Map(entries) => entries.iter().find(|(key, ..)| key == step).map(|(.., node)| at(node)),
            Value::List(items) => {
                let named = items.iter().rfind(|node| at(node).name() == Some(step));
                named.or_else(|| items.get(step.parse::<usize>().ok()?)).map(at)
            }
            Value::Scalar(..) => None,
        }
    }

    /// What an item of a list goes by, see [`Field::descend`]. Notes nothing.
    pub fn name(self) -> Option<&'d str> {
        match &self.get().value {
            Value::Scalar(text, _) => Some(text),
            Value::Map(_) => self.child("id").or_else(|| self.child("rep")).filter(|field| field.is_scalar())?.name(),
            Value::List(_) => None,
        }
    }

    fn get(self) -> &'d Node<'d> {
        &self.tree.nodes[self.node]
    }

    fn note_at(self, place: Place, message: impl Into<String>) {
        self.problems.note(place, || self.path(), message);
    }

    fn scalar(self, expected: &str) -> Option<&'d str> {
        if let Value::Scalar(text, _) = &self.get().value {
            return Some(text);
        }
        self.note(format!("expected {expected}, found {}", self.found()));
        None
    }

    /// The text of an unquoted scalar: quotes say that something is text, whatever it looks like.
    fn plain(self) -> Option<&'d str> {
        match &self.get().value {
            Value::Scalar(text, ScalarStyle::Plain) => Some(text),
            _ => None,
        }
    }

    fn expected<T>(self, value: Option<T>, expected: impl FnOnce() -> String) -> Option<T> {
        if value.is_none() {
            self.note(format!("expected {}, found {}", expected(), self.found()));
        }
        value
    }

    /// What stands here, in a few words.
    fn found(self) -> String {
        match &self.get().value {
            Value::Scalar(..) if self.is_null() => "nothing".to_owned(),
            Value::Scalar(text, ScalarStyle::Plain) => format!("`{}`", shorten(text)),
            Value::Scalar(text, _) => format!("the text \"{}\"", shorten(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
        }
    }

    fn is_null(self) -> bool {
        matches!(self.plain(), Some("" | "~" | "null" | "Null" | "NULL"))
    }
}

impl<'d> Map<'d> {
    /// The map itself, to note problems at.
    pub fn field(self) -> Field<'d> {
        self.0
    }

    /// The value of `key`; `None` if it is absent or null.
    pub fn get(self, key: &str) -> Option<Field<'d>> {
        let Value::Map(entries) = &self.0.get().value else { return None };
        let (.., node) = entries.iter().find(|(k, ..)| k == key)?;
        Some(Field { node: *node, ..self.0 }).filter(|field| !field.is_null())
    }

    /// The items of the list `key`, each read by `read`; none if it is absent or null.
    pub fn list_of<T>(self, key: &str, read: impl FnMut(Field<'d>) -> Option<T>) -> Vec<T> {
        self.get(key).map(|field| field.list_of(read)).unwrap_or_default()
    }

    /// The value of `key`; a problem if it is absent or null.
    pub fn require(self, key: &str) -> Option<Field<'d>> {
        let found = self.get(key);
        if found.is_none() {
            self.0.note_key(key, format!("`{key}` is missing"));
        }
        found
    }
}

/// At most 60 characters of `text`, and no line breaks, for a message.
fn shorten(text: &str) -> String {
    let line = text.replace(['\n', '\r'], " ");
    match line.char_indices().nth(60) {
        Some((end, _)) => format!("{} ...", &line[..end]),
        None => line,
    }
}
