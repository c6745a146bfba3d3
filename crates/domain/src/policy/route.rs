//! What a rule does with a lead that it matches.

use std::sync::Arc;

use super::{Destination, SlaPolicy};
use crate::{directory::Seniority, lead::Profile};

/// What a rule does with a lead that it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Tried in order until one takes the lead; not empty. If none does, the lead waits.
    pub destinations: Vec<Destination>,
    /// What a rep of a pool must have to get the lead.
    pub require: Requirements,
    /// How fast the owner must answer; `None`: no clock runs.
    pub sla: Option<Arc<SlaPolicy>>,
}

/// What a rep of a pool must have to get a lead. Nothing, by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    /// All of these skills.
    pub skills: Vec<String>,
    /// The skill that this field of the lead names; a blank one names none.
    pub skill_of: Option<LeadField>,
    /// The lead's language.
    pub language: bool,
    /// A territory with the lead in it.
    pub territory: bool,
    /// At least this experience.
    pub min_seniority: Option<Seniority>,
}

/// A field of the lead that can name a skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeadField {
    /// The product asked for.
    Product,
    /// The company's industry.
    Industry,
    /// Where the lead came from.
    Source,
    /// The campaign that brought it.
    Campaign,
    /// The person's role.
    JobTitle,
}

impl LeadField {
    /// All of them, with the names that policies use.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Product, "lead.product"),
        (Self::Industry, "lead.industry"),
        (Self::Source, "lead.source"),
        (Self::Campaign, "lead.campaign"),
        (Self::JobTitle, "lead.job_title"),
    ];

    /// The value of the field; `None` when it is blank.
    pub fn read(self, lead: &Profile) -> Option<&str> {
        let value = match self {
            Self::Product => &lead.product,
            Self::Industry => &lead.industry,
            Self::Source => &lead.source,
            Self::Campaign => &lead.campaign,
            Self::JobTitle => &lead.job_title,
        };
        value.as_deref().filter(|text| !text.trim().is_empty())
    }
}
