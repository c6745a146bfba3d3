//! Policies and scoring models.

use tokio::task::JoinSet;

use super::{Base, now, on_database};
use crate::{StoreError, TenantVersions};

#[tokio::test]
async fn a_policy_is_stored_found_and_activated() {
    on_database(async |base: Base| {
        let Base { store, tenant, .. } = &base;
        for (n, source) in [(1, "one"), (2, "two"), (3, "three")] {
            assert_eq!(store.insert_policy(*tenant, source, 7, "ana", now()).await.unwrap(), n);
        }
        let two = store.policy(*tenant, 2).await.unwrap().unwrap();
        assert_eq!((two.source.as_str(), two.directory_version, two.created_at), ("two", 7, now()));
        assert_eq!(two.created_by, "ana");
        assert_eq!(store.policy(*tenant, 4).await.unwrap(), None);
        let page: Vec<i64> = store.policies(*tenant, None, 2).await.unwrap().iter().map(|p| p.revision).collect();
        assert_eq!(page, [3, 2]);
        assert_eq!(store.policies(*tenant, Some(2), 2).await.unwrap().len(), 1);

        assert_eq!(store.versions(*tenant).await.unwrap(), TenantVersions::default());
        store.activate_policy(*tenant, 2, now()).await.unwrap();
        assert_eq!(store.versions(*tenant).await.unwrap().policy, Some(2));
        let error = store.activate_policy(*tenant, 9, now()).await.unwrap_err();
        assert!(matches!(error, StoreError::UnknownRevision { what: "policy", revision: 9 }), "{error}");
        assert_eq!(store.versions(*tenant).await.unwrap().policy, Some(2));
    })
    .await;
}

#[tokio::test]
async fn a_scoring_model_is_stored_found_and_activated() {
    on_database(async |base: Base| {
        let Base { store, tenant, .. } = &base;
        assert_eq!(store.insert_model(*tenant, "one", "ana", now()).await.unwrap(), 1);
        assert_eq!(store.insert_model(*tenant, "two", "ana", now()).await.unwrap(), 2);
        assert_eq!(store.model(*tenant, 1).await.unwrap().unwrap().source, "one");
        assert_eq!(store.models(*tenant, Some(2), 9).await.unwrap().len(), 1);
        store.activate_model(*tenant, 1, now()).await.unwrap();
        assert_eq!(store.versions(*tenant).await.unwrap().model, Some(1));
        assert!(store.activate_model(*tenant, 3, now()).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn revisions_made_at_once_have_no_gaps() {
    on_database(async |base: Base| {
        let mut tasks = JoinSet::new();
        for _ in 0..16 {
            let (store, tenant) = (base.store.clone(), base.tenant);
            tasks.spawn(async move { store.insert_policy(tenant, "text", 0, "ana", now()).await.unwrap() });
        }
        let mut revisions = tasks.join_all().await;
        revisions.sort_unstable();
        assert!(revisions.into_iter().eq(1..=16));
    })
    .await;
}
