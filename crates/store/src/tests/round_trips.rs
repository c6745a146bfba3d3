//! How often a batch goes to the database and back, counted on the wire.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
};

use domain::decide::RepLoad;
use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UnixListener, UnixStream},
    task::JoinSet,
};
use uuid::Uuid;

use super::{Base, fixtures::*, on_database, write::handed_over};
use crate::{
    Changes, Session, Store, StoreOptions, Tx,
    pool::{connect_options, pool_options},
};

/// A server's socket in whose place it stands, and how often somebody asked there.
struct Wire {
    dir: PathBuf,
    asked: Arc<AtomicU32>,
    _tasks: JoinSet<()>,
}

impl Wire {
    fn before(server: &PgConnectOptions) -> Self {
        let dir = std::env::temp_dir().join(format!("lr-{}", &Uuid::new_v4().simple().to_string()[..12]));
        std::fs::create_dir(&dir).unwrap();
        let listener = UnixListener::bind(dir.join(format!(".s.PGSQL.{}", server.get_port()))).unwrap();
        let asked = Arc::new(AtomicU32::new(0));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, server.clone(), Arc::clone(&asked)));
        Self { dir, asked, _tasks: tasks }
    }

    /// A store with one connection that goes through here.
    async fn store(&self, base: &Base) -> Store {
        let connect = connect_options(&base.database.url(), "test").unwrap().socket(&self.dir);
        let options = StoreOptions { max_connections: 1, ..StoreOptions::default() };
        let pool = pool_options(&options).connect_with(connect.clone()).await.unwrap();
        Store { pool, connect: Arc::new(connect) }
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

async fn serve(listener: UnixListener, server: PgConnectOptions, asked: Arc<AtomicU32>) {
    let mut tasks = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let asked = Arc::clone(&asked);
        if let Some(dir) = server.get_socket() {
            let socket = dir.join(format!(".s.PGSQL.{}", server.get_port()));
            tasks.spawn(relay(client, UnixStream::connect(socket).await.unwrap(), asked));
        } else {
            let address = (server.get_host().to_owned(), server.get_port());
            tasks.spawn(relay(client, TcpStream::connect(address).await.unwrap(), asked));
        }
    }
}

/// A question is whatever the client says after the server was the last to speak.
async fn relay(client: UnixStream, server: impl AsyncRead + AsyncWrite + Send, asked: Arc<AtomicU32>) {
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
            tx.write(tenant, &made).await.unwrap();
        };
        assert_eq!(round_trips(&wire, &session, change).await, 7, "lookup, leads twice, begin, writes twice, commit");

        // A request that was answered before.
        let repeated = async |tx: &mut Tx| {
            tx.lookup(tenant, &[request(1).request_id], &[]).await.unwrap();
            tx.write(tenant, &Changes::default()).await.unwrap();
        };
        assert_eq!(round_trips(&wire, &session, repeated).await, 1, "lookup");
    })
    .await;
}
