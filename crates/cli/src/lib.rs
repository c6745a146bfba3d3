//! The client commands of `leadrouter`: everything that somebody at a terminal asks of a running installation.
//!
//! The binary puts [`Command`] into its own tree of commands and [`Connection`] among its flags; [`run`] does what was
//! asked. What other programs of the house need as well stands on its own: [`Clients`], [`documents`], [`import`] and
//! [`told`], which makes a text for people of an error from the wire.

pub mod clients;
mod command;
pub mod commands;
mod connection;
mod credentials;
pub mod documents;
pub mod explain;
pub mod holidays;
pub mod import;
pub mod learning;
mod pages;
mod text;
mod told;

pub use clients::Clients;
pub use command::{Command, run};
pub use connection::Connection;
pub use credentials::Credentials;
pub use told::{CallError, told};
