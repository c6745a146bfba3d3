//! Destinations, requirements and the SLA of a rule.

use std::{collections::BTreeMap, sync::Arc};

use super::{queue, unknown};
use crate::{
    directory::{DirectoryDocument, EntityKind, Seniority},
    ids::PoolId,
    ownership::Queue,
    policy::{Destination, LeadField, Requirements, Route, SlaPolicy, Waiting},
    sla::{Clock, Span},
    yaml::{Field, Map},
};

/// Most destinations of one rule.
const MAX_DESTINATIONS: usize = 16;

/// What the routes of one policy may name.
pub(super) struct Routes<'a> {
    pub directory: &'a DirectoryDocument,
    pub slas: &'a BTreeMap<String, Arc<SlaPolicy>>,
    /// The policy names a calendar for its queues.
    pub has_calendar: bool,
}

impl Routes<'_> {
    /// Reads `to`, `otherwise`, `require` and `sla`.
    pub(super) fn route(&self, map: Map<'_>) -> Option<Route> {
        let mut fields: Vec<Field<'_>> = map.require("to").into_iter().collect();
        fields.extend(map.get("otherwise").map(Field::list).unwrap_or_default());
        if let Some(field) = fields.get(MAX_DESTINATIONS) {
            field.note(format!("at most {MAX_DESTINATIONS} destinations are read"));
            fields.truncate(MAX_DESTINATIONS);
        }
        let found: Vec<_> = fields.iter().map(|field| self.destination(*field)).collect();
        for (index, destination) in found.iter().enumerate().skip(1) {
            let ahead = found[..index].iter().flatten();
            if let Some(taker) = ahead.clone().find(|ahead| ahead.takes_all()) {
                fields[index].note(format!("is never reached: {taker} ahead of it takes every lead"));
            } else if destination.as_ref().is_some_and(|destination| ahead.clone().any(|ahead| ahead == destination)) {
                fields[index].note("has been tried already");
            }
        }
        let complete = !found.is_empty() && found.iter().all(Option::is_some);
        let destinations: Vec<Destination> = found.into_iter().flatten().collect();

        let require = map.get("require").and_then(requirements).unwrap_or_default();
        if let Some(field) = map.get("require").filter(|_| complete && destinations.iter().all(|d| d.pool().is_none()))
        {
            field.note("nothing is asked of anybody here: requirements filter the reps of pools");
        }
        let sla = map.get("sla").and_then(|field| {
            let sla = self.sla(field)?;
            if complete {
                self.check_sla(field, &sla, &destinations);
            }
            Some(sla)
        });
        Some(Route { destinations, require, sla }).filter(|route| !route.destinations.is_empty())
    }

    /// `account_owner`, `existing_owner`, or a map of one key.
    fn destination(&self, field: Field<'_>) -> Option<Destination> {
        if field.is_scalar() {
            return self.owner(field);
        }
        let map = field.map(&["rep", "pool", "partner", "queue", "disqualify"])?;
        let [(kind, _)] = field.entries()[..] else {
            field.note("expected one destination; further ones go into the list `otherwise`");
            return None;
        };
        let value = map.require(kind)?;
        match kind {
            "rep" => self.rep(value),
            "pool" | "partner" => self.pool(value, kind == "partner"),
            "queue" => queue(value).map(Destination::Queue),
            "disqualify" => value.string().map(|reason| Destination::Disqualify { reason }),
            _ => None,
        }
    }

    fn owner(&self, field: Field<'_>) -> Option<Destination> {
        let pool = field.name().and_then(|text| text.parse::<PoolId>().ok());
        if let Some(pool) = pool.filter(|pool| self.directory.pools.contains_key(pool)) {
            field.note(format!("expected a destination; did you mean {{ pool: {pool} }}?"));
            return None;
        }
        field.one_of([(Destination::AccountOwner, "account_owner"), (Destination::ExistingOwner, "existing_owner")])
    }

    fn rep(&self, field: Field<'_>) -> Option<Destination> {
        let id = field.parse()?;
        match self.directory.reps.get(&id) {
            None => unknown(field, EntityKind::Rep, self.directory),
            Some(rep) if !rep.active => field.note(format!("rep `{id}` is not active: it can own nothing")),
            Some(_) => {}
        }
        Some(Destination::Rep(id))
    }

    fn pool(&self, field: Field<'_>, partner: bool) -> Option<Destination> {
        let id: PoolId = field.parse()?;
        match self.directory.pools.get(&id) {
            None => unknown(field, EntityKind::Pool, self.directory),
            Some(pool) if pool.partner && !partner => {
                field.note(format!("is a partner pool: write {{ partner: {id} }}"));
            }
            Some(pool) if partner && !pool.partner => {
                field.note(format!("is not a partner pool: write {{ pool: {id} }}"));
            }
            Some(_) => {}
        }
        Some(if partner { Destination::Partner(id) } else { Destination::Pool(id) })
    }

    fn sla(&self, field: Field<'_>) -> Option<Arc<SlaPolicy>> {
        let name = field.text()?;
        let sla = self.slas.get(name);
        if sla.is_none() {
            let known: Vec<&str> = self.slas.keys().map(String::as_str).collect();
            let hint = field.did_you_mean(name, known.iter().copied());
            field.note(format!("there is no SLA policy `{name}`{hint} (known: {})", known.join(", ")));
        }
        sla.cloned()
    }

    fn check_sla(&self, field: Field<'_>, sla: &SlaPolicy, destinations: &[Destination]) {
        let is_timed =
            |destination: &Destination| !destination.takes_all() || *destination == Destination::Queue(Queue::Review);
        if !destinations.iter().any(is_timed) {
            field.note("no clock runs here: only reps and the review queue are waited for");
        }
        if destinations.contains(&Destination::Queue(Queue::Review))
            && sla.spans().any(|span| self.lacks_calendar(span))
        {
            field.note("counts business time, and a queue has none unless the policy names a `calendar`");
        }
    }

    /// Notes a `waiting` block in business time that nothing defines.
    pub(super) fn check_waiting(&self, map: Map<'_>, waiting: &Waiting) {
        for (key, span) in [("retry_every", waiting.retry_every), ("deadline", waiting.deadline)] {
            if let Some(field) = map.get("waiting").filter(|_| self.lacks_calendar(span)) {
                let message = "counts business time, and a queue has none unless the policy names a `calendar`";
                field.descend(key).note(message);
            }
        }
    }

    fn lacks_calendar(&self, span: Span) -> bool {
        span.clock() == Clock::Business && !self.has_calendar
    }
}

fn requirements(field: Field<'_>) -> Option<Requirements> {
    let map = field.map(&["skills", "skill_of", "language", "territory", "seniority"])?;
    Some(Requirements {
        skills: map.list_of("skills", skill),
        skill_of: map.get("skill_of").and_then(|field| field.one_of(LeadField::ALL)),
        language: map.get("language").and_then(Field::flag).unwrap_or(false),
        territory: map.get("territory").and_then(Field::flag).unwrap_or(false),
        min_seniority: map.get("seniority").and_then(|field| field.one_of(Seniority::ALL)),
    })
}

fn skill(field: Field<'_>) -> Option<String> {
    let skill = field.text()?;
    if skill.contains(char::is_uppercase) {
        field.note(format!("skills are lower-case words, found `{skill}`"));
    }
    Some(skill.to_owned())
}
