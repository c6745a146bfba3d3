//! `route`: one lead from the command line.

use std::fmt::Write as _;

use anyhow::anyhow;
use api::v1::{LeadProfile, RouteLeadRequest, RouteLeadResponse, RouteOutcome};
use clap::Args;
use jiff::{Timestamp, tz::TimeZone};
use uuid::Uuid;

use super::profile;
use crate::{Clients, documents::request_id, text::time, told::answer};

/// Route one lead, and say who owns it now and why.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Fields are those of mapping files: email, company_name, employees, country, lead_type ...\n\
    signal=KIND is of now, signal=KIND@TIME of then; an attribute of your own is attributes.NAME=VALUE, with its type if \
    it is no text: attributes.NAME:number=VALUE.\n\n\
    Examples:\n  \
    leadrouter route email=jane@acme.example company_name=Acme employees=200 signal=demo_request\n  \
    leadrouter route --dry-run external_id=A-17 country=DE deal_value=25000 signal=webinar@2026-11-20")]
pub struct RouteArgs {
    /// What is known of the lead.
    #[arg(required = true, value_name = "FIELD=VALUE")]
    pub fields: Vec<String>,

    /// Say who would get it, and write nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// A UUID of your own: the same one again routes nothing again, and answers what the first call did.
    #[arg(long, value_name = "UUID")]
    pub request_id: Option<Uuid>,
}

pub(crate) async fn run(args: &RouteArgs, clients: &Clients, now: Timestamp) -> anyhow::Result<String> {
    let profile = profile::read(&args.fields, now).map_err(|wrong| anyhow!("the lead can't be read:\n{wrong}"))?;
    let request = RouteLeadRequest {
        lead: Some(LeadProfile::from(profile)),
        request_id: args.request_id.map_or_else(request_id, |id| id.to_string()),
        validate_only: args.dry_run,
    };
    let routed = answer(clients.assignment.clone().route_lead(request).await)?;
    Ok(told(&routed, &TimeZone::system()))
}

fn told(routed: &RouteLeadResponse, zone: &TimeZone) -> String {
    let lead = routed.lead.clone().unwrap_or_default();
    let what = match routed.outcome() {
        RouteOutcome::Offered => "offered to",
        RouteOutcome::Queued => "put into",
        RouteOutcome::Duplicate => "known already: it stays with",
        RouteOutcome::Disqualified => "disqualified: it is in",
        RouteOutcome::Unspecified => "owned by",
    };
    let mut text = format!("{what} {}", lead.owner);
    if !lead.grade.is_empty() {
        let _ = write!(text, ", grade {}", lead.grade);
    }
    let _ = write!(text, "\n  {}", routed.reason);
    for (what, at) in [
        ("to be accepted by", &lead.accept_by),
        ("first response is due", &lead.respond_by),
        ("waits at most until", &lead.wait_until),
    ] {
        if at.is_some() {
            let _ = write!(text, "\n  {what} {}", time(at.as_ref(), zone));
        }
    }
    if lead.name.is_empty() {
        text.push_str("\n  nothing was written");
    } else {
        let _ = write!(text, "\n  lead {}\n  decision {}", lead.name, routed.decision);
    }
    text
}

#[cfg(test)]
mod tests {
    use api::v1::Lead;

    use super::*;

    fn routed(name: &str, decision: &str) -> RouteLeadResponse {
        let lead = Lead {
            name: name.to_owned(),
            owner: "reps/anna-berg".to_owned(),
            grade: "A1".to_owned(),
            respond_by: Some(prost_types::Timestamp { seconds: 1_795_426_200, nanos: 0 }),
            ..Lead::default()
        };
        RouteLeadResponse {
            lead: Some(lead),
            outcome: RouteOutcome::Offered.into(),
            reason: "Rule \"large-deals\" applies; in pool east 2 of 4 reps were free and anna-berg was next in turn."
                .to_owned(),
            score: None,
            decision: decision.to_owned(),
        }
    }

    #[test]
    fn the_owner_comes_first() {
        let name = "leads/01890a5d-ac96-774b-bcce-b302099a8057";
        insta::assert_snapshot!(told(&routed(name, &format!("{name}/decisions/1")), &TimeZone::UTC));
    }

    #[test]
    fn a_dry_run_says_so() {
        assert!(told(&routed("", ""), &TimeZone::UTC).ends_with("\n  nothing was written"));
    }
}
