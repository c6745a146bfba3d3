//! Databases for tests: each test has one of its own, migrated, and gone when the test ends.
//!
//! `TEST_DATABASE_URL` names a database of a server whose user may create others; `cargo xtask test` starts such a server
//! for all test programs. Without it the first test of a program starts a private one, which the others share and which
//! ends with the program; so `cargo test -p PACKAGE` works as well.
#![allow(clippy::expect_used, clippy::missing_panics_doc, reason = "a test that has no database fails with the reason")]

mod server;

use std::time::Duration;

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use uuid::Uuid;

use self::server::Server;
use crate::{Store, StoreOptions};

/// How long a test waits for a connection or a statement, however busy the machine is.
const PATIENCE: Duration = Duration::from_mins(1);

/// A database of one test's own. Dropping it drops the database, with whatever is still connected to it; so keep it until
/// the test is over.
#[derive(Debug)]
pub struct Database {
    server: &'static Server,
    name: String,
}

impl Database {
    /// A database that has the current schema and no rows.
    pub async fn create() -> Self {
        let server = Server::get().await;
        Self::copy_of(server, server.template().await).await
    }

    /// A database without a schema.
    pub async fn create_empty() -> Self {
        Self::copy_of(Server::get().await, "template1").await
    }

    /// Comes back as soon as so many in this database wait for a lock.
    pub async fn until_waiting(&self, many: i64) {
        let waits =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let mut connection = connect(&self.url()).await;
        while sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut connection).await.expect("an answer") < many {
            tokio::task::yield_now().await;
        }
    }

    async fn copy_of(server: &'static Server, template: &str) -> Self {
        // Dropped also if the statement fails half-way or its test is aborted.
        let database = Self { server, name: format!("test_{}", Uuid::new_v4().simple()) };
        // Its files are copied, which on a server that does not force them to disk takes half the time of the other strategy.
        let create = format!("CREATE DATABASE {} TEMPLATE {template} STRATEGY FILE_COPY", database.name);
        let mut connection = connect(server.url()).await;
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.expect("a fresh database");
        connection.close().await.expect("an orderly end");
        database
    }

    /// The database's address, for [`Store::connect`] or any other client.
    pub fn url(&self) -> String {
        with_database(self.server.url(), &self.name)
    }

    /// A store on the database, with at most 8 connections and much patience.
    pub async fn store(&self) -> Store {
        self.store_of(8).await
    }

    /// A store with at most so many connections. Two stores are to each other as those of two processes.
    pub async fn store_of(&self, max_connections: u32) -> Store {
        let options = StoreOptions { max_connections, statement_timeout: PATIENCE, ..StoreOptions::default() };
        let options = StoreOptions { acquire_timeout: PATIENCE, ..options };
        Store::connect(&self.url(), options).await.expect("a store on a fresh database")
    }
}

impl Drop for Database {
    /// In a thread of its own, because the test's runtime may be the one that is blocked here.
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let url = self.server.url();
        let thread = std::thread::spawn(move || -> Result<(), sqlx::Error> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut connection = url.parse::<PgConnectOptions>()?.connect().await?;
                sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connection).await?;
                connection.close().await
            })
        });
        if !matches!(thread.join(), Ok(Ok(()))) {
            tracing::warn!(database = self.name, "a test's database was not dropped");
        }
    }
}

async fn connect(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().expect("TEST_DATABASE_URL is a Postgres URL");
    options.connect().await.expect("the server of TEST_DATABASE_URL answers")
}

/// The address of another database of the same server.
fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, None), |(address, rest)| (address, Some(rest)));
    let (scheme, place) = address.split_once("://").unwrap_or(("postgres", address));
    let host = place.split_once('/').map_or(place, |(host, _)| host);
    let address = format!("{scheme}://{host}/{name}");
    parameters.map_or_else(|| address.clone(), |parameters| format!("{address}?{parameters}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_of_an_address_changes() {
        for (url, expected) in [
            ("postgres://ana@host:5433/postgres", "postgres://ana@host:5433/x"),
            ("postgresql://host", "postgresql://host/x"),
            ("postgres:///postgres?host=%2Fa%2Fb&port=5432", "postgres:///x?host=%2Fa%2Fb&port=5432"),
            ("postgres://host/a?sslmode=disable", "postgres://host/x?sslmode=disable"),
        ] {
            assert_eq!(with_database(url, "x"), expected);
        }
    }

    #[tokio::test]
    async fn a_database_has_the_schema_and_goes_with_its_value() {
        let database = Database::create().await;
        let (url, name, server) = (database.url(), database.name.clone(), database.server);
        let store = database.store().await;
        store.check_schema().await.expect("the current schema");
        assert_eq!(store.tenants().await.expect("an answer"), []);
        // The store is still connected.
        drop(database);
        assert!(url.contains(&name));
        let mut connection = connect(server.url()).await;
        let left = sqlx::query_scalar::<_, bool>("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)");
        assert!(!left.bind(name).fetch_one(&mut connection).await.expect("an answer"));
    }
}
