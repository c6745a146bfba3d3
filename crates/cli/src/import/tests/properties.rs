//! Laws that hold for all inputs.

use proptest::prelude::*;

use super::{import, mapping};
use crate::import::{csv::CsvRows, record::Record, window::Window};

/// Bytes that mean something to a reader of CSV or JSON, and others.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec!["\"", ",", "\n", "\r", "\r\n", "\"\"", "id", "mail", "{", "}", ":", "[", "]"])
            .prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
        1 => "[a-z0-9@. -]{0,8}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Our reader's records.
fn ours(bytes: &[u8]) -> Vec<Result<Vec<String>, ()>> {
    let mut rows = CsvRows::new(Window::new(bytes, 0, 1), b',');
    let mut record = Record::new(Vec::new(), 0);
    let mut all = Vec::new();
    while let Some(row) = rows.next(&mut record).unwrap() {
        all.push(row.map(|()| record.fields().map(str::to_owned).collect()).map_err(drop));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_read_without_panic_and_every_row_is_accounted_for(bytes in soup(), json in any::<bool>()) {
        let plan = mapping(
            "name: x\nfields: { external_id: { column: id, lower: true }, email: mail, employees: n }\n\
             attributes: { f: { type: flag, column: f } }\nsignals: [{ kind: a, at: { age_days: n } }]",
        );
        let mut text = if json { Vec::new() } else { b"id,mail,n,f\n".to_vec() };
        text.extend_from_slice(&bytes);
        let outcome = import(if json { "a.jsonl" } else { "a.csv" }, &text, &plan).unwrap();
        let lines = text.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() as u64 + 1;
        let sent = outcome.rows.iter().map(|row| row.line);
        let told: Vec<u64> = sent.chain(outcome.problems.iter().map(|problem| problem.line)).collect();
        prop_assert!(told.iter().all(|line| (1..=lines).contains(line)), "{told:?} of {lines}");
    }

    #[test]
    fn any_text_is_a_mapping_or_tells_why_not(text in "\\PC{0,200}") {
        let _ = crate::import::mapping::Mapping::parse(&text);
    }

    /// The `csv` crate wrote it, so both read it alike.
    #[test]
    fn well_formed_csv_is_read_as_the_csv_crate_reads_it(
        records in prop::collection::vec(prop::collection::vec("[a-c\"\n\r, é]{0,6}", 2..5), 1..20),
        crlf in any::<bool>(),
    ) {
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().flexible(true).terminator(terminator).from_writer(Vec::new());
        for record in &records {
            writer.write_record(record).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let read: Vec<Vec<String>> = ours(&bytes).into_iter().map(|row| row.expect("well formed")).collect();
        prop_assert_eq!(&read, &records);
        let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(&bytes[..]);
        let theirs: Vec<Vec<String>> =
            reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        prop_assert_eq!(read, theirs);
    }

    /// A bad row in the middle changes no other row.
    #[test]
    fn a_bad_row_costs_no_other(
        before in 0_usize..20,
        after in 0_usize..20,
        bad in prop::sample::select(vec!["x,\"", "\"a\"b,c", "x,\"y\"z"]),
    ) {
        let row = |i: usize| format!("{i},\"name, {i}\"\n");
        let text: String = (0..before).map(row).chain([format!("{bad}\n")]).chain((0..after).map(row)).collect();
        let read = ours(text.as_bytes());
        let good: Vec<_> = (0..before).chain(0..after).map(|i| Ok(vec![i.to_string(), format!("name, {i}")])).collect();
        prop_assert_eq!(read.iter().filter(|row| row.is_ok()).cloned().collect::<Vec<_>>(), good);
        prop_assert_eq!(read.iter().filter(|row| row.is_err()).count(), 1);
    }
}
