//! Deleting entries to which nothing refers.

use api::{
    Error, Path, Violations,
    convert::{clocks::Redated, fields},
    names::Resource as _,
    v1,
};
use domain::directory::{Absence, Account, CalendarSpec, Pool, Team, Territory};
use prost::Message as _;

use super::{
    Inner,
    change::{Basis, Done, Planned, Wish, hold_together},
    entry::Entry,
    update::current,
};
use crate::{
    command::RequestKey,
    grpc::{Asker, request_key},
    redate,
};

/// What every request about one entry that exists tells, as text.
pub(super) struct Named {
    pub name: String,
    pub etag: String,
    pub request_id: String,
    pub validate_only: bool,
    /// What it does to running clocks; `None`: it has nothing to do with them.
    pub clocks: Option<i32>,
}

/// A handler for each kind: they differ in their messages only.
macro_rules! deletes {
    ($($entry:ident: $rpc:ident($request:ident $({ $clocks:ident })?) -> $response:ident $({ $redated:ident })?;)*) => {
        impl Inner {
            $(pub(super) async fn $rpc(&self, asker: &Asker, request: v1::$request) -> Result<v1::$response, Error> {
                let method = stringify!($rpc);
                let encoded = request.encode_to_vec();
                let v1::$request { name, etag, request_id, validate_only $(, $clocks)? } = request;
                let named = Named { name, etag, request_id, validate_only, clocks: None$(.or(Some($clocks)))? };
                let (id, wish) = wish::<$entry>(method, &named, &encoded)?;
                let plan = move |basis: &Basis| removed::<$entry>(basis, &id, &named.etag);
                let answer = |_done: &Done<'_, ()>| v1::$response {
                    $($redated: _done.redated.as_ref().map(Redated::to_wire),)?
                };
                self.change(asker, &wish, plan, answer).await
            })*
        }
    };
}

deletes! {
    Team: delete_team(DeleteTeamRequest) -> DeleteTeamResponse;
    Pool: delete_pool(DeletePoolRequest) -> DeletePoolResponse;
    Account: delete_account(DeleteAccountRequest) -> DeleteAccountResponse;
    Territory: delete_territory(DeleteTerritoryRequest) -> DeleteTerritoryResponse;
    CalendarSpec: delete_calendar(DeleteCalendarRequest) -> DeleteCalendarResponse;
    Absence: delete_absence(DeleteAbsenceRequest { running_clocks }) -> DeleteAbsenceResponse { redated_clocks };
}

/// Reads a request about one entry that exists.
pub(super) fn wish<E: Entry>(method: &'static str, named: &Named, encoded: &[u8]) -> Result<(E::Id, Wish), Error> {
    let mut violations = Violations::default();
    let id = fields::name::<E::Id>(&named.name, &Path::Request.field("name"), &mut violations);
    let request_id = fields::request_id(&named.request_id, &Path::Request.field("request_id"), &mut violations);
    let redate = named.clocks.is_some_and(|clocks| redate::is_wanted(clocks, &mut violations));
    let id = violations.check_some(id)?;
    let key: Option<RequestKey> = request_id.map(|request_id| request_key(request_id, method, encoded));
    let wish = Wish {
        method,
        key: key.filter(|_| !named.validate_only),
        validate_only: named.validate_only,
        resource: id.to_name(),
        entry: Some((E::KIND, id.to_string())),
        drain: false,
        redate,
    };
    Ok((id, wish))
}

fn removed<E: Entry>(basis: &Basis, id: &E::Id, etag: &str) -> Result<Planned<()>, Error> {
    current::<E>(basis, id, etag)?;
    let mut after = basis.standing.directory.clone();
    after.remove(E::KIND, &id.to_string());
    hold_together::<E>(&after, &id.to_name(), &E::Wire::default(), &Violations::default())?;
    Ok(Planned { upserts: Vec::new(), removals: vec![(E::KIND, id.to_string())], after, told: () })
}
