//! `import`: see [`crate::import`].

use std::fmt::Write as _;

use anyhow::Context as _;
use api::v1::ListLeadsRequest;
use jiff::Timestamp;

use crate::{
    Clients,
    import::{self, ImportArgs, Imported, over},
    text::count,
    told::answer,
};

pub(crate) async fn run(args: &ImportArgs, clients: &Clients, now: Timestamp) -> anyhow::Result<String> {
    if !args.dry_run {
        // An import that has begun is patient with a service that goes away. One that never was there is told at once.
        let request = ListLeadsRequest { page_size: 1, ..Default::default() };
        answer(clients.assignment.clone().list_leads(request).await).context("nothing was sent")?;
    }
    let imported = import::run(args, now, over(clients.assignment.clone())).await?;
    Ok(told(args, &imported))
}

fn told(args: &ImportArgs, imported: &Imported) -> String {
    let Imported { summary, done_before, unmapped } = imported;
    let mut text = if args.dry_run {
        format!("{} rows: {} rejected, nothing was sent", summary.rows, summary.rejected)
    } else {
        summary.to_string()
    };
    if *done_before > 0 {
        let _ = write!(text, "\n{done_before} of them were done by an earlier run, from which this one went on");
    }
    if !unmapped.is_empty() {
        let columns = count(unmapped.len(), "column");
        let _ = write!(text, "\n{columns} neither mapped nor ignored: {}", unmapped.join(", "));
    }
    match (&args.report, summary.rejected) {
        (_, 0) => {}
        (Some(report), _) => {
            let _ = write!(text, "\n{} tells why rows were rejected", report.display());
        }
        (None, _) => text.push_str("\nto see why rows were rejected, run it once more with `--report FILE`"),
    }
    text
}
