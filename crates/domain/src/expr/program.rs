//! Conditions that are ready to be evaluated.

use std::{collections::HashMap, ops::Range};

use super::{
    check::Checker,
    error::ExprError,
    eval::Evaluator,
    facts::Facts,
    limits::scan,
    node::Node,
    parse::parse,
    row::{Cell, Item, List, NO_SYMBOL, Row, Symbol},
    schema::{Field, Kind, Schema},
    span::Spans,
    truth::Truth,
};

/// A condition of one program: its number, in order of adding, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConditionId(pub u32);

/// What conditions of one program share.
#[derive(Debug, Clone, Default)]
pub(super) struct Pool {
    symbols: HashMap<Box<str>, Symbol>,
    slots: HashMap<Box<str>, u16>,
    fields: Vec<(Box<str>, Field)>,
    /// Each ascending.
    sets: Vec<Box<[Symbol]>>,
}

impl Pool {
    /// The symbol of a text that a condition names.
    pub(super) fn symbol(&mut self, text: &str) -> Symbol {
        if let Some(symbol) = self.symbols.get(text) {
            return *symbol;
        }
        let symbol = Symbol::try_from(self.symbols.len()).unwrap_or(NO_SYMBOL);
        self.symbols.insert(text.into(), symbol);
        symbol
    }

    /// The slot of a field.
    pub(super) fn slot(&mut self, name: &str, field: &Field) -> u16 {
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        // Attributes are declared in documents of limited size; a slot past the last would read as blank.
        let slot = u16::try_from(self.fields.len()).unwrap_or(u16::MAX);
        self.slots.insert(name.into(), slot);
        self.fields.push((name.into(), field.clone()));
        slot
    }

    /// The index of a set of symbols.
    pub(super) fn set(&mut self, mut symbols: Vec<Symbol>) -> u32 {
        symbols.sort_unstable();
        symbols.dedup();
        self.sets.push(symbols.into());
        u32::try_from(self.sets.len() - 1).unwrap_or(u32::MAX)
    }

    #[inline]
    pub(super) fn contains(&self, set: u32, symbol: Symbol) -> bool {
        self.sets.get(set as usize).is_some_and(|set| set.binary_search(&symbol).is_ok())
    }

    /// True when the slot holds doubles.
    pub(super) fn is_number(&self, slot: u16) -> bool {
        self.fields.get(usize::from(slot)).is_some_and(|(_, field)| field.kind == Kind::Number)
    }

    fn find(&self, text: &str) -> Symbol {
        self.symbols.get(text).copied().unwrap_or(NO_SYMBOL)
    }
}

/// One condition: its source and where its conjuncts are.
#[derive(Debug, Clone)]
struct Condition {
    source: Box<str>,
    conjuncts: Range<usize>,
}

/// A part of a condition that must hold for the whole to hold.
#[derive(Debug, Clone)]
struct Conjunct {
    node: Node,
    span: Range<usize>,
}

/// Collects the conditions of one document.
#[derive(Debug)]
pub struct ProgramBuilder {
    schema: Schema,
    pool: Pool,
    conditions: Vec<Condition>,
    conjuncts: Vec<Conjunct>,
}

impl ProgramBuilder {
    /// A program without conditions; those to come may read the fields of `schema`.
    pub fn new(schema: Schema) -> Self {
        Self { schema, pool: Pool::default(), conditions: Vec::new(), conjuncts: Vec::new() }
    }

    /// Checks and adds a condition. Fails with everything that is wrong with it; the builder is then as good as before.
    pub fn add(&mut self, source: &str) -> Result<ConditionId, Vec<ExprError>> {
        let tokens = scan(source)?;
        let (expr, info) = parse(source, &tokens)?;
        let mut checker = Checker::new(&self.schema, &mut self.pool, Spans::new(source, &tokens, &info));
        let mut found = Vec::new();
        checker.conjuncts(&expr, &mut found);
        let mut errors = checker.errors;
        if !errors.is_empty() {
            errors.sort_by_key(|error| (error.span.start, error.span.end));
            errors.dedup();
            return Err(errors);
        }
        found.sort_by_key(|(_, node)| node.rank());
        let start = self.conjuncts.len();
        self.conjuncts.extend(found.into_iter().map(|(span, node)| Conjunct { node, span }));
        let id = ConditionId(u32::try_from(self.conditions.len()).unwrap_or(u32::MAX));
        self.conditions.push(Condition { source: source.into(), conjuncts: start..self.conjuncts.len() });
        Ok(id)
    }

    /// The finished program.
    pub fn build(self) -> Program {
        let heads = self.conditions.iter().map(|c| self.conjuncts[c.conjuncts.start].node.clone()).collect();
        Program { pool: self.pool, heads, conditions: self.conditions, conjuncts: self.conjuncts }
    }
}

/// Checked conditions and what they share. Immutable.
#[derive(Debug, Clone)]
pub struct Program {
    pool: Pool,
    /// The first conjunct to try of every condition, so that a scan over many conditions reads memory in order.
    heads: Vec<Node>,
    conditions: Vec<Condition>,
    /// In order of trying.
    conjuncts: Vec<Conjunct>,
}

/// What became of one conjunct of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding<'p> {
    /// The conjunct, as it was written.
    pub text: &'p str,
    /// Its outcome.
    pub truth: Truth,
    /// The fields that it reads, with their values as text; `None` is blank.
    pub values: Vec<(&'p str, Option<String>)>,
}

impl Program {
    /// Lays out the facts for this program: only the fields that its conditions read.
    pub fn bind<'a>(&self, facts: &Facts<'a>) -> Row<'a> {
        let mut row = Row { cells: Vec::with_capacity(self.pool.fields.len()), items: Vec::new() };
        for (_, field) in &self.pool.fields {
            let cell = match field.read(facts) {
                Cell::Text(_, text) => Cell::Text(self.pool.find(text), text),
                Cell::Unbound(list) => self.bind_list(list, &mut row.items),
                other => other,
            };
            row.cells.push(cell);
        }
        row
    }

    fn bind_list<'a>(&self, list: List<'a>, items: &mut Vec<Item<'a>>) -> Cell<'a> {
        let start = items.len();
        let item = |text: &'a str| Item { symbol: self.pool.find(text), text };
        match list {
            List::Texts(texts) => items.extend(texts.iter().map(|text| item(text))),
            List::Signals(signals) => items.extend(signals.iter().map(|signal| item(&signal.kind))),
        }
        match (u32::try_from(start), u32::try_from(items.len())) {
            (Ok(start), Ok(end)) => Cell::List(start, end),
            _ => Cell::Blank,
        }
    }

    /// Evaluates one condition. A condition of another program, or a row of one, is unknown.
    pub fn eval(&self, id: ConditionId, row: &Row<'_>) -> Truth {
        let evaluator = Evaluator::new(&self.pool, row);
        let mut outcome = if self.conditions.get(id.0 as usize).is_some() { Truth::True } else { Truth::Unknown };
        for conjunct in self.conjuncts(id) {
            outcome = outcome.and(evaluator.truth(&conjunct.node));
            if outcome == Truth::False {
                break;
            }
        }
        outcome
    }

    /// The index in `ids` of the first condition that matches.
    pub fn first_true(&self, ids: &[ConditionId], row: &Row<'_>) -> Option<usize> {
        let evaluator = Evaluator::new(&self.pool, row);
        ids.iter().position(|id| {
            self.heads.get(id.0 as usize).is_some_and(|head| evaluator.truth(head).is_true())
                && self.conjuncts(*id).iter().skip(1).all(|conjunct| evaluator.truth(&conjunct.node).is_true())
        })
    }

    fn conjuncts(&self, id: ConditionId) -> &[Conjunct] {
        self.conditions
            .get(id.0 as usize)
            .and_then(|condition| self.conjuncts.get(condition.conjuncts.clone()))
            .unwrap_or_default()
    }

    /// The source of a condition, empty for one of another program.
    pub fn text(&self, id: ConditionId) -> &str {
        self.conditions.get(id.0 as usize).map_or("", |condition| &condition.source)
    }

    /// How many conditions there are.
    pub fn len(&self) -> usize {
        self.conditions.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// What became of each part of a condition that is joined to the others by `&&`, in the order of the source. The
    /// condition's own outcome is the least of theirs.
    pub fn explain(&self, id: ConditionId, row: &Row<'_>) -> Vec<Finding<'_>> {
        let evaluator = Evaluator::new(&self.pool, row);
        let mut conjuncts: Vec<&Conjunct> = self.conjuncts(id).iter().collect();
        conjuncts.sort_by_key(|conjunct| conjunct.span.start);
        conjuncts
            .into_iter()
            .map(|conjunct| Finding {
                text: self.text(id).get(conjunct.span.clone()).unwrap_or_default(),
                truth: evaluator.truth(&conjunct.node),
                values: self.values(&conjunct.node, row),
            })
            .collect()
    }

    fn values(&self, node: &Node, row: &Row<'_>) -> Vec<(&str, Option<String>)> {
        let mut slots = Vec::new();
        node.slots(&mut |slot| {
            if !slots.contains(&slot) {
                slots.push(slot);
            }
        });
        slots
            .into_iter()
            .filter_map(|slot| {
                let (name, field) = self.pool.fields.get(usize::from(slot))?;
                Some((name.as_ref(), row.show(slot, field.kind)))
            })
            .collect()
    }
}
