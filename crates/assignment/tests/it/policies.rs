//! Revisions of the policy.

use api::v1::{self, policy_service_server::PolicyService as _};

use crate::support::{Services, ask, obstacles, policy_to, reason, request_id, wrong_fields};

#[tokio::test(flavor = "multi_thread")]
async fn revisions_are_kept_and_put_in_force() {
    let services = Services::with_directory().await;
    let active = |name: &str| v1::GetPolicyRequest { name: name.to_owned() };
    assert_eq!(reason(services.policies.get_policy(ask(active("policies/active"))).await), "NO_ACTIVE_POLICY");
    assert_eq!(reason(services.policies.get_policy(ask(active("policies/1"))).await), "RESOURCE_NOT_FOUND");

    let source = policy_to("inbound").replace("time_zone", "description: All to one\ntime_zone");
    let created = services.create_policy(&source, &request_id(1)).await.unwrap();
    assert_eq!((created.name.as_str(), created.display_name.as_str()), ("policies/1", "to-inbound"));
    assert_eq!((created.description.as_str(), created.creator.as_str()), ("All to one", "dora"));
    assert_eq!((created.active, created.activate_time, created.rule_count), (false, None, 0));
    assert_eq!(services.create_policy(&source, &request_id(1)).await.unwrap(), created);
    assert_eq!(reason(services.create_policy(&policy_to("field"), &request_id(1)).await), "REQUEST_ID_REUSED");

    let only_checked =
        v1::ActivatePolicyRequest { name: created.name.clone(), validate_only: true, ..Default::default() };
    let checked = services.policies.activate_policy(ask(only_checked)).await.unwrap().into_inner().policy.unwrap();
    assert_eq!(checked, created);
    let request =
        v1::ActivatePolicyRequest { name: created.name.clone(), request_id: request_id(2), ..Default::default() };
    let first = services.policies.activate_policy(ask(request.clone())).await.unwrap().into_inner();
    assert!(first.policy.as_ref().is_some_and(|policy| policy.active && policy.activate_time.is_some()), "{first:?}");

    // A newer one takes over; the same request as before does not bring the older back, another one does.
    let second = services.put_in_force(&policy_to("field")).await;
    assert_eq!(services.policies.activate_policy(ask(request)).await.unwrap().into_inner(), first);
    let found = services.policies.get_policy(ask(active("policies/active"))).await.unwrap().into_inner();
    assert_eq!(found.policy, Some(second));
    assert!(services.activate_policy("policies/1").await.unwrap().active);
    let found = services.policies.get_policy(ask(active("policies/2"))).await.unwrap().into_inner().policy.unwrap();
    assert!(!found.active && found.activate_time.is_some() && found.source == policy_to("field"), "{found:?}");

    assert_eq!(reason(services.activate_policy("policies/9").await), "RESOURCE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_names_that_can_be_activated_are_offered() {
    let services = Services::with_directory().await;
    for wrong in ["policies/active", "policies/newest"] {
        let expected = format!("`{wrong}` is not a name here: expected `policies/{{revision}}`");
        assert_eq!(wrong_fields(services.activate_policy(wrong).await), [("name".to_owned(), expected)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_is_told_with_its_place() {
    let services = Services::with_directory().await;
    let wrong =
        policy_to("inbond").replace("rules: []", "rules: [{ name: a, when: lead.emploees > 1, to: { pool: x } }]");
    let request = v1::ValidatePolicyRequest { source: wrong.clone() };
    let problems = services.policies.validate_policy(ask(request)).await.unwrap().into_inner().problems;
    assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [3, 3, 4], "{problems:?}");
    let told = wrong_fields(services.create_policy(&wrong, "").await);
    assert!(told.len() == 3 && told.iter().all(|(field, _)| field == "policy.source"), "{told:?}");
    assert!(told[2].1.starts_with("4:") && told[2].1.contains("`inbound`?"), "{told:?}");

    let only_checked = |source: String| v1::CreatePolicyRequest {
        policy: Some(v1::Policy { source, ..Default::default() }),
        validate_only: true,
        ..Default::default()
    };
    assert_eq!(reason(services.policies.create_policy(ask(only_checked(wrong))).await), "INVALID_DOCUMENT");
    let checked = services.policies.create_policy(ask(only_checked(policy_to("field")))).await.unwrap().into_inner();
    assert_eq!(checked.policy.map(|policy| (policy.name, policy.create_time)), Some((String::new(), None)));
    let nothing = v1::CreatePolicyRequest { request_id: "x".to_owned(), ..Default::default() };
    let fields: Vec<_> =
        wrong_fields(services.policies.create_policy(ask(nothing)).await).into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["request_id", "policy"]);
    // Nothing of that was stored.
    assert_eq!(services.create_policy(&policy_to("field"), "").await.unwrap().name, "policies/1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_no_longer_fits_is_not_put_in_force() {
    let services = Services::with_directory().await;
    services.put_in_force(&policy_to("inbound")).await;
    services.create_policy(&policy_to("field"), "").await.unwrap();
    services.import(&crate::support::DIRECTORY.replace("id: field", "id: outdoors")).await.unwrap();
    let result = services.activate_policy("policies/2").await;
    assert_eq!(reason(result.clone()), "POLICY_DOES_NOT_FIT");
    let told = obstacles(result);
    assert!(told.len() == 1 && told[0].0 == "policies/2" && told[0].1.starts_with("4:"), "{told:?}");
    let versions = services.store.versions(services.tenant).await.unwrap();
    assert_eq!(versions.policy, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn revisions_are_listed_newest_first_without_their_texts() {
    let services = Services::with_directory().await;
    for _ in 0..18 {
        services.create_policy(&policy_to("field"), "").await.unwrap();
    }
    services.activate_policy("policies/3").await.unwrap();
    let page = async |page_size, page_token: &str| {
        let request = v1::ListPoliciesRequest { page_size, page_token: page_token.to_owned() };
        services.policies.list_policies(ask(request)).await.unwrap().into_inner()
    };
    let newest = page(17, "").await;
    assert_eq!((newest.policies.len(), newest.policies[0].name.as_str()), (17, "policies/18"));
    assert!(newest.policies.iter().all(|policy| policy.source.is_empty() && policy.display_name == "to-field"));
    let active: Vec<_> = newest.policies.iter().filter(|policy| policy.active).map(|policy| &policy.name).collect();
    assert_eq!(active, ["policies/3"]);
    let oldest = page(17, &newest.next_page_token).await;
    assert_eq!((oldest.policies.len(), oldest.policies[0].name.as_str()), (1, "policies/1"));
    assert_eq!((oldest.next_page_token.as_str(), page(0, "").await.next_page_token.as_str()), ("", ""));
}
