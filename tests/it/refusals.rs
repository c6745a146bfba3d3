//! What is wrong with a request is told all at once, and so that a program can read it.

use api::v1;
use leadrouter_tests::World;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// The fields that `BadRequest` names, with the reason.
fn told<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> (String, Vec<String>) {
    let status = answer.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let fields = status.get_details_bad_request().unwrap().field_violations.into_iter().map(|v| v.field).collect();
    (status.get_details_error_info().unwrap().reason, fields)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_call_tells_at_once_what_is_wrong_with_size_token_and_all_else() {
    let world = World::empty().await;
    let cli::Clients { assignment, directory, policy, scoring, escalation, .. } = &world.clients;
    let (page_size, page_token, parent) = (-1, "x".to_owned(), "leads/none".to_owned());
    let all = |fields: &[&str]| {
        ("INVALID_REQUEST".to_owned(), fields.iter().map(|&field| field.to_owned()).collect::<Vec<_>>())
    };

    let request = v1::ListLeadsRequest { page_size, page_token: page_token.clone(), filter: "colour = red".to_owned() };
    let answer = assignment.clone().list_leads(request).await;
    assert_eq!(told(answer), all(&["page_size", "page_token", "filter"]));

    let request = v1::ListAssignmentsRequest { parent: parent.clone(), page_size, page_token: page_token.clone() };
    let answer = assignment.clone().list_assignments(request).await;
    assert_eq!(told(answer), all(&["parent", "page_size", "page_token"]));

    let request = v1::ListTimersRequest {
        parent: parent.clone(),
        page_size,
        page_token: page_token.clone(),
        kind: 99,
        ..v1::ListTimersRequest::default()
    };
    let answer = escalation.clone().list_timers(request).await;
    assert_eq!(told(answer), all(&["parent", "page_size", "page_token", "kind"]));

    let request = v1::ListEscalationsRequest { parent, page_size, page_token: page_token.clone() };
    let answer = escalation.clone().list_escalations(request).await;
    assert_eq!(told(answer), all(&["parent", "page_size", "page_token"]));

    let both = all(&["page_size", "page_token"]);
    let request = v1::ListRepsRequest { page_size, page_token: page_token.clone() };
    assert_eq!(told(directory.clone().list_reps(request).await), both);
    let request = v1::ListPoliciesRequest { page_size, page_token: page_token.clone() };
    assert_eq!(told(policy.clone().list_policies(request).await), both);
    let request = v1::ListScoringModelsRequest { page_size, page_token };
    assert_eq!(told(scoring.clone().list_scoring_models(request).await), both);

    // Alone, two of them have a reason of their own.
    let request = v1::ListLeadsRequest { filter: "colour = red".to_owned(), ..v1::ListLeadsRequest::default() };
    assert_eq!(told(assignment.clone().list_leads(request).await).0, "INVALID_FILTER");
    let request = v1::ListLeadsRequest { page_token: "x".to_owned(), ..v1::ListLeadsRequest::default() };
    assert_eq!(told(assignment.clone().list_leads(request).await).0, "INVALID_PAGE_TOKEN");
    world.end().await;
}
