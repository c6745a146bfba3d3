//! `directory`: who can own leads.

use std::path::PathBuf;

use api::{
    names::DIRECTORY,
    v1::{GetDirectoryRequest, ImportDirectoryResponse},
};
use clap::Subcommand;

use crate::{
    Clients,
    documents::{Document, accepted, problems_of_directory, send_directory, summary},
    told::answer,
};

/// What can be done with the directory.
#[derive(Debug, Clone, Subcommand)]
pub enum DirectoryCommand {
    /// Make the directory what a YAML file says, all or nothing.
    #[command(after_help = "Example:\n  leadrouter directory import examples/maven/directory.yaml")]
    Import {
        /// The YAML file with teams, calendars, territories, reps, pools, accounts and absences.
        file: PathBuf,

        /// Check the file, tell what would change, and change nothing.
        #[arg(long)]
        validate_only: bool,
    },

    /// Check a YAML file and tell everything that is wrong with it, each with its line and column.
    Validate {
        /// The YAML file.
        file: PathBuf,
    },

    /// Tell how many reps, teams, pools and so on there are, and the version.
    Show,
}

pub(crate) async fn run(command: DirectoryCommand, clients: &Clients) -> anyhow::Result<String> {
    match command {
        DirectoryCommand::Import { file, validate_only } => {
            let done = send_directory(clients, &Document::read(&file)?, validate_only).await?;
            let ImportDirectoryResponse { created_count, updated_count, removed_count, unchanged_count, .. } = done;
            let would = if validate_only { "would be: " } else { "" };
            let counts = format!(
                "{would}{created_count} created, {updated_count} changed, {removed_count} removed, {unchanged_count} as \
                 before"
            );
            Ok(format!("{}\n{counts}", summary(&done.directory.unwrap_or_default())))
        }
        DirectoryCommand::Validate { file } => {
            let document = Document::read(&file)?;
            accepted(&document, problems_of_directory(clients, &document).await?)?;
            Ok(format!("{} is in order", document.name()))
        }
        DirectoryCommand::Show => {
            let request = GetDirectoryRequest { name: DIRECTORY.to_owned() };
            let answer = answer(clients.directory.clone().get_directory(request).await)?;
            Ok(summary(&answer.directory.unwrap_or_default()))
        }
    }
}
