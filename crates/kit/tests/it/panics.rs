use futures::{StreamExt as _, future::BoxFuture, stream::BoxStream};
use leadrouter_kit::config::LimitsConfig;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;

use crate::probe::{CALL, Handler, Server, Text, call, text, watch};

struct Fragile;

impl Handler for Fragile {
    fn call(&self, _: &str, request: Request<Text>) -> BoxFuture<'static, Result<Response<Text>, Status>> {
        let asked = request.into_inner();
        assert_ne!(asked.text, "at once", "breaks before there is a future");
        Box::pin(async move {
            tokio::task::yield_now().await;
            assert_ne!(asked.text, "later", "breaks while it works");
            Ok(Response::new(asked))
        })
    }

    fn watch(&self) -> BoxStream<'static, Result<Text, Status>> {
        let breaks = futures::stream::once(async {
            // Lets what came before go out.
            tokio::task::yield_now().await;
            panic!("breaks in a stream")
        });
        futures::stream::once(async { Ok(text("one")) }).chain(breaks).boxed()
    }
}

fn internal(status: &Status) {
    assert_eq!(status.code(), Code::Internal);
    assert_eq!(status.get_error_details().error_info().unwrap().reason, "INTERNAL");
    assert!(!status.message().contains("breaks"), "what broke stays inside: {}", status.message());
}

/// With one place in flight: each panic must also give its place back.
#[tokio::test]
async fn a_panic_is_an_answer_and_the_server_lives_on() {
    let limits = LimitsConfig { max_in_flight: 1, reserve: 0, ..LimitsConfig::default() };
    let server = Server::start(&limits, Fragile).await;
    let channel = server.channel();
    for _ in 0..3 {
        internal(&call(&channel, CALL, text("at once")).await.unwrap_err());
        internal(&call(&channel, CALL, text("later")).await.unwrap_err());
        let mut stream = watch(&channel).await.unwrap();
        assert_eq!(stream.next().await.unwrap().unwrap(), text("one"));
        internal(&stream.next().await.unwrap().unwrap_err());
        assert!(stream.next().await.is_none());
    }
    assert_eq!(call(&channel, CALL, text("fine")).await.unwrap().into_inner(), text("fine"));
}
