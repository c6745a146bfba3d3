#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use http::HeaderValue;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::*;

const READER: Role = Role { name: "reader", permissions: Permissions::of(&[1]) };
const RULES: Rules = Rules { roles: &[READER], ..Rules::NONE };

fn known(headers: &[(&'static str, &str)]) -> Result<Known, Status> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    Believed::new(RULES).caller(&map)
}

fn caller(headers: &[(&'static str, &str)]) -> Result<Caller, Status> {
    known(headers).map(|known| known.caller)
}

#[test]
fn a_caller_who_names_nothing_is_anonymous_in_the_default_tenant() {
    let caller = caller(&[]).unwrap();
    assert_eq!((&*caller.tenant, &*caller.actor), ("default", "anonymous"));
}

#[test]
fn names_are_taken_as_they_come() {
    let caller = caller(&[(TENANT_HEADER, "acme-eu-1"), (ACTOR_HEADER, "crm sync <job 7>")]).unwrap();
    assert_eq!((&*caller.tenant, &*caller.actor), ("acme-eu-1", "crm sync <job 7>"));
}

#[test]
fn a_name_that_does_not_fit_is_refused_by_its_header() {
    let long = "x".repeat(121);
    let tenants = ["", "-a", "Acme", "a_b", "a b", "\u{e9}", &long[..64]].map(|value| (TENANT_HEADER, value));
    let actors = ["", "\t", "n\u{e9}e", &long].map(|value| (ACTOR_HEADER, value));
    for (header, value) in tenants.into_iter().chain(actors) {
        let status = caller(&[(header, value)]).unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{value:?}");
        assert!(status.message().contains(header), "{}", status.message());
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, "INVALID_METADATA");
        assert_eq!(details.bad_request().unwrap().field_violations[0].field, header);
    }
}

#[test]
fn the_longest_names_fit() {
    let long = "x".repeat(120);
    assert!(caller(&[(TENANT_HEADER, &long[..63]), (ACTOR_HEADER, &long)]).is_ok());
}

#[test]
fn a_name_given_twice_is_refused() {
    let status = caller(&[(TENANT_HEADER, "acme"), (TENANT_HEADER, "other")]).unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[test]
fn a_caller_who_names_a_role_has_no_other_rights() {
    assert_eq!(known(&[]).unwrap().role.permissions, Permissions::ALL);
    assert_eq!(known(&[(ROLE_HEADER, "reader")]).unwrap().role, READER);
    let status = known(&[(ROLE_HEADER, "king")]).unwrap_err();
    assert!(status.message().contains("one of: reader"), "{}", status.message());
}
