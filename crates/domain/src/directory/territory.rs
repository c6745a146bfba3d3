//! Whether a place lies in a territory.

use super::Territory;
use crate::lead::Profile;

impl Territory {
    /// True when one of the territory's lists names the lead's country, region or postal code. Blank fields match nothing.
    pub fn contains(&self, profile: &Profile) -> bool {
        let names = |list: &[String], value: &Option<String>| value.as_ref().is_some_and(|value| list.contains(value));
        names(&self.countries, &profile.country)
            || names(&self.regions, &profile.region)
            || self.contains_postal(profile)
    }

    fn contains_postal(&self, profile: &Profile) -> bool {
        let (Some(country), Some(code)) = (&profile.country, &profile.postal_code) else { return false };
        self.postal_prefixes.iter().any(|entry| {
            let split = entry.split_once(':');
            split.is_some_and(|(of, prefix)| of == country && code.starts_with(prefix))
        })
    }
}
