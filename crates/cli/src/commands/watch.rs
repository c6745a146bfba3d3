//! `watch`: what happens to leads, a line for each change, as it happens.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use api::{
    convert::sla,
    names::Resource as _,
    v1::{OwnershipChange, OwnershipChangeKind, WatchOwnershipRequest},
};
use clap::Args;
use domain::{ids::TeamId, ownership::Owner};
use jiff::tz::TimeZone;
use tonic::{Code, Request, Status};

use crate::{
    CallError, Clients,
    text::{instant, word},
};

/// How long one stream may last. It is resumed at its end, as after any other.
const STREAM: Duration = Duration::from_hours(1);
/// Pause before a stream is resumed.
const PAUSE: Duration = Duration::from_secs(1);

/// Show what happens to leads, as it happens.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    leadrouter watch --team east\n  \
    leadrouter watch --resume watched.token    # goes on where it ended the last time")]
pub struct WatchArgs {
    /// Only leads of this owner: `reps/ID` or `queues/NAME`.
    #[arg(long, value_name = "OWNER")]
    pub owner: Option<Owner>,

    /// Only leads of the reps of this team.
    #[arg(long, value_name = "TEAM", value_parser = team_name, conflicts_with = "owner")]
    pub team: Option<String>,

    /// Only these kinds of changes (`reminded`, `escalated`, `closed` ...), separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = super::webhook::kind)]
    pub kinds: Vec<OwnershipChangeKind>,

    /// A file that keeps how far was shown: begin there, and keep it up to date. If there is none yet, begin now.
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,

    /// End after so many changes, and those that came with the last of them.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// How far it has come.
struct Progress {
    token: String,
    left: usize,
    /// A server has answered.
    begun: bool,
}

pub(crate) async fn run(args: &WatchArgs, clients: &Clients) -> anyhow::Result<String> {
    let token = args.resume.as_deref().map(kept).transpose()?.unwrap_or_default();
    let mut progress = Progress { token, left: args.limit.unwrap_or(usize::MAX), begun: false };
    while progress.left > 0 {
        match stream(args, clients, &mut progress).await {
            Ok(()) => {}
            // What can't be reached at first is told.
            Err(Ended::Broken(status)) if progress.begun && is_resumed(&status) => tokio::time::sleep(PAUSE).await,
            Err(Ended::Broken(status)) => return Err(CallError::from(status).into()),
            Err(Ended::Failed(error)) => return Err(error),
        }
    }
    Ok(String::new())
}

/// Why a stream ended.
enum Ended {
    Broken(Status),
    Failed(anyhow::Error),
}

/// The server ended, in order or not, or the time of this stream is over: who breaks off says nothing.
fn is_resumed(status: &Status) -> bool {
    let by_rule = matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded);
    by_rule || api::reason_of(status).is_none()
}

/// Shows what comes until the stream ends, or enough was shown.
async fn stream(args: &WatchArgs, clients: &Clients, progress: &mut Progress) -> Result<(), Ended> {
    let zone = TimeZone::system();
    let mut request = Request::new(WatchOwnershipRequest {
        resume_token: progress.token.clone(),
        owner: args.owner.as_ref().map(ToString::to_string).unwrap_or_default(),
        team: args.team.clone().unwrap_or_default(),
        heartbeat: None,
        kinds: args
            .kinds
            .iter()
            .filter(|kind| **kind != OwnershipChangeKind::Unspecified)
            .map(|k| (*k).into())
            .collect(),
    });
    request.set_timeout(STREAM);
    let mut changes = clients.assignment.clone().watch_ownership(request).await.map_err(Ended::Broken)?.into_inner();
    while let Some(response) = changes.message().await.map_err(Ended::Broken)? {
        for change in &response.changes {
            match writeln!(io::stdout().lock(), "{}", line(change, &zone)) {
                // Nobody reads any more (`| head`).
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    progress.left = 0;
                    return Ok(());
                }
                written => written.map_err(|error| Ended::Failed(error.into()))?,
            }
        }
        progress.begun = true;
        progress.token = response.resume_token;
        if let Some(path) = &args.resume {
            keep(path, &progress.token).map_err(Ended::Failed)?;
        }
        progress.left = progress.left.saturating_sub(response.changes.len());
        if progress.left == 0 {
            break;
        }
    }
    Ok(())
}

/// The token of the last time; blank if there was none.
fn kept(path: &Path) -> anyhow::Result<String> {
    match fs::read_to_string(path) {
        Ok(token) => Ok(token.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).with_context(|| format!("can't read {}", path.display())),
    }
}

/// Replaces the file as a whole: whoever ends in between finds the one or the other token.
fn keep(path: &Path, token: &str) -> anyhow::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let written = fs::write(&beside, token).and_then(|()| fs::rename(&beside, path));
    written.with_context(|| format!("can't write {}", path.display()))
}

/// `Mon 2026-11-23 09:15:02 CET  leads/...  assigned  reps/anna (declined, before reps/ben)`.
fn line(change: &OwnershipChange, zone: &TimeZone) -> String {
    use OwnershipChangeKind as K;
    let time = change.change_time.as_ref().and_then(instant).map(|at| sla::local(at, zone)).unwrap_or_default();
    let kind = word(change.kind().as_str_name(), "OWNERSHIP_CHANGE_KIND_");
    let due =
        |what: &str, at: Option<&prost_types::Timestamp>| Some(format!("{what} {}", sla::local(instant(at?)?, zone)));
    let mut facts = Vec::new();
    match change.kind() {
        K::Assigned | K::Queued | K::Returned => {
            facts.push(word(change.cause().as_str_name(), "ASSIGNMENT_CAUSE_"));
            if !change.end_reason.is_empty() {
                facts.push(word(&change.end_reason, ""));
            }
            if !change.previous_owner.is_empty() {
                facts.push(format!("before {}", change.previous_owner));
            }
        }
        K::Reminded | K::Escalated => {
            let escalation = change.escalation.clone().unwrap_or_default();
            facts.push(word(escalation.action().as_str_name(), "ESCALATION_ACTION_"));
            if change.kind() == K::Escalated && !escalation.target.is_empty() {
                facts.push(format!("to {}", escalation.target));
            }
        }
        K::Closed => facts.push(word(change.close_outcome().as_str_name(), "CLOSE_OUTCOME_")),
        K::Paused => facts.extend(due("until", change.resume_time.as_ref())),
        K::ClocksMoved | K::Resumed => {
            facts.extend(due("respond by", change.respond_by.as_ref()));
            facts.extend(due("accept by", change.accept_by.as_ref()));
            facts.extend(due("until", change.wait_until.as_ref()));
        }
        K::Accepted | K::Responded | K::Acknowledged | K::SleepsOn | K::Erased | K::Unspecified => {}
    }
    let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
    format!("{time}  {}  {kind:<12}  {}{facts}", change.lead, change.owner)
}

/// Reads a team: the id, or the name `teams/ID`. Returns the name.
fn team_name(text: &str) -> Result<String, String> {
    let team: Result<TeamId, _> = text.strip_prefix("teams/").unwrap_or(text).parse();
    team.map(|team| team.to_name()).map_err(|error| error.to_string())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use api::v1::{AssignmentCause, Escalation, EscalationAction};

    use super::*;

    #[test]
    fn a_line_says_what_happened_and_why() {
        let change = OwnershipChange {
            kind: OwnershipChangeKind::Assigned.into(),
            lead: "leads/x".to_owned(),
            change_time: Some(prost_types::Timestamp { seconds: 1_795_014_000, nanos: 0 }),
            owner: "reps/ben".to_owned(),
            cause: AssignmentCause::Declined.into(),
            previous_owner: "reps/ana".to_owned(),
            end_reason: "NO_TIME".to_owned(),
            ..OwnershipChange::default()
        };
        let told = line(&change, &TimeZone::UTC);
        assert!(told.ends_with("  leads/x  assigned      reps/ben (declined, no time, before reps/ana)"), "{told}");

        let escalation = Escalation {
            action: EscalationAction::Offer.into(),
            target: "reps/boss".to_owned(),
            ..Escalation::default()
        };
        let kind = OwnershipChangeKind::Escalated.into();
        let told = line(&OwnershipChange { kind, escalation: Some(escalation), ..change.clone() }, &TimeZone::UTC);
        assert!(told.ends_with("  escalated     reps/ben (offer, to reps/boss)"), "{told}");

        let kind = OwnershipChangeKind::ClocksMoved.into();
        let respond_by = change.change_time;
        let told = line(&OwnershipChange { kind, respond_by, ..change }, &TimeZone::UTC);
        let expected = "  clocks moved  reps/ben (respond by Wed 2026-11-18 15:00 UTC)";
        assert!(told.ends_with(expected), "{told}");
    }

    #[test]
    fn a_token_is_kept_from_one_run_to_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        assert_eq!(kept(&path).unwrap(), "");
        keep(&path, "abc").unwrap();
        keep(&path, "def").unwrap();
        assert_eq!(kept(&path).unwrap(), "def");
        assert!(keep(&dir.path().join("none/token"), "x").is_err());
    }
}
