//! Callers who call too often.

use futures::future::join_all;
use kit::config::QuotaConfig;
use leadrouter_tests::{
    company, install, route,
    secured::{ADMIN, BATCH, CRM, Secured},
};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::certificates::{leads, refusal};

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_runs_wild_is_refused_and_others_are_served() {
    const BURST: u32 = 4;
    // The services ask each other for more than that, and are not held up.
    let secured = Secured::start_with(|config| {
        config.auth.quota = Some(QuotaConfig { calls_per_second: 1, burst: Some(BURST) });
        for other in config.auth.workloads.iter_mut().filter(|workload| [ADMIN, BATCH].contains(&&*workload.id)) {
            other.quota = Some(QuotaConfig { calls_per_second: 1000, burst: None });
        }
    })
    .await;
    let crm = secured.workload(CRM).clients().unwrap();
    let calls = join_all((0..64).map(|_| leads(&crm, Some("acme")))).await;
    let (served, refused): (Vec<_>, Vec<_>) = calls.into_iter().partition(Result::is_ok);
    assert!(served.len() >= BURST as usize && !refused.is_empty(), "{} were served", served.len());
    for call in refused {
        let details = call.as_ref().unwrap_err().get_error_details();
        assert!(details.retry_info().unwrap().retry_delay.unwrap() > std::time::Duration::ZERO);
        assert_eq!(details.quota_failure().unwrap().violations[0].subject, CRM);
        let (code, reason, message) = refusal(call);
        assert_eq!((code, &*reason), (Code::ResourceExhausted, "QUOTA_EXCEEDED"), "{message}");
    }
    // The same caller for another tenant, and another one.
    leads(&crm, Some("default")).await.unwrap();
    install(&secured.world.clients, &company::directory(&[("anna", 1, "")]), company::POLICY).await;
    let batch = secured.workload(BATCH).clients().unwrap();
    for lead in 0..3 * BURST as usize {
        route(&batch, company::lead(lead)).await.unwrap();
    }
    secured.world.end().await;
}
