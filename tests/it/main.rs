//! End to end: real gRPC, a real Postgres, the services as they run in production, and a clock that the tests move.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed step fails the test")]

mod audit;
mod bulk;
mod calendar;
mod caps;
mod certificates;
mod change;
mod chaos;
mod coverage;
mod crash;
mod erasure;
mod escalation;
mod examples;
mod hostile;
mod incidents;
mod laws;
mod learned;
mod model;
mod pause;
mod permissions;
mod privacy;
mod programs;
mod quotas;
mod refusals;
mod rotation;
mod route;
mod scoring;
mod smoke;
mod stream;
mod time;
mod tokens;
mod trace;
mod watch;
mod webhooks;
