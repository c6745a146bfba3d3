use super::*;

/// Counts leads and compares with the exact shares: everything times the sum of weights, so that all is whole.
struct Exact {
    weights: Vec<i128>,
    total: i128,
    leads: i128,
    got: Vec<i128>,
}

impl Exact {
    fn new(weights: &[u32]) -> Self {
        let weights: Vec<i128> = weights.iter().map(|w| i128::from(*w)).collect();
        Self { total: weights.iter().sum(), leads: 0, got: vec![0; weights.len()], weights }
    }

    /// How far rep `i` is behind its share, times the sum of weights.
    fn behind(&self, i: usize) -> i128 {
        self.leads * self.weights[i] - self.got[i] * self.total
    }

    fn worst(&self) -> i128 {
        (0..self.got.len()).map(|i| self.behind(i).abs()).max().unwrap()
    }

    /// The rule itself, naively: checks that `winner` is a right choice for the next lead, and gives it.
    fn give(&mut self, winner: usize) {
        self.leads += 1;
        let all = 0..self.got.len();
        let key = |i: usize| self.total - self.behind(i);
        assert!(self.behind(winner) > 0, "the winner runs a whole lead ahead");
        for i in all.filter(|i| self.behind(*i) > 0) {
            assert!(key(winner) * self.weights[i] <= key(i) * self.weights[winner], "{i} is due before {winner}");
        }
        self.got[winner] += 1;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_rep_stays_within_a_lead_of_its_share_at_every_prefix(weights in weights(40)) {
        let (roster, mut state, mut exact) = (members(&weights), RotationState::default(), Exact::new(&weights));
        let eligible = vec![true; roster.len()];
        for _ in 0..2_500 {
            exact.give(state.pick(&roster, &eligible).unwrap());
            prop_assert!(exact.worst() < exact.total);
        }
        assert_bound(&state, (1, 1));
    }

    #[test]
    fn members_who_are_never_eligible_change_nothing(weights in weights(12), seed: u64) {
        let mut draws = Draws(seed);
        let eligible: Vec<bool> = weights.iter().map(|_| draws.below(3) > 0).collect();
        let some: Vec<usize> = (0..weights.len()).filter(|i| eligible[*i]).collect();
        let (roster, roster_of_some) = (members(&weights), some.iter().map(|i| members(&weights)[*i].clone()).collect::<Vec<_>>());
        let (mut whole, mut part) = (RotationState::default(), RotationState::default());
        for _ in 0..300 {
            let of_part = part.pick(&roster_of_some, &vec![true; some.len()]);
            prop_assert_eq!(whole.pick(&roster, &eligible), of_part.map(|i| some[i]));
        }
    }

    /// One state for each of nine grades: each is within a lead, all together within nine.
    #[test]
    fn grades_are_shared_evenly_and_so_is_the_total(weights in weights(8), seed: u64) {
        const GRADES: usize = 9;
        let (roster, mut draws) = (members(&weights), Draws(seed));
        let mut grades: Vec<_> = (0..GRADES).map(|_| (RotationState::default(), Exact::new(&weights))).collect();
        let mut total = Exact::new(&weights);
        for _ in 0..1_000 {
            // Grades come with different frequencies.
            let (state, exact) = &mut grades[draws.index(GRADES).min(draws.index(GRADES))];
            let winner = state.pick(&roster, &vec![true; roster.len()]).unwrap();
            exact.give(winner);
            total.leads += 1;
            total.got[winner] += 1;
            prop_assert!(exact.worst() < exact.total);
            prop_assert!(total.worst() < total.total * GRADES as i128);
        }
    }
}

/// Two billion leads later twelve leads are shared out as the first twelve were: to the unit, in proportion to the weights.
#[test]
fn sharing_out_does_not_drift() {
    let (roster, eligible) = (members(&[3, 7, 9_973, 1, 1]), [true, true, false, true, true]);
    for first in [0, 1, 11, 2_000_000_004, u64::from(u32::MAX)] {
        let mut sums = vec![0; roster.len()];
        for leads in first..first + 12 {
            let shares = share::shares(&roster, &eligible, leads).unwrap();
            assert_eq!(shares.iter().flatten().sum::<i64>(), ONE_LEAD);
            sums.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share.unwrap_or(0));
        }
        assert_eq!(sums, [3 * ONE_LEAD, 7 * ONE_LEAD, 0, ONE_LEAD, ONE_LEAD]);
    }
}

/// Why the rule is not simply "who is owed most": that can leave a rep a whole lead off.
#[test]
fn largest_credit_alone_breaks_the_bound() {
    let weights = [28, 3, 1, 28, 3];
    let (roster, eligible) = (members(&weights), vec![true; weights.len()]);
    let worst = |pick: fn(&mut RotationState, &[Member], &[bool]) -> Option<usize>| {
        let (mut state, mut exact, mut worst) = (RotationState::default(), Exact::new(&weights), 0);
        for _ in 0..exact.total {
            let winner = pick(&mut state, &roster, &eligible).unwrap();
            exact.leads += 1;
            exact.got[winner] += 1;
            worst = worst.max(exact.worst());
        }
        (worst, exact.total)
    };
    let (largest, total) = worst(pick_largest);
    assert!(largest >= total, "{largest} of {total}");
    let (ours, total) = worst(RotationState::pick);
    assert!(ours < total);
}

#[test]
fn random_choice_breaks_the_bound() {
    let (mut exact, mut draws, mut worst) = (Exact::new(&[1; 4]), Draws(1), 0);
    for _ in 0..200 {
        exact.leads += 1;
        exact.got[draws.index(4)] += 1;
        worst = worst.max(exact.worst());
    }
    assert!(worst > 3 * exact.total, "{worst}");
}

#[test]
fn the_first_turns_of_a_small_pool() {
    let (roster, mut state) = (members(&[3, 1]), RotationState::default());
    let turn = state.turn(&roster, &[true, true]).unwrap();
    assert_eq!((turn.winner, turn.reason), (0, Reason::SoonestBehind));
    assert_eq!(turn.standings[0].share, ONE_LEAD * 3 / 4);
    assert_eq!(turn.standings[0].credit_after, -ONE_LEAD / 4);
    assert_eq!(turn.standings[1].credit_after, ONE_LEAD / 4);
    let winners: Vec<_> = (0..8).map(|_| state.pick(&roster, &[true, true]).unwrap()).collect();
    assert_eq!(winners, [0, 0, 0, 1, 0, 0, 0, 1]);
    assert_eq!(state.leads(), 8);
    assert!((leads(-ONE_LEAD / 4) + 0.25).abs() < 1e-12);
}
