//! `policy` and `model`: documents with revisions, one of which is active.

use std::path::PathBuf;

use clap::Subcommand;
use jiff::tz::TimeZone;

use crate::{
    documents::{Document, Revision, Revisions, accepted, create},
    text::{table, time},
};

/// What can be done with revisions.
#[derive(Debug, Clone, Subcommand)]
pub enum RevisionCommand {
    /// Check a YAML file and tell everything that is wrong with it, each with its line and column.
    Validate {
        /// The YAML file.
        file: PathBuf,
    },

    /// Create a revision from a YAML file; it stays without effect until it is activated.
    Create {
        /// The YAML file.
        file: PathBuf,

        /// Activate it at once.
        #[arg(long)]
        activate: bool,
    },

    /// Make a revision the active one, for leads that come from now on; also an older one.
    Activate {
        /// Its number, or its name as `list` tells it.
        revision: String,
    },

    /// Print a revision as it was written.
    Get {
        /// Its number, its name as `list` tells it, or `active`.
        #[arg(default_value = "active")]
        revision: String,
    },

    /// List all revisions, newest first.
    List,
}

pub(crate) async fn run<R: Revisions>(command: RevisionCommand, revisions: &R) -> anyhow::Result<String> {
    match command {
        RevisionCommand::Validate { file } => {
            let document = Document::read(&file)?;
            accepted(&document, revisions.validate(document.source().to_owned()).await?)?;
            Ok(format!("{} is in order", document.name()))
        }
        RevisionCommand::Create { file, activate } => {
            let mut revision = create(revisions, &Document::read(&file)?).await?;
            if activate {
                revision = revisions.activate(&revision.name).await?;
            }
            Ok(told(&revision))
        }
        RevisionCommand::Activate { revision } => Ok(told(&revisions.activate(&name::<R>(&revision)).await?)),
        RevisionCommand::Get { revision } => Ok(revisions.get(&name::<R>(&revision)).await?.source),
        RevisionCommand::List => Ok(list(&revisions.list().await?)),
    }
}

/// The name of the revision that `text` means: what is no name yet becomes one.
pub(super) fn name<R: Revisions>(text: &str) -> String {
    if text.contains('/') { text.to_owned() } else { format!("{}/{text}", R::COLLECTION) }
}

fn told(revision: &Revision) -> String {
    let Revision { name, display_name, .. } = revision;
    let state = if revision.active { "is active" } else { "was created and is not active yet" };
    format!("{name} ({display_name}) {state}")
}

fn list(revisions: &[Revision]) -> String {
    let rows = revisions.iter().map(|revision| {
        let Revision { name, display_name, description, creator, .. } = revision;
        let active = if revision.active { "active" } else { "" };
        let at = |at| time(at, &TimeZone::UTC);
        [
            name.clone(),
            active.to_owned(),
            display_name.clone(),
            at(revision.create_time.as_ref()),
            creator.clone(),
            at(revision.activate_time.as_ref()),
            description.clone(),
        ]
    });
    if revisions.is_empty() {
        return "there is none yet: `create` one".to_owned();
    }
    table(["Revision", "", "Name", "Created", "By", "Activated", "Description"], rows)
}
