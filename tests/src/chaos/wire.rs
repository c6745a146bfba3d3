//! The wire between services and Postgres: a proxy that can be slow, silent, broken, or lose the answer to a commit.
//!
//! Postgres ends each answer with `ReadyForQuery`; the one that follows a transaction is sent after it is on disk. Cutting the
//! connection in place of that message is the worst moment there is: it is done, and nobody was told.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
};
use tokio_util::task::TaskTracker;

/// What the wire does to whoever uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weather {
    /// Everything goes through.
    #[default]
    Fair,
    /// Each piece waits for so long, in both directions.
    Slow(Duration),
    /// Nothing goes through, and nothing breaks.
    Still,
    /// Connections break and no new ones are taken.
    Parted,
    /// Whatever was open is never heard of again; nothing breaks, and new connections get no answer either.
    Swallowed,
    /// One in so many answers to a transaction is lost together with its connection.
    Cutting(u32),
}

/// A proxy in front of a Postgres. Its connections end with it.
#[derive(Debug)]
pub struct Wire {
    address: SocketAddr,
    weather: Arc<watch::Sender<Weather>>,
}

impl Wire {
    /// Takes connections on a free port of this machine, and leads them to a socket.
    pub async fn to(socket: PathBuf) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let weather = Arc::new(watch::Sender::new(Weather::Fair));
        let tasks = TaskTracker::new();
        let (own, connections) = (Arc::downgrade(&weather), tasks.clone());
        tasks.spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                let Some(weather) = own.upgrade() else { break };
                if *weather.borrow() != Weather::Parted {
                    connections.spawn(connection(caller, socket.clone(), weather.subscribe()));
                }
            }
        });
        Ok(Self { address, weather })
    }

    /// Where it takes connections.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the weather, at once and for all connections.
    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

/// Carries what both sides say until one of them ends, or the weather ends it.
async fn connection(caller: TcpStream, socket: PathBuf, weather: watch::Receiver<Weather>) {
    // Postgres may be away as well.
    let Ok(server) = UnixStream::connect(socket).await else { return };
    if caller.set_nodelay(true).is_err() {
        return;
    }
    let (mut from_caller, mut to_caller) = caller.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let upwards = async {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = from_caller.read(&mut buffer).await?;
            if read == 0 {
                return to_server.shutdown().await;
            }
            passage(&weather).await;
            to_server.write_all(&buffer[..read]).await?;
        }
    };
    let downwards = async {
        let mut buffer = vec![0; 64 * 1024];
        let mut frames = Frames::default();
        let mut answers: u32 = 0;
        loop {
            let read = from_server.read(&mut buffer).await?;
            if read == 0 {
                return to_caller.shutdown().await;
            }
            let ready = frames.ready(&buffer[..read]);
            match *weather.borrow() {
                Weather::Cutting(one_in) if ready > 0 && answers + ready >= one_in => {
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
                Weather::Cutting(_) => answers += ready,
                _ => answers = 0,
            }
            passage(&weather).await;
            to_caller.write_all(&buffer[..read]).await?;
        }
    };
    let mut changes = weather.clone();
    // How a connection ends interests nobody.
    let swallowed = tokio::select! {
        _ = upwards => false,
        _ = downwards => false,
        weather = changes.wait_for(|weather| matches!(weather, Weather::Parted | Weather::Swallowed)) => {
            weather.is_ok_and(|weather| *weather == Weather::Swallowed)
        }
    };
    if swallowed {
        // Postgres finds out some day; whoever called has to find out without being told.
        let _ = changes.wait_for(|weather| *weather != Weather::Swallowed).await;
        drop((from_server, to_server));
        let _ = tokio::io::copy(&mut from_caller, &mut tokio::io::sink()).await;
    }
}

/// Comes back when a piece may go on.
async fn passage(weather: &watch::Receiver<Weather>) {
    let mut changes = weather.clone();
    loop {
        let now = *changes.borrow_and_update();
        match now {
            Weather::Fair | Weather::Cutting(_) => return,
            Weather::Slow(time) => return tokio::time::sleep(time).await,
            Weather::Still | Weather::Parted | Weather::Swallowed => {}
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Follows the frames of what a server says: a type, a length that counts itself, and a body.
#[derive(Debug, Default)]
struct Frames {
    /// What is left of the frame that has begun.
    rest: usize,
    /// Head and first byte of the body of the next one, as far as they are here.
    head: Vec<u8>,
}

impl Frames {
    /// How many answers to transactions end in this piece: `ReadyForQuery`, outside of any transaction.
    fn ready(&mut self, mut piece: &[u8]) -> u32 {
        const HEAD: usize = 6;
        let mut found = 0;
        while !piece.is_empty() {
            if self.rest > 0 {
                let taken = self.rest.min(piece.len());
                self.rest -= taken;
                piece = &piece[taken..];
                continue;
            }
            self.head.push(piece[0]);
            piece = &piece[1..];
            let length = match self.head[..] {
                [_, a, b, c, d, ..] => u32::from_be_bytes([a, b, c, d]) as usize,
                _ => continue,
            };
            // Some have no body at all.
            if length <= 4 || self.head.len() == HEAD {
                found += u32::from(matches!(self.head[..], [b'Z', .., b'I']));
                self.rest = (length + 1).saturating_sub(self.head.len());
                self.head.clear();
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[kind][..], &length, body].concat()
    }

    proptest! {
        #[test]
        fn answers_are_counted_however_they_are_cut(pieces in prop::collection::vec(1..9_usize, 1..40)) {
            let row = frame(b'D', b"ZZZZIZIZI");
            let all = [row.clone(), frame(b'Z', b"T"), frame(b'1', b""), frame(b'Z', b"I"), row, frame(b'Z', b"I")];
            let all = all.concat();
            let mut frames = Frames::default();
            let (mut found, mut at) = (0, 0);
            for size in pieces.iter().cycle() {
                let end = (at + size).min(all.len());
                found += frames.ready(&all[at..end]);
                at = end;
                if at == all.len() {
                    break;
                }
            }
            prop_assert_eq!(found, 2);
        }
    }
}
