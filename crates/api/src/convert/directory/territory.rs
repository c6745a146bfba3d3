//! Territories.

use domain::{directory::Territory, ids::TerritoryId};

use super::{Itemised, mask::maskable, reference, upper, words};
use crate::{Path, Violations, convert::fields::required_text, etag, names::Resource, v1};

maskable!(v1::Territory { display_name, countries, regions, postal_prefixes, calendar });

/// Most countries: there are about 250.
const MAX_COUNTRIES: usize = 300;
/// Most regions, and postal prefixes.
const MAX_PLACES: usize = 10_000;

impl Itemised for v1::Territory {
    fn items(&self, list: &str) -> Vec<&str> {
        match list {
            "countries" => self.countries.iter().map(String::as_str).collect(),
            "regions" => self.regions.iter().map(String::as_str).collect(),
            "postal_prefixes" => self.postal_prefixes.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// Reads a territory.
pub fn read(wire: v1::Territory, id: TerritoryId, path: &Path<'_>, violations: &mut Violations) -> Option<Territory> {
    let v = violations;
    let display_name = required_text(wire.display_name, &path.field("display_name"), v);
    let countries = words(wire.countries, MAX_COUNTRIES, upper, &path.field("countries"), v);
    let regions = words(wire.regions, MAX_PLACES, |region| region, &path.field("regions"), v);
    let prefixes = words(wire.postal_prefixes, MAX_PLACES, |prefix| prefix, &path.field("postal_prefixes"), v);
    Some(Territory {
        id,
        countries,
        regions,
        postal_prefixes: prefixes,
        calendar: reference(wire.calendar.as_ref(), &path.field("calendar"), v),
        name: display_name.unwrap_or_default(),
    })
}

/// The wire form of a territory that was last changed at that version.
pub fn to_wire(territory: &Territory, version: i64) -> v1::Territory {
    v1::Territory {
        name: territory.id.to_name(),
        display_name: territory.name.clone(),
        countries: territory.countries.clone(),
        regions: territory.regions.clone(),
        postal_prefixes: territory.postal_prefixes.clone(),
        calendar: territory.calendar.as_ref().map(Resource::to_name),
        etag: etag::of_entry(version),
    }
}
