//! A million rows, and what they cost in memory.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
};

use api::v1::{BatchRouteLeadsResponse, BatchRouteResult, RouteLeadResponse, RouteOutcome, batch_route_result::Result};

use super::now;
use crate::import::{ImportArgs, run};

const ROWS: u64 = 1_000_000;
/// What is under way at a time is 8 batches of half a MiB; the rest is room for what surrounds them.
const MOST_KIB: u64 = 32 * 1024;

const MAPPING: &str = "
name: million
fields: { external_id: id, email: mail, person_name: name, company_name: company, employees: people }
attributes: { notes: { type: text, column: notes } }
signals: [{ kind: webinar, at: { age_days: age } }]
";

/// The process's largest resident memory so far.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
#[ignore = "takes a minute and half a gigabyte of disk: run it alone, by name"]
async fn a_million_rows_go_through_in_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (file, mapping) = (folder.path().join("leads.csv"), folder.path().join("mapping.yaml"));
    std::fs::write(&mapping, MAPPING).unwrap();
    let mut rows = BufWriter::new(File::create(&file).unwrap());
    writeln!(rows, "id,mail,name,company,people,age,notes").unwrap();
    for row in 0..ROWS {
        let notes = "wants to hear more \u{2014} \"soon\"".replace('"', "\"\"").repeat(8);
        writeln!(rows, "{row},p{row}@c{row}.example,Person {row},Company {row},{row},{}.5,\"{notes}\"", row % 90)
            .unwrap();
    }
    rows.into_inner().unwrap();

    let before = peak_kib();
    let answer = |request: api::v1::BatchRouteLeadsRequest| async move {
        let routed = RouteLeadResponse { outcome: RouteOutcome::Offered.into(), ..RouteLeadResponse::default() };
        let result = BatchRouteResult { result: Some(Result::Response(routed)) };
        Ok(BatchRouteLeadsResponse { results: vec![result; request.requests.len()] })
    };
    let args = ImportArgs { quiet: true, ..ImportArgs::new(&file, &mapping) };
    let imported = run(&args, now(), answer).await.unwrap();
    let grown = peak_kib() - before;
    println!("{} in {} bytes: {grown} KiB more", imported.summary, std::fs::metadata(&file).unwrap().len());
    assert_eq!((imported.summary.rows, imported.summary.routed), (ROWS, ROWS));
    assert!(grown < MOST_KIB, "{grown} KiB");
}
