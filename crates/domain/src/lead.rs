//! A lead: a person (or company) who may buy, and what it did.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::LeadId;

/// A lead as it was accepted. It does not change afterwards; what changes is its ownership.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lead {
    /// Its identifier.
    pub id: LeadId,
    /// When it was accepted (not when the person acted: see [`Signal::at`]).
    pub created_at: Timestamp,
    /// What is known of it.
    pub profile: Profile,
}

/// What a caller tells of a lead. A blank field is `None` (or empty): "unknown", never "no".
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// The caller's own key; at most one lead of a tenant has it.
    pub external_id: Option<String>,
    /// Address, as given. Compared in its normalised form (see [`crate::identity`]).
    pub email: Option<String>,
    /// Telephone number, as given.
    pub phone: Option<String>,
    /// The person's full name.
    pub person_name: Option<String>,
    /// The person's role.
    pub job_title: Option<String>,
    /// The company's name.
    pub company_name: Option<String>,
    /// The company's web domain; when blank it is taken from the e-mail unless that is a free-mail address.
    pub company_domain: Option<String>,
    /// The company's industry.
    pub industry: Option<String>,
    /// People at the company.
    pub employees: Option<i64>,
    /// Revenue of the company, whole US dollars a year.
    pub annual_revenue: Option<i64>,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Option<String>,
    /// ISO 3166-2 (`US-CA`) or a name.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Language the person wants to be answered in: ISO 639-1, lower case.
    pub language: Option<String>,
    /// The product asked for.
    pub product: Option<String>,
    /// Expected size of the deal, whole US dollars.
    pub deal_value: Option<i64>,
    /// What kind of contact made it a lead.
    pub lead_type: LeadType,
    /// Where it came from (`google`, `trade-fair`).
    pub source: Option<String>,
    /// The campaign that brought it.
    pub campaign: Option<String>,
    /// Technologies the company uses.
    pub technologies: Vec<String>,
    /// Further attributes of the tenant's own; a policy declares those that it reads.
    pub attributes: BTreeMap<String, AttributeValue>,
    /// What the lead did, in any order.
    pub signals: Vec<Signal>,
    /// When what told of a person was erased; `None`: it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
}

impl Profile {
    /// What is left when everything is erased that tells of a person, or that somebody could be recognised by: what was sold, where
    /// to what kind of company. Of what was erased before, the time stays.
    #[must_use]
    pub fn erased(self, now: Timestamp) -> Self {
        let Self { industry, employees, annual_revenue, country, language, product, deal_value, .. } = self;
        let (lead_type, source, erased_at) = (self.lead_type, self.source, self.erased_at.or(Some(now)));
        Self {
            industry,
            employees,
            annual_revenue,
            country,
            language,
            product,
            deal_value,
            lead_type,
            source,
            erased_at,
            ..Self::default()
        }
    }
}

/// What kind of contact made it a lead; the default SLA table of the product goes by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadType {
    /// Not told.
    #[default]
    Unspecified,
    /// Asked to see the product.
    DemoRequest,
    /// Asked to be contacted (form, chat, telephone).
    ContactRequest,
    /// Qualified by marketing.
    MarketingQualified,
    /// Met at an event or webinar.
    Event,
    /// Took something to read.
    ContentDownload,
    /// Sent by a customer, a partner or an executive.
    Referral,
}

impl LeadType {
    /// All of them, with the names that policies use.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Unspecified, "unspecified"),
        (Self::DemoRequest, "demo_request"),
        (Self::ContactRequest, "contact_request"),
        (Self::MarketingQualified, "marketing_qualified"),
        (Self::Event, "event"),
        (Self::ContentDownload, "content_download"),
        (Self::Referral, "referral"),
    ];

    /// The name that policies use.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("unspecified", |(_, name)| name)
    }

    /// The lead type of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, n)| *n == name).map(|(kind, _)| *kind)
    }
}

/// The value of one of the tenant's own attributes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AttributeValue {
    /// Text.
    Text(String),
    /// A finite number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
}

/// One thing a lead did, with its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Which kind of thing (`pricing_page`); the points model says what it is worth.
    pub kind: String,
    /// When.
    pub at: Timestamp,
}
