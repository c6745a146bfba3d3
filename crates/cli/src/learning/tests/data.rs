//! Reading data by a mapping.

use learn::{BLANK, Cells};

use super::{
    super::{EvaluateArgs, TrainArgs, evaluate, train, train::DataArgs},
    Files,
};

const SIMPLE: &str = "name: x\nblank: ['?']\nlabel: { column: Won, won: [1], lost: [0] }\nattributes:\n  Size: number\n  Source: { kind: category, lower: true }\n";

#[test]
fn cells_become_numbers_levels_and_blanks() {
    let files = Files::new(&[("leads.csv", "Size,Source,Won\n5,Web,1\n?,?,0\n,mail,1\n")]);
    let loaded = files.load("leads.csv", SIMPLE).unwrap();
    assert_eq!(loaded.history.won, [true, false, true]);
    let [size, source] = loaded.history.table.columns() else { panic!() };
    let Cells::Numbers(numbers) = &size.cells else { panic!() };
    assert!(numbers[0] > 4.9 && numbers[1].is_nan() && numbers[2].is_nan());
    assert_eq!(
        source.cells,
        Cells::Levels { names: vec!["web".to_owned(), "mail".to_owned()], codes: vec![0, BLANK, 1] }
    );
    assert!(loaded.notes.is_empty(), "{:?}", loaded.notes);
}

#[test]
fn what_does_not_fit_a_number_is_blank_and_told() {
    let files = Files::new(&[("leads.csv", "Size,Source,Won,Extra\n5,Web,1,\nmany,Web,0,\n")]);
    let notes = files.load("leads.csv", SIMPLE).unwrap().notes.join("\n");
    assert!(
        notes.contains("1 cells of `Size`") && notes.contains("`many` on line 3") && notes.contains("Extra"),
        "{notes}"
    );
}

#[test]
fn bad_rows_are_told_all_at_once() {
    let files = Files::new(&[("leads.csv", "Size,Source,Won\n5,Web,maybe\n6,Web\n7,Web,\n8,Web,1\n")]);
    let told = files.refused("leads.csv", SIMPLE);
    for part in [
        "leads.csv: line 2: column Won: expected 1 or 0",
        "`maybe`",
        "leads.csv: line 3: the row has 2 fields",
        "line 4: column Won",
        "a blank",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let skipping = SIMPLE.replace("lost: [0]", "lost: [0], other: skip");
    let files = Files::new(&[("leads.csv", "Size,Source,Won\n5,Web,maybe\n7,Web,\n8,Web,1\n")]);
    let loaded = files.load("leads.csv", &skipping).unwrap();
    assert!(loaded.history.won == [true] && loaded.notes[0].contains("2 leads have no end yet"), "{:?}", loaded.notes);
}

#[test]
fn columns_that_are_not_there_are_told_with_a_hint() {
    let files = Files::new(&[("leads.csv", "Sise,Source\n5,Web\n")]);
    let told = files.refused("leads.csv", SIMPLE);
    assert!(told.contains("no column `Size`") && told.contains("`Sise`") && told.contains("no column `Won`"), "{told}");
    let absent = files.refused("absent.csv", SIMPLE);
    assert!(absent.contains("can't read") && absent.contains("absent.csv"), "{absent}");
}

#[test]
fn a_second_file_is_joined() {
    let files = Files::new(&[
        ("leads.csv", "id,Source\na,Web\nb,Mail\nc,Web\n"),
        ("closed.csv", "lead;size;day\nb;7;2026-01-05\nb;9;2026-01-06\nz;1;\n"),
    ]);
    let join = "name: x\njoin: { deals: { file: closed.csv, delimiter: ';', on: { data: id, file: lead } } }\n";
    let by_row = format!(
        "{join}label: {{ found_in: deals }}\nattributes:\n  Source: auto\n  size: {{ from: deals, kind: number }}\n  weekday: {{ from: deals, column: day, part: weekday }}\n"
    );
    let loaded = files.load("leads.csv", &by_row).unwrap();
    assert_eq!(loaded.history.won, [false, true, false]);
    let columns = loaded.history.table.columns();
    let Cells::Numbers(sizes) = &columns[1].cells else { panic!() };
    assert!(sizes[0].is_nan() && sizes[1] > 6.9 && sizes[1] < 7.1, "the first row counts: {sizes:?}");
    let Cells::Numbers(days) = &columns[2].cells else { panic!() };
    assert!((days[1] - 1.0).abs() < 1e-9, "a Monday: {days:?}");
    let by_value = format!(
        "{join}label: {{ from: deals, column: size, won: [7], other: skip }}\nattributes: {{ Source: auto }}\n"
    );
    assert_eq!(files.load("leads.csv", &by_value).unwrap().history.won, [true]);
    std::fs::remove_file(files.path("closed.csv")).unwrap();
    assert!(files.refused("leads.csv", &by_row).contains("closed.csv"));
}

#[test]
fn events_are_folded_to_one_lead() {
    let files = Files::new(&[(
        "log.csv",
        "id,Stage,ok,At\na,New,true,1/3/2016 10:30\nb,New,true,2/3/2016 09:00\na,Done,false,4/3/2016 11:00\n,New,true,\n",
    )]);
    let mapping = "name: x\nfold: id\nlabel: { column: ok, won: ['false'] }\narrived: { column: At, format: '%d/%m/%Y %H:%M' }\nattributes:\n  Stage: category\n  hour: { column: At, part: hour }\n";
    let told = files.refused("log.csv", mapping);
    assert!(told.contains("line 5: column id: is blank"), "{told}");
    let files = Files::new(&[(
        "log.csv",
        "id,Stage,ok,At\na,New,true,1/3/2016 10:30\nb,New,true,2/3/2016 09:00\na,Done,false,4/3/2016 11:00\n",
    )]);
    let loaded = files.load("log.csv", mapping).unwrap();
    assert_eq!(loaded.history.won, [true, false]);
    assert_eq!(loaded.history.at.as_ref().map(Vec::len), Some(2));
    let Cells::Numbers(hours) = &loaded.history.table.columns()[1].cells else { panic!() };
    assert!((hours[0] - 10.0).abs() < 1e-9, "that of the first event");
}

#[test]
fn json_lines_and_all_the_rest_of_the_columns() {
    let files = Files::new(&[(
        "leads.jsonl",
        "{\"Size\":5,\"Won\":1,\"Text\":\"two words\"}\n{\"Size\":null,\"Won\":0,\"New\":true}\n",
    )]);
    let mapping =
        "name: x\nlabel: { column: Won, won: [1] }\nrest: true\nattributes: { words: { column: Text, part: words } }\n";
    let loaded = files.load("leads.jsonl", mapping).unwrap();
    let names: Vec<&str> = loaded.history.table.columns().iter().map(|column| column.attribute.name.as_str()).collect();
    assert_eq!(names, ["words", "New", "Size"]);
}

/// Leads whose end depends on their size and source.
fn leads(rows: usize) -> String {
    let lead = |row: usize| {
        let (size, source) = (row * 37 % 100, ["web", "mail", "call"][row * 11 % 3]);
        let won = (size + 30 * (row * 11 % 3) + row * 7919 % 60) > 100;
        format!("{size},{source},{}\n", u8::from(won))
    };
    (0..rows).fold("Size,Source,Won\n".to_owned(), |all, row| all + &lead(row))
}

#[test]
fn a_model_is_trained_and_evaluated() {
    let files = Files::new(&[
        ("leads.csv", &leads(400)),
        ("new.csv", &leads(90)),
        ("map.yaml", SIMPLE),
        ("few.csv", &leads(10)),
    ]);
    let input =
        |data: &str| DataArgs { data: files.path(data), mapping: files.path("map.yaml"), joins: vec![], quiet: true };
    let training = |data: &str| TrainArgs { input: input(data), out: files.path("model.json"), seed: 1, threads: None };
    let told = train(&training("leads.csv")).unwrap();
    assert!(told.contains("(used)") && told.contains("calibration error"), "{told}");
    let measuring = |data: &str| EvaluateArgs {
        model: files.path("model.json"),
        input: input(data),
        json: Some(files.path("out.json")),
    };
    let told = evaluate(&measuring("new.csv")).unwrap();
    assert!(told.contains("million leads a second"), "{told}");
    let json: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(files.path("out.json")).unwrap()).unwrap();
    for field in ["auc", "log_loss", "brier", "calibration_error", "top_decile_lift", "rows_per_second"] {
        assert!(json[field].is_number(), "{field}: {json}");
    }
    assert!(json["auc"].as_f64().unwrap() > 0.8 && json["contributions_error"].as_f64().unwrap() < 1e-9, "{json}");

    let few = format!("{:#}", train(&training("few.csv")).unwrap_err());
    assert!(few.contains("few.csv") && few.contains("too few"), "{few}");
    std::fs::write(files.path("map.yaml"), SIMPLE.replace("Size: number", "Other: { column: Size }")).unwrap();
    let missing = format!("{:#}", evaluate(&measuring("new.csv")).unwrap_err());
    assert!(missing.contains("does not have: `Size`"), "{missing}");
    std::fs::write(files.path("model.json"), "{}").unwrap();
    assert!(format!("{:#}", evaluate(&measuring("new.csv")).unwrap_err()).contains("model.json is no model"));
}
