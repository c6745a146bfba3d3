use super::*;

fn without(roster: &[Member], i: usize) -> Vec<Member> {
    roster.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, member)| member.clone()).collect()
}

#[test]
fn a_joiner_starts_at_the_mean_and_the_others_keep_their_credit() {
    let (roster, mut state) = (members(&[3, 2, 7]), RotationState::default());
    for _ in 0..5 {
        state.pick(&roster, &[true; 3]);
    }
    let larger = members(&[3, 2, 7, 4]);
    let turn = state.turn(&larger, &[true; 4]).unwrap();
    for (member, standing) in roster.iter().zip(&turn.standings) {
        assert_eq!(standing.credit_before, state.credits()[&member.rep]);
    }
    assert_eq!(turn.standings[3].credit_before, 0);
}

#[test]
fn what_a_leaver_was_owed_is_spread_over_the_rest() {
    let credits = [(rep(0), 100), (rep(1), -40), (rep(2), -61), (rep(3), 1)].into();
    let state = RotationState::new(credits, 0);
    let turn = state.turn(&without(&members(&[1; 4]), 0), &[true; 3]).unwrap();
    let before: Vec<_> = turn.standings.iter().map(|standing| standing.credit_before).collect();
    assert_eq!(before, [-40 + 34, -61 + 33, 1 + 33]);
}

#[test]
fn a_new_weight_changes_no_credit() {
    let mut state = RotationState::default();
    for _ in 0..5 {
        state.pick(&members(&[3, 2, 7]), &[true; 3]);
    }
    let turn = state.turn(&members(&[3, 9_000, 1]), &[true; 3]).unwrap();
    let before: Vec<_> = turn.standings.iter().map(|standing| standing.credit_before).collect();
    assert_eq!(before, state.credits().values().copied().collect::<Vec<_>>());
}

#[test]
fn a_damaged_state_is_brought_within_the_bound() {
    let credits = [(rep(0), i64::MAX), (rep(1), i64::MIN), (rep(2), 17)].into();
    let mut state = RotationState::new(credits, u64::MAX);
    state.pick(&members(&[1; 3]), &[true; 3]).unwrap();
    assert_bound(&state, (1, 1));
    assert_eq!(state.leads(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_bound_survives_joining_and_leaving(seed: u64) {
        let mut draws = Draws(seed);
        let mut roster = members(&[1; 6]);
        let mut state = RotationState::default();
        for _ in 0..400 {
            match draws.below(8) {
                0 if roster.len() > 1 => roster = without(&roster, draws.index(roster.len())),
                1 => {
                    roster.push(Member { rep: rep(draws.index(20)), weight: 1 });
                    roster.sort_by(|a, b| a.rep.cmp(&b.rep));
                    roster.dedup_by(|a, b| a.rep == b.rep);
                }
                _ => {}
            }
            for member in &mut roster {
                member.weight = 1 + u32::try_from(draws.below(10_000)).unwrap();
            }
            if state.pick(&roster, &draws.mask(roster.len())).is_some() {
                prop_assert_eq!(state.credits().len(), roster.len());
                assert_bound(&state, (1, 1));
            }
        }
    }

    /// A rep who leaves a running pool does not reset it: those who stay go on within two leads of their shares.
    #[test]
    fn the_rotation_goes_on_after_an_edit(weights in prop::collection::vec(1u32..=100, 3..=20), turns in 1usize..400) {
        let (roster, mut state) = (members(&weights), RotationState::default());
        for _ in 0..turns {
            state.pick(&roster, &vec![true; roster.len()]);
        }
        let smaller = without(&roster, 0);
        let spread = state.credits()[&rep(0)] / i64::try_from(smaller.len()).unwrap();
        let turn = state.turn(&smaller, &vec![true; smaller.len()]).unwrap();
        for (member, standing) in smaller.iter().zip(&turn.standings) {
            prop_assert!(standing.credit_before.abs_diff(state.credits()[&member.rep] + spread) <= 1);
        }
    }
}
