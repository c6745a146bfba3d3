//! The example's leads, without end.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use api::v1::{LeadProfile, RouteLeadRequest};
use cli::import::{Converter, Next, Rows, mapping::Format};
use kit::clock::Clock;
use uuid::Uuid;

const MAPPING: &str = include_str!("../../examples/maven/mapping.yaml");
const LEADS: &[u8] = include_bytes!("../../examples/maven/leads.csv");

/// The example's leads again and again, each time by other people.
pub(crate) struct Leads {
    profiles: Vec<LeadProfile>,
    next: AtomicUsize,
}

impl Leads {
    pub(crate) fn read() -> Result<Self> {
        let problems = |problems: Vec<_>| anyhow::anyhow!("{problems:?}");
        let mapping = cli::import::mapping::Mapping::parse(MAPPING).map_err(problems)?;
        let mut rows = Rows::from_reader(LEADS, Format::Csv, &mapping)?;
        let converter = Converter::new(&mapping, Clock::system().now());
        let mut profiles = Vec::new();
        while let Some(next) = rows.read()? {
            if let Next::Row(record) = next
                && let Ok(row) = converter.convert(record)
            {
                profiles.push(LeadProfile::from(row.profile));
            }
        }
        Ok(Self { profiles, next: AtomicUsize::new(0) })
    }

    /// One that was not there before.
    pub(crate) fn next(&self) -> RouteLeadRequest {
        self.numbered().1
    }

    /// The same, and how many were there before.
    pub(crate) fn numbered(&self) -> (usize, RouteLeadRequest) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut lead = self.profiles[number % self.profiles.len()].clone();
        lead.external_id = lead.external_id.map(|id| format!("{id}-{number}"));
        lead.email = lead.email.map(|email| format!("n{number}.{email}"));
        let request_id = Uuid::from_u128(number as u128 + 1).to_string();
        (number, RouteLeadRequest { lead: Some(lead), request_id, validate_only: false })
    }
}
