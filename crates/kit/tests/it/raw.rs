//! A client with no deadline of its own, to see what the server alone answers: tonic's ends calls by itself.

use std::net::SocketAddr;

use bytes::Bytes;
use h2::client::SendRequest;
use tokio::{net::TcpStream, task::JoinHandle};
use tonic::codegen::http::{HeaderMap, Request, StatusCode};

pub(crate) struct Raw {
    send: SendRequest<Bytes>,
    connection: JoinHandle<()>,
}

impl Raw {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (send, connection) = h2::client::handshake(stream).await.unwrap();
        let drive = async move {
            // Ends with an error when the server goes away, which some tests do.
            let _ = connection.await;
        };
        let connection = tokio_util::task::TaskTracker::new().spawn(drive);
        Self { send, connection }
    }

    /// Calls with an empty message; the trailers, or the headers if the answer has no more.
    pub(crate) async fn call(&self, path: &str, headers: &[(&str, &str)]) -> Result<HeaderMap, h2::Error> {
        let headers = [&[("content-type", "application/grpc")], headers].concat();
        Ok(self.send(path, &headers, &[0; 5]).await?.1)
    }

    /// Sends a body as it is; the status of HTTP, and the trailers, or the headers if the answer has no more.
    pub(crate) async fn send(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &'static [u8],
    ) -> Result<(StatusCode, HeaderMap), h2::Error> {
        let mut request = Request::post(format!("http://probe{path}")).header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut send = self.send.clone().ready().await?;
        let (response, mut sending) = send.send_request(request.body(()).unwrap(), false)?;
        sending.send_data(Bytes::from_static(body), true)?;
        let (head, mut body) = response.await?.into_parts();
        while let Some(data) = body.data().await {
            let _ = body.flow_control().release_capacity(data?.len());
        }
        Ok((head.status, body.trailers().await?.unwrap_or(head.headers)))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

pub(crate) fn status(headers: &HeaderMap) -> i32 {
    headers["grpc-status"].to_str().unwrap().parse().unwrap()
}
