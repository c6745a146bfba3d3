//! Values of the contract's enums as words on the command line.

use api::v1::{CloseOutcome, DeclineReason, PauseReason, ReturnReason, SlaReportGroup, TimerKind};
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// An enum of the contract that can be asked for by a word.
pub(crate) trait Choice: Copy + Send + Sync + 'static {
    /// All values, "not told" not among them, each with its word.
    const WORDS: &'static [(Self, &'static str)];
}

macro_rules! choice {
    ($($wire:ident { $($value:ident: $word:literal,)* })*) => {
        $(impl Choice for $wire {
            const WORDS: &'static [(Self, &'static str)] = &[$((Self::$value, $word),)*];
        })*
    };
}

choice! {
    CloseOutcome {
        Won: "won",
        Lost: "lost",
        Disqualified: "disqualified",
    }
    DeclineReason {
        NoCapacity: "no-capacity",
        Absent: "absent",
        WrongSkills: "wrong-skills",
        WrongTerritory: "wrong-territory",
        ExistingRelationship: "existing-relationship",
        ConflictOfInterest: "conflict-of-interest",
        Other: "other",
    }
    PauseReason {
        WaitingForLead: "waiting-for-lead",
        LegalHold: "legal-hold",
        Other: "other",
    }
    ReturnReason {
        ProjectPostponed: "project-postponed",
        WrongContact: "wrong-contact",
        TooEarly: "too-early",
        NoBudget: "no-budget",
        NotAFit: "not-a-fit",
        Duplicate: "duplicate",
        Other: "other",
    }
    SlaReportGroup {
        Owner: "owner",
        Team: "team",
        Territory: "territory",
        LeadType: "lead-type",
        SlaPolicy: "sla-policy",
        Hour: "hour",
    }
    TimerKind {
        Accept: "accept",
        Escalate: "escalate",
        Retry: "retry",
        Wake: "wake",
        Resume: "resume",
    }
}

/// Reads one of the words. Help and errors list all of them.
pub(crate) fn one_of<C: Choice>() -> impl TypedValueParser<Value = C> {
    let words = C::WORDS.iter().map(|(_, word)| *word);
    PossibleValuesParser::new(words).try_map(|found| {
        // The parser before lets only words of the list through.
        C::WORDS.iter().find(|(_, word)| *word == found).map(|(choice, _)| *choice).ok_or("no such value")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every value of the contract is there, by its name in the contract.
    fn complete<C: Choice + TryFrom<i32>>(prefix: &str, name: impl Fn(&C) -> &'static str) {
        let all = (1..).map_while(|number| C::try_from(number).ok());
        let named: Vec<String> = all.map(|value| crate::text::word(name(&value), prefix).replace(' ', "-")).collect();
        let words: Vec<&str> = C::WORDS.iter().map(|(_, word)| *word).collect();
        assert_eq!(words, named);
    }

    #[test]
    fn every_value_of_the_contract_has_a_word() {
        complete::<CloseOutcome>("CLOSE_OUTCOME_", CloseOutcome::as_str_name);
        complete::<DeclineReason>("DECLINE_REASON_", DeclineReason::as_str_name);
        complete::<ReturnReason>("RETURN_REASON_", ReturnReason::as_str_name);
        complete::<SlaReportGroup>("SLA_REPORT_GROUP_", SlaReportGroup::as_str_name);
        complete::<TimerKind>("TIMER_KIND_", TimerKind::as_str_name);
    }
}
