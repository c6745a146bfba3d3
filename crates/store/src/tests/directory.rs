//! The directory and its versions.

use domain::directory::{Entity, EntityKind, Rep, Seniority, Team};

use super::{Base, fixtures::*, now, on_database};
use crate::{DirectoryError, DirectorySummary, EntityVersion, TenantVersions, WriteError};

fn team(name: &str) -> Entity {
    let id = "east".parse().unwrap();
    Entity::Team(Team { id, name: name.to_owned(), manager: Some(rep("anna")), calendar: "ny".parse().unwrap() })
}

fn person(id: &str, active: bool) -> Entity {
    Entity::Rep(Rep {
        id: rep(id),
        name: id.to_uppercase(),
        email: None,
        team: "east".parse().unwrap(),
        calendar: None,
        seniority: Seniority::Mid,
        skills: vec!["gtx".to_owned()],
        languages: vec!["en".to_owned()],
        territories: Vec::new(),
        external: false,
        active,
        accepting: true,
        max_open: Some(5),
        max_per_day: None,
        backup: None,
    })
}

impl Base {
    async fn change(&self, upserts: &[Entity], removals: &[(EntityKind, &str)]) -> i64 {
        let removals: Vec<_> = removals.iter().map(|(kind, id)| (*kind, (*id).to_owned())).collect();
        self.store.change_directory(self.tenant, None, upserts, &removals, "tests", now()).await.unwrap()
    }
}

#[tokio::test]
async fn every_version_can_be_read_again() {
    on_database(async |base: Base| {
        let Base { store, tenant, .. } = &base;
        assert_eq!(store.directory(*tenant).await.unwrap(), (0, vec![]));
        let one = vec![team("East"), person("anna", true), person("bob", true)];
        assert_eq!(base.change(&one, &[]).await, 1);
        assert_eq!(base.change(&[team("Far East"), person("anna", true)], &[(EntityKind::Rep, "bob")]).await, 2);
        assert_eq!(base.change(&[person("bob", false)], &[]).await, 3);

        let two = vec![team("Far East"), person("anna", true)];
        let three = vec![team("Far East"), person("anna", true), person("bob", false)];
        assert_eq!(store.directory(*tenant).await.unwrap(), (3, three.clone()));
        for (version, then) in [(0, vec![]), (1, one), (2, two), (3, three)] {
            assert_eq!(store.directory_as_of(*tenant, version).await.unwrap(), then, "version {version}");
        }
        // Anna was sent again with the second change, but did not change.
        let anna = EntityVersion { version: 1, entity: person("anna", true) };
        assert_eq!(store.entity(*tenant, EntityKind::Rep, "anna").await.unwrap(), Some(anna.clone()));
        assert_eq!(store.entity(*tenant, EntityKind::Pool, "anna").await.unwrap(), None);
        let page = store.entities(*tenant, EntityKind::Rep, None, 1).await.unwrap();
        assert_eq!(page, [anna]);
        let rest = store.entities(*tenant, EntityKind::Rep, Some("anna"), 10).await.unwrap();
        assert_eq!(rest, [EntityVersion { version: 3, entity: person("bob", false) }]);
    })
    .await;
}

#[tokio::test]
async fn a_large_change_is_one_change() {
    on_database(async |base: Base| {
        let many: Vec<_> = (0..5_001).map(|number| person(&format!("rep-{number}"), true)).collect();
        assert_eq!(base.change(&many, &[]).await, 1);
        assert_eq!(base.store.directory_summary(base.tenant).await.unwrap().counts[&EntityKind::Rep], 5_001);
        let ids: Vec<_> = many.iter().map(|entity| (EntityKind::Rep, entity.id())).collect();
        assert_eq!(base.change(&[team("East")], &ids).await, 2);
        assert_eq!(base.store.directory(base.tenant).await.unwrap(), (2, vec![team("East")]));
    })
    .await;
}

#[tokio::test]
async fn a_summary_counts_what_is_there_now() {
    on_database(async |base: Base| {
        let summary = async || base.store.directory_summary(base.tenant).await.unwrap();
        assert_eq!(summary().await, DirectorySummary::default());
        base.change(&[team("East"), person("anna", true), person("bob", true)], &[]).await;
        base.change(&[], &[(EntityKind::Rep, "bob")]).await;
        let found = summary().await;
        assert_eq!((found.version, found.changed_at), (2, Some(now())));
        assert_eq!(found.counts, [(EntityKind::Rep, 1), (EntityKind::Team, 1)].into());
        assert_eq!(base.store.directory_changed_at(base.tenant).await.unwrap(), Some(now()));
    })
    .await;
}

#[tokio::test]
async fn nothing_to_change_is_no_new_version() {
    on_database(async |base: Base| {
        assert_eq!(base.change(&[team("East")], &[]).await, 1);
        assert_eq!(base.change(&[team("East")], &[(EntityKind::Rep, "nobody")]).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_change_made_for_another_version_is_refused() {
    on_database(async |base: Base| {
        base.change(&[team("East")], &[]).await;
        let error = base.store.change_directory(base.tenant, Some(0), &[team("West")], &[], "tests", now()).await;
        assert!(matches!(error, Err(DirectoryError::VersionMoved { expected: 0, found: 1 })));
        assert_eq!(base.store.directory(base.tenant).await.unwrap(), (1, vec![team("East")]));
        let version = base.store.change_directory(base.tenant, Some(1), &[team("West")], &[], "tests", now()).await;
        assert_eq!(version.unwrap(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_batch_that_was_decided_by_the_version_before_writes_nothing() {
    on_database(async |base: Base| {
        let mut batch = base.store.open("batch").await.unwrap();
        let before = batch.lookup(base.tenant, &[], &[]).await.unwrap().versions;
        base.change(&[person("anna", false)], &[]).await;
        let late = batch.write(base.tenant, &routed(offered(id(1), "anna"))).await;
        assert!(matches!(late, Err(WriteError::Overtaken)));
        let mut next = base.store.open("batch").await.unwrap();
        let after = TenantVersions { directory: 1, ..before };
        assert_eq!(next.lookup(base.tenant, &[], &[]).await.unwrap().versions, after);
    })
    .await;
}
