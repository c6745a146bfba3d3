use super::*;

#[test]
fn fewest_open_leads_for_the_weight() {
    let roster = members(&[2, 1, 3]);
    // 4/2, 1/1, 6/3: the second alone.
    assert_eq!(least_loaded(&roster, &[true; 3], &[4, 1, 6]), [false, true, false]);
    // Without it the others are level at exactly 2.
    assert_eq!(least_loaded(&roster, &[true, false, true], &[4, 1, 6]), [true, false, true]);
    assert_eq!(least_loaded(&roster, &[false; 3], &[4, 1, 6]), [false; 3]);
    // A missing count is 0.
    assert_eq!(least_loaded(&roster, &[true; 3], &[4, 1]), [false, false, true]);
}

#[test]
fn those_who_are_level_take_turns() {
    let (roster, mut state) = (members(&[1, 1, 1]), RotationState::default());
    let winners: Vec<_> = (0..4).map(|_| state.pick_least_loaded(&roster, &[true; 3], &[5, 5, 9]).unwrap()).collect();
    assert_eq!(winners, [0, 1, 0, 1]);
    assert_eq!(state.pick_least_loaded(&roster, &[true, true, false], &[0, 5, 0]), Some(0));
    assert_eq!(state.pick_least_loaded(&roster, &[false; 3], &[0; 3]), None);
}

#[test]
fn an_empty_desk_is_filled_in_proportion_to_the_weights() {
    let (roster, mut state, mut open) = (members(&[1, 2, 5]), RotationState::default(), [0; 3]);
    for _ in 0..80 {
        open[state.pick_least_loaded(&roster, &[true; 3], &open).unwrap()] += 1;
    }
    assert_eq!(open, [10, 20, 50]);
}

proptest! {
    #[test]
    fn the_winner_has_the_least_load_and_the_bound_holds(weights in weights(10), seed: u64) {
        let (roster, mut state, mut draws) = (members(&weights), RotationState::default(), Draws(seed));
        let mut open = vec![0u32; roster.len()];
        for _ in 0..200 {
            let mask = draws.mask(roster.len());
            let Some(winner) = state.pick_least_loaded(&roster, &mask, &open) else { continue };
            let load = |i: usize| f64::from(open[i]) / f64::from(weights[i]);
            prop_assert!(mask[winner]);
            for i in (0..roster.len()).filter(|i| mask[*i]) {
                prop_assert!(load(winner) <= load(i));
            }
            assert_bound(&state, (1, 1));
            open[winner] += 1;
            let done = draws.index(roster.len());
            open[done] = open[done].saturating_sub(1);
        }
    }
}
