//! Somebody who is told by webhook, on good days and on bad ones.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kit::clock::Clock;
use ring::hmac;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::PATIENCE;

/// What it does with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mood {
    /// Takes it.
    Take,
    /// Answers with this status.
    Say(u16),
    /// Points to another place.
    PointTo(String),
    /// Says nothing, for as long as it is listened to.
    Hang,
    /// Closes the connection without a word.
    HangUp,
    /// Answers with what is no HTTP.
    Babble,
    /// Takes it, and says that more follows than does.
    PromiseMore,
    /// Takes it, and never stops talking.
    TalkForEver,
}

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Header `webhook-id`.
    pub id: String,
    /// Header `webhook-timestamp`.
    pub timestamp: String,
    /// Header `webhook-signature`.
    pub signature: String,
    /// Header `content-type`.
    pub content_type: String,
    /// The body.
    pub body: String,
    /// It was taken.
    pub taken: bool,
}

/// A running receiver.
#[derive(Debug)]
pub struct Receiver {
    /// Where messages are sent.
    pub url: String,
    mood: Arc<Mutex<Moods>>,
    heard: watch::Receiver<Vec<Heard>>,
    connections: watch::Receiver<usize>,
    _serving: AbortOnDropHandle<()>,
}

/// What it does, by the message.
struct Moods(Box<dyn Fn(&Heard) -> Mood + Send>);

impl std::fmt::Debug for Moods {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Moods")
    }
}

impl Receiver {
    /// A receiver on a free port.
    pub async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?from=tests", listener.local_addr().unwrap());
        let mood = Arc::new(Mutex::new(Moods(Box::new(move |_| mood.clone()))));
        let ((tell, heard), (count, connections)) = (watch::channel(Vec::new()), watch::channel(0));
        let moods = Arc::clone(&mood);
        let serving = TaskTracker::new().spawn(async move {
            let tracker = TaskTracker::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.send_modify(|count| *count += 1);
                let (moods, tell) = (Arc::clone(&moods), tell.clone());
                tracker.spawn(async move {
                    // The other side may go at any time.
                    let _ = serve(stream, &moods, &tell).await;
                });
            }
        });
        Self { url, mood, heard, connections, _serving: AbortOnDropHandle::new(serving) }
    }

    /// From now on it does that.
    pub fn turn(&self, mood: Mood) {
        self.turn_by(move |_| mood.clone());
    }

    /// From now on it depends on the message.
    pub fn turn_by(&self, mood: impl Fn(&Heard) -> Mood + Send + 'static) {
        self.mood.lock().unwrap().0 = Box::new(mood);
    }

    /// All that came so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.borrow().clone()
    }

    /// What it heard, a line for each message.
    fn summary(&self) -> String {
        let line = |heard: &Heard| {
            let sign = if heard.taken { '+' } else { '-' };
            format!("\n  {sign} {} {} {}", heard.id, heard.data("lead"), heard.data("owner"))
        };
        format!("{} messages{}", self.heard().len(), self.heard().iter().map(line).collect::<String>())
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        *self.connections.borrow()
    }

    /// Comes back when what it has heard is enough.
    pub async fn until(&self, enough: impl Fn(&[Heard]) -> bool) -> Vec<Heard> {
        let mut heard = self.heard.clone();
        let found = tokio::time::timeout(PATIENCE, heard.wait_for(|heard| enough(heard))).await;
        found.unwrap_or_else(|_| panic!("it never heard enough: {}", self.summary())).unwrap().clone()
    }

    /// The same, with a clock that is moved until then: nobody sends before it is time.
    pub async fn pump(&self, clock: &Clock, step: Duration, enough: impl Fn(&[Heard]) -> bool) -> Vec<Heard> {
        let mut heard = self.heard.clone();
        let pumped = async {
            while tokio::time::timeout(Duration::from_millis(25), heard.wait_for(|heard| enough(heard))).await.is_err()
            {
                clock.advance(step);
            }
        };
        assert!(tokio::time::timeout(PATIENCE, pumped).await.is_ok(), "it never heard enough: {}", self.summary());
        self.heard()
    }
}

impl Heard {
    /// The event.
    pub fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// A text in what the event is about.
    pub fn data(&self, field: &str) -> String {
        self.event()["data"][field].as_str().unwrap_or_default().to_owned()
    }

    /// Whether one of its signatures is made with that secret (`whsec_...`), by the rules of Standard Webhooks.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let signed = format!("{}.{}.{}", self.id, self.timestamp, self.body);
        let mut signatures = self.signature.split(' ').map(|text| text.strip_prefix("v1,").unwrap());
        signatures.any(|text| hmac::verify(&key, signed.as_bytes(), &STANDARD.decode(text).unwrap()).is_ok())
    }

    /// Lead, and place in the order of what happened.
    fn place(&self) -> (String, i64, i32) {
        let id = self.data("id");
        let (commit, place) = id.split_once('-').unwrap();
        (self.data("lead"), commit.parse().unwrap(), place.parse().unwrap())
    }
}

/// What was taken, without repetitions.
pub fn taken(heard: &[Heard]) -> Vec<Heard> {
    let mut seen = BTreeSet::new();
    heard.iter().filter(|heard| heard.taken && seen.insert(heard.id.clone())).cloned().collect()
}

/// Messages of a lead that were taken before one that happened earlier: there must be none.
pub fn overtakers(heard: &[Heard]) -> Vec<String> {
    let mut last = std::collections::BTreeMap::new();
    let mut overtakers = Vec::new();
    for heard in taken(heard) {
        let (lead, commit, place) = heard.place();
        if last.insert(lead.clone(), (commit, place)).is_some_and(|before| before > (commit, place)) {
            overtakers.push(format!("{lead}: {commit}-{place} came late"));
        }
    }
    overtakers
}

async fn serve(stream: TcpStream, moods: &Mutex<Moods>, tell: &watch::Sender<Vec<Heard>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let Some(heard) = hear(&mut stream).await? else { return Ok(()) };
        let mood = (moods.lock().unwrap().0)(&heard);
        let taken = matches!(mood, Mood::Take | Mood::Say(200..=299) | Mood::PromiseMore | Mood::TalkForEver);
        tell.send_modify(|all| all.push(Heard { taken, ..heard }));
        let status = |status: u16| format!("HTTP/1.1 {status} Said\r\ncontent-length: 2\r\n\r\nok");
        match mood {
            Mood::Take => stream.write_all(status(200).as_bytes()).await?,
            Mood::Say(code) => stream.write_all(status(code).as_bytes()).await?,
            Mood::PointTo(url) => {
                let answer = format!("HTTP/1.1 307 Elsewhere\r\nlocation: {url}\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await?;
            }
            Mood::Hang => std::future::pending().await,
            Mood::HangUp => return Ok(()),
            Mood::Babble => return stream.write_all(b"<html>nothing to see here</html>\r\n\r\n").await,
            Mood::PromiseMore => return stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nok").await,
            Mood::TalkForEver => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
                loop {
                    stream.write_all(&[b' '; 4096]).await?;
                }
            }
        }
    }
}

/// One request; `None`: there is no other.
async fn hear(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<Heard>> {
    let (mut line, mut headers) = (String::new(), std::collections::BTreeMap::new());
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    assert!(line.starts_with("POST /hook?from=tests HTTP/1.1"), "{line}");
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
    let mut body = vec![0; header("content-length").parse().unwrap()];
    stream.read_exact(&mut body).await?;
    Ok(Some(Heard {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        content_type: header("content-type"),
        body: String::from_utf8(body).unwrap(),
        taken: false,
    }))
}
