//! Whole directories from one document.

use api::v1::{self, directory_service_server::DirectoryService as _};

use crate::support::{DIRECTORY, Services, ask, obstacles, policy_to, reason, refusal, request_id, wrong_fields};

const MAVEN: &str = include_str!("../../../../examples/maven/directory.yaml");
const MAVEN_POLICY: &str = include_str!("../../../../examples/maven/policy.yaml");

fn import(source: &str) -> v1::ImportDirectoryRequest {
    v1::ImportDirectoryRequest { source: source.to_owned(), ..Default::default() }
}

async fn summary(services: &Services) -> v1::Directory {
    let request = v1::GetDirectoryRequest { name: "directory".to_owned() };
    services.directory.get_directory(ask(request)).await.unwrap().into_inner().directory.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_company_is_imported_with_its_policy() {
    let services = Services::start().await;
    let imported = services.import(MAVEN).await.unwrap();
    let directory = imported.directory.unwrap();
    assert_eq!((directory.version, directory.account_count, imported.updated_count), (1, 85, 0));
    assert!(directory.rep_count >= 35 && imported.created_count > 120, "{directory:?}");
    assert!(directory.update_time.is_some());
    let active = services.put_in_force(MAVEN_POLICY).await;
    assert!(active.active && active.rule_count > 5 && active.name == "policies/1", "{active:?}");

    // Once more: nothing to do, and no new version.
    let again = services.import(MAVEN).await.unwrap();
    assert_eq!((again.created_count, again.updated_count, again.removed_count), (0, 0, 0));
    assert_eq!((again.unchanged_count, again.directory.unwrap()), (imported.created_count, directory.clone()));
    assert_eq!(summary(&services).await, directory);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_is_told_with_its_place_and_nothing_is_changed() {
    let services = Services::with_directory().await;
    let before = summary(&services).await;
    let wrong = DIRECTORY
        .replace("backup: ann", "backup: anm")
        .replace("time_zone: UTC, hours: { mon: [\"09:00", "time_zone: Mars/Base, hours: { mon: [\"09:00")
        .replace("name: South", "nmae: South");
    let request = v1::ValidateDirectoryRequest { source: wrong.clone() };
    let problems = services.directory.validate_directory(ask(request)).await.unwrap().into_inner().problems;
    let lines: Vec<_> = problems.iter().map(|problem| problem.line).collect();
    assert!(lines.is_sorted() && [3, 7, 10].iter().all(|line| lines.contains(line)), "{problems:?}");

    let told = wrong_fields(services.import(&wrong).await);
    assert_eq!(told.len(), problems.len());
    assert!(told.iter().all(|(field, _)| field == "source"));
    assert!(told.iter().any(|(_, why)| why.starts_with("10:") && why.contains("`ann`?")), "{told:?}");
    assert_eq!(reason(services.import(&wrong).await), "INVALID_DOCUMENT");
    assert_eq!(summary(&services).await, before);

    let request = v1::ImportDirectoryRequest { expected_version: -1, request_id: "x".to_owned(), ..import("") };
    let fields: Vec<_> = wrong_fields(services.import_as(request).await).into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["request_id", "expected_version"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_named_goes_and_reps_stay_as_ones_who_left() {
    let services = Services::with_directory().await;
    let source = "
calendars: [{ id: day, name: Day, time_zone: UTC, hours: { sun: [\"00:00-24:00\"] } }]
teams: [{ id: west, name: West, calendar: day }]
reps: [{ id: ann, name: Ann Berg, team: west }]
pools: [{ id: inbound, name: Inbound, members: [ann] }]
";
    let only_checked = v1::ImportDirectoryRequest { validate_only: true, ..import(source) };
    let checked = services.import_as(only_checked).await.unwrap();
    assert_eq!((checked.directory.clone().unwrap(), services.version().await), (summary(&services).await, 1));
    let done = services.import(source).await.unwrap();
    let counts = |done: &v1::ImportDirectoryResponse| {
        (done.created_count, done.updated_count, done.removed_count, done.unchanged_count)
    };
    // Gone: the account, the field pool and the night calendar; left: Ben and Cat, for whom their teams and those's calendar
    // stay.
    assert_eq!((counts(&done), counts(&checked)), ((2, 2, 5, 3), (2, 2, 5, 3)));
    let found = summary(&services).await;
    assert_eq!((found.rep_count, found.team_count, found.calendar_count, found.account_count), (3, 3, 2, 0));
    let ben = services.get_rep("ben").await;
    assert!(!ben.active && ben.team == "teams/north" && ben.backup.as_deref() == Some("reps/ann"), "{ben:?}");
    // Once more they are what they were.
    assert_eq!(counts(&services.import(source).await.unwrap()), (0, 0, 0, 9));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_must_leave_what_the_active_policy_names() {
    let services = Services::with_directory().await;
    services.put_in_force(&policy_to("field")).await;
    let without = DIRECTORY.replace("  - { id: field, name: Field, members: [cat] }\n", "");
    let (why, details) = refusal(services.import(&without).await);
    assert_eq!(
        (why.as_str(), details.resource_info().unwrap().resource_name.as_str()),
        ("RESOURCE_IN_USE", "directory")
    );
    let told = obstacles(services.import(&without).await);
    assert!(told[0].0 == "policies/1" && told[0].1.starts_with("4:") && told[0].1.contains("`field`"), "{told:?}");
    let request = v1::ValidateDirectoryRequest { source: without };
    let problems = services.directory.validate_directory(ask(request)).await.unwrap().into_inner().problems;
    assert!(problems[0].message.contains("policies/1"), "{problems:?}");
    assert_eq!(services.version().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rep_with_open_leads_is_not_dropped_by_an_import() {
    let services = Services::with_directory().await;
    services.put_in_force(&policy_to("field")).await;
    assert_eq!(services.route("zoe").await.owner, "reps/cat");
    let without = DIRECTORY.replace("reps/cat", "").replace("[cat]", "[ben]").replace(", manager: cat", "");
    let without = without.replace(", owner: cat", "").replace("  - { id: cat, name: Cat, team: south }\n", "");
    assert_eq!(reason(services.import(&without).await), "REP_HAS_OPEN_LEADS");
    let checked = v1::ImportDirectoryRequest { validate_only: true, ..import(&without) };
    assert_eq!(reason(services.import_as(checked).await), "REP_HAS_OPEN_LEADS");
    assert_eq!(services.version().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_for_the_version_that_its_caller_saw_and_done_once() {
    let services = Services::with_directory().await;
    let changed = DIRECTORY.replace("Field", "In the field");
    let stale = v1::ImportDirectoryRequest { expected_version: 7, ..import(&changed) };
    let (why, details) = refusal(services.import_as(stale).await);
    assert_eq!((why.as_str(), details.error_info().unwrap().metadata["etag"].as_str()), ("STALE_ETAG", "1"));

    let request = v1::ImportDirectoryRequest { expected_version: 1, request_id: request_id(1), ..import(&changed) };
    let done = services.import_as(request.clone()).await.unwrap();
    assert_eq!((done.updated_count, services.version().await), (1, 2));
    services.import(DIRECTORY).await.unwrap();
    assert_eq!(services.import_as(request.clone()).await.unwrap(), done);
    assert_eq!(services.version().await, 3);
    let other = v1::ImportDirectoryRequest { source: DIRECTORY.to_owned(), ..request };
    assert_eq!(reason(services.import_as(other).await), "REQUEST_ID_REUSED");
}
