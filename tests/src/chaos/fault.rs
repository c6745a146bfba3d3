//! What is done to a running fleet, and how it is undone.

use std::time::Duration;

use anyhow::Result;
use rand::{RngExt as _, rngs::StdRng};
use serde::Serialize;
use tokio::time::sleep;

use super::{
    Site,
    fleet::{REPLICAS, Role},
    wire::Weather,
};

/// One kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// SIGKILL of a scoring service, which comes back at once.
    KillScoring,
    /// SIGKILL of an assignment service, which comes back at once.
    KillAssignment,
    /// SIGKILL of an escalation service, which comes back at once.
    KillEscalation,
    /// SIGKILL of all services at the same moment.
    KillAll,
    /// SIGKILL of Postgres, which comes back at once.
    KillPostgres,
    /// Answers to commits are lost with their connections.
    CutCommits,
    /// The database is slow.
    Slow,
    /// The database says nothing for a while, and then goes on.
    Stalled,
    /// The database can't be reached.
    Parted,
    /// Connections to the database lead nowhere, and nobody says so.
    Swallowed,
    /// The database takes no more connections.
    NoConnections,
    /// The database's disk is full.
    DiskFull,
    /// An assignment service stands still (SIGSTOP), and goes on as if nothing had been.
    FrozenAssignment,
    /// The same of an escalation service.
    FrozenEscalation,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::KillScoring,
        Self::KillAssignment,
        Self::KillEscalation,
        Self::KillAll,
        Self::KillPostgres,
        Self::CutCommits,
        Self::Slow,
        Self::Stalled,
        Self::Parted,
        Self::Swallowed,
        Self::NoConnections,
        Self::DiskFull,
        Self::FrozenAssignment,
        Self::FrozenEscalation,
    ];

    /// Does it, holds it, and undoes it.
    pub(super) async fn strike(self, site: &mut Site, rng: &mut StdRng) -> Result<()> {
        let replica = rng.random_range(0..REPLICAS);
        let hold = site.hold;
        match self {
            Self::KillScoring => kill(site, &[(Role::Scoring, replica)]).await,
            Self::KillAssignment => kill(site, &[(Role::Assignment, replica)]).await,
            Self::KillEscalation => kill(site, &[(Role::Escalation, replica)]).await,
            Self::KillAll => {
                let all = Role::ALL.into_iter().flat_map(|role| (0..REPLICAS).map(move |replica| (role, replica)));
                kill(site, &all.collect::<Vec<_>>()).await
            }
            Self::KillPostgres => tokio::task::block_in_place(|| site.postgres.kill_and_restart()),
            Self::CutCommits => weather(site, Weather::Cutting(rng.random_range(1..20)), hold).await,
            Self::Slow => weather(site, Weather::Slow(Duration::from_millis(rng.random_range(5..100))), hold).await,
            Self::Stalled => weather(site, Weather::Still, hold).await,
            Self::Parted => weather(site, Weather::Parted, hold).await,
            Self::Swallowed => weather(site, Weather::Swallowed, hold).await,
            Self::NoConnections => {
                let taken = site.postgres.use_up_connections()?;
                // Whoever has a connection loses it.
                site.wire.set(Weather::Parted);
                let refilled = site.postgres.use_up_connections()?;
                site.wire.set(Weather::Fair);
                sleep(hold).await;
                drop((taken, refilled));
                Ok(())
            }
            Self::DiskFull => {
                tokio::task::block_in_place(|| site.postgres.fill_disk())?;
                sleep(hold).await;
                tokio::task::block_in_place(|| site.postgres.clear_disk())
            }
            Self::FrozenAssignment => freeze(site, Role::Assignment, replica).await,
            Self::FrozenEscalation => freeze(site, Role::Escalation, replica).await,
        }
    }
}

async fn weather(site: &Site, weather: Weather, hold: Duration) -> Result<()> {
    site.wire.set(weather);
    sleep(hold).await;
    site.wire.set(Weather::Fair);
    Ok(())
}

async fn kill(site: &mut Site, members: &[(Role, usize)]) -> Result<()> {
    for (role, replica) in members {
        site.fleet.kill(*role, *replica)?;
    }
    for (role, replica) in members {
        site.fleet.revive(*role, *replica).await?;
    }
    Ok(())
}

async fn freeze(site: &Site, role: Role, replica: usize) -> Result<()> {
    site.fleet.signal(role, replica, "STOP")?;
    sleep(site.freeze).await;
    site.fleet.signal(role, replica, "CONT")
}
