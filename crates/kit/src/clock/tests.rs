#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use super::*;

fn start() -> Timestamp {
    "2026-03-29T00:59:59.123456789Z".parse().unwrap()
}

#[test]
fn times_have_whole_microseconds() {
    assert_eq!(Clock::manual(start()).now().to_string(), "2026-03-29T00:59:59.123456Z");
    assert_eq!(Clock::system().now().as_nanosecond() % 1000, 0);
}

#[test]
fn a_manual_clock_stands_until_moved_and_its_clones_move_with_it() {
    let clock = Clock::manual(start());
    let other = clock.clone();
    let before = clock.now();
    assert_eq!(clock.now(), before);
    clock.advance(Duration::from_secs(90));
    assert_eq!(other.now().duration_since(before), jiff::SignedDuration::from_secs(90));
}

#[tokio::test]
async fn sleepers_on_a_manual_clock_wake_when_it_is_moved_far_enough() {
    let clock = Clock::manual(start());
    let mut sleep = polled_once(clock.sleep(Duration::from_mins(1)));
    clock.advance(Duration::from_secs(59));
    assert!(futures::poll!(&mut sleep).is_pending());
    clock.advance(Duration::from_secs(1));
    sleep.await;
}

/// Polls once, so that the sleeper has read the time before the clock is moved.
fn polled_once<F: Future<Output = ()>>(future: F) -> std::pin::Pin<Box<F>> {
    let mut future = Box::pin(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(future.as_mut().poll(&mut context).is_pending());
    future
}

#[test]
fn ids_are_ordered_and_carry_the_time() {
    for clock in [Clock::system(), Clock::manual(start())] {
        let ids: Vec<Uuid> = (0..1000).map(|_| clock.new_uuid_v7()).collect();
        assert!(ids.is_sorted());
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }
    let (seconds, nanos) = Clock::manual(start()).new_uuid_v7().get_timestamp().unwrap().to_unix();
    assert_eq!((i64::try_from(seconds).unwrap(), nanos), (start().as_second(), 123_000_000));
}

#[test]
fn ids_of_a_manual_clock_repeat_and_differ_by_seed() {
    let first = |seed| Clock::manual_seeded(start(), seed).new_uuid_v7();
    assert_eq!(first(1), first(1));
    assert_ne!(first(1), first(2));
}
