//! What bulk reassignments are asked for.

use crate::{
    Violations,
    convert::{
        bulk::{BulkReassign, MAX_LEADS, Target, Which},
        tests::fields,
    },
    v1::{BulkReassignRequest, RouteAgain, bulk_reassign_request::Target as Wire},
};

const LEAD: &str = "leads/01890a5d-ac96-774b-bcce-b302099a8057";

fn refused(wire: BulkReassignRequest) -> Violations {
    BulkReassign::try_from(wire).unwrap_err()
}

#[test]
fn leads_are_found_by_a_filter_or_named() {
    let to = |owner: &str| Some(Wire::Owner(owner.to_owned()));
    let by_filter =
        BulkReassignRequest { filter: "owner = reps/ana".to_owned(), target: to("reps/ben"), ..Default::default() };
    let bulk = BulkReassign::try_from(by_filter).unwrap();
    assert!(matches!(bulk.which, Which::Filter(filter) if filter.owner == Some("reps/ana".parse().unwrap())));
    assert_eq!((bulk.target, bulk.max_per_hour), (Target::Owner("reps/ben".parse().unwrap()), None));

    let target = Some(Wire::RouteAgain(RouteAgain {}));
    let by_name = BulkReassignRequest { leads: vec![LEAD.to_owned()], target, max_per_hour: 60, ..Default::default() };
    let bulk = BulkReassign::try_from(by_name).unwrap();
    assert!(matches!(bulk.which, Which::Leads(leads) if leads.len() == 1));
    assert_eq!((bulk.target, bulk.max_per_hour), (Target::RouteAgain, Some(60)));
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let nothing = refused(BulkReassignRequest::default());
    assert_eq!(fields(&nothing), ["filter", "target"]);
    let both = BulkReassignRequest {
        filter: "state = OFFERED".to_owned(),
        leads: vec![LEAD.to_owned()],
        target: Some(Wire::Pool("sales".to_owned())),
        max_per_hour: -1,
        note: "x".repeat(501),
        request_id: "one".to_owned(),
        ..Default::default()
    };
    assert_eq!(fields(&refused(both)), ["filter", "pool", "max_per_hour", "note", "request_id"]);
    let names = BulkReassignRequest {
        leads: ["leads/1", LEAD, "ana"].map(str::to_owned).to_vec(),
        target: Some(Wire::Owner("queues/waiting".to_owned())),
        ..Default::default()
    };
    assert_eq!(fields(&refused(names)), ["leads[0]", "leads[2]", "owner"]);
    let many = BulkReassignRequest {
        leads: vec![LEAD.to_owned(); MAX_LEADS + 1],
        target: Some(Wire::RouteAgain(RouteAgain {})),
        ..Default::default()
    };
    assert_eq!(fields(&refused(many)), ["leads"]);
}
