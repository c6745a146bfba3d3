//! Which leads: conditions that several statements share.

use domain::{
    directory::Territory,
    ownership::{LeadState, Owner},
};
use jiff::Timestamp;
use uuid::{Builder, Uuid};

use crate::{
    codes::Code as _,
    time::{SqlTime, opt_time},
};

/// Which leads to list. Empty: all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadFilter {
    /// Owned by one of these.
    pub owners: Option<Vec<Owner>>,
    /// In one of these states.
    pub states: Option<Vec<LeadState>>,
    /// With something due before: a first response that was not given, an offer that was not accepted, a waiting or
    /// nurtured lead's wake-up. Closed leads have nothing due.
    pub due_before: Option<Timestamp>,
    /// From a place in this territory.
    pub territory: Option<Territory>,
    /// Routed last by the rule of that name; blank: by none.
    pub rule: Option<String>,
    /// Arrived before this time, in whole milliseconds.
    pub arrived_before: Option<Timestamp>,
}

impl LeadFilter {
    /// True when it finds no closed leads.
    pub(crate) fn is_of_open_ones(&self) -> bool {
        let states = self.states.as_ref();
        self.due_before.is_some() || states.is_some_and(|states| !states.contains(&LeadState::Closed))
    }

    /// The id before which all leads are that arrived in time: ids are ordered by arrival.
    fn before(&self) -> Uuid {
        let Some(arrived) = self.arrived_before else { return Uuid::max() };
        let whole = arrived.subsec_nanosecond() % 1_000_000 == 0;
        let millis = u64::try_from(arrived.as_millisecond() + i64::from(!whole)).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
    }
}

/// A filter as arguments of a [`filtered`] statement.
#[derive(Debug)]
pub(crate) struct FilterArguments<'a> {
    pub(crate) owners: Option<Vec<String>>,
    pub(crate) states: Option<Vec<i16>>,
    pub(crate) due_before: Option<SqlTime>,
    pub(crate) before: Uuid,
    pub(crate) rule: Option<&'a str>,
    pub(crate) territory: Option<&'a Territory>,
}

impl<'a> From<&'a LeadFilter> for FilterArguments<'a> {
    fn from(filter: &'a LeadFilter) -> Self {
        let owners = filter.owners.as_ref();
        let states = filter.states.as_ref();
        Self {
            owners: owners.map(|owners| owners.iter().map(ToString::to_string).collect()),
            states: states.map(|states| states.iter().map(|state| state.code()).collect()),
            due_before: opt_time(filter.due_before),
            before: filter.before(),
            rule: filter.rule.as_deref(),
            territory: filter.territory.as_ref(),
        }
    }
}

impl FilterArguments<'_> {
    /// One of the lists of the territory; none if there is no territory.
    pub(crate) fn of_territory(&self, list: fn(&Territory) -> &[String]) -> &[String] {
        self.territory.map_or(&[], list)
    }
}

/// The statement `$select!($head + conditions + $tail)` about leads that a filter finds. The conditions are about `o`, a row of
/// `ownership`.
///
/// `$head` and `$tail` may use `$1` (the tenant), `$2` (the owners or NULL, of which the conditions say nothing), `$3` (the lead after
/// which it begins, of which they do) and `$4` (how many).
macro_rules! filtered {
    ($select:ident($head:literal, $tail:literal), $tenant:expr, $filter:expr, $after:expr, $limit:expr $(,)?) => {
        $select!(
            $head
                + " o.lead_id > $3 AND o.lead_id < $7 AND ($5::smallint[] IS NULL OR o.state = ANY ($5)) \
                    AND ($6::timestamptz IS NULL OR o.closed_at IS NULL AND (o.wake_at < $6 \
                         OR o.first_response_at IS NULL AND o.respond_by < $6 \
                         OR o.accepted_at IS NULL AND o.accept_by < $6)) \
                    AND ($8::text IS NULL OR coalesce(o.rule, '') = $8) \
                    AND (NOT $9::boolean OR ( \
                        SELECT f.profile->>'country' = ANY ($10) OR f.profile->>'region' = ANY ($11) \
                               OR EXISTS (SELECT FROM unnest($12::text[]) AS p (prefix) WHERE starts_with( \
                                   (f.profile->>'country') || ':' || (f.profile->>'postal_code'), p.prefix)) \
                        FROM lead AS f WHERE f.tenant_id = $1 AND f.lead_id = o.lead_id)) "
                + $tail,
            $tenant.0,
            $filter.owners.as_deref() as _,
            $after,
            $limit,
            $filter.states.as_deref() as _,
            $filter.due_before as _,
            $filter.before,
            $filter.rule,
            $filter.territory.is_some(),
            $filter.of_territory(|territory| &territory.countries),
            $filter.of_territory(|territory| &territory.regions),
            $filter.of_territory(|territory| &territory.postal_prefixes),
        )
    };
}
pub(crate) use filtered;
