//! Timers that are due, and who takes them.

use std::time::Duration;

use domain::ownership::{Timer, TimerKind};
use jiff::{Timestamp, ToSpan as _};
use uuid::Uuid;

use super::{Base, fixtures::*, on_database};
use crate::{Changes, Due, Look, Share};

const LOOK: Look = Look { limit: 1_000, since: None, share: Share::ALL, patience: Duration::from_secs(2) };

fn past(minute: u32) -> Timestamp {
    "2020-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + i64::from(minute).minutes()
}

async fn due(base: &Base, look: Look, now: Option<Timestamp>) -> Due {
    base.store.due_timers(&look, now).await.unwrap()
}

async fn set(base: &Base, set_timers: &[Timer]) {
    base.write(&Changes { set_timers: set_timers.to_vec(), ..Changes::default() }).await;
}

fn timers(due: Due) -> Vec<Timer> {
    due.timers.into_iter().map(|(_, timer)| timer).collect()
}

#[tokio::test]
async fn the_latest_comes_first_and_the_next_is_known() {
    on_database(async |base: Base| {
        let future: Timestamp = "2120-01-01T00:00:00Z".parse().unwrap();
        let Due { timers: none, next, now } = due(&base, LOOK, None).await;
        assert_eq!((none, next), (vec![], None));
        assert!(now > past(0) && now < future);

        let all = [
            timer(id(2), TimerKind::Accept, past(1)),
            timer(id(3), TimerKind::Retry, past(1)),
            timer(id(4), TimerKind::Wake, past(2)),
            timer(id(1), TimerKind::Accept, past(3)),
            timer(id(1), TimerKind::Escalate, future),
        ];
        set(&base, &all.iter().rev().cloned().collect::<Vec<_>>()).await;
        let found = due(&base, LOOK, None).await;
        assert!(found.timers.iter().all(|(owner, _)| *owner == base.tenant));
        assert_eq!((found.next, timers(found)), (Some(future), all[..4].to_vec()));
        assert_eq!(timers(due(&base, Look { limit: 3, ..LOOK }, None).await), all[..3]);
        assert_eq!(timers(due(&base, Look { since: Some(past(2)), ..LOOK }, None).await), all[2..4]);
        // By another clock.
        let earlier = due(&base, LOOK, Some(past(1))).await;
        assert_eq!((earlier.now, earlier.next, timers(earlier)), (past(1), Some(past(2)), all[..2].to_vec()));
    })
    .await;
}

#[tokio::test]
async fn replicas_share_what_is_due_and_take_over_what_is_late() {
    on_database(async |base: Base| {
        let all: Vec<_> = (1..=200).map(|n| timer(id(n), TimerKind::Accept, past(1))).collect();
        set(&base, &all).await;
        let mut shared = Vec::new();
        for number in 0..3 {
            let look = Look { share: Share { number, of: 3 }, ..LOOK };
            let own = timers(due(&base, look, Some(past(1) + 2.seconds())).await);
            assert!((30..=110).contains(&own.len()), "{} of 200 are no third", own.len());
            shared.extend(own);
            let late = due(&base, look, Some(past(1) + 2.seconds() + 1.microsecond())).await;
            assert_eq!(late.timers.len(), 200);
        }
        shared.sort_by_key(|timer| timer.lead);
        assert_eq!(shared, all, "each is somebody's, and nobody else's");
    })
    .await;
}

#[tokio::test]
async fn replicas_come_and_go() {
    on_database(async |base: Base| {
        let recently = Duration::from_secs(15);
        let join = async |n: u128| base.store.join_schedulers(Uuid::from_u128(n), recently).await.unwrap();
        let share = |number, of| Share { number, of };
        assert_eq!(join(5).await, Share::ALL);
        assert_eq!((join(9).await, join(2).await), (share(1, 2), share(0, 3)));
        assert_eq!((join(5).await, join(9).await), (share(1, 3), share(2, 3)));
        // One ends in order, one is not heard of any more.
        base.store.leave_schedulers(Uuid::from_u128(2)).await.unwrap();
        assert_eq!(join(9).await, share(1, 2));
        base.sql("UPDATE scheduler SET seen_at = now() - interval '16 seconds' WHERE replica::text LIKE '%5'").await;
        assert_eq!(join(9).await, Share::ALL);
        // It was only slow.
        assert_eq!((join(5).await, join(9).await), (share(0, 2), share(1, 2)));
        // What is long gone is forgotten.
        base.sql("UPDATE scheduler SET seen_at = now() - interval '3 minutes' WHERE replica::text LIKE '%5'").await;
        join(9).await;
        let left = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM scheduler").fetch_one(&base.store.pool).await;
        assert_eq!(left.unwrap(), 1);
    })
    .await;
}
