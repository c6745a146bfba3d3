//! The three data sets go through: every row is routed or rejected with a reason, and every decision can be made again.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use api::v1::GetDecisionRequest;
use cli::{
    documents::{self, Document},
    import::{self, ImportArgs, ImportSummary},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use leadrouter_tests::{NOW, World};
use sqlx::Connection as _;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A data set that is no part of the repository. `None`, told loudly, where it is absent.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let found = repository().ancestors().map(|dir| dir.join("shared/data").join(path)).find(|path| path.exists());
    if found.is_none() {
        // Not `eprintln!`: the harness shows that for failed tests only.
        let _ = writeln!(std::io::stderr(), "NOT RUN: ../shared/data/{path} is absent");
    }
    found
}

/// Imports a file by the files of an example, and proves what must hold for all of its rows.
async fn goes_through(example: &str, file: &Path) -> ImportSummary {
    let world = World::empty().await;
    let of_example = |name: &str| repository().join("examples").join(example).join(name);
    let document = |name: &str| Document::read(&of_example(name)).unwrap();
    documents::import_directory(&world.clients, &document("directory.yaml")).await.unwrap();
    if of_example("model.yaml").exists() {
        documents::install_model(&world.clients, &document("model.yaml")).await.unwrap();
    }
    documents::install_policy(&world.clients, &document("policy.yaml")).await.unwrap();

    let scratch = tempfile::tempdir().unwrap();
    let args = ImportArgs {
        checkpoint: Some(scratch.path().join("checkpoint")),
        report: Some(scratch.path().join("report.csv")),
        quiet: true,
        ..ImportArgs::new(file, of_example("mapping.yaml"))
    };
    let assignment = world.clients.assignment.clone();
    let submit = move |batch| {
        let mut assignment = assignment.clone();
        async move { assignment.batch_route_leads(batch).await.map(tonic::Response::into_inner) }
    };
    let summary = import::run(&args, NOW, submit).await.unwrap().summary;
    assert!(summary.adds_up(), "{summary}");
    let report = std::fs::read_to_string(scratch.path().join("report.csv")).unwrap_or_default();
    assert!(report.lines().count() as u64 > summary.rejected, "{summary}: {report}");

    let leads = world.leads("").await;
    assert_eq!(leads.len() as u64, summary.routed + summary.queued + summary.disqualified);
    assert_eq!(world.audit().await.leads.unsigned_abs(), leads.len() as u64);
    let decisions = stream::iter(&leads).map(|lead| {
        let (mut client, name) = (world.clients.assignment.clone(), format!("{}/decisions/1", lead.name));
        async move { client.get_decision(GetDecisionRequest { name }).await }
    });
    let replayed: Vec<_> = decisions.buffer_unordered(16).try_collect().await.unwrap();
    assert_eq!(replayed.len(), leads.len());
    assert!(median_record_bytes(&world).await < 1024);
    world.end().await;
    summary
}

/// Half of the decision records take at most this.
async fn median_record_bytes(world: &World) -> i32 {
    let median = "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY octet_length(decision)) FROM assignment";
    let mut connection = sqlx::PgConnection::connect(&world.database.url()).await.unwrap();
    sqlx::query_scalar(median).fetch_one(&mut connection).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hardware_seller_s_leads() {
    let summary = goes_through("maven", &repository().join("examples/maven/leads.csv")).await;
    assert_eq!((summary.rows, summary.rejected), (6160, 0), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_online_school_s_leads() {
    let Some(file) = shared("x_education_leads/leads.csv") else { return };
    let summary = goes_through("x_education", &file).await;
    assert!(summary.routed > 0 && summary.rejected * 100 < summary.rows, "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_marketplace_s_leads() {
    let Some(file) = shared("olist_marketing_funnel/olist_marketing_qualified_leads_dataset.csv") else { return };
    let summary = goes_through("olist", &file).await;
    assert!(summary.routed > 0 && summary.rejected * 100 < summary.rows, "{summary}");
}
