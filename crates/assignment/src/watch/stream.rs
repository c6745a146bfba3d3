//! One caller's stream.

use std::{sync::Arc, time::Duration};

use api::{
    Error,
    convert::watch::{Watch, Whose, to_wire},
    names::Resource as _,
    resume, v1,
};
use domain::{
    ids::TeamId,
    ownership::{EventKind, Owner, Position, Told},
    snapshot::DirectoryIndex,
};
use futures::{Stream, stream};
use store::Read;
use tokio::{sync::watch, time::Instant};
use tonic::Status;

use crate::{
    error::{snapshot_error, store_error},
    grpc::{Asker, Inner},
    metrics::metrics,
};

/// Most changes of one response.
const CHANGES: i64 = 500;
/// Time between two looks for commits of other processes, just after there was one, and when nothing happens.
const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_millis(500);

/// How far a caller was told what happened.
struct Watcher {
    inner: Arc<Inner>,
    asker: Asker,
    of: Whose,
    /// None: all.
    kinds: Vec<EventKind>,
    heartbeat: Duration,
    position: Position,
    bell: watch::Receiver<i64>,
    /// Time until the next look.
    pause: Duration,
    /// When the caller last heard something; `None`: never.
    heard: Option<Instant>,
    over: bool,
}

/// What happens, from where the caller wants it on. The first response comes at once.
pub(crate) async fn changes(
    inner: Arc<Inner>,
    asker: Asker,
    request: &v1::WatchOwnershipRequest,
) -> Result<impl Stream<Item = Result<v1::WatchOwnershipResponse, Status>> + Send + use<>, Error> {
    let Watch { after, of, kinds, heartbeat } = Watch::read(request, &asker.caller.tenant)?;
    if let Whose::Team(team) = &of {
        let directory = inner.directory(&asker).await?;
        let known = directory.document.teams.contains_key(team);
        known.then_some(()).ok_or_else(|| Error::NotFound { resource: team.to_name() })?;
    }
    // Before the position, so that no commit falls between the two.
    let bell = inner.bell.listen(asker.tenant);
    let position = match after {
        Some(position) => position,
        None => inner.store.position(asker.tenant).await.map_err(store_error)?,
    };
    let watcher =
        Watcher { inner, asker, of, kinds, heartbeat, position, bell, pause: SHORT, heard: None, over: false };
    Ok(stream::unfold((watcher, metrics().watching()), async |(mut watcher, watching)| {
        Some((watcher.next().await?, (watcher, watching)))
    }))
}

impl Watcher {
    /// The next response; `None`: there is none after the last.
    async fn next(&mut self) -> Option<Result<v1::WatchOwnershipResponse, Status>> {
        if self.over {
            return None;
        }
        let response = self.response().await;
        self.over = response.is_err();
        Some(response.map_err(Status::from))
    }

    async fn response(&mut self) -> Result<v1::WatchOwnershipResponse, Error> {
        loop {
            if self.inner.stopping.is_cancelled() {
                return Err(Error::ServiceUnavailable);
            }
            let read = self.inner.store.events(self.asker.tenant, self.position, CHANGES).await.map_err(store_error)?;
            let read = read.ok_or(Error::ResumeTokenLost)?;
            self.position = read.until;
            let changes = self.wanted(&read).await?;
            if !changes.is_empty() || self.is_expected() {
                self.heard = Some(Instant::now());
                metrics().changes_told.add(changes.len() as u64, &[]);
                let resume_token = resume::token(&self.asker.caller.tenant, self.position);
                return Ok(v1::WatchOwnershipResponse { changes, resume_token });
            }
            if read.events.is_empty() {
                self.wait().await;
            } else {
                // Nobody else's changes hold up what follows them.
                self.pause = SHORT;
            }
        }
    }

    /// Comes back when something may have happened, or the caller should hear that nothing has.
    async fn wait(&mut self) {
        let silence = self.heard.map_or(Duration::ZERO, |heard| heard.elapsed());
        let pause = self.pause.min(self.heartbeat.saturating_sub(silence));
        let rung = async {
            if self.bell.wait_for(|commit| *commit > self.position.commit).await.is_err() {
                // Nobody rings any more.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = self.inner.stopping.cancelled() => {}
            () = rung => self.pause = SHORT,
            () = tokio::time::sleep(pause) => self.pause = (2 * self.pause).min(LONG),
        }
    }

    /// Whether the caller should hear something, though nothing happened.
    fn is_expected(&self) -> bool {
        self.heard.is_none_or(|heard| heard.elapsed() >= self.heartbeat)
    }

    /// Those of the changes that the caller wants.
    async fn wanted(&self, read: &Read) -> Result<Vec<v1::OwnershipChange>, Error> {
        let directory = match &self.of {
            Whose::Team(_) if !read.events.is_empty() => {
                let (inner, version) = (&self.inner, read.versions.directory);
                let directory = inner.snapshots.directory(self.asker.tenant, version, inner.clock.now()).await;
                Some(directory.map_err(|error| snapshot_error(&error))?)
            }
            _ => None,
        };
        let is_wanted = |told: &&Told| {
            if !self.kinds.is_empty() && !self.kinds.contains(&told.event.kind) {
                return false;
            }
            let mut owners = [&told.owner].into_iter().chain(told.before.as_ref().map(|before| &before.owner));
            match (&self.of, &directory) {
                (Whose::All, _) => true,
                (Whose::Owner(wanted), _) => owners.any(|owner| owner == wanted),
                (Whose::Team(team), Some(directory)) => owners.any(|owner| is_of(directory, team, owner)),
                (Whose::Team(_), None) => false,
            }
        };
        Ok(read.events.iter().filter(is_wanted).map(to_wire).collect())
    }
}

/// Whether it is a rep of that team.
fn is_of(directory: &DirectoryIndex, team: &TeamId, owner: &Owner) -> bool {
    match owner {
        Owner::Rep(rep) => directory.rep(rep).is_some_and(|entry| entry.rep.team == *team),
        Owner::Queue(_) => false,
    }
}
