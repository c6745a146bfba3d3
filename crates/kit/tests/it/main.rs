//! The stack of a server, over real connections.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod connections;
mod deadlines;
mod explain;
mod limits;
mod panics;
mod permissions;
mod probe;
mod raw;
mod shutdown;
mod surroundings;
