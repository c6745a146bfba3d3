//! The example company, which is part of the program.

use anyhow::Result;
use cli::{
    Clients,
    documents::{self, Document},
    import::mapping::Mapping,
};

const DIRECTORY: &str = include_str!("../../../../../examples/maven/directory.yaml");
const POLICY: &str = include_str!("../../../../../examples/maven/policy.yaml");
const MODEL: &str = include_str!("../../../../../examples/maven/model.yaml");
const MAPPING: &str = include_str!("../../../../../examples/maven/mapping.yaml");
/// CSV with a header.
pub(super) const LEADS: &[u8] = include_bytes!("../../../../../examples/maven/leads.csv");

/// Installs directory, points model and policy, in this order: a policy must fit the directory.
pub(super) async fn install(clients: &Clients) -> Result<()> {
    let document = |name: &str, text: &str| Document::new(format!("examples/maven/{name}"), text);
    documents::import_directory(clients, &document("directory.yaml", DIRECTORY)).await?;
    documents::install_model(clients, &document("model.yaml", MODEL)).await?;
    documents::install_policy(clients, &document("policy.yaml", POLICY)).await?;
    Ok(())
}

/// How the columns of [`LEADS`] become fields.
pub(super) fn mapping() -> Result<Mapping> {
    Mapping::parse(MAPPING).map_err(|problems| anyhow::anyhow!("examples/maven/mapping.yaml: {problems:?}"))
}
