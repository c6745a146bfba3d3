//! Reading the directory.

use api::{
    Error, Path, Violations,
    convert::directory::directory_to_wire,
    names::{DIRECTORY, Resource as _},
    page::Listing,
    v1,
};
use domain::directory::{Absence, Account, CalendarSpec, Pool, Rep, Team, Territory};

use super::{Inner, entry::Entry};
use crate::{
    error::store_error,
    grpc::{Asker, read::required},
};

/// A handler for each kind: they differ in their messages only.
macro_rules! reads {
    ($($entry:ident: $get:ident($one:ident) -> $found:ident { $field:ident },
       $list:ident($many:ident) -> $page:ident { $fields:ident };)*) => {
        impl Inner {
            $(
                pub(super) async fn $get(&self, asker: &Asker, request: v1::$one) -> Result<v1::$found, Error> {
                    Ok(v1::$found { $field: Some(self.get::<$entry>(asker, &request.name).await?) })
                }

                pub(super) async fn $list(&self, asker: &Asker, request: v1::$many) -> Result<v1::$page, Error> {
                    let (size, token) = (request.page_size, &request.page_token);
                    let ($fields, next_page_token) = self.list::<$entry>(asker, stringify!($list), size, token).await?;
                    Ok(v1::$page { $fields, next_page_token })
                }
            )*
        }
    };
}

reads! {
    Rep: get_rep(GetRepRequest) -> GetRepResponse { rep },
        list_reps(ListRepsRequest) -> ListRepsResponse { reps };
    Team: get_team(GetTeamRequest) -> GetTeamResponse { team },
        list_teams(ListTeamsRequest) -> ListTeamsResponse { teams };
    Pool: get_pool(GetPoolRequest) -> GetPoolResponse { pool },
        list_pools(ListPoolsRequest) -> ListPoolsResponse { pools };
    Account: get_account(GetAccountRequest) -> GetAccountResponse { account },
        list_accounts(ListAccountsRequest) -> ListAccountsResponse { accounts };
    Territory: get_territory(GetTerritoryRequest) -> GetTerritoryResponse { territory },
        list_territories(ListTerritoriesRequest) -> ListTerritoriesResponse { territories };
    CalendarSpec: get_calendar(GetCalendarRequest) -> GetCalendarResponse { calendar },
        list_calendars(ListCalendarsRequest) -> ListCalendarsResponse { calendars };
    Absence: get_absence(GetAbsenceRequest) -> GetAbsenceResponse { absence },
        list_absences(ListAbsencesRequest) -> ListAbsencesResponse { absences };
}

impl Inner {
    async fn get<E: Entry>(&self, asker: &Asker, name: &str) -> Result<E::Wire, Error> {
        let id: E::Id = required("name", name)?;
        let found = self.store.entity(asker.tenant, E::KIND, &id.to_string()).await.map_err(store_error)?;
        let wire = found.as_ref().and_then(|found| Some(E::of(&found.entity)?.to_wire(Some(found.version))));
        wire.ok_or_else(|| Error::NotFound { resource: id.to_name() })
    }

    async fn list<E: Entry>(
        &self,
        asker: &Asker,
        method: &str,
        page_size: i32,
        page_token: &str,
    ) -> Result<(Vec<E::Wire>, String), Error> {
        let listing = Listing::new(method, &[]);
        let mut violations = Violations::default();
        let page = listing.page::<String>(page_size, page_token, &mut violations);
        let page = violations.check(page)?;
        // One more than the page holds tells whether there is another.
        let limit = i64::from(page.size) + 1;
        let mut found =
            self.store.entities(asker.tenant, E::KIND, page.after.as_deref(), limit).await.map_err(store_error)?;
        let size = page.size as usize;
        let next_page_token = match found.get(size.saturating_sub(1)) {
            Some(last) if found.len() > size => listing.token(&last.entity.id())?,
            _ => String::new(),
        };
        found.truncate(size);
        let wires = found.iter().filter_map(|found| Some(E::of(&found.entity)?.to_wire(Some(found.version))));
        Ok((wires.collect(), next_page_token))
    }

    pub(super) async fn get_directory(
        &self,
        asker: &Asker,
        request: v1::GetDirectoryRequest,
    ) -> Result<v1::GetDirectoryResponse, Error> {
        if request.name != DIRECTORY {
            let mut violations = Violations::default();
            let path = Path::Request.field("name");
            violations.add(&path, format!("is not the name of the directory: expected `{DIRECTORY}`"));
            return Err(violations.into());
        }
        let found = self.store.directory_summary(asker.tenant).await.map_err(store_error)?;
        let count = |kind| found.counts.get(&kind).copied().unwrap_or_default();
        let directory = directory_to_wire(found.version, found.changed_at, count);
        Ok(v1::GetDirectoryResponse { directory: Some(directory) })
    }
}
