//! Nobody waits for ever. Postgres ends a statement that takes too long, but a connection that leads nowhere - the other end is
//! gone, and nobody said so - never says anything again.

use std::{future::Future, io, time::Duration};

use futures::{StreamExt as _, future::BoxFuture, stream::BoxStream};
use sqlx::{
    Database, Describe, Either, Error, Execute, Executor, PgPool, Postgres, SqlStr, pool::PoolConnection,
    postgres::PgConnectOptions,
};

/// How much longer than Postgres itself the driver waits: time for the news that Postgres has given up.
const GRACE: Duration = Duration::from_secs(1);

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
    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Postgres>, Error> {
        self.inner.acquire().await
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
        let answers = self.inner.fetch_many(query);
        let part = |mut answers: BoxStream<'e, _>, patience| async move {
            let next = within(patience, async { answers.next().await.transpose() }).await;
            next.transpose().map(|next| (next, answers))
        };
        let patience = self.patience;
        Box::pin(futures::stream::unfold(answers, move |answers| part(answers, patience)))
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<<Postgres as Database>::Row>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(within(self.patience, self.inner.fetch_optional(query)))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [<Postgres as Database>::TypeInfo],
    ) -> BoxFuture<'e, Result<<Postgres as Database>::Statement, Error>>
    where
        'p: 'e,
    {
        Box::pin(within(self.patience, self.inner.prepare_with(sql, parameters)))
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'p: 'e,
    {
        Box::pin(within(self.patience, self.inner.describe(sql)))
    }
}
