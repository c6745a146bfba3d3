//! Every SQL statement, migrations, transactions.

mod changes;

pub use changes::{Changes, NewLead, StoredResponse};
