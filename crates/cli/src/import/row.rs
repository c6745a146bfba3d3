//! A row becomes a lead.

use domain::lead::{Profile, Signal};
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    mapping::{ColumnIndex, MAX_SIGNALS, Mapping, SignalRule, Slot, Source, When, read_number, shown},
    record::{Record, RowProblem},
};

/// Oldest age of a signal, in days.
const MAX_AGE_DAYS: f64 = 36_525.0;

/// A lead to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Line in the input on which it starts, from 1.
    pub line: u64,
    /// The same for the same row, however often it is sent: see [`request_id`].
    pub request_id: Uuid,
    /// What the row tells.
    pub profile: Profile,
}

/// Makes leads of rows.
#[derive(Debug, Clone, Copy)]
pub struct Converter<'m> {
    mapping: &'m Mapping,
    now: Timestamp,
}

impl<'m> Converter<'m> {
    /// `now` is when the import started: ages count back from it.
    pub fn new(mapping: &'m Mapping, now: Timestamp) -> Self {
        Self { mapping, now }
    }

    /// The lead of a row. Errors: everything that is wrong with the row, at least one.
    pub fn convert(&self, record: &Record) -> Result<Row, Vec<RowProblem>> {
        let mut reading = RowReading { converter: *self, record, problems: Vec::new() };
        let profile = reading.profile();
        if reading.problems.is_empty() {
            let request_id = request_id(&self.mapping.name, &self.mapping.key, record);
            Ok(Row { line: record.line, request_id, profile })
        } else {
            Err(reading.problems)
        }
    }
}

/// The request id of a row: a digest of the mapping's name and the row's key columns, or of the whole row if it has
/// none or they are blank. So a row that is sent again, by whichever run, is the same request.
pub fn request_id(name: &str, key: &[ColumnIndex], record: &Record) -> Uuid {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(name.as_bytes());
    if key.iter().all(|column| record.cell(*column).trim().is_empty()) {
        part(b"row");
        part(&record.digest());
    } else {
        part(b"key");
        for column in key {
            part(record.cell(*column).trim().as_bytes());
        }
    }
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

struct RowReading<'r> {
    converter: Converter<'r>,
    record: &'r Record,
    problems: Vec<RowProblem>,
}

impl RowReading<'_> {
    fn profile(&mut self) -> Profile {
        let mapping = self.converter.mapping;
        let record = self.record;
        let mut profile = Profile::default();
        for rule in &mapping.fields {
            let source = &rule.source;
            let put = |profile: &mut Profile| match rule.target.slot {
                Slot::Technologies => source
                    .parts(|column| record.cell(column))
                    .iter()
                    .try_for_each(|part| rule.target.put(profile, part, source.scale)),
                _ => source
                    .value(|column| record.cell(column))
                    .map_or(Ok(()), |value| rule.target.put(profile, &value, source.scale)),
            };
            if let Err(reason) = put(&mut profile) {
                self.note_source(source, rule.target.name, &reason);
            }
        }
        for rule in &mapping.attributes {
            let value = rule.source.value(|column| record.cell(column));
            match value.map(|value| rule.kind.read(&value, rule.source.scale)) {
                None => {}
                Some(Ok(value)) => drop(profile.attributes.insert(rule.name.clone(), value)),
                Some(Err(reason)) => self.note_source(&rule.source, &rule.name, &reason),
            }
        }
        for rule in &mapping.signals {
            self.signal(rule, &mut profile.signals);
        }
        if profile.signals.len() > MAX_SIGNALS as usize {
            let reason = format!("has {} signals, and at most {MAX_SIGNALS} are taken", profile.signals.len());
            self.problems.push(RowProblem::row(record.line, reason));
        }
        if self.problems.is_empty() && is_nobody(&profile) {
            let reason =
                "says nothing of who it is: no external_id, email, phone, person_name, company_name, company_domain";
            self.problems.push(RowProblem::row(record.line, reason));
        }
        profile
    }

    fn signal(&mut self, rule: &SignalRule, signals: &mut Vec<Signal>) {
        let record = self.record;
        if let Some(test) = &rule.when {
            match test.holds(&rule.reading, record.cell(test.column)) {
                Ok(true) => {}
                Ok(false) => return,
                Err(reason) => return self.note(test.column, reason),
            }
        }
        let count = match rule.count {
            None => 1,
            Some(column) if rule.reading.is_blank(record.cell(column)) => 0,
            Some(column) => match read_count(record.cell(column).trim()) {
                Ok(count) => count.min(rule.most),
                Err(reason) => return self.note(column, reason),
            },
        };
        let now = self.converter.now;
        let (column, at) = match rule.at {
            When::Now => return signals.extend(several(rule, count, now)),
            When::Column(column) => {
                let zone = &self.converter.mapping.time_zone;
                (column, self.present(rule, column).map(|cell| read_time(cell, zone)))
            }
            When::AgeDays(column) => (column, self.present(rule, column).map(|cell| read_age(cell, now))),
        };
        match at {
            None => {}
            Some(Ok(at)) => signals.extend(several(rule, count, at)),
            Some(Err(reason)) => self.note(column, reason),
        }
    }

    fn present(&self, rule: &SignalRule, column: ColumnIndex) -> Option<&str> {
        let cell = self.record.cell(column);
        (!rule.reading.is_blank(cell)).then(|| cell.trim())
    }

    fn note(&mut self, column: ColumnIndex, reason: String) {
        let name = self.converter.mapping.columns.name(column).to_owned();
        self.problems.push(RowProblem::cell(self.record.line, name, reason));
    }

    fn note_source(&mut self, source: &Source, target: &str, reason: &str) {
        match source.column() {
            Some(column) => self.note(column, format!("{target}: {reason}")),
            None => self.problems.push(RowProblem::row(self.record.line, format!("{target}: {reason}"))),
        }
    }
}

fn several(rule: &SignalRule, count: u32, at: Timestamp) -> impl Iterator<Item = Signal> {
    (0..count).map(move |_| Signal { kind: rule.kind.clone(), at })
}

fn is_nobody(lead: &Profile) -> bool {
    [&lead.external_id, &lead.email, &lead.phone, &lead.person_name, &lead.company_name, &lead.company_domain]
        .iter()
        .all(|field| field.is_none())
}

/// A count of signals: a whole number, also written `3.0`.
fn read_count(cell: &str) -> Result<u32, String> {
    let number = read_number(cell)?;
    if number < 0.0 || number.fract() != 0.0 {
        return Err(format!("expected a count, a whole number from 0 on, found {}", shown(cell)));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates; counts are bounded by `most`"
    )]
    Ok(number as u32)
}

/// So many days before `now`.
fn read_age(cell: &str, now: Timestamp) -> Result<Timestamp, String> {
    let days = read_number(cell)?;
    if !(0.0..=MAX_AGE_DAYS).contains(&days) {
        return Err(format!("expected an age in days from 0 to {MAX_AGE_DAYS}, found {}", shown(cell)));
    }
    let age = SignedDuration::try_from_secs_f64(days * 86_400.0).map_err(|error| error.to_string())?;
    now.checked_sub(age).map_err(|error| error.to_string())
}

/// `2026-11-22T09:30:00Z`, `2026-11-22T09:30`, `2026-11-22 09:30:00` or `2026-11-22`; what tells no zone is meant in
/// `zone`.
pub(crate) fn read_time(cell: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    let local = || cell.parse::<civil::DateTime>().ok()?.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp());
    let time = cell.parse::<Timestamp>().ok().or_else(local);
    time.filter(|at| *at >= Timestamp::UNIX_EPOCH).ok_or_else(|| {
        format!("expected a time from 1970 on such as `2026-11-22T09:30:00Z` or `2026-11-22`, found {}", shown(cell))
    })
}
