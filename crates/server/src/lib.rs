//! Leadrouter's services as a library: what the binary runs, and what tests start inside of their own process.

pub mod access;
mod app;
pub mod config;
mod roles;
mod upkeep;

pub use app::{App, Roles, StartError};
