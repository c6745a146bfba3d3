//! The document as a tree in one vector, each node knowing its place and its parent.

use std::{borrow::Cow, collections::BTreeSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};

use super::{Place, Problems};

/// The path of the root.
pub(super) const ROOT: &str = "document";
/// Lists and maps inside each other. Documents for people need six.
const MAX_DEPTH: usize = 32;

/// Index of a node in [`Tree::nodes`].
pub(super) type NodeId = usize;

#[derive(Debug)]
pub(super) struct Tree<'t> {
    pub source: &'t str,
    /// The root first.
    pub nodes: Vec<Node<'t>>,
}

#[derive(Debug)]
pub(super) struct Node<'t> {
    pub place: Place,
    pub parent: NodeId,
    /// How the parent calls it.
    pub step: Step<'t>,
    pub value: Value<'t>,
}

#[derive(Debug, Clone)]
pub(super) enum Step<'t> {
    Root,
    Key(Cow<'t, str>),
    Index(usize),
}

#[derive(Debug)]
pub(super) enum Value<'t> {
    Scalar(Cow<'t, str>, ScalarStyle),
    List(Vec<NodeId>),
    /// Key, its place, its value; in the order of the document.
    Map(Vec<(Cow<'t, str>, Place, NodeId)>),
}

impl<'t> Tree<'t> {
    /// Parses `source`. `None` (with a problem noted) if it is no document at all; duplicate keys, aliases and tags are
    /// noted and passed over.
    pub(super) fn parse(source: &'t str, max_bytes: usize, problems: &Problems) -> Option<Self> {
        if source.len() > max_bytes {
            let size = source.len();
            let message = format!("has {size} bytes, and at most {max_bytes} are read");
            problems.note(Place::START, || ROOT.to_owned(), message);
            return None;
        }
        let builder = Builder { tree: Self { source, nodes: Vec::new() }, open: Vec::new(), problems };
        match builder.run() {
            Ok(tree) => Some(tree),
            Err(Stop { place, message }) => {
                problems.note(place, || ROOT.to_owned(), message);
                None
            }
        }
    }

    /// `rules[3].when`.
    pub(super) fn path(&self, node: NodeId) -> String {
        let mut steps = Vec::new();
        let mut at = node;
        while !matches!(self.nodes[at].step, Step::Root) {
            steps.push(&self.nodes[at].step);
            at = self.nodes[at].parent;
        }
        let mut path = String::new();
        for step in steps.into_iter().rev() {
            match step {
                Step::Root => {}
                Step::Key(key) if path.is_empty() => path.push_str(key),
                Step::Key(key) => path.extend([".", key]),
                Step::Index(index) => path.extend(["[", &index.to_string(), "]"]),
            }
        }
        if path.is_empty() { ROOT.to_owned() } else { path }
    }
}

/// Why reading can't go on.
struct Stop {
    place: Place,
    message: String,
}

impl From<ScanError> for Stop {
    fn from(error: ScanError) -> Self {
        Self { place: Place::of(*error.marker()), message: format!("is not YAML: {}", error.info()) }
    }
}

struct Builder<'t, 'p> {
    tree: Tree<'t>,
    /// The lists and maps that are not closed yet, outermost first.
    open: Vec<Open<'t>>,
    problems: &'p Problems,
}

struct Open<'t> {
    node: NodeId,
    /// Of a map: the key whose value comes next.
    key: Option<(Cow<'t, str>, Place)>,
    /// Of a map: the keys so far.
    seen: BTreeSet<Cow<'t, str>>,
}

impl<'t> Builder<'t, '_> {
    fn run(mut self) -> Result<Tree<'t>, Stop> {
        let mut documents = 0;
        for event in Parser::new_from_str(self.tree.source) {
            let (event, span) = event?;
            let place = Place::of(span.start);
            match event {
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        return Err(Stop { place, message: "a second document starts here; one is read".into() });
                    }
                }
                Event::SequenceStart(_, tag) => self.open(Value::List(Vec::new()), tag.is_some(), span.start)?,
                Event::MappingStart(_, tag) => self.open(Value::Map(Vec::new()), tag.is_some(), span.start)?,
                Event::SequenceEnd | Event::MappingEnd => drop(self.open.pop()),
                Event::Scalar(text, style, _, tag) => self.scalar(text, style, tag.is_some(), place),
                Event::Alias(_) => {
                    // It takes the place of a value that is absent, so that the rest is read.
                    self.scalar(Cow::Borrowed(""), ScalarStyle::Plain, false, place);
                    let message = "aliases (`*name`) are not read: write the value out";
                    self.problems.note(place, || self.tree.path(self.tree.nodes.len().saturating_sub(1)), message);
                }
            }
        }
        if self.tree.nodes.is_empty() {
            return Err(Stop { place: Place::START, message: "is empty".into() });
        }
        Ok(self.tree)
    }

    fn open(&mut self, value: Value<'t>, tagged: bool, at: Marker) -> Result<(), Stop> {
        let place = Place::of(at);
        if self.awaits_key() {
            return Err(Stop { place, message: "a list or map can't be a key: keys are text".into() });
        }
        if self.open.len() == MAX_DEPTH {
            return Err(Stop { place, message: format!("is nested more than {MAX_DEPTH} levels deep") });
        }
        let node = self.add(value, tagged, place);
        self.open.push(Open { node, key: None, seen: BTreeSet::new() });
        Ok(())
    }

    fn scalar(&mut self, text: Cow<'t, str>, style: ScalarStyle, tagged: bool, place: Place) {
        if !self.awaits_key() {
            self.add(Value::Scalar(text, style), tagged, place);
        } else if let Some(open) = self.open.last_mut() {
            if !open.seen.insert(text.clone()) {
                let (tree, node) = (&self.tree, open.node);
                let message = format!("the key `{text}` stands here for the second time");
                self.problems.note(place, || tree.path(node), message);
            }
            open.key = Some((text, place));
        }
    }

    fn awaits_key(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| open.key.is_none() && matches!(self.tree.nodes[open.node].value, Value::Map(_)))
    }

    fn add(&mut self, value: Value<'t>, tagged: bool, place: Place) -> NodeId {
        let id = self.tree.nodes.len();
        let (parent, step) = match self.open.last_mut() {
            None => (id, Step::Root),
            Some(Open { node, key, .. }) => match (&mut self.tree.nodes[*node].value, key.take()) {
                (Value::Map(entries), Some((key, key_place))) => {
                    entries.push((key.clone(), key_place, id));
                    (*node, Step::Key(key))
                }
                (Value::List(items), _) => {
                    items.push(id);
                    (*node, Step::Index(items.len() - 1))
                }
                _ => (*node, Step::Root),
            },
        };
        self.tree.nodes.push(Node { place, parent, step, value });
        if tagged {
            let message = "tags (`!name`) are not read: leave it out";
            self.problems.note(place, || self.tree.path(id), message);
        }
        id
    }
}
