//! On the wire: how often a batch goes to the database and back, and what becomes of a connection that falls silent.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use domain::{
    decide::RepLoad,
    ownership::{Event, EventKind},
};
use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UnixListener, UnixStream},
    sync::watch,
    task::JoinSet,
};
use uuid::Uuid;

use super::{Base, fixtures::*, now, on_database, write::handed_over};
use crate::{
    Changes, Happened, Session, Store, StoreError, StoreOptions, Tx,
    patience::Pool,
    pool::{connect_options, pool_options},
};

/// A server's socket in whose place it stands, and how often somebody asked there.
struct Wire {
    dir: PathBuf,
    asked: Arc<AtomicU32>,
    /// Connections up to this one lead nowhere.
    silent: watch::Sender<usize>,
    _tasks: JoinSet<()>,
}

impl Wire {
    fn before(server: &PgConnectOptions) -> Self {
        let dir = std::env::temp_dir().join(format!("lr-{}", &Uuid::new_v4().simple().to_string()[..12]));
        std::fs::create_dir(&dir).unwrap();
        let listener = UnixListener::bind(dir.join(format!(".s.PGSQL.{}", server.get_port()))).unwrap();
        let asked = Arc::new(AtomicU32::new(0));
        let mut tasks = JoinSet::new();
        let silent = watch::Sender::new(0);
        tasks.spawn(serve(listener, server.clone(), Arc::clone(&asked), silent.subscribe()));
        Self { dir, asked, silent, _tasks: tasks }
    }

    /// A store with one connection that goes through here.
    async fn store(&self, base: &Base) -> Store {
        self.store_with(base, StoreOptions::default()).await
    }

    async fn store_with(&self, base: &Base, options: StoreOptions) -> Store {
        let connect = connect_options(&base.database.url(), "test").unwrap().socket(&self.dir);
        let options = StoreOptions { max_connections: 1, ..options };
        let pool = pool_options(&options).connect_with(connect.clone()).await.unwrap();
        Store { pool: Pool::new(pool, options.statement_timeout), connect: Arc::new(connect) }
    }

    fn take(&self) -> u32 {
        self.asked.swap(0, SeqCst)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

async fn serve(
    listener: UnixListener,
    server: PgConnectOptions,
    asked: Arc<AtomicU32>,
    silent: watch::Receiver<usize>,
) {
    let mut tasks = JoinSet::new();
    for number in 1.. {
        let Ok((client, _)) = listener.accept().await else { break };
        let (asked, mut silent) = (Arc::clone(&asked), silent.clone());
        let server = server.clone();
        tasks.spawn(async move {
            // The caller's end stays open, and nobody reads there any more.
            let mut client = client;
            let falls_silent = async { silent.wait_for(|silent| *silent >= number).await.map(drop) };
            tokio::select! {
                () = forward(&mut client, &server, asked) => {}
                _ = falls_silent => std::future::pending().await,
            }
        });
    }
}

/// Carries what both sides say until one of them ends.
async fn forward(client: &mut UnixStream, server: &PgConnectOptions, asked: Arc<AtomicU32>) {
    if let Some(dir) = server.get_socket() {
        let socket = dir.join(format!(".s.PGSQL.{}", server.get_port()));
        relay(client, UnixStream::connect(socket).await.unwrap(), asked).await;
    } else {
        let address = (server.get_host().to_owned(), server.get_port());
        relay(client, TcpStream::connect(address).await.unwrap(), asked).await;
    }
}

/// A question is whatever the client says after the server was the last to speak.
async fn relay(client: &mut UnixStream, server: impl AsyncRead + AsyncWrite + Send, asked: Arc<AtomicU32>) {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let answered = AtomicBool::new(true);
    let there = async {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(read @ 1..) = from_client.read(&mut bytes).await {
            if answered.swap(false, SeqCst) {
                asked.fetch_add(1, SeqCst);
            }
            to_server.write_all(&bytes[..read]).await.unwrap();
        }
    };
    let back = async {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(read @ 1..) = from_server.read(&mut bytes).await {
            answered.store(true, SeqCst);
            to_client.write_all(&bytes[..read]).await.unwrap();
        }
    };
    tokio::join!(there, back);
}

/// How often a unit of work with that in it asks, from the second time on, when its statements are prepared.
async fn round_trips(wire: &Wire, session: &Session, what: impl AsyncFn(&mut Tx)) -> u32 {
    let mut asked = 0;
    for _ in 0..2 {
        wire.take();
        let mut tx = session.open("test").await.unwrap();
        what(&mut tx).await;
        tx.commit().await.unwrap();
        asked = wire.take();
    }
    asked
}

#[tokio::test]
async fn a_batch_of_any_size_costs_two_round_trips_or_seven() {
    on_database(async |base: Base| {
        let wire = Wire::before(&base.database.url().parse().unwrap());
        let session = Session::new(wire.store(&base).await);
        let (tenant, keys) = (base.tenant, counters_of(&["anna", "bob"], &[(pool("inside"), None)]));

        // Leads that are new, and how they are routed. Each time others.
        let arrived = AtomicU32::new(0);
        let route = async |tx: &mut Tx| {
            let first = arrived.fetch_add(20, SeqCst);
            let requests: Vec<_> = (first..first + 20).map(|n| request(n).request_id).collect();
            tx.lookup(tenant, &requests, &[email(first)]).await.unwrap();
            assert_eq!(tx.leads(tenant, &[]).await.unwrap(), []);
            let leads = (first..first + 20).map(|n| routed(offered(id(n), "anna")));
            tx.write(tenant, &together(leads)).await.unwrap();
        };
        assert_eq!(round_trips(&wire, &session, route).await, 2, "lookup, write");
        let count = async |tx: &mut Tx| drop(tx.counters(tenant, &keys).await.unwrap());
        assert_eq!(round_trips(&wire, &session, count).await, 1, "counters that are not known yet");

        // Leads that change owner.
        let changed = AtomicU32::new(0);
        let change = async |tx: &mut Tx| {
            let lead = id(changed.fetch_add(1, SeqCst));
            tx.lookup(tenant, &[], &[]).await.unwrap();
            let rows = tx.leads(tenant, &[lead]).await.unwrap();
            let mut made = handed_over(&rows[0].ownership).0;
            made.loads = [(rep("anna"), RepLoad::default())].into();
            let event = Event::of(&rows[0].ownership, EventKind::Queued);
            made.happened = Some(Happened { at: now(), events: vec![event] });
            tx.write(tenant, &made).await.unwrap();
        };
        assert_eq!(round_trips(&wire, &session, change).await, 7, "lookup, leads twice, begin, writes twice, commit");

        // A request that was answered before: what the lead says of a person is not kept with the answer.
        let repeated = async |tx: &mut Tx| {
            tx.lookup(tenant, &[request(1).request_id], &[]).await.unwrap();
            tx.leads(tenant, &[id(0)]).await.unwrap();
            tx.write(tenant, &Changes::default()).await.unwrap();
        };
        assert_eq!(round_trips(&wire, &session, repeated).await, 3, "lookup, leads twice");
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_falls_silent_is_given_up() {
    on_database(async |base: Base| {
        let wire = Wire::before(&connect_options(&base.database.url(), "test").unwrap());
        let patience = Duration::from_mins(1);
        let options =
            StoreOptions { statement_timeout: patience, acquire_timeout: patience, ..StoreOptions::default() };
        let store = wire.store_with(&base, options).await;
        // The same connections, of which an answer is expected sooner.
        let mut hasty = store.clone();
        hasty.pool.patience = Duration::from_millis(50);
        let mut tx = Session::new(hasty.clone()).open("test").await.unwrap();

        // Nobody tells either side that the other is gone.
        wire.silent.send_replace(1);
        let lost = tx.lookup(base.tenant, &[], &[]).await;
        assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
        drop(tx);
        // The place in the pool is free again, for a connection that works.
        assert_eq!(store.tenants().await.unwrap().len(), 1);

        // The same where no unit of work is open, with the connection back in the pool ...
        while store.pool.inner().num_idle() == 0 {
            tokio::task::yield_now().await;
        }
        wire.silent.send_replace(2);
        let lost = hasty.tenants().await;
        assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
        assert_eq!(store.tenants().await.unwrap().len(), 1);

        // ... and with one that falls silent on its way back.
        let third = store.pool.acquire().await.unwrap();
        wire.silent.send_replace(3);
        drop(third);
        assert_eq!(store.tenants().await.unwrap().len(), 1);
    })
    .await;
}
