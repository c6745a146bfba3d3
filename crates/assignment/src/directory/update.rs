//! Changing entries.

use api::{
    Error, Path, Violations,
    convert::{clocks::Redated, directory::merge, fields},
    etag,
    names::Resource as _,
    v1,
};
use domain::directory::{Absence, Account, CalendarSpec, Pool, Rep, Team, Territory};
use prost::Message as _;
use prost_types::FieldMask;
use store::EntityVersion;
use uuid::Uuid;

use super::{
    Inner,
    change::{Basis, Done, Planned, Wish, hold_together},
    entry::Entry,
};
use crate::{
    command::RequestKey,
    grpc::{Asker, request_key},
    redate,
};

/// What is to be changed of an entry.
struct Update<E: Entry> {
    wire: Option<E::Wire>,
    mask: Option<FieldMask>,
    request_id: String,
    validate_only: bool,
    /// What it does to running clocks; `None`: entries of that kind have nothing to do with them.
    clocks: Option<i32>,
}

/// A handler for each kind: they differ in their messages only.
macro_rules! updates {
    ($($entry:ident: $rpc:ident($request:ident { $field:ident $(, $clocks:ident)? }) -> $response:ident $({ $redated:ident })?;)*) => {
        impl Inner {
            $(pub(super) async fn $rpc(&self, asker: &Asker, request: v1::$request) -> Result<v1::$response, Error> {
                let method = stringify!($rpc);
                let fingerprint = |id| request_key(id, method, &request.encode_to_vec());
                let update = Update::<$entry> {
                    wire: request.$field.clone(),
                    mask: request.update_mask.clone(),
                    request_id: request.request_id.clone(),
                    validate_only: request.validate_only,
                    clocks: None$(.or(Some(request.$clocks)))?,
                };
                let answer = |done: &Done<'_, $entry>| v1::$response {
                    $field: Some(done.planned.told.to_wire(done.entry)),
                    $($redated: done.redated.as_ref().map(Redated::to_wire),)?
                };
                self.update(asker, method, update, fingerprint, answer).await
            })*
        }
    };
}

updates! {
    Rep: update_rep(UpdateRepRequest { rep, running_clocks }) -> UpdateRepResponse { redated_clocks };
    Team: update_team(UpdateTeamRequest { team, running_clocks }) -> UpdateTeamResponse { redated_clocks };
    Pool: update_pool(UpdatePoolRequest { pool }) -> UpdatePoolResponse;
    Account: update_account(UpdateAccountRequest { account }) -> UpdateAccountResponse;
    Territory: update_territory(UpdateTerritoryRequest { territory, running_clocks }) -> UpdateTerritoryResponse { redated_clocks };
    CalendarSpec: update_calendar(UpdateCalendarRequest { calendar, running_clocks })
        -> UpdateCalendarResponse { redated_clocks };
    Absence: update_absence(UpdateAbsenceRequest { absence, running_clocks })
        -> UpdateAbsenceResponse { redated_clocks };
}

impl Inner {
    async fn update<E: Entry, M: prost::Message + Default>(
        &self,
        asker: &Asker,
        method: &'static str,
        update: Update<E>,
        fingerprint: impl FnOnce(Uuid) -> RequestKey,
        answer: impl Fn(&Done<'_, E>) -> M + Send + Sync,
    ) -> Result<M, Error> {
        let Update { wire, mask, request_id, validate_only, clocks } = update;
        let (mut violations, field) = (Violations::default(), E::KIND.name());
        let path = Path::Request.field("request_id");
        let request_id = fields::request_id(&request_id, &path, &mut violations);
        let redate = clocks.is_some_and(|clocks| redate::is_wanted(clocks, &mut violations));
        let path = Path::Request.field(field);
        if wire.is_none() {
            violations.add(&path, format!("is absent: a {field} is required"));
        }
        let named = wire.and_then(|wire| {
            let id = fields::name::<E::Id>(E::name_of(&wire), &path.field("name"), &mut violations)?;
            Some((wire, id))
        });
        let Some((wire, id)) = named else { return Err(violations.into()) };

        let wish = Wish {
            method,
            key: request_id.map(fingerprint).filter(|_| !validate_only && violations.is_empty()),
            validate_only,
            resource: id.to_name(),
            entry: Some((E::KIND, id.to_string())),
            drain: false,
            redate,
        };
        let plan = move |basis: &Basis| {
            let mut violations = violations.clone();
            let (current, version) = match current::<E>(basis, &id, E::etag_of(&wire)) {
                Ok(found) => found,
                Err(error) => return Err(if violations.is_empty() { error } else { violations.into() }),
            };
            let merged = merge(current.to_wire(Some(version)), wire.clone(), mask.as_ref(), &mut violations);
            let path = Path::Request.field(E::KIND.name());
            match E::read(merged.clone(), id.clone(), Some(current), &path, &mut violations) {
                Some(entry) => replaced(basis, current, entry, &merged, &violations),
                None => Err(violations.into()),
            }
        };
        self.change(asker, &wish, plan, answer).await
    }
}

/// The entry as it stands, with its version.
///
/// Errors: there is none, or the caller has not seen it as it stands.
pub(super) fn current<'b, E: Entry>(basis: &'b Basis, id: &E::Id, seen: &str) -> Result<(&'b E, i64), Error> {
    let EntityVersion { entity, version } =
        basis.entry.as_ref().ok_or_else(|| Error::NotFound { resource: id.to_name() })?;
    if !seen.is_empty() && etag::parse_entry(seen) != Some(*version) {
        return Err(Error::Aborted { resource: id.to_name(), etag: etag::of_entry(*version), owner: None });
    }
    E::of(entity).map(|entry| (entry, *version)).ok_or(Error::Internal)
}

/// The plan to put `entry`, which was read from `wire`, in the place of `current`; nothing is written if they are alike.
///
/// Errors: what was `noted` when it was read, and what does not fit the rest of the directory.
pub(super) fn replaced<E: Entry>(
    basis: &Basis,
    current: &E,
    entry: E,
    wire: &E::Wire,
    noted: &Violations,
) -> Result<Planned<E>, Error> {
    let mut after = basis.standing.directory.clone();
    let mut upserts = Vec::new();
    if entry != *current || !noted.is_empty() {
        let entity = entry.clone().into_entity();
        after.apply(entity.clone());
        hold_together::<E>(&after, E::name_of(wire), wire, noted)?;
        upserts.push(entity);
    }
    Ok(Planned { upserts, removals: Vec::new(), after, told: entry })
}
