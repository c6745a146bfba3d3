//! Creating entries.

use api::{
    Error, Path, Violations,
    convert::{clocks::Redated, directory::stand_in, fields},
    names::Resource as _,
    v1,
};
use domain::directory::{Absence, Account, CalendarSpec, Pool, Rep, Team, Territory};
use prost::Message as _;
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

/// An entry to be.
struct Create<E: Entry> {
    wire: Option<E::Wire>,
    id: String,
    request_id: String,
    validate_only: bool,
    /// What it does to running clocks; `None`: entries of that kind have nothing to do with them.
    clocks: Option<i32>,
}

/// A handler for each kind: they differ in their messages only.
macro_rules! creates {
    ($($entry:ident: $rpc:ident($request:ident { $field:ident, $id:ident $(, $clocks:ident)? }) -> $response:ident $({ $redated:ident })?;)*) => {
        impl Inner {
            $(pub(super) async fn $rpc(&self, asker: &Asker, request: v1::$request) -> Result<v1::$response, Error> {
                let method = stringify!($rpc);
                let fingerprint = |id| request_key(id, method, &request.encode_to_vec());
                let create = Create::<$entry> {
                    wire: request.$field.clone(),
                    id: request.$id.clone(),
                    request_id: request.request_id.clone(),
                    validate_only: request.validate_only,
                    clocks: None$(.or(Some(request.$clocks)))?,
                };
                let answer = |done: &Done<'_, $entry>| v1::$response {
                    $field: Some(done.planned.told.to_wire(done.entry)),
                    $($redated: done.redated.as_ref().map(Redated::to_wire),)?
                };
                self.create(asker, method, create, fingerprint, answer).await
            })*
        }
    };
}

creates! {
    Rep: create_rep(CreateRepRequest { rep, rep_id }) -> CreateRepResponse;
    Team: create_team(CreateTeamRequest { team, team_id }) -> CreateTeamResponse;
    Pool: create_pool(CreatePoolRequest { pool, pool_id }) -> CreatePoolResponse;
    Account: create_account(CreateAccountRequest { account, account_id }) -> CreateAccountResponse;
    Territory: create_territory(CreateTerritoryRequest { territory, territory_id }) -> CreateTerritoryResponse;
    CalendarSpec: create_calendar(CreateCalendarRequest { calendar, calendar_id }) -> CreateCalendarResponse;
    Absence: create_absence(CreateAbsenceRequest { absence, absence_id, running_clocks })
        -> CreateAbsenceResponse { redated_clocks };
}

impl Inner {
    async fn create<E: Entry, M: prost::Message + Default>(
        &self,
        asker: &Asker,
        method: &'static str,
        create: Create<E>,
        fingerprint: impl FnOnce(Uuid) -> RequestKey,
        answer: impl Fn(&Done<'_, E>) -> M + Send + Sync,
    ) -> Result<M, Error> {
        let Create { wire, id, request_id, validate_only, clocks } = create;
        let (mut violations, field) = (Violations::default(), E::KIND.name());
        let id_field = format!("{field}_id");
        let id = fields::id::<E::Id>(&id, &Path::Request.field(&id_field), &mut violations);
        let path = Path::Request.field("request_id");
        let request_id = fields::request_id(&request_id, &path, &mut violations);
        let redate = clocks.is_some_and(|clocks| redate::is_wanted(clocks, &mut violations));
        let path = Path::Request.field(field);
        if wire.is_none() {
            violations.add(&path, format!("is absent: a {field} is required"));
        }
        let (Some(wire), Some(id)) = (wire, id.or_else(stand_in)) else { return Err(violations.into()) };
        let Some(entry) = E::read(wire.clone(), id.clone(), None, &path, &mut violations) else {
            return Err(violations.into());
        };

        let resource = id.to_name();
        let wish = Wish {
            method,
            key: request_id.map(fingerprint).filter(|_| !validate_only && violations.is_empty()),
            validate_only,
            resource: resource.clone(),
            entry: None,
            drain: false,
            redate,
        };
        let plan = move |basis: &Basis| {
            let mut after = basis.standing.directory.clone();
            if violations.is_empty() && E::exists(&after, &id) {
                return Err(Error::AlreadyExists { resource: resource.clone() });
            }
            let entity = entry.clone().into_entity();
            after.apply(entity.clone());
            hold_together::<E>(&after, &resource, &wire, &violations)?;
            Ok(Planned { upserts: vec![entity], removals: Vec::new(), after, told: entry.clone() })
        };
        self.change(asker, &wish, plan, answer).await
    }
}
