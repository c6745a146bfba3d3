//! A table of public holidays: `date`, `country`, `subdivision`, `name`.

use std::collections::BTreeSet;

use domain::yaml::did_you_mean;
use jiff::civil::Date;

use super::{Holiday, Place, When};

/// Reads the days of a place; several rows of one day are one.
///
/// Errors: lines with what is wrong there.
pub fn read_table(text: &str, place: &Place) -> Result<Vec<Holiday>, Vec<(u64, String)>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns = columns(&mut reader).map_err(|problem| vec![(1, problem)])?;
    let (mut found, mut problems): (Vec<Holiday>, Vec<(u64, String)>) = (Vec::new(), Vec::new());
    let (mut countries, mut subdivisions) = (BTreeSet::new(), BTreeSet::new());
    let mut row = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut row) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                problems.push((line, error.to_string()));
                continue;
            }
        }
        let line = row.position().map_or(line, csv::Position::line);
        let [date, country, subdivision, name] = columns.map(|column| row.get(column).unwrap_or_default());
        countries.insert(country.to_owned());
        if country != place.country {
            continue;
        }
        subdivisions.insert(subdivision.to_owned());
        if !subdivision.is_empty() && Some(subdivision) != place.subdivision.as_deref() {
            continue;
        }
        match Date::strptime("%Y-%m-%d", date) {
            Ok(day) => add(&mut found, day, name),
            Err(_) => problems.push((line, format!("date: `{date}` is not a day: expected one such as 2026-12-25"))),
        }
    }
    let known = |found: &BTreeSet<String>, word: &str, what: &str| {
        let hint = did_you_mean(word, found.iter().map(String::as_str));
        (1, format!("there is no row of the {what} `{word}`{hint}"))
    };
    if problems.is_empty() && !countries.contains(&place.country) {
        problems.push(known(&countries, &place.country, "country"));
    } else if let Some(subdivision) = place.subdivision.as_ref().filter(|part| !subdivisions.contains(*part)) {
        problems.push(known(&subdivisions, subdivision, "subdivision"));
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

fn columns(reader: &mut csv::Reader<&[u8]>) -> Result<[usize; 4], String> {
    let header = reader.headers().map_err(|error| error.to_string())?;
    let place = |name: &str| header.iter().position(|column| column == name);
    let names = ["date", "country", "subdivision", "name"];
    let missing: Vec<&str> = names.into_iter().filter(|name| place(name).is_none()).collect();
    if missing.is_empty() {
        return Ok(names.map(|name| place(name).unwrap_or_default()));
    }
    Err(format!("there is no column `{}`: expected {}", missing.join("`, `"), names.join(", ")))
}

fn add(found: &mut Vec<Holiday>, day: Date, name: &str) {
    let when = When::Days { first: day, last: day };
    match found.iter_mut().find(|holiday| holiday.when == when) {
        Some(holiday) => holiday.name = format!("{}; {name}", holiday.name),
        None => found.push(Holiday { name: name.to_owned(), when }),
    }
}
