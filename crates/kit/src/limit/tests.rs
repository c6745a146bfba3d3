#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use super::*;

fn limiter(max_in_flight: usize, reserve: usize) -> Arc<Limiter> {
    let limits = LimitsConfig { max_in_flight, reserve, ..LimitsConfig::default() };
    Arc::new(Limiter::new(&limits, vec!["/timers"]))
}

#[test]
fn others_leave_the_reserve_alone() {
    let limiter = limiter(3, 1);
    let permits = [limiter.admit("/a").unwrap(), limiter.admit("/b").unwrap()];
    assert!(limiter.admit("/a").is_none());
    let reserved = limiter.admit("/timers").unwrap();
    assert!(limiter.admit("/timers").is_none());
    assert_eq!(limiter.in_flight(), 3);
    drop((permits, reserved));
    assert_eq!(limiter.in_flight(), 0);
}

#[test]
fn reserved_calls_use_open_places_first() {
    let limiter = limiter(3, 1);
    let _first = limiter.admit("/timers").unwrap();
    let _second = limiter.admit("/a").unwrap();
    assert!(limiter.admit("/a").is_none());
    assert!(limiter.admit("/timers").is_some());
}

#[test]
fn threads_never_exceed_the_limit() {
    let limiter = limiter(4, 0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10_000 {
                    let permit = limiter.admit("/a");
                    assert!(limiter.in_flight() <= 4);
                    drop(permit);
                }
            });
        }
    });
    assert_eq!(limiter.in_flight(), 0);
}
