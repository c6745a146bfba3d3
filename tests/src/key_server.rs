//! A small HTTP server that hands out keys, or does what servers do on bad days.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

/// What the server does when it is asked.
#[derive(Debug, Clone)]
pub enum Day {
    /// Answers with this document.
    Good(String),
    /// Answers that it can't.
    Failing,
    /// Takes the question and says nothing.
    Stalling,
    /// Begins an answer that doesn't end.
    Endless,
}

/// A running server.
#[derive(Debug)]
pub struct KeyServer {
    /// Where the keys are.
    pub url: String,
    day: Arc<Mutex<Day>>,
    asked: watch::Receiver<usize>,
    _serving: AbortOnDropHandle<()>,
}

impl KeyServer {
    /// A server on a free port.
    pub async fn start(day: Day) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let (day, (count, asked)) = (Arc::new(Mutex::new(day)), watch::channel(0));
        let today = Arc::clone(&day);
        let serving = TaskTracker::new().spawn(async move {
            let connections = TaskTracker::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (today, count) = (Arc::clone(&today), count.clone());
                connections.spawn(async move {
                    // The other side may go at any time.
                    let _ = answer(stream, &today, &count).await;
                });
            }
        });
        Self { url, day, asked, _serving: AbortOnDropHandle::new(serving) }
    }

    /// From now on it does that.
    pub fn turn(&self, day: Day) {
        *self.day.lock().unwrap() = day;
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        *self.asked.borrow()
    }

    /// Comes back when it has been asked so often.
    pub async fn until_asked(&self, times: usize) {
        self.asked.clone().wait_for(|asked| *asked >= times).await.unwrap();
    }
}

async fn answer(mut stream: TcpStream, today: &Mutex<Day>, count: &watch::Sender<usize>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let day = today.lock().unwrap().clone();
    count.send_modify(|count| *count += 1);
    match day {
        Day::Good(document) => {
            let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", document.len());
            stream.write_all((head + &document).as_bytes()).await
        }
        Day::Failing => stream.write_all(b"HTTP/1.1 503 Busy\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await,
        Day::Stalling => std::future::pending().await,
        Day::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"keys\": [").await?;
            loop {
                stream.write_all(&[b' '; 4096]).await?;
            }
        }
    }
}
