#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod document;
mod errors;
mod hostile;
mod meaning;
mod oracle;

use jiff::{Timestamp, civil};

use super::*;
use crate::{
    directory::Account,
    ids::RepId,
    lead::{AttributeValue, LeadType, Profile, Signal},
    score::{FitLevel, IntentLevel, ModelRevision, Score},
};

/// The attributes that all tests declare.
fn attributes() -> Attributes {
    [("course", AttributeType::Text), ("visits", AttributeType::Number), ("agreed", AttributeType::Flag)]
        .map(|(name, kind)| (name.to_owned(), kind))
        .into()
}

fn builder() -> ProgramBuilder {
    ProgramBuilder::new(Schema::for_policy(&attributes()))
}

/// Owned facts.
#[derive(Debug, Clone)]
struct Case {
    lead: Profile,
    account: Option<Account>,
    existing_owner: Option<RepId>,
    score: Option<Score>,
    local: civil::DateTime,
    company_domain: Option<String>,
}

impl Case {
    /// Nothing is known of this lead.
    fn blank() -> Self {
        Self {
            lead: Profile::default(),
            account: None,
            existing_owner: None,
            score: None,
            // A Sunday.
            local: civil::date(2026, 11, 22).at(14, 30, 0, 0),
            company_domain: None,
        }
    }

    fn full() -> Self {
        let lead = Profile {
            email: Some("ada@example.com".to_owned()),
            job_title: Some("Head of Sales".to_owned()),
            employees: Some(250),
            annual_revenue: Some(9_000_000),
            country: Some("FR".to_owned()),
            language: Some("fr".to_owned()),
            product: Some("GTX".to_owned()),
            deal_value: Some(20_000),
            lead_type: LeadType::DemoRequest,
            technologies: vec!["kafka".to_owned(), "postgres".to_owned()],
            attributes: [
                ("course".to_owned(), AttributeValue::Text("MBA".to_owned())),
                ("visits".to_owned(), AttributeValue::Number(3.5)),
                ("agreed".to_owned(), AttributeValue::Flag(true)),
            ]
            .into(),
            signals: vec![signal("webinar"), signal("pricing_page")],
            ..Profile::default()
        };
        Self {
            lead,
            account: Some(account()),
            existing_owner: Some("anna".parse().unwrap()),
            score: Some(score(FitLevel::A, IntentLevel::Medium)),
            company_domain: Some("example.com".to_owned()),
            ..Self::blank()
        }
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            lead: &self.lead,
            created_at: Timestamp::UNIX_EPOCH,
            account: self.account.as_ref(),
            existing_owner: self.existing_owner.as_ref(),
            score: self.score.as_ref(),
            local: self.local,
            company_domain: self.company_domain.as_deref(),
        }
    }

    /// The outcome of a condition, through both ways of asking.
    fn eval(&self, source: &str) -> Truth {
        let mut builder = builder();
        let id = builder.add(source).unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
        let program = builder.build();
        let row = program.bind(&self.facts());
        let truth = program.eval(id, &row);
        assert_eq!(program.first_true(&[id], &row).is_some(), truth.is_true(), "{source}");
        let least = program.explain(id, &row).into_iter().map(|finding| finding.truth).min();
        assert_eq!(least, Some(truth), "{source}");
        truth
    }
}

fn signal(kind: &str) -> Signal {
    Signal { kind: kind.to_owned(), at: Timestamp::UNIX_EPOCH }
}

fn account() -> Account {
    Account {
        id: "acme".parse().unwrap(),
        name: "Acme".to_owned(),
        domains: vec!["acme.example".to_owned()],
        owner: Some("anna".parse().unwrap()),
        tier: Some("strategic".to_owned()),
        industry: None,
        employees: Some(40_000),
        annual_revenue: None,
        country: Some("US".to_owned()),
        parent: None,
    }
}

fn score(fit: FitLevel, intent: IntentLevel) -> Score {
    Score { model: ModelRevision(1), fit_points: 6_250, intent_points: 2_000, fit, intent, contributions: Vec::new() }
}
