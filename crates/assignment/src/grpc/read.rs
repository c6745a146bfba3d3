//! Reading leads and their history.

use std::sync::Arc;

use api::{
    Error, Path, Violations,
    convert::{self, assignment::DecidedBy, fields},
    filter,
    names::Resource,
    page::Listing,
    v1,
};
use domain::{
    decide::DecisionRecord,
    directory::{DirectoryDocument, Territory},
    ids::{Epoch, LeadId, TeamId},
    ownership::{Assignment, Owner},
    snapshot::DirectoryIndex,
};

use super::{Asker, Inner};
use crate::error::{snapshot_error, store_error};

impl Inner {
    pub(super) async fn get_lead(
        &self,
        asker: &Asker,
        request: v1::GetLeadRequest,
    ) -> Result<v1::GetLeadResponse, Error> {
        let lead: LeadId = required("name", &request.name)?;
        let found = self.store.lead(asker.tenant, lead).await.map_err(store_error)?;
        let (lead, ownership) = found.ok_or_else(|| Error::NotFound { resource: lead.to_name() })?;
        Ok(v1::GetLeadResponse { lead: Some(convert::lead::to_wire(lead, &ownership)) })
    }

    pub(super) async fn list_leads(
        &self,
        asker: &Asker,
        request: v1::ListLeadsRequest,
    ) -> Result<v1::ListLeadsResponse, Error> {
        let listing = Listing::new("ListLeads", &[&request.filter]);
        let mut violations = Violations::default();
        let page = listing.page::<LeadId>(request.page_size, &request.page_token, &mut violations);
        let filter = filter::LeadFilter::read(&request.filter, &mut violations);
        let filter = violations.check_some(filter)?;
        let filter = self.resolve(asker, &filter).await?;
        let rows =
            self.store.leads(asker.tenant, &filter, page.after, i64::from(page.size)).await.map_err(store_error)?;
        let next_page_token = match rows.last() {
            Some((last, _)) if rows.len() == page.size as usize => listing.token(&last.id)?,
            _ => String::new(),
        };
        let leads = rows.into_iter().map(|(lead, ownership)| convert::lead::to_wire(lead, &ownership)).collect();
        Ok(v1::ListLeadsResponse { leads, next_page_token })
    }

    pub(super) async fn list_assignments(
        &self,
        asker: &Asker,
        request: v1::ListAssignmentsRequest,
    ) -> Result<v1::ListAssignmentsResponse, Error> {
        let listing = Listing::new("ListAssignments", &[&request.parent]);
        let mut violations = Violations::default();
        let lead = fields::name::<LeadId>(&request.parent, &Path::Request.field("parent"), &mut violations);
        let page = listing.page::<Epoch>(request.page_size, &request.page_token, &mut violations);
        let lead = violations.check_some(lead)?;
        let after = page.after.unwrap_or(Epoch(0));
        let rows =
            self.store.assignments(asker.tenant, lead, after, i64::from(page.size)).await.map_err(store_error)?;
        if rows.is_empty() && page.after.is_none() {
            return Err(Error::NotFound { resource: lead.to_name() });
        }
        let next_page_token = match rows.last() {
            Some(last) if rows.len() == page.size as usize => listing.token(&last.epoch)?,
            _ => String::new(),
        };
        let mut assignments = Vec::with_capacity(rows.len());
        for row in &rows {
            assignments.push(self.assignment(asker, row).await?);
        }
        Ok(v1::ListAssignmentsResponse { assignments, next_page_token })
    }

    /// An assignment with the rule that made it, if one did.
    async fn assignment(&self, asker: &Asker, row: &Assignment) -> Result<v1::Assignment, Error> {
        let Some(record) = row.decision.as_deref().and_then(|bytes| DecisionRecord::decode(bytes).ok()) else {
            return Ok(convert::assignment::to_wire(row, None));
        };
        let record = record.v1();
        let policy = self.snapshots.policy(asker.tenant, record.policy_revision, self.clock.now()).await;
        let policy = policy.map_err(|error| snapshot_error(&error))?;
        let rule = policy.rule(record.outcome.rule).map(|rule| rule.name.as_str());
        let decided_by = DecidedBy { policy_revision: record.policy_revision, rule };
        Ok(convert::assignment::to_wire(row, Some(decided_by)))
    }

    /// The directory as it stands.
    pub(crate) async fn directory(&self, asker: &Asker) -> Result<Arc<DirectoryIndex>, Error> {
        let versions = self.store.versions(asker.tenant).await.map_err(store_error)?;
        let directory = self.snapshots.directory(asker.tenant, versions.directory, self.clock.now()).await;
        directory.map_err(|error| snapshot_error(&error))
    }

    /// What a filter names, as the directory has it now: a team's reps, a territory's places.
    pub(crate) async fn resolve(&self, asker: &Asker, filter: &filter::LeadFilter) -> Result<store::LeadFilter, Error> {
        let mut owners = filter.owner.clone().map(|owner| vec![owner]);
        let mut territory = None;
        if filter.team.is_some() || filter.territory.is_some() {
            let directory = self.directory(asker).await?;
            let document = &directory.document;
            if let Some(team) = &filter.team {
                let of_team = members(document, team).ok_or_else(|| Error::NotFound { resource: team.to_name() })?;
                let wanted = |owner: &Owner| filter.owner.as_ref().is_none_or(|wanted| wanted == owner);
                owners = Some(of_team.into_iter().filter(wanted).collect());
            }
            if let Some(id) = &filter.territory {
                let found = document.territories.get(id);
                let found = found.ok_or_else(|| Error::NotFound { resource: id.to_name() })?;
                territory = Some(Territory::clone(found));
            }
        }
        Ok(store::LeadFilter {
            owners,
            states: filter.state.map(|state| vec![state]),
            due_before: filter.due_before,
            territory,
            rule: filter.rule.clone(),
            arrived_before: filter.arrived_before,
        })
    }
}

/// The reps of a team; `None`: there is no such team.
fn members(document: &DirectoryDocument, team: &TeamId) -> Option<Vec<Owner>> {
    let members = document.reps.values().filter(|rep| rep.team == *team);
    document.teams.contains_key(team).then(|| members.map(|rep| Owner::Rep(rep.id.clone())).collect())
}

/// A resource name that is all there is to check in a request.
pub(crate) fn required<T: Resource>(field: &str, name: &str) -> Result<T, Error> {
    let mut violations = Violations::default();
    let read = fields::name(name, &Path::Request.field(field), &mut violations);
    Ok(violations.check_some(read)?)
}
