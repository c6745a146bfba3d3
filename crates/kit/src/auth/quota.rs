//! How often each caller may call.
//!
//! Callers who are known are metered each for themselves (by the generic cell rate algorithm, which needs one number a
//! caller), so that one who runs wild is refused and all others are served as before.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use governor::{
    NotUntil, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::Rules;
use crate::{
    config::{QuotaConfig, WorkloadConfig},
    metrics,
    refusal::{ERROR_DOMAIN, reason},
};

/// Calls after which callers are forgotten who have not called for so long that nothing of their quota is used. It
/// bounds what is kept to as many callers.
const SWEEP_EVERY: u32 = 1 << 16;

/// Whose quota a call is counted against.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Account {
    /// The workload of a certificate, for whomever it acts.
    Workload(Arc<str>),
    /// The subject of a token that came without a certificate.
    User(Arc<str>),
}

impl Account {
    fn name(&self) -> &str {
        match self {
            Self::Workload(name) | Self::User(name) => name,
        }
    }
}

/// An account calls for several tenants, and for each of them as often as its quota says.
type Key = (Account, Arc<str>);
type Limiter<C> = RateLimiter<Key, DashMapStateStore<Key>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// The quotas of a process, which all its servers share.
#[derive(Debug)]
pub(super) struct Quotas<C: Clock = DefaultClock> {
    /// Of all who have none of their own; `None`: no limit.
    everybody: Option<Meter<C>>,
    /// Of the workloads that have their own, or none at all.
    workloads: HashMap<Box<str>, Option<Meter<C>>>,
    clock: C,
    calls: AtomicU32,
}

#[derive(Debug)]
struct Meter<C: Clock> {
    config: QuotaConfig,
    limiter: Limiter<C>,
}

impl<C: Clock + Clone> Meter<C> {
    fn new(config: QuotaConfig, clock: &C) -> Option<Self> {
        let quota = Quota::per_second(NonZeroU32::new(config.calls_per_second)?);
        let quota = quota.allow_burst(NonZeroU32::new(config.burst())?);
        Some(Self { config, limiter: RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()) })
    }
}

impl Quotas {
    /// `quota` is everybody's, unless a workload has its own, or a role that has none. What is written there has been checked.
    pub(super) fn new(quota: Option<QuotaConfig>, workloads: &[WorkloadConfig], rules: &Rules) -> Self {
        Self::with_clock(quota, workloads, rules, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Quotas<C> {
    fn with_clock(quota: Option<QuotaConfig>, workloads: &[WorkloadConfig], rules: &Rules, clock: C) -> Self {
        let own = |workload: &WorkloadConfig| {
            let own = workload.quota.map(|quota| Meter::new(quota, &clock));
            let own = own.or_else(|| rules.unmetered.contains(&&*workload.role).then_some(None))?;
            Some((workload.id.as_str().into(), own))
        };
        let workloads = workloads.iter().filter_map(own).collect();
        let everybody = quota.and_then(|quota| Meter::new(quota, &clock));
        Self { everybody, workloads, clock, calls: AtomicU32::new(0) }
    }

    /// Counts a call, or refuses it.
    pub(super) fn admit(&self, account: &Account, tenant: &Arc<str>) -> Result<(), Status> {
        let own = match account {
            Account::Workload(name) => self.workloads.get(&**name),
            Account::User(_) => None,
        };
        let Some(meter) = own.unwrap_or(&self.everybody) else { return Ok(()) };
        if self.calls.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.sweep();
        }
        meter.limiter.check_key(&(account.clone(), Arc::clone(tenant))).map_err(|until: NotUntil<C::Instant>| {
            metrics::server().over_quota.add(1, &[]);
            exceeded(account, meter.config, until.wait_time_from(self.clock.now()))
        })
    }

    fn sweep(&self) {
        for meter in self.workloads.values().chain([&self.everybody]).flatten() {
            meter.limiter.retain_recent();
        }
    }
}

fn exceeded(account: &Account, quota: QuotaConfig, wait: Duration) -> Status {
    let QuotaConfig { calls_per_second, .. } = quota;
    let told = format!("{calls_per_second} calls a second, {} at once", quota.burst());
    let message =
        format!("`{}` has used up its quota of {told}; try again after the delay in RetryInfo", account.name());
    let mut details = ErrorDetails::with_error_info(reason::QUOTA_EXCEEDED, ERROR_DOMAIN, []);
    details.add_quota_failure_violation(account.name(), told).set_retry_info(Some(wait));
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed step fails the test")]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn quota(calls_per_second: u32, burst: u32) -> QuotaConfig {
        QuotaConfig { calls_per_second, burst: Some(burst) }
    }

    fn workload(id: &str, role: &str, quota: Option<QuotaConfig>) -> WorkloadConfig {
        WorkloadConfig { id: id.to_owned(), tenants: vec!["acme".to_owned()], role: role.to_owned(), quota }
    }

    fn admitted(quotas: &Quotas<FakeRelativeClock>, account: &Account, tenant: &str, calls: usize) -> usize {
        let tenant = tenant.into();
        (0..calls).filter(|_| quotas.admit(account, &tenant).is_ok()).count()
    }

    #[test]
    fn everybody_has_a_quota_of_their_own_that_fills_again() {
        let clock = FakeRelativeClock::default();
        let quotas = Quotas::with_clock(Some(quota(10, 5)), &[], &Rules::NONE, clock.clone());
        let [anna, crm] = [Account::User("anna".into()), Account::Workload("anna".into())];
        assert_eq!(admitted(&quotas, &anna, "acme", 100), 5);
        assert_eq!(admitted(&quotas, &anna, "other", 100), 5, "another tenant");
        assert_eq!(admitted(&quotas, &crm, "acme", 100), 5, "a workload of the same name is somebody else");
        clock.advance(Duration::from_millis(200));
        assert_eq!(admitted(&quotas, &anna, "acme", 100), 2);
        clock.advance(Duration::from_hours(1));
        assert_eq!(admitted(&quotas, &anna, "acme", 100), 5, "no more than the burst");
    }

    #[test]
    fn a_workload_may_have_another_quota_and_a_role_none() {
        let rules = Rules { unmetered: &["service"], ..Rules::NONE };
        let workloads = [
            workload("batch", "router", Some(quota(1, 50))),
            workload("services", "service", None),
            workload("guest", "service", Some(quota(1, 2))),
            workload("crm", "router", None),
        ];
        let quotas = Quotas::with_clock(Some(quota(1, 3)), &workloads, &rules, FakeRelativeClock::default());
        let calls = |name: &str| admitted(&quotas, &Account::Workload(name.into()), "acme", 100);
        assert_eq!(["batch", "services", "guest", "crm"].map(calls), [50, 100, 2, 3]);
        assert_eq!(admitted(&quotas, &Account::User("services".into()), "acme", 100), 3, "a name is not a certificate");
    }

    #[test]
    fn a_refusal_says_whose_quota_it_was_and_when_to_come_back() {
        let quotas = Quotas::with_clock(Some(quota(4, 1)), &[], &Rules::NONE, FakeRelativeClock::default());
        let (anna, tenant) = (Account::User("anna".into()), "acme".into());
        quotas.admit(&anna, &tenant).unwrap();
        let status = quotas.admit(&anna, &tenant).unwrap_err();
        let details = status.get_error_details();
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(details.error_info().unwrap().reason, reason::QUOTA_EXCEEDED);
        assert_eq!(details.retry_info().unwrap().retry_delay, Some(Duration::from_millis(250)));
        let violation = &details.quota_failure().unwrap().violations[0];
        assert_eq!((&*violation.subject, &*violation.description), ("anna", "4 calls a second, 1 at once"));
    }

    #[test]
    fn callers_who_have_gone_are_forgotten() {
        let clock = FakeRelativeClock::default();
        let quotas = Quotas::with_clock(Some(quota(1, 1)), &[], &Rules::NONE, clock.clone());
        let tenant = "acme".into();
        for caller in 0..3 * SWEEP_EVERY / 2 {
            clock.advance(Duration::from_millis(1));
            quotas.admit(&Account::User(caller.to_string().into()), &tenant).unwrap();
        }
        let kept = quotas.everybody.as_ref().unwrap().limiter.len();
        assert!(kept < SWEEP_EVERY as usize, "{kept}");
    }
}
