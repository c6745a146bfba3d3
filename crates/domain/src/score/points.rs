//! Scoring one lead.

use jiff::Timestamp;

use super::{
    fade::HalfLife,
    grade::{FitLevel, IntentLevel},
    model::{Criterion, Measure, PointsModel, Side},
    types::{Contribution, Part, Score},
};
use crate::expr::{Facts, Row};

impl PointsModel {
    /// Scores a lead as of `now`. What `facts` say of an earlier score is not looked at.
    ///
    /// A signal or arrival that lies in the future counts as of now.
    pub fn score(&self, facts: &Facts<'_>, now: Timestamp) -> Score {
        let row = self.program.bind(facts);
        let mut contributions = Vec::new();
        let fit_points = self.side(Side::Fit, facts, &row, now, &mut contributions);
        let intent_points = self.side(Side::Intent, facts, &row, now, &mut contributions);
        Score {
            model: self.revision,
            fit_points,
            intent_points,
            fit: self.fit.level(fit_points, FitLevel::ALL),
            intent: self.intent.level(intent_points, IntentLevel::ALL),
            contributions,
        }
    }

    /// Adds the contributions to one side; returns their sum.
    ///
    /// Nothing overflows: a model has at most 200 criteria, each of at most 1,000 points 100 times, in hundredths.
    fn side(&self, side: Side, facts: &Facts<'_>, row: &Row<'_>, now: Timestamp, found: &mut Vec<Contribution>) -> i32 {
        let mut total = 0;
        let mut groups = vec![0; self.groups.len()];
        for (index, criterion) in (0..).zip(&self.criteria).filter(|(_, criterion)| criterion.side == side) {
            let (points, signals) = self.measure(criterion, facts, row, now);
            if points == 0 {
                continue;
            }
            total += points;
            if let Some(sum) = criterion.group.and_then(|group| groups.get_mut(usize::from(group))) {
                *sum += points;
            }
            found.push(Contribution { part: Part::Criterion(index), points, signals });
        }
        for ((index, group), sum) in (0..).zip(&self.groups).zip(groups) {
            let bounded = sum.min(group.cap.unwrap_or(sum)).max(group.floor.unwrap_or(i32::MIN));
            if group.side == side && bounded != sum {
                total += bounded - sum;
                found.push(Contribution { part: Part::Group(index), points: bounded - sum, signals: 0 });
            }
        }
        total
    }

    /// Hundredths that one criterion gives, and the signals that it counted.
    fn measure(&self, criterion: &Criterion, facts: &Facts<'_>, row: &Row<'_>, now: Timestamp) -> (i32, u16) {
        match &criterion.measure {
            Measure::Condition(id) if self.program.eval(*id, row).is_true() => {
                (left(criterion, age(facts.created_at, now)), 0)
            }
            Measure::Condition(_) => (0, 0),
            Measure::Signals { kinds, max_count } => {
                let signals = facts.lead.signals.iter().filter(|signal| kinds.contains(&signal.kind));
                let mut ages: Vec<u64> = signals.map(|signal| age(signal.at, now)).collect();
                ages.sort_unstable();
                ages.truncate(usize::from(*max_count));
                let points = ages.iter().map(|age| left(criterion, *age)).sum();
                (points, u16::try_from(ages.len()).unwrap_or(u16::MAX))
            }
        }
    }
}

fn left(criterion: &Criterion, age: u64) -> i32 {
    criterion.half_life.map_or(criterion.points, |half_life: HalfLife| half_life.left(criterion.points, age))
}

/// Seconds from `then` to `now`, 0 when `then` is yet to come.
fn age(then: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.duration_since(then).as_secs()).unwrap_or(0)
}
