//! Accounts.

use domain::{directory::Account, ids::AccountId};

use super::{Itemised, MAX_LIST, lower, mask::maskable, reference, words};
use crate::{
    Path, Violations,
    convert::{
        fields::{MAX_DOLLARS, MAX_PEOPLE, amount, optional_text, required_text},
        profile::country,
    },
    etag,
    names::Resource,
    v1,
};

maskable!(v1::Account { display_name, domains, owner, tier, industry, employees, annual_revenue, country, parent });

impl Itemised for v1::Account {
    fn items(&self, list: &str) -> Vec<&str> {
        match list {
            "domains" => self.domains.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// Reads an account.
pub fn read(wire: v1::Account, id: AccountId, path: &Path<'_>, violations: &mut Violations) -> Option<Account> {
    let v = violations;
    let display_name = required_text(wire.display_name, &path.field("display_name"), v);
    let account = Account {
        id,
        domains: words(wire.domains, MAX_LIST, lower, &path.field("domains"), v),
        owner: reference(wire.owner.as_ref(), &path.field("owner"), v),
        tier: optional_text(wire.tier, &path.field("tier"), v),
        industry: optional_text(wire.industry, &path.field("industry"), v),
        employees: amount(wire.employees, MAX_PEOPLE, &path.field("employees"), v),
        annual_revenue: amount(wire.annual_revenue, MAX_DOLLARS, &path.field("annual_revenue"), v),
        country: country(wire.country, &path.field("country"), v),
        parent: reference(wire.parent.as_ref(), &path.field("parent"), v),
        name: display_name.unwrap_or_default(),
    };
    Some(account)
}

/// The wire form of an account that was last changed at that version.
pub fn to_wire(account: &Account, version: i64) -> v1::Account {
    v1::Account {
        name: account.id.to_name(),
        display_name: account.name.clone(),
        domains: account.domains.clone(),
        owner: account.owner.as_ref().map(Resource::to_name),
        tier: account.tier.clone(),
        industry: account.industry.clone(),
        employees: account.employees,
        annual_revenue: account.annual_revenue,
        country: account.country.clone(),
        parent: account.parent.as_ref().map(Resource::to_name),
        etag: etag::of_entry(version),
    }
}
