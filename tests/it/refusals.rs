//! What is wrong with a request is told all at once, and so that a program can read it.

use api::v1;
use leadrouter_tests::World;
use tonic::{Code, Response, Status, codegen::http::uri::PathAndQuery};
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

#[tokio::test(flavor = "multi_thread")]
async fn what_never_reaches_a_handler_is_refused_with_a_reason_of_the_contract() {
    let world = World::empty().await;
    let refused = async |path: &'static str, message: v1::GetLeadRequest| {
        let channel = kit::client::channel(
            &kit::client::ClientConfig::new(format!("http://{}", world.app.assignment.unwrap())),
            None,
        );
        let mut grpc = tonic::client::Grpc::new(channel.unwrap());
        grpc.ready().await.unwrap();
        let codec = tonic_prost::ProstCodec::<v1::GetLeadRequest, v1::GetLeadResponse>::default();
        let status =
            grpc.unary(tonic::Request::new(message), PathAndQuery::from_static(path), codec).await.unwrap_err();
        (status.code(), api::reason_of(&status))
    };
    let large = v1::GetLeadRequest { name: "x".repeat(5 << 20) };
    let answer = refused("/leadrouter.v1.AssignmentService/GetLead", large).await;
    assert_eq!(answer, (Code::OutOfRange, Some(v1::ErrorReason::MessageTooLarge)));
    for path in ["/leadrouter.v1.AssignmentService/Nothing", "/leadrouter.v1.Nobody/GetLead"] {
        let answer = refused(path, v1::GetLeadRequest::default()).await;
        assert_eq!(answer, (Code::Unimplemented, Some(v1::ErrorReason::NotSupported)));
    }
    // A text where another message is expected.
    let answer =
        refused("/leadrouter.v1.AssignmentService/RouteLead", v1::GetLeadRequest { name: "x".to_owned() }).await;
    assert_eq!(answer, (Code::InvalidArgument, Some(v1::ErrorReason::InvalidRequest)));
    for reason in kit::refusal::reason::ALL {
        assert!(v1::ErrorReason::from_str_name(&format!("ERROR_REASON_{reason}")).is_some(), "{reason}");
    }
    world.end().await;
}
