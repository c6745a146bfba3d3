//! What a condition may look at.

use jiff::{Timestamp, civil};

use crate::{directory::Account, ids::RepId, lead::Profile, score::Score};

/// Everything that is known when a lead is scored or routed. Borrows; copying it is cheap.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What is known of the lead.
    pub lead: &'a Profile,
    /// When the lead was accepted.
    pub created_at: Timestamp,
    /// The account that the lead belongs to.
    pub account: Option<&'a Account>,
    /// The rep who already has this person or company.
    pub existing_owner: Option<&'a RepId>,
    /// The lead's score; `None` while it is being computed and when there is none.
    pub score: Option<&'a Score>,
    /// Now, as clocks show it in the document's time zone.
    pub local: civil::DateTime,
    /// The domain of the lead's e-mail when it is a company's; read where the lead itself names no domain.
    pub company_domain: Option<&'a str>,
}
