//! `config`: what is wrong with a configuration, and what it comes to.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Subcommand;
use server::config::Config;

use super::serve::{Role, roles};

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Read the file and the environment and tell everything that is wrong. Nothing is started.
    Check {
        /// The configuration file.
        #[arg(long, value_name = "FILE", env = "LEADROUTER_CONFIG")]
        config: Option<PathBuf>,

        /// The roles that a process is to play with it; all of them if none is named.
        #[arg(value_enum, value_name = "ROLE")]
        roles: Vec<Role>,
    },
    /// Print the configuration that is in force, defaults included, as a file that can be read again. Passwords are not shown.
    Show {
        /// The configuration file.
        #[arg(long, value_name = "FILE", env = "LEADROUTER_CONFIG")]
        config: Option<PathBuf>,
    },
}

pub(crate) fn run(command: &ConfigCommand) -> Result<ExitCode> {
    match command {
        ConfigCommand::Check { config, roles: named } => {
            let config = Config::load(config.as_deref())?;
            config.check(roles(named))?;
            config.check_files()?;
            config.database_url()?;
            println!("the configuration is fine");
        }
        ConfigCommand::Show { config } => print!("{}", Config::load(config.as_deref())?.shown()?),
    }
    Ok(ExitCode::SUCCESS)
}
