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

/// What the rules are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// Segments as people write them: by country, sector and type of the lead, and then by size.
    Segments,
    /// Every text that a rule asks for is the lead's own, so that only numbers tell the rules apart: the worst case for the index.
    NumbersOnly,
}

/// Microseconds of one evaluation, the median of several samples.
pub(crate) fn measure(rules: Rules) -> Result<f64> {
    let policy = Policy::parse(&text(rules), &DirectoryDocument::default()).map_err(|problems| {
        anyhow::anyhow!("the policy has {} problems, the first is {:?}", problems.len(), problems.first())
    })?;
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

const COUNTRIES: [&str; 12] = ["US", "DE", "BE", "NL", "GB", "ES", "IT", "PL", "SE", "CH", "AT", "JP"];
const TYPES: [&str; 4] = ["event", "referral", "content_download", "contact_request"];

/// A policy whose last rule alone is true for the lead.
fn text(rules: Rules) -> String {
    let mut text = "name: thousand\ndescription: many rules\ntime_zone: UTC\nrules:\n".to_owned();
    for rule in 0..RULES {
        let (country, kind) = match rules {
            Rules::Segments => (COUNTRIES[rule % COUNTRIES.len()], TYPES[rule % TYPES.len()]),
            Rules::NumbersOnly => ("FR", "demo_request"),
        };
        let when = match rule {
            _ if rule == RULES - 1 => "lead.employees >= 200".to_owned(),
            _ if rule % 4 == 0 => {
                format!("lead.country in [\"{country}\", \"BE\"] && lead.employees >= {}", 400 + rule)
            }
            _ if rule % 4 == 1 => format!("lead.employees > {} && lead.lead_type == \"{kind}\"", 400 + rule),
            _ if rule % 4 == 2 => format!("lead.industry == \"sector {rule}\" && lead.deal_value >= {}", 20_000 + rule),
            _ => format!("lead.lead_type == \"{kind}\" && lead.deal_value < {rule} && lead.country == \"{country}\""),
        };
        let _ = writeln!(text, "  - {{ name: rule-{rule}, when: '{when}', to: {{ queue: review }} }}");
    }
    text + "default: { to: { queue: review } }\n"
}
