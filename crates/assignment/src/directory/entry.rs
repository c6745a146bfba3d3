//! The seven kinds of entries, alike.

use std::{fmt::Debug, str::FromStr};

use api::{
    Path, Violations,
    convert::directory::{
        self as convert, Itemised, Maskable, read_absence, read_account, read_calendar, read_pool, read_rep, read_team,
        read_territory,
    },
    names::Resource,
    v1,
};
use domain::{
    directory::{Absence, Account, CalendarSpec, DirectoryDocument, Entity, EntityKind, Pool, Rep, Team, Territory},
    ids::{AbsenceId, AccountId, CalendarId, InvalidId, PoolId, RepId, TeamId, TerritoryId},
};
use prost::Message;

/// An entry of the directory with its message. The field of a request that holds one is named like its kind.
pub(super) trait Entry: Debug + Clone + PartialEq + Send + Sync + Sized + 'static {
    type Id: Resource + FromStr<Err = InvalidId> + ToString + Clone + Send + Sync + 'static;
    type Wire: Maskable + Itemised + Message + Clone + Default + Send + Sync + 'static;

    const KIND: EntityKind;

    /// Reads the message; `current` is what the directory holds under that id. Where violations are noted, something else
    /// stands in.
    fn read(
        wire: Self::Wire,
        id: Self::Id,
        current: Option<&Self>,
        path: &Path<'_>,
        violations: &mut Violations,
    ) -> Option<Self>;

    /// Writes the message; without a version it has no etag, for it is not stored.
    fn to_wire(&self, version: Option<i64>) -> Self::Wire;

    fn name_of(wire: &Self::Wire) -> &str;

    fn etag_of(wire: &Self::Wire) -> &str;

    fn of(entity: &Entity) -> Option<&Self>;

    fn into_entity(self) -> Entity;

    fn exists(document: &DirectoryDocument, id: &Self::Id) -> bool;
}

macro_rules! entries {
    ($($entry:ident($id:ident, $kind:ident, $all:ident) = v1::$wire:ident, $read:expr, $to_wire:ident;)*) => {
        $(impl Entry for $entry {
            type Id = $id;
            type Wire = v1::$wire;

            const KIND: EntityKind = EntityKind::$kind;

            fn read(
                wire: v1::$wire,
                id: $id,
                current: Option<&Self>,
                path: &Path<'_>,
                violations: &mut Violations,
            ) -> Option<Self> {
                ($read)(wire, id, current, path, violations)
            }

            fn to_wire(&self, version: Option<i64>) -> v1::$wire {
                let wire = convert::$to_wire(self, version.unwrap_or_default());
                if version.is_some() { wire } else { v1::$wire { etag: String::new(), ..wire } }
            }

            fn name_of(wire: &v1::$wire) -> &str {
                &wire.name
            }

            fn etag_of(wire: &v1::$wire) -> &str {
                &wire.etag
            }

            fn of(entity: &Entity) -> Option<&Self> {
                match entity {
                    Entity::$kind(entry) => Some(entry),
                    _ => None,
                }
            }

            fn into_entity(self) -> Entity {
                Entity::$kind(self)
            }

            fn exists(document: &DirectoryDocument, id: &$id) -> bool {
                document.$all.contains_key(id)
            }
        })*
    };
}

entries! {
    Rep(RepId, Rep, reps) = v1::Rep, |wire, id, current: Option<&Rep>, path: &_, violations: &mut _| {
        // No field of the request changes it; see ActivateRep and DeactivateRep.
        read_rep(wire, id, current.is_none_or(|rep| rep.active), path, violations)
    }, rep_to_wire;
    Team(TeamId, Team, teams) = v1::Team,
        |wire, id, _, path: &_, violations: &mut _| read_team(wire, id, path, violations), team_to_wire;
    Pool(PoolId, Pool, pools) = v1::Pool,
        |wire, id, _, path: &_, violations: &mut _| read_pool(wire, id, path, violations), pool_to_wire;
    Account(AccountId, Account, accounts) = v1::Account,
        |wire, id, _, path: &_, violations: &mut _| read_account(wire, id, path, violations), account_to_wire;
    Territory(TerritoryId, Territory, territories) = v1::Territory,
        |wire, id, _, path: &_, violations: &mut _| read_territory(wire, id, path, violations), territory_to_wire;
    CalendarSpec(CalendarId, Calendar, calendars) = v1::Calendar,
        |wire, id, _, path: &_, violations: &mut _| read_calendar(wire, id, path, violations), calendar_to_wire;
    Absence(AbsenceId, Absence, absences) = v1::Absence,
        |wire, id, _, path: &_, violations: &mut _| read_absence(wire, id, path, violations), absence_to_wire;
}
