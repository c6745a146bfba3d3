//! Single entries: creating, reading, changing.

use api::v1::{self, directory_service_server::DirectoryService as _};
use prost_types::FieldMask;
use tonic::Status;

use crate::support::{Services, ask, reason, refusal, request_id, wrong_fields};

fn dan() -> v1::Rep {
    v1::Rep { display_name: "Dan".to_owned(), team: "teams/north".to_owned(), ..Default::default() }
}

async fn create(services: &Services, request: v1::CreateRepRequest) -> Result<v1::Rep, Status> {
    Ok(services.directory.create_rep(ask(request)).await?.into_inner().rep.unwrap())
}

async fn update(services: &Services, request: v1::UpdateRepRequest) -> Result<v1::Rep, Status> {
    Ok(services.directory.update_rep(ask(request)).await?.into_inner().rep.unwrap())
}

fn patch(rep: v1::Rep, mask: &[&str]) -> v1::UpdateRepRequest {
    let paths = mask.iter().map(|path| (*path).to_owned()).collect();
    let update_mask = (!mask.is_empty()).then_some(FieldMask { paths });
    v1::UpdateRepRequest { rep: Some(rep), update_mask, ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_created_once() {
    let services = Services::with_directory().await;
    let request = v1::CreateRepRequest {
        rep: Some(v1::Rep { name: "reps/not-read".to_owned(), skills: vec!["GTX".to_owned()], ..dan() }),
        rep_id: "dan".to_owned(),
        request_id: request_id(1),
        validate_only: false,
    };
    let only_checked = v1::CreateRepRequest { validate_only: true, ..request.clone() };
    let checked = create(&services, only_checked).await.unwrap();
    assert_eq!((checked.name.as_str(), checked.etag.as_str(), services.version().await), ("reps/dan", "", 1));

    let created = create(&services, request.clone()).await.unwrap();
    assert_eq!((created.name.as_str(), created.etag.as_str(), created.active), ("reps/dan", "2", true));
    assert_eq!((created.skills.as_slice(), created.accepting), (["gtx".to_owned()].as_slice(), Some(true)));
    assert_eq!(services.get_rep("dan").await, created);

    // The same request again tells the same, though the rep exists and has changed since.
    update(&services, patch(v1::Rep { display_name: "Daniel".to_owned(), ..created.clone() }, &[])).await.unwrap();
    assert_eq!(create(&services, request.clone()).await.unwrap(), created);
    let other = v1::CreateRepRequest { rep_id: "dave".to_owned(), ..request.clone() };
    assert_eq!(reason(create(&services, other).await), "REQUEST_ID_REUSED");
    let anew = v1::CreateRepRequest { request_id: request_id(2), ..request };
    assert_eq!(reason(create(&services, anew).await), "RESOURCE_ALREADY_EXISTS");
    assert_eq!(services.version().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_wrong_fields_are_told_at_once() {
    let services = Services::with_directory().await;
    let rep = v1::Rep { team: String::new(), max_open: Some(0), seniority: 77, ..dan() };
    let request = v1::CreateRepRequest {
        rep: Some(rep),
        rep_id: "Dan!".to_owned(),
        request_id: "x".to_owned(),
        validate_only: false,
    };
    let mut fields: Vec<_> =
        wrong_fields(create(&services, request).await).into_iter().map(|(field, _)| field).collect();
    fields.sort();
    assert_eq!(fields, ["rep.max_open", "rep.seniority", "rep.team", "rep_id", "request_id"]);
    assert_eq!(wrong_fields(create(&services, v1::CreateRepRequest::default()).await).len(), 2);

    // What only the rest of the directory tells, together with the shape.
    let rep = v1::Rep {
        display_name: String::new(),
        team: "teams/nroth".to_owned(),
        backup: Some("reps/nobody".to_owned()),
        max_open: Some(0),
        ..Default::default()
    };
    let request = v1::CreateRepRequest { rep: Some(rep), rep_id: "Dan!".to_owned(), ..Default::default() };
    let told = wrong_fields(create(&services, request).await);
    let fields: Vec<_> = told.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["rep_id", "rep.display_name", "rep.max_open", "rep.team", "rep.backup"]);
    let member = |rep: &str, weight| v1::PoolMember { rep: rep.to_owned(), weight };
    let members = vec![member("reps/none", None), member("ann", None), member("reps/ben", Some(0))];
    let pool = v1::Pool { display_name: "P".to_owned(), members: members.clone(), ..Default::default() };
    let request = v1::CreatePoolRequest { pool: Some(pool), pool_id: "p".to_owned(), ..Default::default() };
    let told = wrong_fields(services.directory.create_pool(ask(request)).await);
    let fields: Vec<_> = told.iter().map(|(field, _)| field.as_str()).collect();
    let of_members = ["pool.members[1].rep", "pool.members[2].weight", "pool.members[0].rep"];
    assert_eq!(fields, of_members);
    let pool = v1::Pool { name: "pools/field".to_owned(), members, ..Default::default() };
    let request = v1::UpdatePoolRequest { pool: Some(pool), request_id: "x".to_owned(), ..Default::default() };
    let told = wrong_fields(services.directory.update_pool(ask(request)).await);
    assert_eq!(
        told.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(),
        [&["request_id"], &of_members[..]].concat()
    );

    // And that alone, all of it.
    let rep = v1::Rep { team: "teams/nroth".to_owned(), backup: Some("reps/nobody".to_owned()), ..dan() };
    let request = v1::CreateRepRequest { rep: Some(rep), rep_id: "dan".to_owned(), ..Default::default() };
    let told = wrong_fields(create(&services, request).await);
    assert_eq!(told.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["rep.team", "rep.backup"]);
    assert!(told[0].1.contains("`north`?"), "{told:?}");
    assert_eq!(services.version().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mask_says_what_changes() {
    let services = Services::with_directory().await;
    let wanted = v1::Rep {
        name: "reps/ben".to_owned(),
        display_name: "Benedict".to_owned(),
        max_open: Some(7),
        ..Default::default()
    };
    let changed = update(&services, patch(wanted.clone(), &["max_open", "backup"])).await.unwrap();
    assert_eq!((changed.display_name.as_str(), changed.max_open, changed.backup), ("Ben", Some(7), None));
    assert_eq!(changed.etag, "2");
    // No mask: what is set.
    let changed = update(&services, patch(wanted.clone(), &[])).await.unwrap();
    assert_eq!((changed.display_name.as_str(), changed.team.as_str()), ("Benedict", "teams/north"));
    // All: what is not set is taken away, and a team must be set.
    let told = wrong_fields(update(&services, patch(wanted.clone(), &["*"])).await);
    assert_eq!(told.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["rep.team"]);
    let told = wrong_fields(update(&services, patch(wanted.clone(), &["max_opem", "active"])).await);
    assert_eq!(told.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["update_mask", "update_mask"]);
    assert!(told[0].1.contains("max_open"), "{told:?}");

    // What changes nothing makes no version.
    assert_eq!(update(&services, patch(changed.clone(), &[])).await.unwrap(), changed);
    assert_eq!(services.version().await, 3);
    let nobody = v1::Rep { name: "reps/nobody".to_owned(), ..wanted };
    assert_eq!(reason(update(&services, patch(nobody, &[])).await), "RESOURCE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_saw_an_older_state_changes_nothing() {
    let services = Services::with_directory().await;
    let seen = services.get_rep("ann").await;
    // Another entry may change meanwhile.
    let ben = v1::Rep { accepting: Some(false), ..services.get_rep("ben").await };
    update(&services, patch(ben, &["accepting"])).await.unwrap();
    let mine = v1::Rep { max_per_day: Some(3), ..seen.clone() };
    let now = update(&services, patch(mine.clone(), &[])).await.unwrap();
    for etag in [seen.etag.as_str(), "nonsense"] {
        let stale = v1::Rep { etag: etag.to_owned(), max_per_day: Some(4), ..seen.clone() };
        let (why, details) = refusal(update(&services, patch(stale, &[])).await);
        assert_eq!((why.as_str(), &details.error_info().unwrap().metadata["etag"]), ("STALE_ETAG", &now.etag));
    }
    let stale =
        v1::DeleteAccountRequest { name: "accounts/initech".to_owned(), etag: "2".to_owned(), ..Default::default() };
    assert_eq!(reason(services.directory.delete_account(ask(stale.clone())).await), "STALE_ETAG");
    let current = v1::DeleteAccountRequest { etag: "1".to_owned(), request_id: request_id(5), ..stale };
    services.directory.delete_account(ask(current.clone())).await.unwrap();
    services.directory.delete_account(ask(current.clone())).await.unwrap();
    let anew = v1::DeleteAccountRequest { request_id: String::new(), ..current };
    assert_eq!(reason(services.directory.delete_account(ask(anew)).await), "RESOURCE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_each_entry_once() {
    let services = Services::with_directory().await;
    let mut names = Vec::new();
    let (mut token, mut pages) = (String::new(), 0);
    loop {
        let request = v1::ListRepsRequest { page_size: 2, page_token: token };
        let page = services.directory.list_reps(ask(request)).await.unwrap().into_inner();
        names.extend(page.reps.into_iter().map(|rep| rep.name));
        (token, pages) = (page.next_page_token, pages + 1);
        if token.is_empty() {
            break;
        }
    }
    assert_eq!((names, pages), (["reps/ann", "reps/ben", "reps/cat"].map(str::to_owned).to_vec(), 2));

    // A page that ends with the last one has no successor; a token of one list is none of another.
    let request = |page_size, page_token| v1::ListPoolsRequest { page_size, page_token };
    let all = services.directory.list_pools(ask(request(2, String::new()))).await.unwrap().into_inner();
    assert_eq!((all.pools.len(), all.next_page_token.as_str()), (2, ""));
    let first = services.directory.list_pools(ask(request(1, String::new()))).await.unwrap().into_inner();
    assert_eq!(first.pools[0].name, "pools/field");
    let other = v1::ListRepsRequest { page_size: 1, page_token: first.next_page_token };
    assert_eq!(reason(services.directory.list_reps(ask(other)).await), "INVALID_PAGE_TOKEN");
    assert_eq!(reason(services.directory.list_pools(ask(request(-1, String::new()))).await), "INVALID_REQUEST");
}

/// Creates, gets, changes, lists and deletes an entry of a kind.
macro_rules! whole_life {
    ($services:expr, $entry:expr, $id:literal, $field:ident { $changed:ident: $value:expr },
     $create:ident($create_request:ident { $id_field:ident }), $get:ident($get_request:ident),
     $update:ident($update_request:ident), $list:ident($list_request:ident, $all:ident),
     $delete:ident($delete_request:ident)) => {{
        let api = &$services.directory;
        let request = v1::$create_request { $field: Some($entry), $id_field: $id.to_owned(), ..Default::default() };
        let created = api.$create(ask(request)).await.unwrap().into_inner().$field.unwrap();
        let name = created.name.clone();
        let mut changed = created.clone();
        changed.$changed = $value;
        let request = v1::$update_request { $field: Some(changed.clone()), ..Default::default() };
        let updated = api.$update(ask(request)).await.unwrap().into_inner().$field.unwrap();
        changed.etag = updated.etag.clone();
        assert_eq!(updated, changed);
        assert_ne!(updated.etag, created.etag);
        let get = v1::$get_request { name: name.clone() };
        assert_eq!(api.$get(ask(get.clone())).await.unwrap().into_inner().$field, Some(changed));
        let listed = api.$list(ask(v1::$list_request::default())).await.unwrap().into_inner().$all;
        assert!(listed.contains(&updated));
        let request = v1::$delete_request { name, validate_only: true, ..Default::default() };
        api.$delete(ask(request.clone())).await.unwrap();
        let request = v1::$delete_request { validate_only: false, ..request };
        api.$delete(ask(request)).await.unwrap();
        assert_eq!(reason(api.$get(ask(get)).await), "RESOURCE_NOT_FOUND");
    }};
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_lives_its_life() {
    let services = Services::with_directory().await;
    let name = |text: &str| text.to_owned();
    whole_life!(
        services,
        v1::Team { display_name: name("East"), calendar: name("calendars/office"), ..Default::default() },
        "east",
        team { manager: Some(name("reps/ann")) },
        create_team(CreateTeamRequest { team_id }),
        get_team(GetTeamRequest),
        update_team(UpdateTeamRequest),
        list_teams(ListTeamsRequest, teams),
        delete_team(DeleteTeamRequest)
    );
    let member = v1::PoolMember { rep: name("reps/ann"), weight: Some(2) };
    whole_life!(
        services,
        v1::Pool { display_name: name("East"), members: vec![member], ..Default::default() },
        "east",
        pool { strategy: v1::PoolStrategy::LeastLoaded.into() },
        create_pool(CreatePoolRequest { pool_id }),
        get_pool(GetPoolRequest),
        update_pool(UpdatePoolRequest),
        list_pools(ListPoolsRequest, pools),
        delete_pool(DeletePoolRequest)
    );
    whole_life!(
        services,
        v1::Account { display_name: name("Hooli"), domains: vec![name("hooli.example")], ..Default::default() },
        "hooli",
        account { tier: Some(name("strategic")) },
        create_account(CreateAccountRequest { account_id }),
        get_account(GetAccountRequest),
        update_account(UpdateAccountRequest),
        list_accounts(ListAccountsRequest, accounts),
        delete_account(DeleteAccountRequest)
    );
    whole_life!(
        services,
        v1::Territory { display_name: name("DACH"), countries: vec![name("DE")], ..Default::default() },
        "dach",
        territory { postal_prefixes: vec![name("CH:8")] },
        create_territory(CreateTerritoryRequest { territory_id }),
        get_territory(GetTerritoryRequest),
        update_territory(UpdateTerritoryRequest),
        list_territories(ListTerritoriesRequest, territories),
        delete_territory(DeleteTerritoryRequest)
    );
    let hours = v1::OpenHours { weekday: v1::Weekday::Tuesday.into(), start: name("09:00"), end: name("17:30") };
    whole_life!(
        services,
        v1::Calendar {
            display_name: name("Day"),
            time_zone: name("Europe/Paris"),
            hours: vec![hours],
            ..Default::default()
        },
        "day",
        calendar { holidays: vec![name("2026-12-25")] },
        create_calendar(CreateCalendarRequest { calendar_id }),
        get_calendar(GetCalendarRequest),
        update_calendar(UpdateCalendarRequest),
        list_calendars(ListCalendarsRequest, calendars),
        delete_calendar(DeleteCalendarRequest)
    );
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    whole_life!(
        services,
        v1::Absence {
            rep: name("reps/ann"),
            start_time: at(1_795_348_800),
            end_time: at(1_795_435_200),
            ..Default::default()
        },
        "ann-1",
        absence { reason: Some(name("training")) },
        create_absence(CreateAbsenceRequest { absence_id }),
        get_absence(GetAbsenceRequest),
        update_absence(UpdateAbsenceRequest),
        list_absences(ListAbsencesRequest, absences),
        delete_absence(DeleteAbsenceRequest)
    );
    assert_eq!(services.version().await, 1 + 3 * 6);
}
