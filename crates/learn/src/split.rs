//! Which rows are learnt from, and which are kept to be predicted.

use crate::rng::Rng;

/// One round of cross-validation: rows to learn from, and rows to predict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fold {
    pub(crate) learn: Vec<usize>,
    pub(crate) predict: Vec<usize>,
}

/// Every row is predicted once, by a model of the others; each fold has its share of each outcome.
pub(crate) fn stratified(won: &[bool], folds: usize, seed: u64) -> Vec<Fold> {
    let mut rng = Rng::new(seed, u64::MAX);
    let mut fold_of = vec![0; won.len()];
    for outcome in [false, true] {
        let mut rows: Vec<usize> = (0..won.len()).filter(|row| won[*row] == outcome).collect();
        rng.shuffle(&mut rows);
        rows.into_iter().enumerate().for_each(|(place, row)| fold_of[row] = place % folds);
    }
    (0..folds)
        .map(|fold| {
            let (predict, learn) = (0..won.len()).partition(|row| fold_of[*row] == fold);
            Fold { learn, predict }
        })
        .collect()
}

/// In the order of time: the rows are cut in `folds` + 1 blocks, and each but the first is predicted by a model of all before
/// it. Rows of one instant may fall on both sides of a cut.
pub(crate) fn forward(at: &[i64], folds: usize) -> Vec<Fold> {
    let mut order: Vec<usize> = (0..at.len()).collect();
    order.sort_by_key(|row| at[*row]);
    let cut = |block: usize| block * order.len() / (folds + 1);
    (1..=folds)
        .map(|block| {
            let mut learn = order[..cut(block)].to_vec();
            let mut predict = order[cut(block)..cut(block + 1)].to_vec();
            learn.sort_unstable();
            predict.sort_unstable();
            Fold { learn, predict }
        })
        .collect()
}

/// `most` rows with as large a share of each outcome, in their order.
pub(crate) fn sample(won: &[bool], most: usize, seed: u64) -> Vec<usize> {
    let mut rng = Rng::new(seed, u64::MAX - 1);
    let mut kept = Vec::with_capacity(most);
    for outcome in [false, true] {
        let mut rows: Vec<usize> = (0..won.len()).filter(|row| won[*row] == outcome).collect();
        rng.shuffle(&mut rows);
        let share = u128::try_from(rows.len() * most).unwrap_or(0) / u128::try_from(won.len().max(1)).unwrap_or(1);
        rows.truncate(usize::try_from(share).unwrap_or(most).max(1));
        kept.append(&mut rows);
    }
    kept.sort_unstable();
    kept
}
