//! Reps.

use domain::{
    directory::{Rep, Seniority},
    ids::RepId,
};

use super::{
    Itemised, MAX_LIST, bound, bound_to_wire, lower, mask::maskable, reference, references, required_reference, words,
};
use crate::{
    Path, Violations,
    convert::{
        fields::{known, required_text},
        profile::email,
    },
    etag,
    names::Resource,
    v1,
};

maskable!(v1::Rep {
    display_name,
    email,
    team,
    calendar,
    seniority,
    skills,
    languages,
    territories,
    external,
    accepting,
    max_open,
    max_per_day,
    backup,
});

impl Itemised for v1::Rep {
    fn items(&self, list: &str) -> Vec<&str> {
        match list {
            "skills" => self.skills.iter().map(String::as_str).collect(),
            "languages" => self.languages.iter().map(String::as_str).collect(),
            "territories" => self.territories.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// Reads a rep. Whether it is active is not a field of the request: `active` says what it is.
pub fn read(wire: v1::Rep, id: RepId, active: bool, path: &Path<'_>, violations: &mut Violations) -> Option<Rep> {
    let v = violations;
    let display_name = required_text(wire.display_name, &path.field("display_name"), v);
    let team = required_reference(&wire.team, &path.field("team"), v);
    let seniority = known(wire.seniority, &path.field("seniority"), v).unwrap_or(v1::Seniority::Unspecified);
    let rep = Rep {
        id,
        email: email(wire.email, &path.field("email"), v),
        calendar: reference(wire.calendar.as_ref(), &path.field("calendar"), v),
        seniority: seniority.into(),
        skills: words(wire.skills, MAX_LIST, lower, &path.field("skills"), v),
        languages: words(wire.languages, MAX_LIST, lower, &path.field("languages"), v),
        territories: references(&wire.territories, &path.field("territories"), v),
        external: wire.external,
        active,
        accepting: wire.accepting.unwrap_or(true),
        max_open: bound(wire.max_open, &path.field("max_open"), v),
        max_per_day: bound(wire.max_per_day, &path.field("max_per_day"), v),
        backup: reference(wire.backup.as_ref(), &path.field("backup"), v),
        name: display_name.unwrap_or_default(),
        team: team?,
    };
    Some(rep)
}

/// The wire form of a rep that was last changed at that version.
pub fn to_wire(rep: &Rep, version: i64) -> v1::Rep {
    v1::Rep {
        name: rep.id.to_name(),
        display_name: rep.name.clone(),
        email: rep.email.clone(),
        team: rep.team.to_name(),
        calendar: rep.calendar.as_ref().map(Resource::to_name),
        seniority: v1::Seniority::from(rep.seniority).into(),
        skills: rep.skills.clone(),
        languages: rep.languages.clone(),
        territories: rep.territories.iter().map(Resource::to_name).collect(),
        external: rep.external,
        active: rep.active,
        accepting: Some(rep.accepting),
        max_open: bound_to_wire(rep.max_open),
        max_per_day: bound_to_wire(rep.max_per_day),
        backup: rep.backup.as_ref().map(Resource::to_name),
        etag: etag::of_entry(version),
    }
}

impl From<v1::Seniority> for Seniority {
    fn from(seniority: v1::Seniority) -> Self {
        match seniority {
            v1::Seniority::Unspecified | v1::Seniority::Junior => Self::Junior,
            v1::Seniority::Mid => Self::Mid,
            v1::Seniority::Senior => Self::Senior,
            v1::Seniority::Director => Self::Director,
        }
    }
}

impl From<Seniority> for v1::Seniority {
    fn from(seniority: Seniority) -> Self {
        match seniority {
            Seniority::Junior => Self::Junior,
            Seniority::Mid => Self::Mid,
            Seniority::Senior => Self::Senior,
            Seniority::Director => Self::Director,
        }
    }
}
