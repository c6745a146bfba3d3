//! The server that a test program makes its databases on.

use std::{
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
};

use pglocal::{Binaries, Cluster, ClusterOptions, Durability};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::OnceCell;

use super::{connect, with_database};
use crate::{Store, StoreOptions, schema};

/// Names a database of the server to use. It has no prefix of the product's: what starts with that is configuration, and an
/// unknown key there is refused.
const VARIABLE: &str = "TEST_DATABASE_URL";

/// Key of the lock under which the template is made, so that of several test programs one makes it.
const TEMPLATE_LOCK: i64 = 0x7e57_1ead;

/// Waits until its standard input is closed, which happens when the test program ends, however it ends. Then stops the
/// server and removes its files; for ten seconds at most, since where nobody buries the dead a process seems to live on.
const UNDERTAKER: &str = r#"
read -r nothing
kill -INT "$1"
i=0
while [ -e "$2/pgdata/postmaster.pid" ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done
rm -rf "$2" "$3"
"#;

/// A server on which databases can be made.
#[derive(Debug)]
pub(super) struct Server {
    url: String,
    template: OnceCell<String>,
    /// Never dropped, for statics are not: the undertaker stops it.
    _private: Option<(Cluster, Child)>,
}

impl Server {
    /// The server of `TEST_DATABASE_URL`, or one private to this program.
    pub(super) async fn get() -> &'static Self {
        static SERVER: OnceCell<Server> = OnceCell::const_new();
        SERVER.get_or_init(Self::given_or_private).await
    }

    async fn given_or_private() -> Self {
        let (url, private) = match std::env::var(VARIABLE) {
            Ok(url) if !url.is_empty() => (url, None),
            _ => {
                let private = tokio::task::spawn_blocking(start).await.expect("a private Postgres");
                (private.0.url("postgres"), Some(private))
            }
        };
        Self { url, template: OnceCell::new(), _private: private }
    }

    /// The address of a database whose user may create others.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The name of a database with the current schema, which nobody connects to. It is made once for each server and
    /// schema; copying it takes a fraction of the time that the migrations take.
    pub(super) async fn template(&self) -> &str {
        self.template.get_or_init(|| self.ensure_template()).await
    }

    async fn ensure_template(&self) -> String {
        let name = format!("leadrouter_template_{}", schema::fingerprint());
        let mut connection = connect(&self.url).await;
        let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(TEMPLATE_LOCK);
        lock.execute(&mut connection).await.expect("the lock of the template");
        let exists = sqlx::query_scalar::<_, bool>("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)");
        if !exists.bind(&name).fetch_one(&mut connection).await.expect("the databases of the server") {
            self.make_template(&mut connection, &name).await;
        }
        // The lock goes with the connection.
        connection.close().await.expect("an orderly end");
        name
    }

    /// It gets its name when it is complete.
    async fn make_template(&self, connection: &mut PgConnection, name: &str) {
        let draft = format!("{name}_draft");
        let drop = format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)");
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut *connection).await.expect("no draft of the template");
        let create = format!("CREATE DATABASE {draft}");
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut *connection).await.expect("a draft of the template");
        let options = StoreOptions { max_connections: 1, ..StoreOptions::default() };
        let store = Store::connect(&with_database(&self.url, &draft), options).await.expect("a store on the template");
        store.migrate().await.expect("the current schema");
        store.close().await;
        let rename = format!("ALTER DATABASE {draft} RENAME TO {name}");
        sqlx::raw_sql(AssertSqlSafe(rename)).execute(connection).await.expect("the template");
    }
}

/// A private server, quick rather than durable, with its undertaker.
fn start() -> (Cluster, Child) {
    let options = ClusterOptions::new("").durability(Durability::Fast).max_connections(300);
    let cluster = Binaries::find_or_install()
        .map_err(pglocal::Error::from)
        .and_then(|binaries| Cluster::open_temporary(&options.binaries(binaries)));
    let cluster = cluster.unwrap_or_else(|error| {
        panic!("{VARIABLE} is not set (`cargo xtask test` sets it), and no private Postgres could be started: {error}")
    });
    let undertaker = Command::new("sh")
        .args(["-c", UNDERTAKER, "undertaker", &cluster.server_pid().to_string()])
        .args([cluster.data_dir(), cluster.socket_dir()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Away from the terminal's Ctrl-C, like the server.
        .process_group(0)
        .spawn()
        .expect("a shell that stops the private Postgres at the end");
    (cluster, undertaker)
}
