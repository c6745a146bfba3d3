//! Writing what a batch decided.

use domain::ids::TenantId;

use super::{Guard, Stage, Tx, existing, insert, outcome_unknown};
use crate::{
    changes::Changes,
    error::{StoreError, WriteError},
};

impl Tx {
    /// Writes all changes, unless another commit of the tenant has come since [`Self::lookup`]: then nothing, and it says so.
    ///
    /// Outside of a transaction a batch that only adds (new leads, counters, responses) is one statement, which is durable
    /// when this returns. One that also changes what existed begins a transaction first; [`Self::commit`] ends it.
    ///
    /// The tenant's number of commits from then on; `None`: there was nothing to write.
    pub async fn write(&mut self, tenant: TenantId, changes: &Changes) -> Result<Option<i64>, WriteError> {
        let mut commits = None;
        // One row a commit, by the statement that comes first.
        let mut happened = changes.happened.as_ref();
        // What existed comes first: an identity key that is moved must be where it was found.
        if !existing::is_empty(changes) {
            self.begin().await?;
            let (seen, statement) = (self.seen()?, self.statement("change"));
            let written = statement.run(existing::change(self.enter()?, tenant, seen, changes, happened.take())).await;
            commits = Some(self.leave(written)?);
            // The statement has locked the tenant's row.
            self.held();
        }
        if !insert::is_empty(changes) {
            let (seen, statement) = (self.seen()?, self.statement("insert"));
            let alone = self.stage == Stage::Reading;
            let written = statement.run(insert::insert(self.enter()?, tenant, seen, changes, happened.take())).await;
            let written = self.leave(written);
            if alone {
                commits = Some(written.map_err(|error| match error {
                    WriteError::Store(error) => WriteError::Store(outcome_unknown(error)),
                    overtaken => overtaken,
                })?);
                self.committed();
            } else {
                commits = Some(written?);
                self.held();
            }
        }
        Ok(commits)
    }

    /// The number of commits that the write depends on; `None`: the tenant is held, nothing can have come between.
    fn seen(&self) -> Result<Option<i64>, StoreError> {
        match self.guard {
            Guard::Held => Ok(None),
            Guard::Seen(commits) => Ok(Some(commits)),
            Guard::None => Err(StoreError::Transaction { name: self.name, why: "the tenant was not looked up" }),
        }
    }
}
