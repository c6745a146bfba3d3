//! The escalation service: watches time. It finds timers that are due, has the assignment service fire them, and tells how
//! leads stand against their deadlines. It holds nothing that a crash can lose.

mod grpc;
mod metrics;
mod scheduler;

pub use grpc::EscalationApi;
pub use scheduler::{Scheduler, SchedulerConfig};
