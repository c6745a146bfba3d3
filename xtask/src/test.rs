//! `cargo xtask test`.

use anyhow::Result;

use crate::database::Database;
use crate::shell::{cargo, run as shell, target};
use crate::steps::Steps;
use crate::{clients, shell as sh};

/// Under this name the tests find a server on which each makes its own database. It has none of the product's own prefix: what
/// starts with `LEADROUTER_` is configuration, and an unknown key there is refused.
pub(crate) const DATABASE_VARIABLE: &str = "TEST_DATABASE_URL";

/// Under this name they find the program as it was just built.
pub(crate) const PROGRAM_VARIABLE: &str = "BIN";

/// All tests, or those that match.
pub(crate) fn run(filter: Option<&str>, arguments: &[String]) -> Result<()> {
    let mut steps = Steps::default();
    // This builds the program as well, which some tests start as a process of its own.
    let built = steps.run("build", || shell(&mut cargo(&["test", "--workspace", "--no-run"])));
    if built {
        let database = Database::given_or_private()?;
        let clients = clients::matching(filter);
        steps.run("tests", || {
            let mut command = cargo(&["test", "--workspace", "--no-fail-fast"]);
            command.args(filter).arg("--").args(arguments);
            command.env(DATABASE_VARIABLE, database.url()).env(PROGRAM_VARIABLE, target().join("debug/leadrouter"));
            shell(command.env_remove("DATABASE_URL"))
        });
        if !clients.is_empty() {
            steps.run("clients", || clients::run(&sh::repository(), &clients, database.url()));
        }
        steps.run("stop", || database.close());
    }
    steps.finish()
}
