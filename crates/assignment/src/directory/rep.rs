//! Reps who leave, and who come back.

use api::{Error, Violations, v1};
use domain::{directory::Rep, ids::RepId};
use prost::Message as _;

use super::{
    Inner,
    change::{Basis, Planned, Wish},
    delete::{Named, wish},
    entry::Entry as _,
    update::{current, replaced},
};
use crate::grpc::Asker;

impl Inner {
    pub(super) async fn deactivate_rep(
        &self,
        asker: &Asker,
        request: v1::DeactivateRepRequest,
    ) -> Result<v1::DeactivateRepResponse, Error> {
        let encoded = request.encode_to_vec();
        let v1::DeactivateRepRequest { name, etag, request_id, validate_only, drain } = request;
        let named = Named { name, etag, request_id, validate_only, clocks: None };
        let (id, wish) = wish::<Rep>("deactivate_rep", &named, &encoded)?;
        let plan = move |basis: &Basis| switched(basis, &id, &named.etag, false);
        self.change(asker, &Wish { drain, ..wish }, plan, |done| v1::DeactivateRepResponse {
            rep: Some(done.planned.told.to_wire(done.entry)),
            drained_count: i32::try_from(done.drained).unwrap_or(i32::MAX),
        })
        .await
    }

    pub(super) async fn activate_rep(
        &self,
        asker: &Asker,
        request: v1::ActivateRepRequest,
    ) -> Result<v1::ActivateRepResponse, Error> {
        let encoded = request.encode_to_vec();
        let v1::ActivateRepRequest { name, etag, request_id, validate_only } = request;
        let named = Named { name, etag, request_id, validate_only, clocks: None };
        let (id, wish) = wish::<Rep>("activate_rep", &named, &encoded)?;
        let plan = move |basis: &Basis| switched(basis, &id, &named.etag, true);
        self.change(asker, &wish, plan, |done| v1::ActivateRepResponse {
            rep: Some(done.planned.told.to_wire(done.entry)),
        })
        .await
    }
}

fn switched(basis: &Basis, id: &RepId, etag: &str, active: bool) -> Result<Planned<Rep>, Error> {
    let (rep, version) = current::<Rep>(basis, id, etag)?;
    let switched = Rep { active, ..rep.clone() };
    replaced(basis, rep, switched, &rep.to_wire(Some(version)), &Violations::default())
}
