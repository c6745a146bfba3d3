//! Conditions that are ready to be evaluated.

use std::ops::Range;

use super::{
    check::Checker, error::ExprError, eval::Evaluator, facts::Facts, index::Index, limits::scan, node::Node,
    parse::parse, pool::Pool, row::Row, schema::Schema, span::Spans, truth::Truth,
};

/// A condition of one program: its number, in order of adding, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConditionId(pub u32);

/// One condition: its source and where its conjuncts are.
#[derive(Debug, Clone)]
struct Condition {
    source: Box<str>,
    conjuncts: Range<usize>,
}

/// What a scan over conditions reads of each: its first conjunct, and where the others are.
#[derive(Debug, Clone)]
struct Head {
    node: Node,
    others: Range<u32>,
}

/// Collects the conditions of one document.
#[derive(Debug)]
pub struct ProgramBuilder {
    schema: Schema,
    pool: Pool,
    conditions: Vec<Condition>,
    /// The conjuncts of all conditions, of each in the order of trying.
    nodes: Vec<Node>,
    /// Where they stand in their condition's source.
    spans: Vec<Range<usize>>,
}

impl ProgramBuilder {
    /// A program without conditions; those to come may read the fields of `schema`.
    pub fn new(schema: Schema) -> Self {
        Self { schema, pool: Pool::default(), conditions: Vec::new(), nodes: Vec::new(), spans: Vec::new() }
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
        let start = self.nodes.len();
        for (span, node) in found {
            self.nodes.push(node);
            self.spans.push(span);
        }
        let id = ConditionId(u32::try_from(self.conditions.len()).unwrap_or(u32::MAX));
        self.conditions.push(Condition { source: source.into(), conjuncts: start..self.nodes.len() });
        Ok(id)
    }

    /// The finished program.
    pub fn build(self) -> Program {
        let index = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        let heads = self.conditions.iter().map(|condition| Head {
            node: self.nodes[condition.conjuncts.start].clone(),
            others: index(condition.conjuncts.start + 1)..index(condition.conjuncts.end),
        });
        let heads: Vec<Head> = heads.collect();
        let index = Index::new(&self.pool, heads.iter().map(|head| &head.node));
        Program { pool: self.pool, heads, index, conditions: self.conditions, nodes: self.nodes, spans: self.spans }
    }
}

/// Checked conditions and what they share. Immutable.
#[derive(Debug, Clone)]
pub struct Program {
    pool: Pool,
    heads: Vec<Head>,
    index: Option<Index>,
    conditions: Vec<Condition>,
    nodes: Vec<Node>,
    spans: Vec<Range<usize>>,
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
        self.pool.bind(facts)
    }

    /// Evaluates one condition. A condition of another program, or a row of one, is unknown.
    pub fn eval(&self, id: ConditionId, row: &Row<'_>) -> Truth {
        let evaluator = Evaluator::new(&self.pool, row);
        let mut outcome = if self.conditions.get(id.0 as usize).is_some() { Truth::True } else { Truth::Unknown };
        for node in self.nodes.get(self.conjuncts(id)).unwrap_or_default() {
            outcome = outcome.and(evaluator.truth(node));
            if outcome == Truth::False {
                break;
            }
        }
        outcome
    }

    /// The index in `ids` of the first condition that matches. Fastest when `ids` are all conditions, in the order in which
    /// they were added: then only those are asked that the row's texts leave over.
    pub fn first_true(&self, ids: &[ConditionId], row: &Row<'_>) -> Option<usize> {
        let evaluator = Evaluator::new(&self.pool, row);
        let in_order = ids.len() == self.heads.len() && (0..).zip(ids).all(|(index, id)| id.0 == index);
        match self.index.as_ref().filter(|_| in_order) {
            Some(index) => index.first(row, |condition| self.holds(condition, evaluator)),
            None => ids.iter().position(|id| self.holds(id.0 as usize, evaluator)),
        }
    }

    #[inline]
    fn holds(&self, condition: usize, evaluator: Evaluator<'_>) -> bool {
        let Some(head) = self.heads.get(condition) else { return false };
        evaluator.holds(&head.node) && {
            let others = self.nodes.get(head.others.start as usize..head.others.end as usize);
            others.is_some_and(|others| others.iter().all(|node| evaluator.holds(node)))
        }
    }

    fn conjuncts(&self, id: ConditionId) -> Range<usize> {
        self.conditions.get(id.0 as usize).map_or(0..0, |condition| condition.conjuncts.clone())
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
        let mut conjuncts: Vec<_> =
            self.conjuncts(id).filter_map(|i| self.spans.get(i).zip(self.nodes.get(i))).collect();
        conjuncts.sort_by_key(|(span, _)| span.start);
        conjuncts
            .into_iter()
            .map(|(span, node)| Finding {
                text: self.text(id).get(span.clone()).unwrap_or_default(),
                truth: evaluator.truth(node),
                values: self.values(node, row),
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
                let known = self.pool.field(slot)?;
                Some((known.name.as_ref(), row.show(slot, known.field.kind)))
            })
            .collect()
    }
}
