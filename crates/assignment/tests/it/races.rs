//! Changes that come at once.

use std::sync::Arc;

use api::v1::{self, directory_service_server::DirectoryService as _, policy_service_server::PolicyService as _};
use domain::{
    directory::{DirectoryDocument, EntityKind},
    policy::Policy,
};
use tokio::task::JoinSet;

use crate::support::{NOW, Services, ask, policy_to, request_id};

/// Whether the active policy fits the directory.
async fn fits(services: &Services) -> bool {
    let versions = services.store.versions(services.tenant).await.unwrap();
    let row = services.store.policy(services.tenant, versions.policy.unwrap()).await.unwrap().unwrap();
    let (_, entities) = services.store.directory(services.tenant).await.unwrap();
    Policy::parse(&row.source, &DirectoryDocument::from_entities(entities)).is_ok()
}

/// With the policy that routes to `inbound` in force, and another that would to `field`.
async fn with_two_policies() -> Services {
    let services = Services::with_directory().await;
    services.put_in_force(&policy_to("inbound")).await;
    services.create_policy(&policy_to("field"), "").await.unwrap();
    services
}

/// A pool goes while a policy that names it comes into force. Both have found that they may before either is done: the
/// tenant is held until both stand in front of the lock.
#[tokio::test(flavor = "multi_thread")]
async fn a_pool_and_the_policy_that_names_it_do_not_miss_each_other() {
    let services = with_two_policies().await;
    let mut holder = services.store.begin("test").await.unwrap();
    holder.hold_tenant(services.tenant).await.unwrap();
    let mut both = JoinSet::new();
    let (directory, policies) = (services.directory.clone(), services.policies.clone());
    both.spawn(async move {
        let request = v1::DeletePoolRequest { name: "pools/field".to_owned(), ..Default::default() };
        directory.delete_pool(ask(request)).await.is_ok()
    });
    both.spawn(async move {
        let request = v1::ActivatePolicyRequest { name: "policies/2".to_owned(), ..Default::default() };
        policies.activate_policy(ask(request)).await.is_ok()
    });
    services.database.until_waiting(2).await;
    holder.rollback().await.unwrap();
    let won = both.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!((won, fits(&services).await), (1, true));
}

/// The control: the same two changes by way of the store, which does not compare what was checked with what stands. Both
/// win, and the policy sends leads to a pool that is gone.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_comparison_both_would_win() {
    let services = with_two_policies().await;
    let (store, tenant) = (&services.store, services.tenant);
    let (_, entities) = store.directory(tenant).await.unwrap();
    let document = DirectoryDocument::from_entities(entities);
    let active = store.policy(tenant, 1).await.unwrap().unwrap().source;
    let next = store.policy(tenant, 2).await.unwrap().unwrap().source;
    let mut without = document.clone();
    without.remove(EntityKind::Pool, "field");
    assert!(Policy::parse(&active, &without).is_ok() && Policy::parse(&next, &document).is_ok());

    let removals = [(EntityKind::Pool, "field".to_owned())];
    store.change_directory(tenant, None, &[], &removals, "dora", NOW).await.unwrap();
    store.activate_policy(tenant, 2, NOW).await.unwrap();
    assert!(!fits(&services).await);
}

/// Nothing is lost when many change the same directory, each another entry.
#[tokio::test(flavor = "multi_thread")]
async fn many_changes_at_once_all_happen() {
    let services = Arc::new(Services::with_directory().await);
    let mut all = JoinSet::new();
    for number in 0..6 {
        let services = Arc::clone(&services);
        all.spawn(async move {
            let account = v1::Account { display_name: format!("Company {number}"), ..Default::default() };
            let request = v1::CreateAccountRequest {
                account: Some(account),
                account_id: format!("company-{number}"),
                ..Default::default()
            };
            services.directory.create_account(ask(request)).await.unwrap();
        });
    }
    all.join_all().await;
    assert_eq!(services.version().await, 7);
    let listed = services.directory.list_accounts(ask(v1::ListAccountsRequest::default())).await.unwrap();
    assert_eq!(listed.into_inner().accounts.len(), 7);
}

/// Two that are one request, sent twice because the first answer was long in coming.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_twice_at_once_is_done_once() {
    let services = Services::with_directory().await;
    let account = v1::Account { display_name: "Hooli".to_owned(), ..Default::default() };
    let request = v1::CreateAccountRequest {
        account: Some(account),
        account_id: "hooli".to_owned(),
        request_id: request_id(1),
        validate_only: false,
    };
    let mut both = JoinSet::new();
    for _ in 0..2 {
        let (directory, request) = (services.directory.clone(), request.clone());
        both.spawn(async move { directory.create_account(ask(request)).await.unwrap().into_inner() });
    }
    let answers = both.join_all().await;
    assert_eq!((answers[0] == answers[1], services.version().await), (true, 2));
}
