use super::*;

type Pick = fn(&mut RotationState, &[Member], &[bool]) -> Option<usize>;

/// Tries some sets and weights, and takes the one that leaves the largest `k` credits highest.
fn adverse_step(state: &mut RotationState, roster: &mut [Member], draws: &mut Draws, k: usize, pick: Pick) {
    let worst = (0..12).map(|_| {
        let mut roster = roster.to_vec();
        for member in &mut roster {
            member.weight = [1, 1, 100, 10_000][draws.index(4)];
        }
        // Half of the sets are the classic trap: some of those who are owed about the same.
        let mask = if draws.below(2) == 0 { draws.mask(roster.len()) } else { level(state, &roster, draws) };
        let mut next = state.clone();
        pick(&mut next, &roster, &mask);
        let mut credits: Vec<i64> = next.credits().values().copied().collect();
        credits.sort_unstable_by(|a, b| b.cmp(a));
        (credits.iter().take(k).sum::<i64>(), next)
    });
    if let Some((_, next)) = worst.max_by_key(|(sum, _)| *sum) {
        *state = next;
    }
}

/// The members whose credit is within half a lead of a drawn member's.
fn level(state: &RotationState, roster: &[Member], draws: &mut Draws) -> Vec<bool> {
    let credit = |member: &Member| state.credits().get(&member.rep).copied().unwrap_or(0);
    let middle = credit(&roster[draws.index(roster.len())]);
    roster.iter().map(|member| credit(member).abs_diff(middle) < ONE_LEAD.unsigned_abs() / 2).collect()
}

fn besiege(reps: usize, seed: u64, steps: usize, pick: Pick, bound: (i128, i128)) -> i64 {
    let (mut roster, mut state, mut draws) = (members(&vec![1; reps]), RotationState::default(), Draws(seed));
    let (k, mut worst) = (1 + draws.index(reps), 0);
    for _ in 0..steps {
        adverse_step(&mut state, &mut roster, &mut draws, k, pick);
        assert_bound(&state, bound);
        worst = worst.max(state.credits().values().map(|credit| credit.abs()).max().unwrap_or(0));
    }
    worst
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_credit_exceeds_n_less_one_leads(reps in 1u8..=9, seed: u64) {
        let worst = besiege(usize::from(reps), seed, 150, RotationState::pick, (1, 1));
        prop_assert!(worst <= (i64::from(reps) - 1) * ONE_LEAD);
    }

    #[test]
    fn the_largest_credit_alone_halves_that_bound(reps in 1u8..=9, seed: u64) {
        let worst = besiege(usize::from(reps), seed, 150, pick_largest, (1, 2));
        prop_assert!(2 * worst <= (i64::from(reps) - 1) * ONE_LEAD);
    }

    /// Every turn shares out one lead among the eligible, in proportion to their weights, and takes one from the winner.
    #[test]
    fn one_lead_in_one_lead_out(weights in weights(30), seed: u64) {
        let (roster, mut state, mut draws) = (members(&weights), RotationState::default(), Draws(seed));
        for _ in 0..200 {
            let mask = draws.mask(roster.len());
            let before = state.clone();
            let Some(turn) = state.turn(&roster, &mask) else {
                prop_assert!(mask.iter().all(|eligible| !eligible));
                prop_assert_eq!(state.pick(&roster, &mask), None);
                prop_assert_eq!(&state, &before);
                continue;
            };
            prop_assert_eq!(state.pick(&roster, &mask), Some(turn.winner));
            prop_assert!(mask[turn.winner]);
            prop_assert_eq!(turn.standings.iter().map(|standing| standing.share).sum::<i64>(), ONE_LEAD);
            let total: i128 = (0..roster.len()).filter(|i| mask[*i]).map(|i| i128::from(weights[i])).sum();
            for (i, standing) in turn.standings.iter().enumerate() {
                let (share, paid) = (i128::from(standing.share), if i == turn.winner { ONE_LEAD } else { 0 });
                prop_assert!(share >= 0);
                if mask[i] {
                    let off = share * total - i128::from(weights[i]) * i128::from(ONE_LEAD);
                    prop_assert!(off.abs() < 2 * total);
                } else {
                    prop_assert_eq!(share, 0);
                }
                prop_assert_eq!(standing.credit_after, standing.credit_before + standing.share - paid);
                prop_assert_eq!(state.credits()[&roster[i].rep], standing.credit_after);
            }
            assert_bound(&state, (1, 1));
        }
    }

    /// While one rep is away the others take turns, and on its return it gets no more than its share.
    #[test]
    fn a_rep_back_from_holiday_is_not_flooded(weights in prop::collection::vec(1u32..=10, 2..=12), away in 1usize..500) {
        let (roster, mut state) = (members(&weights), RotationState::default());
        let all = vec![true; roster.len()];
        let mut without = all.clone();
        without[0] = false;
        for _ in 0..away {
            state.pick(&roster, &without);
        }
        let total: u32 = weights.iter().sum();
        let got = (0..total).filter(|_| state.pick(&roster, &all) == Some(0)).count();
        prop_assert!(got.abs_diff(weights[0] as usize) <= 1, "{} of {}", got, weights[0]);
    }
}

#[test]
fn the_only_eligible_rep_gets_every_lead_and_owes_nothing() {
    let (roster, mut state) = (members(&[1, 5, 2]), RotationState::default());
    for _ in 0..10 {
        let turn = state.turn(&roster, &[false, false, true]).unwrap();
        assert_eq!((turn.winner, turn.reason), (2, Reason::OnlyOne));
        state.take(&roster, &turn);
    }
    assert!(state.credits().values().all(|credit| *credit == 0));
}

#[test]
fn somebody_a_whole_lead_behind_comes_first() {
    let credits = [(rep(0), -ONE_LEAD), (rep(1), ONE_LEAD), (rep(2), 0)].into();
    let (roster, state) = (members(&[10_000, 1, 10_000]), RotationState::new(credits, 7));
    let turn = state.turn(&roster, &[true; 3]).unwrap();
    assert_eq!((turn.winner, turn.reason), (1, Reason::MostOwed));
}

#[test]
fn missing_flags_count_as_not_eligible() {
    let (roster, mut state) = (members(&[1, 1, 1]), RotationState::default());
    assert_eq!(state.pick(&roster, &[false, true]), Some(1));
    assert_eq!(state.pick(&roster, &[]), None);
    assert_eq!(state.pick(&[], &[true]), None);
}

#[test]
fn a_state_survives_being_stored() {
    let (roster, mut state) = (members(&[3, 2, 7]), RotationState::default());
    for _ in 0..5 {
        state.pick(&roster, &[true; 3]);
        let bytes = postcard::to_allocvec(&state).unwrap();
        assert_eq!(postcard::from_bytes::<RotationState>(&bytes).unwrap(), state);
        assert_eq!(RotationState::new(state.credits().clone(), state.leads()), state);
    }
}
