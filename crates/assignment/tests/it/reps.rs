//! Reps who leave and come back, and what becomes of leads then.

use api::v1::{
    self, assignment_service_server::AssignmentService as _, directory_service_server::DirectoryService as _,
};
use domain::ownership::TimerKind;

use crate::support::{NOW, Services, ask, policy_to, reason, refusal, request_id};

fn deactivation(id: &str) -> v1::DeactivateRepRequest {
    v1::DeactivateRepRequest { name: format!("reps/{id}"), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rep_with_open_leads_leaves_only_when_they_go_to_others() {
    let services = Services::with_directory().await;
    services.put_in_force(&policy_to("inbound")).await;
    let mut leads = Vec::new();
    for person in ["ada", "bob", "eve", "kim"] {
        leads.push(services.route(person).await);
    }
    let of_ann: Vec<_> = leads.iter().filter(|lead| lead.owner == "reps/ann").collect();
    assert_eq!(of_ann.len(), 2);

    let (why, details) = refusal(services.deactivate(deactivation("ann")).await);
    assert_eq!(why, "REP_HAS_OPEN_LEADS");
    assert_eq!(details.error_info().unwrap().metadata["open_leads"], "2");
    assert!(services.get_rep("ann").await.active);

    let request = v1::DeactivateRepRequest { drain: true, request_id: request_id(1), ..deactivation("ann") };
    let checked = v1::DeactivateRepRequest { validate_only: true, ..request.clone() };
    assert_eq!(services.deactivate(checked).await.unwrap().drained_count, 2);
    assert_eq!((services.version().await, services.get_rep("ann").await.active), (1, true));
    let done = services.deactivate(request.clone()).await.unwrap();
    assert_eq!((done.drained_count, done.rep.as_ref().map(|rep| rep.active)), (2, Some(false)));
    assert_eq!(services.deactivate(request).await.unwrap(), done);

    // Both are with Ben now, by a decision that can be read again, and the books are right.
    for lead in of_ann {
        let now = services.get_lead(&lead.name).await;
        assert_eq!((now.owner.as_str(), now.etag.as_str()), ("reps/ben", "2"));
        let request = v1::ListAssignmentsRequest { parent: lead.name.clone(), ..Default::default() };
        let history = services.assignment.list_assignments(ask(request)).await.unwrap().into_inner().assignments;
        assert_eq!((history[0].end_reason.as_str(), history[0].owner.as_str()), ("REP_DEACTIVATED", "reps/ann"));
        assert_eq!((history[1].cause(), history[1].actor.as_str()), (v1::AssignmentCause::Drained, "dora"));
        let request = v1::GetDecisionRequest { name: format!("{}/decisions/2", lead.name) };
        services.assignment.get_decision(ask(request)).await.unwrap();
    }
    let audit = services.store.audit(services.tenant, |_, _| Some(0)).await.unwrap();
    assert_eq!((audit.without_owner, audit.with_two_owners, audit.load_mismatches, audit.epoch_gaps), (0, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_and_coming_back_is_seen_by_who_looks() {
    let services = Services::with_directory().await;
    let gone = services.deactivate(deactivation("ann")).await.unwrap().rep.unwrap();
    assert!(!gone.active && gone.etag == "2", "{gone:?}");
    // Who has left already leaves nothing to do.
    assert_eq!(services.deactivate(deactivation("ann")).await.unwrap().rep.unwrap(), gone);
    let stale = v1::ActivateRepRequest { name: gone.name.clone(), etag: "1".to_owned(), ..Default::default() };
    assert_eq!(reason(services.directory.activate_rep(ask(stale.clone())).await), "STALE_ETAG");
    let fresh = v1::ActivateRepRequest { etag: gone.etag, ..stale };
    let back = services.directory.activate_rep(ask(fresh)).await.unwrap().into_inner().rep.unwrap();
    assert!(back.active && back.etag == "3", "{back:?}");
    assert_eq!(reason(services.deactivate(deactivation("nobody")).await), "RESOURCE_NOT_FOUND");
}

/// When a waiting lead is tried next.
async fn retry_at(services: &Services, lead: &v1::Lead) -> jiff::Timestamp {
    let id = domain::ids::LeadId(lead.name.strip_prefix("leads/").unwrap().parse().unwrap());
    let mut tx = services.store.begin("test").await.unwrap();
    let rows = tx.leads(services.tenant, &[id]).await.unwrap();
    let timer = rows[0].timers.iter().find(|timer| timer.kind == TimerKind::Retry).unwrap().due_at;
    tx.rollback().await.unwrap();
    timer
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_is_woken_when_somebody_comes() {
    let services = Services::with_directory().await;
    services.put_in_force(&policy_to("field")).await;
    services.deactivate(deactivation("cat")).await.unwrap();
    let lead = services.route("zoe").await;
    assert_eq!(lead.owner, "queues/waiting");
    assert!(retry_at(&services, &lead).await > NOW);

    // Ann has nothing to do with that pool.
    let ann = v1::Rep { name: "reps/ann".to_owned(), max_open: Some(3), ..Default::default() };
    let request = v1::UpdateRepRequest { rep: Some(ann), ..Default::default() };
    services.directory.update_rep(ask(request)).await.unwrap();
    assert!(retry_at(&services, &lead).await > NOW);

    let request = v1::ActivateRepRequest { name: "reps/cat".to_owned(), ..Default::default() };
    services.directory.activate_rep(ask(request)).await.unwrap();
    assert_eq!(retry_at(&services, &lead).await, NOW);
}
