//! How good chances are: each measure by its usual definition.

pub(crate) use domain::score::learned::sigmoid;
use serde::{Deserialize, Serialize};

/// Groups of the calibration table, and of the calibration error.
pub const GROUPS: usize = 10;

/// What [`Evaluation::of`] finds. Shares and chances are from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Leads.
    pub rows: usize,
    /// Share that was won: what a guess without a model says of every lead.
    pub base_rate: f64,
    /// Area under the ROC curve: the chance that a lead that was won ranks above one that was lost, a tie counting half
    /// (Hanley and `McNeil` 1982). `None` if all have the same outcome.
    pub auc: Option<f64>,
    /// Mean of -ln(chance given to what happened), in nats.
    pub log_loss: f64,
    /// The same when every lead is given the base rate.
    pub base_log_loss: f64,
    /// Mean square of chance less outcome (Brier 1950).
    pub brier: f64,
    /// Over ten groups of equally many leads by chance: mean of |mean chance - share won|, weighted by leads (Naeini et al. 2015).
    pub calibration_error: f64,
    /// Share won in the tenth with the highest chances, over the base rate. `None` if none was won.
    pub top_decile_lift: Option<f64>,
    /// The groups, lowest chances first.
    pub calibration: Vec<Group>,
}

/// A group of leads with like chances.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Leads.
    pub rows: usize,
    /// Their mean chance.
    pub predicted: f64,
    /// Their share won.
    pub won: f64,
}

impl Evaluation {
    /// Measures log-odds against what happened. Of no leads all numbers are 0 or absent.
    ///
    /// # Panics
    ///
    /// If there are more or fewer outcomes than log-odds.
    pub fn of(log_odds: &[f64], won: &[bool]) -> Self {
        assert_eq!(log_odds.len(), won.len(), "each lead has one outcome");
        let rows = won.len();
        let wins = won.iter().filter(|won| **won).count();
        let base_rate = share(wins, rows);
        let mut order: Vec<usize> = (0..rows).collect();
        // Stable, so equal chances stay in the order of the rows.
        order.sort_by(|a, b| log_odds[*a].total_cmp(&log_odds[*b]));
        let groups = groups(&order, log_odds, won);
        let off: f64 = groups.iter().map(|group| (group.predicted - group.won).abs() * count(group.rows)).sum();
        let square = |(odds, won): (&f64, &bool)| (sigmoid(*odds) - f64::from(u8::from(*won))).powi(2);
        let top = &order[rows - rows.div_ceil(10)..];
        let top_won = share(top.iter().filter(|row| won[**row]).count(), top.len());
        Self {
            rows,
            base_rate,
            auc: auc(&order, log_odds, won),
            log_loss: mean_log_loss(log_odds, won),
            base_log_loss: entropy(base_rate),
            brier: log_odds.iter().zip(won).map(square).sum::<f64>() / count(rows.max(1)),
            calibration_error: off / count(rows.max(1)),
            top_decile_lift: (wins > 0).then(|| top_won / base_rate),
            calibration: groups,
        }
    }
}

fn auc(order: &[usize], log_odds: &[f64], won: &[bool]) -> Option<f64> {
    let wins = won.iter().filter(|won| **won).count();
    let losses = won.len() - wins;
    if wins == 0 || losses == 0 {
        return None;
    }
    // Twice the number of (won, lost) pairs that rank rightly: whole numbers, so nothing is rounded.
    let (mut twice, mut lost_below) = (0_u128, 0_u128);
    for tied in order.chunk_by(|a, b| log_odds[*a].total_cmp(&log_odds[*b]).is_eq()) {
        let won_here = tied.iter().filter(|row| won[**row]).count() as u128;
        let lost_here = tied.len() as u128 - won_here;
        twice += won_here * (2 * lost_below + lost_here);
        lost_below += lost_here;
    }
    #[expect(clippy::cast_precision_loss, reason = "the last bits of a ratio")]
    let auc = twice as f64 / (2 * wins as u128 * losses as u128) as f64;
    Some(auc)
}

fn groups(order: &[usize], log_odds: &[f64], won: &[bool]) -> Vec<Group> {
    let group = |number: usize| {
        let rows = &order[number * order.len() / GROUPS..(number + 1) * order.len() / GROUPS];
        let predicted: f64 = rows.iter().map(|row| sigmoid(log_odds[*row])).sum();
        Group {
            rows: rows.len(),
            predicted: predicted / count(rows.len().max(1)),
            won: share(rows.iter().filter(|row| won[**row]).count(), rows.len()),
        }
    };
    (0..GROUPS).map(group).filter(|group| group.rows > 0).collect()
}

/// Log loss of one row, from log-odds: ln(1 + e^-x) for a win, ln(1 + e^x) for a loss. Finite for finite log-odds.
pub(crate) fn log_loss_of(log_odds: f64, won: bool) -> f64 {
    let against = if won { -log_odds } else { log_odds };
    against.max(0.0) + (-against.abs()).exp().ln_1p()
}

/// Mean of [`log_loss_of`]; 0 of no rows.
pub(crate) fn mean_log_loss(log_odds: &[f64], won: &[bool]) -> f64 {
    let total: f64 = log_odds.iter().zip(won).map(|(odds, won)| log_loss_of(*odds, *won)).sum();
    total / count(won.len().max(1))
}

/// Log loss of a guess that is always `rate`, where that is the share won.
pub(crate) fn entropy(rate: f64) -> f64 {
    let part = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    part(rate) + part(1.0 - rate)
}

/// A number of rows as a number to reckon with.
#[expect(clippy::cast_precision_loss, reason = "rows are far below 2^53")]
pub(crate) fn count(rows: usize) -> f64 {
    rows as f64
}

fn share(part: usize, whole: usize) -> f64 {
    count(part) / count(whole.max(1))
}
