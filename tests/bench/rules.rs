//! What evaluating a policy of 1,000 rules costs, when no rule but the last one matches.

use std::{fmt::Write as _, hint::black_box, time::Instant};

use anyhow::Result;
use domain::{
    directory::DirectoryDocument,
    expr::Facts,
    lead::{LeadType, Profile},
    policy::Policy,
};
use jiff::{civil, tz::TimeZone};

const RULES: usize = 1000;
/// Evaluations of one sample.
const EVALUATIONS: u32 = 2000;

/// Microseconds of one evaluation, the median of several samples.
pub(crate) fn measure() -> Result<f64> {
    let policy = Policy::parse(&text(), &DirectoryDocument::default())
        .map_err(|problems| anyhow::anyhow!("the policy is wrong: {problems:?}"))?;
    let local = civil::date(2026, 11, 18).at(10, 0, 0, 0);
    let lead = Profile {
        country: Some("FR".to_owned()),
        employees: Some(320),
        deal_value: Some(12_000),
        industry: Some("retail".to_owned()),
        lead_type: LeadType::DemoRequest,
        ..Profile::default()
    };
    let facts = Facts {
        lead: &lead,
        created_at: local.to_zoned(TimeZone::UTC)?.timestamp(),
        account: None,
        existing_owner: None,
        score: None,
        local,
        company_domain: None,
    };
    anyhow::ensure!(
        policy.evaluate(&facts).rule == Some(u32::try_from(RULES - 1)?),
        "another rule than the last one matched"
    );
    let mut samples: Vec<f64> = (0..15)
        .map(|_| {
            let begun = Instant::now();
            for _ in 0..EVALUATIONS {
                black_box(policy.evaluate(black_box(&facts)));
            }
            begun.elapsed().as_secs_f64() * 1e6 / f64::from(EVALUATIONS)
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    Ok(samples[samples.len() / 2])
}

/// Rules of the kinds that policies are made of; each is false for the lead, by another comparison.
fn text() -> String {
    let mut text = "name: thousand\ndescription: many rules\ntime_zone: UTC\nrules:\n".to_owned();
    for rule in 0..RULES {
        let when = match rule {
            _ if rule == RULES - 1 => "lead.employees >= 200".to_owned(),
            _ if rule % 4 == 0 => format!("lead.country in [\"C{rule}\", \"BE\"] && lead.employees >= {rule}"),
            _ if rule % 4 == 1 => format!("lead.employees > {} && lead.lead_type == \"demo_request\"", 400 + rule),
            _ if rule % 4 == 2 => format!("lead.industry == \"sector {rule}\" || lead.deal_value >= {}", 20_000 + rule),
            _ => format!("lead.lead_type == \"demo_request\" && lead.deal_value < {rule} && lead.country == \"FR\""),
        };
        let _ = writeln!(text, "  - {{ name: rule-{rule}, when: '{when}', to: {{ queue: review }} }}");
    }
    text + "default: { to: { queue: review } }\n"
}
