//! A points model written in YAML.
//!
//! ```yaml
//! name: acme-points
//! description: Who is worth a call
//! attributes: { student: flag }       # the tenant's own attributes that conditions read
//! fit:
//!   levels: { A: 60, B: 30 }          # at least so many points; below B is C
//!   groups:
//!     size: { cap: 40 }               # its criteria give at most this together; `floor`: at least this
//!   criteria:
//!     - { name: large, when: lead.employees >= 1000, points: 40, group: size }
//!     - { name: student, when: lead.attributes.student, points: -30 }
//! intent:
//!   levels: { 1: 50, 2: 20 }          # at least so many points; below 2 is 3
//!   criteria:
//!     - { name: webinar, signal: webinar, points: 25, half_life_days: 30, max_count: 2 }
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use super::{
    fade::HalfLife,
    model::{Criterion, Group, Measure, PointsModel, Side, Thresholds},
    types::ModelRevision,
};
use crate::{
    expr::{Attributes, ProgramBuilder, Schema, read_attributes},
    yaml::{self, Field, Map, Problem, did_you_mean},
};

/// Largest document that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// Most criteria of a model.
pub const MAX_CRITERIA: usize = 200;
/// Most groups of one side.
pub const MAX_GROUPS: usize = 50;
/// Most points of one criterion, positive or negative.
pub const MAX_POINTS: f64 = 1_000.0;
/// Most signals that one criterion counts, and the default of `max_count`.
pub const MAX_COUNT: u16 = 100;
/// Longest half-life: ten years.
pub const MAX_HALF_LIFE_DAYS: f64 = 3_650.0;

/// Shortest half-life: not quite a quarter of an hour.
const MIN_HALF_LIFE_DAYS: f64 = 0.01;
/// Bound of thresholds and of the bounds of groups, in points.
const MAX_SUM: f64 = 100_000.0;
/// Longest name, in characters.
const MAX_NAME: usize = 100;

impl PointsModel {
    /// Reads and checks a model of at most [`MAX_BYTES`].
    ///
    /// Errors: all problems with their places.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        yaml::read(text, MAX_BYTES, |root| {
            let map = root.map(&["name", "description", "attributes", "fit", "intent"])?;
            let attributes = map.get("attributes").map(read_attributes).unwrap_or_default();
            let mut reader = Reader::new(&attributes);
            let name = map.require("name").and_then(Field::string);
            let description = map.get("description").and_then(Field::string);
            let fit = map.require("fit").and_then(|field| reader.side(Side::Fit, field));
            let intent = map.require("intent").and_then(|field| reader.side(Side::Intent, field));
            if reader.criteria.len() > MAX_CRITERIA {
                root.note(format!("{} criteria; at most {MAX_CRITERIA} are allowed", reader.criteria.len()));
            }
            Some(Self {
                name: name?,
                description,
                revision: ModelRevision::default(),
                program: reader.program.build(),
                criteria: reader.criteria,
                groups: reader.groups,
                fit: fit?,
                intent: intent?,
            })
        })
    }
}

struct Reader {
    program: ProgramBuilder,
    criteria: Vec<Criterion>,
    groups: Vec<Group>,
    /// Criterion -> its line.
    names: BTreeMap<String, u32>,
    /// Indices of groups that a criterion names.
    used: BTreeSet<u16>,
    /// A criterion names a group that is not there, and may mean any.
    astray: bool,
}

impl Reader {
    fn new(attributes: &Attributes) -> Self {
        let program = ProgramBuilder::new(Schema::for_model(attributes));
        Self {
            program,
            criteria: Vec::new(),
            groups: Vec::new(),
            names: BTreeMap::new(),
            used: BTreeSet::new(),
            astray: false,
        }
    }

    fn side(&mut self, side: Side, field: Field<'_>) -> Option<Thresholds> {
        let map = field.map(&["levels", "groups", "criteria"])?;
        let levels = map.require("levels").and_then(|levels| thresholds(side, levels));
        let first_group = self.groups.len();
        let groups = map.get("groups").map(Field::entries).unwrap_or_default();
        if let Some(field) = map.get("groups").filter(|_| groups.len() > MAX_GROUPS) {
            field.note(format!("{} groups; at most {MAX_GROUPS} are allowed", groups.len()));
            return None;
        }
        self.groups.extend(groups.iter().map(|(name, field)| group(side, name, *field)));
        let criteria = map.require("criteria").map(Field::list).unwrap_or_default();
        for field in criteria.into_iter().take(MAX_CRITERIA + 1) {
            self.criterion(side, field, first_group);
        }
        for (index, (name, field)) in (first_group..).zip(&groups) {
            if !self.astray && !u16::try_from(index).is_ok_and(|index| self.used.contains(&index)) {
                field.note(format!("no criterion of {} is in the group `{name}`", side.name()));
            }
        }
        levels
    }

    /// Reads one criterion; it is kept, in its place, also when something is wrong with it.
    fn criterion(&mut self, side: Side, field: Field<'_>, first_group: usize) {
        let known: &[&str] = match side {
            // What a lead did is intent, and does not make it a better or worse match.
            Side::Fit => &["name", "when", "points", "group"],
            Side::Intent => &["name", "when", "signal", "points", "group", "half_life_days", "max_count"],
        };
        let Some(map) = field.map(known) else { return };
        let name = map.require("name").and_then(|name| self.name(name));
        let points = map.require("points").and_then(|field| hundredths(field, -MAX_POINTS..=MAX_POINTS));
        if points == Some(0) {
            map.field().descend("points").note("0 points change nothing");
        }
        let group = map.get("group").and_then(|field| self.group(field, first_group));
        let half_life = map.get("half_life_days").and_then(half_life);
        let Some(measure) = self.measure(side, map) else { return };
        self.criteria.push(Criterion {
            name: name.unwrap_or_default(),
            side,
            points: points.unwrap_or_default(),
            group,
            half_life,
            measure,
        });
    }

    fn measure(&mut self, side: Side, map: Map<'_>) -> Option<Measure> {
        let max_count = map.get("max_count").and_then(|field| field.integer(1..=MAX_COUNT));
        match (map.get("when"), map.get("signal")) {
            (Some(when), None) => {
                if map.get("max_count").is_some() {
                    map.field().note_key("max_count", "a condition holds or not: `max_count` goes with `signal`");
                }
                self.program.add_field(when).map(Measure::Condition)
            }
            (None, Some(signal)) if side == Side::Intent => {
                let kinds = if signal.is_scalar() {
                    signal.string().into_iter().collect()
                } else {
                    signal.list_of(Field::string)
                };
                if kinds.is_empty() {
                    signal.note("expected one or more kinds of signals");
                }
                Some(Measure::Signals { kinds, max_count: max_count.unwrap_or(MAX_COUNT) })
            }
            (None, Some(_)) => None,
            (None, None) => {
                let expected = if side == Side::Fit { "`when`" } else { "`when` (a condition) or `signal` (a kind)" };
                map.field().note(format!("{expected} is missing"));
                None
            }
            (Some(_), Some(_)) => {
                map.field().note_key("signal", "a criterion has `when` or `signal`, not both: make two, in one group");
                None
            }
        }
    }

    fn name(&mut self, field: Field<'_>) -> Option<String> {
        let name = field.string()?;
        if name.chars().count() > MAX_NAME {
            field.note(format!("a name has at most {MAX_NAME} characters"));
        }
        if let Some(line) = self.names.insert(name.clone(), field.place().line) {
            field.note(format!("`{name}` stands on line {line} already; names tell criteria apart"));
        }
        Some(name)
    }

    fn group(&mut self, field: Field<'_>, first: usize) -> Option<u16> {
        let name = field.text()?;
        let known = || self.groups.iter().skip(first).map(|group| group.name.as_str());
        let Some(index) = known().position(|group| group == name) else {
            self.astray = true;
            field.note(format!("there is no group `{name}` on this side{}", did_you_mean(name, known())));
            return None;
        };
        let index = u16::try_from(first + index).ok()?;
        self.used.insert(index);
        Some(index)
    }
}

fn group(side: Side, name: &str, field: Field<'_>) -> Group {
    let map = field.map(&["cap", "floor"]);
    let bound = |key: &str, range| map.and_then(|map| map.get(key)).and_then(|field| hundredths(field, range));
    let (cap, floor) = (bound("cap", 0.0..=MAX_SUM), bound("floor", -MAX_SUM..=0.0));
    if map.is_some_and(|map| map.get("cap").is_none() && map.get("floor").is_none()) {
        field.note("a group needs a `cap` (at most so many points together) or a `floor` (at least so many)");
    }
    Group { name: name.to_owned(), side, cap, floor }
}

fn thresholds(side: Side, field: Field<'_>) -> Option<Thresholds> {
    let [first, second, third] = match side {
        Side::Fit => ["A", "B", "C"],
        Side::Intent => ["1", "2", "3"],
    };
    let map = field.map(&[first, second])?;
    let read = |key: &str| map.require(key).and_then(|field| hundredths(field, 0.01..=MAX_SUM));
    let (at_first, at_second) = (read(first), read(second));
    let thresholds = Thresholds { first: at_first?, second: at_second? };
    if thresholds.first <= thresholds.second {
        field.note(format!("{first} must need more points than {second} (and what is below {second} is {third})"));
    }
    Some(thresholds)
}

/// A number of points, in hundredths.
fn hundredths(field: Field<'_>, range: RangeInclusive<f64>) -> Option<i32> {
    let points = field.number(range)?;
    let scaled = points * 100.0;
    if (scaled - scaled.round()).abs() > 1e-6 {
        field.note("points have at most two decimals");
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range is far inside of i32")]
    Some(scaled.round() as i32)
}

fn half_life(field: Field<'_>) -> Option<HalfLife> {
    let days = field.number(MIN_HALF_LIFE_DAYS..=MAX_HALF_LIFE_DAYS)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is far inside of u64")]
    HalfLife::from_seconds((days * 86_400.0).round() as u64)
}
