#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{convert::Infallible, net::SocketAddr};

use api::v1::{GetLeadRequest, assignment_service_client::AssignmentServiceClient};
use futures::future::{Ready, ready};
use tonic::{
    server::NamedService,
    transport::{Server, server::TcpIncoming},
};

use super::*;

/// A service that refuses every call, and says in the refusal what it was told in the metadata.
#[derive(Debug, Clone)]
struct Mirror;

impl NamedService for Mirror {
    const NAME: &'static str = "leadrouter.v1.AssignmentService";
}

impl Service<Request<Body>> for Mirror {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let told = |name: HeaderName| -> Vec<String> {
            let values = request.headers().get_all(name);
            values.iter().map(|value| value.to_str().unwrap().to_owned()).collect()
        };
        let told = [TENANT, ACTOR, GRPC_TIMEOUT].map(told);
        ready(Ok(Status::failed_precondition(format!("{told:?}")).into_http()))
    }
}

fn client(address: &str) -> AssignmentServiceClient<Link> {
    let caller = Caller::new(Some("acme"), "Jane Doe").unwrap();
    AssignmentServiceClient::new(Link::new(endpoint(address).unwrap().connect_lazy(), caller, address, "--server"))
}

fn mirror() -> (SocketAddr, impl Future<Output = Result<(), transport::Error>>) {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    (incoming.local_addr().unwrap(), Server::builder().add_service(Mirror).serve_with_incoming(incoming))
}

#[tokio::test]
async fn every_call_names_the_caller_and_has_a_deadline() {
    let (address, serving) = mirror();
    let mut client = client(&format!("http://{address}"));
    let calls = async {
        let plain = client.get_lead(GetLeadRequest::default()).await.unwrap_err();
        let mut request = tonic::Request::new(GetLeadRequest::default());
        request.set_timeout(Duration::from_mins(3));
        request.metadata_mut().insert("leadrouter-tenant", "another".parse().unwrap());
        [plain, client.get_lead(request).await.unwrap_err()].map(|status| status.message().to_owned())
    };
    let told = tokio::select! {
        told = calls => told,
        served = serving => panic!("the server ended: {served:?}"),
    };
    assert_eq!(told[0], r#"[["acme"], ["Jane Doe"], ["30S"]]"#);
    assert_eq!(told[1], r#"[["acme"], ["Jane Doe"], ["180000m"]]"#, "its own deadline, and never another tenant");
}

#[tokio::test]
async fn where_nothing_listens_the_error_says_how_to_start_it() {
    // A port that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = format!("http://{address}");
    let status = client(&address).get_lead(GetLeadRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    let start = format!("nothing answers at {address} (Connection refused");
    assert!(status.message().starts_with(&start), "{status}");
    assert!(status.message().contains("`leadrouter dev`") && status.message().ends_with("with --server"));
}

#[tokio::test]
async fn a_server_that_never_answers_is_not_waited_for() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let mut request = tonic::Request::new(GetLeadRequest::default());
    request.set_timeout(Duration::from_millis(50));
    let status = client(&address).get_lead(request).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().starts_with(&format!("no answer came from {address} in time")), "{status}");
}

#[test]
fn what_can_not_be_sent_is_no_caller() {
    assert!(Caller::new(Some(""), "jane").is_err());
    let error = Caller::new(Some("acme"), "Jane\nDoe").unwrap_err().to_string();
    assert_eq!(error, "--actor: expected printable ASCII characters, found `Jane\\nDoe`");
}
