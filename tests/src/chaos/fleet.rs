//! Two replicas of each service, each a process of its own at an address that stays.

use std::{
    fs::File,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use cli::{Clients, Connection};
use tokio::net::TcpStream;

use crate::{binary, process::signal};

/// Replicas of each service.
pub const REPLICAS: usize = 2;

/// How long a service may take to start.
const START: Duration = Duration::from_mins(1);

/// A service of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Points.
    Scoring,
    /// Who owns which lead.
    Assignment,
    /// Timers.
    Escalation,
}

impl Role {
    /// All of them, in the order in which they need each other.
    pub const ALL: [Self; 3] = [Self::Scoring, Self::Assignment, Self::Escalation];

    fn name(self) -> &'static str {
        match self {
            Self::Scoring => "scoring",
            Self::Assignment => "assignment",
            Self::Escalation => "escalation",
        }
    }
}

/// All processes. They are killed when it is dropped.
#[derive(Debug)]
pub struct Fleet {
    members: Vec<Member>,
    database_url: String,
    logs: PathBuf,
}

#[derive(Debug)]
struct Member {
    role: Role,
    replica: usize,
    address: SocketAddr,
    /// `None`: it was stopped.
    child: Option<Child>,
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended long ago.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Fleet {
    /// Starts all of them on a database. What they log goes to `logs`.
    pub async fn start(database_url: String, logs: &Path) -> Result<Self> {
        let mut listeners = Vec::new();
        let mut members = Vec::new();
        for role in Role::ALL {
            for replica in 0..REPLICAS {
                let listener = TcpListener::bind("127.0.0.1:0")?;
                members.push(Member { role, replica, address: listener.local_addr()?, child: None });
                // All are held until all are known, so that no two are the same.
                listeners.push(listener);
            }
        }
        drop(listeners);
        let mut fleet = Self { members, database_url, logs: logs.to_owned() };
        for role in Role::ALL {
            for replica in 0..REPLICAS {
                fleet.spawn(role, replica)?;
                // The first one makes the schema.
                fleet.until_it_listens(role, replica).await?;
            }
        }
        Ok(fleet)
    }

    fn place(&self, role: Role, replica: usize) -> Result<usize> {
        let place = self.members.iter().position(|member| member.role == role && member.replica == replica);
        place.context("no such member")
    }

    fn url(&self, role: Role, replica: usize) -> Result<String> {
        Ok(format!("http://{}", self.members[self.place(role, replica)?].address))
    }

    fn spawn(&mut self, role: Role, replica: usize) -> Result<()> {
        let log = self.logs.join(format!("{}-{replica}.log", role.name()));
        let log = File::options().create(true).append(true).open(log)?;
        let (scoring, assignment) = (self.url(Role::Scoring, replica)?, self.url(Role::Assignment, replica)?);
        let place = self.place(role, replica)?;
        let address = self.members[place].address.to_string();
        let child = Command::new(binary())
            .args(["serve", role.name()])
            .env("DATABASE_URL", &self.database_url)
            .env(format!("LEADROUTER_{}__LISTEN__ADDRESS", role.name().to_uppercase()), address)
            .env("LEADROUTER_ASSIGNMENT__SCORING__ENDPOINT", scoring)
            .env("LEADROUTER_ESCALATION__ASSIGNMENT__ENDPOINT", assignment)
            .env("LEADROUTER_TELEMETRY__LOG_FILTER", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("can't start a service")?;
        self.members[place].child = Some(child);
        Ok(())
    }

    async fn until_it_listens(&mut self, role: Role, replica: usize) -> Result<()> {
        let place = self.place(role, replica)?;
        let member = &mut self.members[place];
        let listens = async {
            while TcpStream::connect(member.address).await.is_err() {
                if let Some(status) =
                    member.child.as_mut().and_then(|child| child.try_wait().transpose()).transpose()?
                {
                    bail!("{} {replica} has ended with {status}; see {}", role.name(), self.logs.display());
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Ok(())
        };
        let end = tokio::time::timeout(START, listens).await;
        end.with_context(|| format!("{} {replica} does not start; see {}", role.name(), self.logs.display()))?
    }

    /// Clients of one replica of all services.
    pub fn clients(&self, replica: usize) -> Result<Clients> {
        let url = |role| self.url(role, replica);
        let (assignment, scoring, escalation) = (url(Role::Assignment)?, url(Role::Scoring)?, url(Role::Escalation)?);
        Connection::new(assignment, scoring, escalation, "default").clients()
    }

    /// SIGKILL.
    pub fn kill(&mut self, role: Role, replica: usize) -> Result<()> {
        let place = self.place(role, replica)?;
        if let Some(mut child) = self.members[place].child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// SIGTERM, and waits until it has ended in order. Blocks.
    pub fn stop(&mut self, role: Role, replica: usize) -> Result<()> {
        let place = self.place(role, replica)?;
        if let Some(mut child) = self.members[place].child.take() {
            signal(child.id(), "TERM")?;
            let status = child.wait()?;
            ensure!(status.success(), "{} {replica} did not end in order: {status}", role.name());
        }
        Ok(())
    }

    /// Starts one that was killed, as a supervisor does; it may need a Postgres that isn't there yet, and is started again then.
    pub async fn revive(&mut self, role: Role, replica: usize) -> Result<()> {
        self.spawn(role, replica)?;
        self.until_it_listens(role, replica).await
    }

    /// Those that have ended by themselves, which none ever should.
    pub fn fallen(&mut self) -> Result<Vec<String>> {
        let mut fallen = Vec::new();
        for member in &mut self.members {
            if let Some(child) = &mut member.child
                && let Some(status) = child.try_wait()?
            {
                fallen.push(format!("{} {} ended by itself: {status}", member.role.name(), member.replica));
            }
        }
        Ok(fallen)
    }

    /// Stops (`STOP`) or continues (`CONT`) one.
    pub fn signal(&self, role: Role, replica: usize, name: &str) -> Result<()> {
        let place = self.place(role, replica)?;
        self.members[place].child.as_ref().map_or(Ok(()), |child| signal(child.id(), name))
    }
}
