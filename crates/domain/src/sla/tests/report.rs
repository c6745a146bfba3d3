use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::sla::{Clocked, Kept, Report};

const NOW: i64 = 1_000;

fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
}

prop_compose! {
    fn clock()(began in 0..500_i64, target in 1..400_i64, answered in prop::option::of(0..400_i64), over in any::<bool>(), more in 0..100_i64) -> Clocked {
        let answered = answered.map(|after| began + after);
        let ended = answered.or(over.then_some(began + more));
        Clocked { began_at: at(began), respond_by: at(began + target), answered_at: answered.map(at), ended_at: ended.map(at) }
    }
}

proptest! {
    /// Counted one by one, without a table.
    #[test]
    fn rows_are_what_a_recount_gives(clocks in prop::collection::vec((clock(), 0..3_u8), 0..60)) {
        let mut report = Report::default();
        for (clock, key) in &clocks {
            report.add([key.to_string()], clock, at(NOW));
        }
        let report = report.finish();
        for key in 0..3_u8 {
            let of: Vec<&Clocked> = clocks.iter().filter(|(_, k)| *k == key).map(|(clock, _)| clock).collect();
            let Some(row) = report.rows.get(&key.to_string()) else {
                prop_assert!(of.is_empty());
                continue;
            };
            let count = |kind| of.iter().filter(|clock| clock.kept(at(NOW)) == kind).count() as u64;
            prop_assert_eq!([row.kept, row.missed, row.running, row.overdue, row.withdrawn],
                [Kept::Kept, Kept::Missed, Kept::Running, Kept::Overdue, Kept::Withdrawn].map(count));
            let mut times: Vec<i64> =
                of.iter().filter_map(|clock| Some(clock.answered_at?.duration_since(clock.began_at).as_secs())).collect();
            times.sort_unstable();
            for percent in [1, 50, 90, 99, 100] {
                // The least time that at least so many percent do not exceed.
                let naive = times.iter().find(|time| times.iter().filter(|t| t <= time).count() * 100 >= times.len() * percent);
                prop_assert_eq!(row.time(percent).map(|time| time.as_secs()), naive.map(|time| time.unsigned_abs()));
            }
        }
        let all = |of: fn(&crate::sla::Tally) -> u64| report.rows.values().map(of).sum::<u64>();
        prop_assert_eq!(report.total.kept, all(|row| row.kept));
        prop_assert_eq!(report.total.missed, all(|row| row.missed));
    }
}

#[test]
fn a_target_is_kept_up_to_its_very_moment() {
    let clock = |answered, ended| Clocked {
        began_at: at(0),
        respond_by: at(100),
        answered_at: Option::map(answered, at),
        ended_at: Option::map(ended, at),
    };
    assert_eq!(clock(Some(100), Some(100)).kept(at(NOW)), Kept::Kept);
    assert_eq!(clock(Some(101), Some(101)).kept(at(NOW)), Kept::Missed);
    assert_eq!(clock(None, Some(100)).kept(at(NOW)), Kept::Withdrawn);
    assert_eq!(clock(None, Some(101)).kept(at(NOW)), Kept::Missed);
    assert_eq!((clock(None, None).kept(at(100)), clock(None, None).kept(at(101))), (Kept::Running, Kept::Overdue));
}
