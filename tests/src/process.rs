//! The services as processes of their own, which can be asked to end, and killed.

use std::{
    net::{SocketAddr, TcpListener},
    process::{Child, Command, ExitStatus, Stdio},
};

use anyhow::{Result, ensure};
use cli::{Clients, Connection};
use tonic::Code;

use crate::binary;

/// A running `leadrouter serve scoring assignment escalation`. Killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    connection: Connection,
}

impl Process {
    /// Starts one on a database; `env` is configuration. Comes back when it serves.
    pub async fn start(database_url: &str, env: &[(&str, &str)]) -> Self {
        Self::start_logging(database_url, env, Stdio::inherit()).await
    }

    /// The same, with a place for its log lines.
    pub async fn start_logging(database_url: &str, env: &[(&str, &str)], log: Stdio) -> Self {
        let mut command = Command::new(binary());
        command.args(["serve", "scoring", "assignment", "escalation"]);
        command.env("DATABASE_URL", database_url).env("LEADROUTER_TELEMETRY__LOG_FILTER", "error");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut listen = |role: &str| {
            let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            command.env(format!("LEADROUTER_{role}__LISTEN__ADDRESS"), address.to_string());
            format!("http://{address}")
        };
        let (assignment, scoring, escalation) = (listen("ASSIGNMENT"), listen("SCORING"), listen("ESCALATION"));
        let child = command.envs(env.iter().copied()).spawn().unwrap();
        let mut process = Self { child, connection: Connection::new(assignment, scoring, escalation, "default") };
        process.until_it_serves().await;
        process
    }

    /// Clients with connections of their own.
    pub fn clients(&self) -> Clients {
        self.connection.clients().unwrap()
    }

    /// Where its assignment service listens.
    pub fn assignment(&self) -> SocketAddr {
        self.connection.server.trim_start_matches("http://").parse().unwrap()
    }

    /// The most memory that it ever had, in bytes, as the kernel counts it; `None` where the kernel is another.
    pub fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
    }

    async fn until_it_serves(&mut self) {
        let clients = self.clients();
        loop {
            assert!(self.child.try_wait().unwrap().is_none(), "the program has ended; it says why above");
            // The last role to start.
            let request = api::v1::ListTimersRequest { parent: "leads/-".to_owned(), ..Default::default() };
            match clients.escalation.clone().list_timers(request).await {
                Err(status) if status.code() == Code::Unavailable => tokio::task::yield_now().await,
                answer => break drop(answer.unwrap()),
            }
        }
    }

    /// SIGKILL: the process has no chance to do anything.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and how it ended.
    pub async fn terminate(self) -> ExitStatus {
        self.signal("TERM").await
    }

    /// A signal, and how it ended.
    pub async fn signal(mut self, name: &str) -> ExitStatus {
        signal(self.child.id(), name).unwrap();
        let mut child = std::mem::replace(&mut self.child, nothing());
        tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal (`TERM`, `STOP`) to a process.
pub fn signal(pid: u32, name: &str) -> Result<()> {
    let sent = Command::new("kill").args([format!("-{name}"), pid.to_string()]).output()?;
    ensure!(sent.status.success(), "kill -{name} {pid}: {}", String::from_utf8_lossy(&sent.stderr).trim());
    Ok(())
}

/// Stands in for a process that was taken out.
fn nothing() -> Child {
    Command::new("true").spawn().unwrap()
}
