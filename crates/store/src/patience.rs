//! Nobody waits for ever. Postgres ends a statement that takes too long, but a connection that leads nowhere - the other end is
//! gone, and nobody said so - never says anything again.

use std::{
    future::Future,
    io,
    ops::{Deref, DerefMut},
    time::Duration,
};

use futures::{
    StreamExt as _, TryFutureExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Database, Describe, Either, Error, Execute, Executor, PgConnection, PgPool, Postgres, SqlStr, pool::PoolConnection,
    postgres::PgConnectOptions,
};

/// How much longer than Postgres itself the driver waits: time for the news that Postgres has given up.
const GRACE: Duration = Duration::from_secs(1);

/// How long a connection may take to show that it is alive. One that doesn't is closed, and another is taken.
pub(crate) const TRIAL: Duration = Duration::from_secs(2);
/// How long a connection may take on its way back to the pool, on which it is cleaned, and then asked once more by the driver.
const RETURN: Duration = Duration::from_secs(4);

/// A pool whose statements end.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    inner: PgPool,
    /// For each part of an answer.
    pub(crate) patience: Duration,
}

impl Pool {
    /// `statement` is the longest time that Postgres gives one.
    pub(crate) fn new(inner: PgPool, statement: Duration) -> Self {
        Self { inner, patience: statement + GRACE }
    }

    /// A connection of one's own, whose statements nobody ends.
    pub(crate) async fn acquire(&self) -> Result<Lent, Error> {
        self.inner.acquire().await.map(Lent::new)
    }

    /// The same database by connections of its own, at most so many, which are opened when they are needed.
    pub(crate) fn apart(&self, max_connections: u32, connect: &PgConnectOptions) -> Self {
        let options = self.inner.options().clone().max_connections(max_connections);
        Self { inner: options.connect_lazy_with(connect.clone()), patience: self.patience }
    }

    pub(crate) fn inner(&self) -> &PgPool {
        &self.inner
    }
}

/// A connection of the pool, which gets it back when this is dropped.
///
/// The driver would wait without end for a connection that falls silent on its way back, and its place in the pool would be lost.
#[derive(Debug)]
pub(crate) struct Lent(Option<PoolConnection<Postgres>>);

impl Lent {
    pub(crate) fn new(connection: PoolConnection<Postgres>) -> Self {
        Self(Some(connection))
    }

    /// Nobody shall have it again.
    pub(crate) fn close(mut self) {
        if let Some(mut connection) = self.0.take() {
            connection.close_on_drop();
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(mut connection) = self.0.take() else { return };
        let back = connection.return_to_pool();
        // Without a runtime there is no pool any more either.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(RETURN, back));
        }
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    #[expect(clippy::expect_used, reason = "it is there until the drop")]
    fn deref(&self) -> &PgConnection {
        self.0.as_deref().expect("a connection until the drop")
    }
}

impl DerefMut for Lent {
    #[expect(clippy::expect_used, reason = "it is there until the drop")]
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.0.as_deref_mut().expect("a connection until the drop")
    }
}

/// Waits for an answer, but not for ever.
pub(crate) async fn within<T, E: From<Error>>(
    patience: Duration,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    tokio::time::timeout(patience, answer).await.unwrap_or_else(|_| Err(silent(patience).into()))
}

fn silent(patience: Duration) -> Error {
    let told = format!("Postgres has not answered for {} ms", patience.as_millis());
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, told))
}

impl<'p> Executor<'p> for &'p Pool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<<Postgres as Database>::QueryResult, <Postgres as Database>::Row>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let parts = async move {
            let mut connection = self.acquire().await?;
            let mut answers = connection.fetch_many(query);
            let mut parts = Vec::new();
            while let Some(part) = within(self.patience, async { answers.next().await.transpose() }).await? {
                parts.push(Ok(part));
            }
            Ok(stream::iter(parts))
        };
        // No caller looks at one row before the others are there.
        Box::pin(parts.try_flatten_stream())
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<<Postgres as Database>::Row>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move {
            let mut connection = self.acquire().await?;
            within(self.patience, connection.fetch_optional(query)).await
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [<Postgres as Database>::TypeInfo],
    ) -> BoxFuture<'e, Result<<Postgres as Database>::Statement, Error>>
    where
        'p: 'e,
    {
        Box::pin(async move {
            let mut connection = self.acquire().await?;
            within(self.patience, connection.prepare_with(sql, parameters)).await
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'p: 'e,
    {
        Box::pin(async move {
            let mut connection = self.acquire().await?;
            within(self.patience, connection.describe(sql)).await
        })
    }
}
