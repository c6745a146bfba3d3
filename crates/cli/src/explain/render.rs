//! The explanation from top to bottom.

use std::fmt::{self, Write as _};

use api::v1::{Lead, RuleTrial, Truth};
use jiff::tz::TimeZone;

use super::{Explanation, candidates, history, score, sla};
use crate::text::{indented, table, time, word};

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lead, decision, owner_name, history } = self;
        let zone = self.zone();
        let (at, epoch) = (time(decision.decide_time.as_ref(), &zone), decision.epoch);
        writeln!(f, "{}\n", headline(lead))?;

        let owner =
            if owner_name.is_empty() { decision.owner.clone() } else { format!("{owner_name} ({})", decision.owner) };
        writeln!(f, "Decision {epoch}, {at}: {owner}")?;
        writeln!(f, "  {}", decision.reason)?;
        writeln!(f, "  Read: {}, directory version {}{}", decision.policy, decision.directory_version, self.facts())?;
        writeln!(f, "{}", self.since(&zone))?;

        writeln!(f, "{}", score::told(decision.score.as_ref()))?;
        writeln!(f, "Rules, first match wins")?;
        writeln!(f, "{}", indented(&rules(&decision.rules, &decision.matched_rule)))?;
        write!(f, "{}", candidates::told(&decision.destinations, &decision.owner))?;
        writeln!(f, "{}", sla::told(decision.sla.as_ref()))?;
        writeln!(f, "History")?;
        write!(f, "{}", indented(&history::told(history, &zone)))
    }
}

impl Explanation {
    /// The owner's, in which all times are told.
    fn zone(&self) -> TimeZone {
        let name = self.decision.sla.as_ref().map_or("UTC", |sla| sla.time_zone.as_str());
        TimeZone::get(name).unwrap_or(TimeZone::UTC)
    }

    /// Whom the lead was recognised as.
    fn facts(&self) -> String {
        let mut text = String::new();
        for (what, name) in [("company is", &self.decision.account), ("known to", &self.decision.existing_owner)] {
            if !name.is_empty() {
                let _ = write!(text, "; {what} {name}");
            }
        }
        text
    }

    /// What became of the lead after the decision.
    fn since(&self, zone: &TimeZone) -> String {
        let Lead { owner, epoch, .. } = &self.lead;
        let state = word(self.lead.state().as_str_name(), "LEAD_STATE_");
        let mut text = if *epoch == self.decision.epoch {
            format!("  The lead is {state} now")
        } else {
            format!("  Since then the lead has moved on: {owner} has it, assignment {epoch}, {state}")
        };
        for (what, at) in [
            ("first response is due", &self.lead.respond_by.filter(|_| self.lead.first_response_time.is_none())),
            ("answered", &self.lead.first_response_time),
            ("waits at most until", &self.lead.wait_until),
            ("wakes", &self.lead.wake_time),
            ("closed", &self.lead.close_time),
        ] {
            if at.is_some() {
                let _ = write!(text, "; {what} {}", time(at.as_ref(), zone));
            }
        }
        text.push_str(".\n");
        text
    }
}

/// The lead and who it is.
fn headline(lead: &Lead) -> String {
    let profile = lead.profile.clone().unwrap_or_default();
    let who = [profile.person_name, profile.email, profile.company_name.or(profile.company_domain)];
    let who: Vec<String> = who.into_iter().flatten().collect();
    if who.is_empty() { lead.name.clone() } else { format!("{}: {}", lead.name, who.join(", ")) }
}

fn rules(trials: &[RuleTrial], matched: &str) -> String {
    let rows = (1..).zip(trials).map(|(number, trial)| {
        let (outcome, why) = match trial.outcome() {
            Truth::True => ("matched", trial.condition.clone()),
            Truth::False => ("no", trial.failed_part.clone()),
            Truth::Unknown => ("blank field", trial.failed_part.clone()),
            Truth::Unspecified => ("", trial.condition.clone()),
        };
        [format!("{number}"), trial.rule.clone(), outcome.to_owned(), why]
    });
    let default = matched.is_empty().then(|| {
        let why = if trials.is_empty() { "the policy has no rules" } else { "no rule matched" };
        [String::new(), "(default)".to_owned(), "matched".to_owned(), why.to_owned()]
    });
    table(["#", "Rule", "Outcome", "Because"], rows.chain(default))
}
