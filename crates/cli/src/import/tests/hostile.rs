//! Input that is broken, by accident or on purpose: each bad row costs that row, and nothing else.

use std::io::Read;

use super::{import, mapping};
use crate::import::{MAX_ROW_BYTES, csv::CsvRows, record::Record, window::Window};

const PLAN: &str = "name: x\nfields: { external_id: id, company_name: name }";

fn ids(name: &str, bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let outcome = import(name, bytes, &mapping(PLAN)).unwrap();
    (outcome.rows.iter().map(|row| row.profile.external_id.clone().unwrap_or_default()).collect(), outcome.told())
}

#[test]
fn a_row_with_too_few_or_too_many_fields_is_rejected_alone() {
    let (rows, told) = ids("a.csv", b"id,name\n1,a\n2\n3,c,d\n4,d\n");
    assert_eq!(rows, ["1", "4"]);
    assert_eq!(told, ["3 -: the row has 1 fields, and the header 2", "4 -: the row has 3 fields, and the header 2"]);
}

#[test]
fn a_quote_that_is_never_closed_costs_one_row() {
    let (rows, told) = ids("a.csv", b"id,name\n1,a\n2,\"never closed\n3,c\n4,d\n");
    assert_eq!(rows, ["1", "3", "4"]);
    assert_eq!(told, ["3 name: a quote is opened and never closed"]);
    // The next quote would close it; what follows that shows that it was not meant to.
    let (rows, told) = ids("a.csv", b"id,name\n1,\"never closed\n2,\"b\"\n3,\"c, d\"\n");
    assert_eq!(rows, ["2", "3"]);
    assert_eq!(told, ["2 name: something else than a delimiter comes after the closing quote"]);
}

#[test]
fn a_quote_that_is_closed_too_late_costs_one_row() {
    let mut text = b"id,name\n1,\"never closed\n".to_vec();
    for i in 2..200_000 {
        text.extend_from_slice(format!("{i},plain name\n").as_bytes());
    }
    let (rows, told) = ids("a.csv", &text);
    assert_eq!(rows.len(), 199_998);
    assert_eq!(told, ["2 name: a quote is opened and not closed within 1048576 bytes"]);
}

#[test]
fn bytes_that_are_no_text_cost_one_row() {
    let (rows, told) = ids("a.csv", b"id,name\n1,\xff\xfe\n2,b\n\xc3,c\n4,nul\0\n");
    assert_eq!(rows, ["2"]);
    assert_eq!(
        told,
        ["2 name: is not UTF-8", "4 id: is not UTF-8", "5 name: company_name: holds the character U+0000"]
    );
    let (rows, told) = ids("a.jsonl", b"{\"id\":\"\xff\"}\n{\"id\":\"2\"}\n");
    assert_eq!((rows, told), (vec!["2".to_owned()], vec!["1 -: the row is not UTF-8".to_owned()]));
}

#[test]
fn json_that_is_none_costs_one_row() {
    let lines = [
        r#"{"id":"1"}"#,
        r#"{"id":"#,
        "[1]",
        "null",
        r#"{"id":[[1]]}"#,
        r#"{"id":{}}"#,
        r#"{"id":"6"} x"#,
        r#"{"id":1e999}"#,
        r#"{"id":"9"}"#,
    ];
    let (rows, told) = ids("a.jsonl", lines.join("\n").as_bytes());
    assert_eq!(rows, ["1", "9"]);
    let lines: Vec<&str> = told.iter().map(|told| &told[..1]).collect();
    assert_eq!(lines, ["2", "3", "4", "5", "6", "7", "8"], "{told:?}");
    let deep = format!("{}{}\n{{\"id\":\"2\"}}\n", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(ids("a.jsonl", deep.as_bytes()).0, ["2"]);
}

#[test]
fn a_row_that_is_too_long_costs_one_row() {
    for (name, before, after) in
        [("a.csv", "id,name\n1,", "\n2,b\n"), ("a.jsonl", "{\"id\":\"1\",\"name\":\"", "\"}\n{\"id\":\"2\"}\n")]
    {
        let text = format!("{before}{}{after}", "x".repeat(3 * MAX_ROW_BYTES));
        let (rows, told) = ids(name, text.as_bytes());
        assert_eq!(rows, ["2"]);
        assert!(told[0].ends_with("the row is longer than 1048576 bytes"), "{told:?}");
        assert_eq!(told.len(), 1);
    }
}

#[test]
fn a_file_without_an_end_takes_bounded_memory() {
    // A reader that never ends and never breaks the line; the window must not follow it.
    let mut window = Window::new(std::io::repeat(b'x').take(64 * MAX_ROW_BYTES as u64), 0, 1);
    let mut largest = 0;
    while window.more().unwrap() {
        largest = largest.max(window.data().len());
    }
    assert_eq!(largest, MAX_ROW_BYTES);
    window.skip_line().unwrap();
    assert_eq!((window.offset(), window.data().len()), (64 * MAX_ROW_BYTES as u64, 0));
}

#[test]
fn openers_without_end_are_read_in_linear_time() {
    // Each row opens a quote that the next one closes badly: every row is looked at twice, not once for each before it.
    let text = "1,\"a\n".repeat(200_000);
    let mut rows = CsvRows::new(Window::new(Slow(text.as_bytes()), 0, 1), b',');
    let mut record = Record::new(Vec::new(), 0);
    let mut bad = 0;
    while let Some(row) = rows.next(&mut record).unwrap() {
        bad += usize::from(row.is_err());
    }
    assert_eq!(bad, 200_000);
}

/// Gives small pieces, so that rows lie across the ends of reads.
struct Slow<'t>(&'t [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.0.len().min(buffer.len()).min(777);
        let (piece, rest) = self.0.split_at(n);
        buffer[..n].copy_from_slice(piece);
        self.0 = rest;
        Ok(n)
    }
}

#[test]
fn line_numbers_are_those_of_an_editor() {
    let (rows, told) = ids("a.csv", b"\n\nid,name\r\n\r\n1,\"a\r\nb\rc\nd\"\r\n2\n\n3,c\n4\r5,e");
    assert_eq!(rows, ["1", "3", "5"]);
    assert_eq!(told, ["9 -: the row has 1 fields, and the header 2", "12 -: the row has 1 fields, and the header 2"]);
}

#[test]
fn a_header_that_is_none_ends_the_import() {
    let plan = mapping(PLAN);
    for (bytes, expected) in [
        (&b""[..], "is empty"),
        (b"\xff\xfei\0d\0", "is UTF-16"),
        (b"\xfe\xff\0i\0d", "is UTF-16"),
        (b"\"id,name\n1,a\n", "the header can't be read: field 1: a quote is opened and never closed"),
        (b"\x1f\x8b\x08garbage", "can't read a.csv"),
    ] {
        let error = import("a.csv", bytes, &plan).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    // The mark of UTF-8 is no part of the first column's name.
    assert_eq!(ids("a.csv", b"\xef\xbb\xbfid,name\n1,a\n").0, ["1"]);
}
