//! Which form of model to use.

use crate::{
    evaluate::{Evaluation, count, log_loss_of},
    model::{Candidate, Form},
};

/// What a form said of the leads that it had not learnt from.
#[derive(Debug, Clone)]
pub(crate) struct Tried {
    pub(crate) form: Form,
    pub(crate) log_odds: Vec<f64>,
}

/// How the forms compare, and the place of the one to use: the simplest whose log loss is within one standard error of the least.
///
/// The standard error is that of the mean difference, lead by lead (Breiman et al. 1984, section 3.4.3, for pairs).
pub(crate) fn choose(tried: &[Tried], won: &[bool]) -> (Vec<Candidate>, usize) {
    let losses: Vec<Vec<f64>> = tried
        .iter()
        .map(|tried| tried.log_odds.iter().zip(won).map(|(odds, won)| log_loss_of(*odds, *won)).collect())
        .collect();
    let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / count(numbers.len().max(1));
    let usable = |place: &usize| tried[*place].form != Form::Forest;
    let best = (0..tried.len()).filter(usable).min_by(|a, b| mean(&losses[*a]).total_cmp(&mean(&losses[*b])));
    let best = best.unwrap_or(0);
    let candidates: Vec<Candidate> = tried
        .iter()
        .zip(&losses)
        .map(|(tried, loss)| {
            let excess: Vec<f64> = loss.iter().zip(&losses[best]).map(|(loss, best)| loss - best).collect();
            let mid = mean(&excess);
            let variance = excess.iter().map(|x| (x - mid).powi(2)).sum::<f64>() / count(excess.len().max(2) - 1);
            Candidate {
                form: tried.form,
                log_loss: mean(loss),
                excess: mid,
                standard_error: (variance / count(excess.len().max(1))).sqrt(),
                auc: Evaluation::of(&tried.log_odds, won).auc,
            }
        })
        .collect();
    let within = |place: &usize| candidates[*place].excess <= candidates[*place].standard_error;
    let chosen = (0..tried.len()).filter(usable).filter(within).min_by_key(|place| tried[*place].form);
    (candidates, chosen.unwrap_or(best))
}
