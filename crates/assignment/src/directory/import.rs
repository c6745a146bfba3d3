//! A whole directory from one document: all of it or nothing.

use std::collections::{BTreeMap, BTreeSet};

use api::{
    Error, Path, Violations,
    convert::{directory::directory_to_wire, fields},
    etag,
    names::DIRECTORY,
    v1,
};
use domain::{
    directory::{DirectoryDocument, Entity, EntityKind, Rep},
    yaml::Problem,
};
use prost::Message as _;

use super::{
    Inner,
    change::{Basis, Done, Planned, Wish},
};
use crate::{
    error::{overloaded, store_error},
    grpc::{Asker, request_key},
    standing::compute,
};

/// What an import comes to.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    created: usize,
    updated: usize,
    removed: usize,
    unchanged: usize,
}

impl Inner {
    pub(super) async fn import_directory(
        &self,
        asker: &Asker,
        request: v1::ImportDirectoryRequest,
    ) -> Result<v1::ImportDirectoryResponse, Error> {
        let mut violations = Violations::default();
        let request_id = fields::request_id(&request.request_id, &Path::Request.field("request_id"), &mut violations);
        let expected = request.expected_version;
        if expected < 0 {
            let path = Path::Request.field("expected_version");
            violations.add(&path, format!("is {expected}: expected a version, or 0 for whichever it is"));
        }
        violations.check(())?;
        let key = request_id.map(|id| request_key(id, "import_directory", &request.encode_to_vec()));
        let wish = Wish {
            method: "import_directory",
            key: key.filter(|_| !request.validate_only),
            validate_only: request.validate_only,
            resource: DIRECTORY.to_owned(),
            entry: None,
            drain: false,
            redate: false,
        };
        let document = self.parse(request.source).await?;
        let document = document.map_err(|problems| Error::InvalidDocument { field: "source", problems })?;
        self.change(asker, &wish, move |basis| plan(basis, expected, &document), answer).await
    }

    pub(super) async fn validate_directory(
        &self,
        asker: &Asker,
        request: v1::ValidateDirectoryRequest,
    ) -> Result<v1::ValidateDirectoryResponse, Error> {
        let problems = match self.parse(request.source).await? {
            Ok(document) => self.misfits(asker, document).await?,
            Err(problems) => problems,
        };
        Ok(v1::ValidateDirectoryResponse { problems: problems.into_iter().map(Into::into).collect() })
    }

    async fn parse(&self, source: String) -> Result<Result<DirectoryDocument, Vec<Problem>>, Error> {
        let _turn = self.imports.acquire().await.map_err(|_| overloaded())?;
        compute(move || DirectoryDocument::parse(&source)).await
    }

    /// Where the active policy would not fit a directory that was read from that document.
    async fn misfits(&self, asker: &Asker, document: DirectoryDocument) -> Result<Vec<Problem>, Error> {
        let (_, entities) = self.store.directory(asker.tenant).await.map_err(store_error)?;
        let Some(active) = self.store.versions(asker.tenant).await.map_err(store_error)?.policy else {
            return Ok(Vec::new());
        };
        let Some(policy) = self.store.policy(asker.tenant, active).await.map_err(store_error)? else {
            return Ok(Vec::new());
        };
        let found = compute(move || {
            let after = completed(&DirectoryDocument::from_entities(entities), &document);
            domain::policy::Policy::parse(&policy.source, &after).err().unwrap_or_default()
        });
        let in_document = |problem: Problem| Problem {
            line: 1,
            column: 1,
            field: String::new(),
            message: format!("the active policy, policies/{active}, would not fit: {problem}"),
        };
        Ok(found.await?.into_iter().map(in_document).collect())
    }
}

/// What to write so that the directory becomes that of the document.
fn plan(basis: &Basis, expected: i64, document: &DirectoryDocument) -> Result<Planned<Counts>, Error> {
    let version = basis.standing.versions.directory;
    if expected != 0 && expected != version {
        return Err(Error::Aborted { resource: DIRECTORY.to_owned(), etag: etag::of_entry(version), owner: None });
    }
    let before = &basis.standing.directory;
    let after = completed(before, document);
    let mut old: BTreeMap<(EntityKind, String), Entity> = before.entities().map(|entry| (key(&entry), entry)).collect();
    let (mut counts, mut upserts) = (Counts::default(), Vec::new());
    for entity in after.entities() {
        let has_left = matches!(&entity, Entity::Rep(rep) if !document.reps.contains_key(&rep.id));
        match old.remove(&key(&entity)) {
            Some(same) if same == entity => {
                counts.unchanged += 1;
                continue;
            }
            Some(_) if has_left => counts.removed += 1,
            Some(_) => counts.updated += 1,
            None => counts.created += 1,
        }
        upserts.push(entity);
    }
    counts.removed += old.len();
    Ok(Planned { upserts, removals: old.into_keys().collect(), after, told: counts })
}

fn key(entity: &Entity) -> (EntityKind, String) {
    (entity.kind(), entity.id().to_owned())
}

/// The document with the reps that it does not name, who have left, and with what those refer to: a rep is never removed, for
/// its history stays.
fn completed(before: &DirectoryDocument, document: &DirectoryDocument) -> DirectoryDocument {
    let mut after = document.clone();
    let left: Vec<_> = before.reps.values().filter(|rep| !document.reps.contains_key(&rep.id)).collect();
    for rep in &left {
        after.apply(Entity::Rep(Rep { active: false, ..Rep::clone(rep) }));
    }
    let teams: BTreeSet<_> = left.iter().map(|rep| &rep.team).filter(|id| !document.teams.contains_key(id)).collect();
    let teams: Vec<_> = teams.into_iter().filter_map(|id| before.teams.get(id)).collect();
    let places = left.iter().flat_map(|rep| &rep.territories).filter(|id| !document.territories.contains_key(id));
    let places: Vec<_> = places.filter_map(|id| before.territories.get(id)).collect();
    let of_reps = left.iter().filter_map(|rep| rep.calendar.as_ref());
    let of_places = places.iter().filter_map(|place| place.calendar.as_ref());
    let calendars = of_reps.chain(of_places).chain(teams.iter().map(|team| &team.calendar));
    for calendar in calendars.filter(|id| !document.calendars.contains_key(id)) {
        after.calendars.extend(before.calendars.get_key_value(calendar).map(|(id, entry)| (id.clone(), entry.clone())));
    }
    after.territories.extend(places.into_iter().map(|place| (place.id.clone(), place.clone())));
    after.teams.extend(teams.into_iter().map(|team| (team.id.clone(), team.clone())));
    after
}

fn answer(done: &Done<'_, Counts>) -> v1::ImportDirectoryResponse {
    let (counts, number) = (done.planned.told, |count: usize| i32::try_from(count).unwrap_or(i32::MAX));
    let (version, changed_at) = done.directory;
    v1::ImportDirectoryResponse {
        directory: Some(directory_to_wire(version, changed_at, |kind| done.document.ids(kind).count())),
        created_count: number(counts.created),
        updated_count: number(counts.updated),
        removed_count: number(counts.removed),
        unchanged_count: number(counts.unchanged),
    }
}
