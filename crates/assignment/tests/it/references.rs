//! What refers to an entry keeps it: other entries, and the active policy.

use api::v1::{self, directory_service_server::DirectoryService as _};

use crate::support::{Services, ask, obstacles, policy_to, reason, refusal, wrong_fields};

fn named<T: Default>(name: &str, request: impl FnOnce(String) -> T) -> T {
    request(name.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_referred_to_stays() {
    let services = Services::with_directory().await;
    let team = named("teams/north", |name| v1::DeleteTeamRequest { name, ..Default::default() });
    let (why, details) = refusal(services.directory.delete_team(ask(team.clone())).await);
    assert_eq!(
        (why.as_str(), details.resource_info().unwrap().resource_name.as_str()),
        ("RESOURCE_IN_USE", "teams/north")
    );
    let users: Vec<_> =
        obstacles(services.directory.delete_team(ask(team)).await).into_iter().map(|(user, _)| user).collect();
    assert_eq!(users, ["reps/ann.team", "reps/ben.team"]);
    let calendar = named("calendars/office", |name| v1::DeleteCalendarRequest { name, ..Default::default() });
    assert_eq!(reason(services.directory.delete_calendar(ask(calendar)).await), "RESOURCE_IN_USE");
    assert_eq!(services.version().await, 1);
    let calendar = named("calendars/night", |name| v1::DeleteCalendarRequest { name, ..Default::default() });
    services.directory.delete_calendar(ask(calendar)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_belongs_to_who_has_it() {
    let services = Services::with_directory().await;
    // Whichever id comes first.
    for id in ["aaa", "zzz"] {
        let account = v1::Account {
            display_name: "Copycat".to_owned(),
            domains: vec!["copycat.example".to_owned(), "initech.example".to_owned()],
            ..Default::default()
        };
        let request =
            v1::CreateAccountRequest { account: Some(account), account_id: id.to_owned(), ..Default::default() };
        let told = wrong_fields(services.directory.create_account(ask(request)).await);
        let expected = ("account.domains[1]", "belongs to accounts/initech already");
        assert_eq!(told, [(expected.0.to_owned(), expected.1.to_owned())], "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_active_policy_names_stays_as_it_needs_it() {
    let services = Services::with_directory().await;
    let policy = "
name: p
time_zone: UTC
calendar: night
rules: [{ name: cat-first, when: lead.employees > 10, to: { rep: cat }, otherwise: [{ pool: field }] }]
default: { to: { pool: inbound }, sla: review }
";
    services.put_in_force(policy).await;
    let pool = named("pools/field", |name| v1::DeletePoolRequest { name, ..Default::default() });
    let told = obstacles(services.directory.delete_pool(ask(pool.clone())).await);
    assert!(told.len() == 1 && told[0].0 == "policies/1" && told[0].1.starts_with("5:"), "{told:?}");
    let checked = v1::DeletePoolRequest { validate_only: true, ..pool.clone() };
    assert_eq!(reason(services.directory.delete_pool(ask(checked)).await), "RESOURCE_IN_USE");
    let calendar = named("calendars/night", |name| v1::DeleteCalendarRequest { name, ..Default::default() });
    assert_eq!(reason(services.directory.delete_calendar(ask(calendar)).await), "RESOURCE_IN_USE");
    // A pool of partners is another kind of destination.
    let partner = v1::Pool { name: "pools/field".to_owned(), partner: true, ..Default::default() };
    let partner = v1::UpdatePoolRequest { pool: Some(partner), ..Default::default() };
    assert_eq!(reason(services.directory.update_pool(ask(partner)).await), "RESOURCE_IN_USE");
    // A rep who is named can't leave, and one who has left can't be named.
    let cat = named("reps/cat", |name| v1::DeactivateRepRequest { name, ..Default::default() });
    assert_eq!(reason(services.deactivate(cat.clone()).await), "RESOURCE_IN_USE");
    assert_eq!(services.version().await, 1);

    services.put_in_force(&policy_to("inbound")).await;
    services.deactivate(cat).await.unwrap();
    services.directory.delete_pool(ask(pool)).await.unwrap();
    let told = obstacles(services.activate_policy("policies/1").await);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().any(|(_, why)| why.contains("rep `cat` is not active")), "{told:?}");
}
