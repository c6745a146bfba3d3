//! What is allowed in a directory and yet hardly meant: leads would wait, or go where nobody looks.

use super::{DirectoryDocument, Violation};
use crate::ids::RepId;

impl DirectoryDocument {
    /// What is allowed and yet hardly meant, most of it because somebody has left.
    pub fn warnings(&self) -> Vec<Violation> {
        let has_left = |rep: &RepId| self.reps.get(rep).is_some_and(|rep| !rep.active);
        let is_external = |rep: &RepId| self.reps.get(rep).is_some_and(|rep| rep.external);
        let mut warnings = Vec::new();
        let mut warn = |field: String, message: &str| warnings.push(Violation { field, message: message.to_owned() });

        for (id, team) in &self.teams {
            if team.manager.as_ref().is_some_and(has_left) {
                warn(format!("teams/{id}.manager"), "has left: escalations to the manager fall through");
            }
        }
        for (id, rep) in &self.reps {
            if rep.active && rep.backup.as_ref().is_some_and(has_left) {
                warn(format!("reps/{id}.backup"), "has left: the team's next free rep takes over instead");
            }
        }
        for (id, pool) in &self.pools {
            if pool.members.iter().all(|member| has_left(&member.rep)) {
                warn(format!("pools/{id}.members"), "have all left: nobody gets what is sent here");
            }
            for member in pool.members.iter().filter(|member| !pool.partner && is_external(&member.rep)) {
                let field = format!("pools/{id}.members[{}]", member.rep);
                warn(field, "is external, and this is not a partner pool");
            }
        }
        for (id, account) in &self.accounts {
            if account.owner.as_ref().is_some_and(has_left) {
                warn(format!("accounts/{id}.owner"), "has left: its leads go to the rule's next destination");
            }
        }
        warnings
    }
}
