//! Times of day and year in cells, and their parts.

use domain::yaml::Field;
use jiff::civil;

use crate::import::mapping::{ColumnIndex, Columns, shown};

/// A column of times, as written by a clock on the wall.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Moment {
    pub(super) column: ColumnIndex,
    /// As `strptime` has it (`%d/%m/%Y %H:%M`); `None`: `2026-11-22`, `2026-11-22 09:30`, `2026-11-22T09:30:00Z`.
    pub(super) format: Option<String>,
}

/// A part of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Year,
    Quarter,
    Month,
    /// Of the month.
    Day,
    /// 1 is Monday.
    Weekday,
    Hour,
    /// Days since 1970-01-01: a trend.
    Date,
}

impl Part {
    pub(super) const ALL: [(Self, &'static str); 7] = [
        (Self::Year, "year"),
        (Self::Quarter, "quarter"),
        (Self::Month, "month"),
        (Self::Day, "day"),
        (Self::Weekday, "weekday"),
        (Self::Hour, "hour"),
        (Self::Date, "date"),
    ];

    /// The part of a time.
    pub(super) fn of(self, time: civil::DateTime) -> i32 {
        match self {
            Self::Year => time.year().into(),
            Self::Quarter => (i32::from(time.month()) - 1) / 3 + 1,
            Self::Month => time.month().into(),
            Self::Day => time.day().into(),
            Self::Weekday => time.weekday().to_monday_one_offset().into(),
            Self::Hour => time.hour().into(),
            Self::Date => i32::try_from(seconds(time).div_euclid(86_400)).unwrap_or_default(),
        }
    }
}

impl Moment {
    /// `Column`, or `{ column: ..., format: ... }`.
    pub(super) fn read(field: Field<'_>, columns: &mut Columns) -> Option<Self> {
        if field.is_scalar() {
            return Some(Self { column: columns.used(field)?, format: None });
        }
        let map = field.map(&["column", "format"])?;
        let column = map.require("column").and_then(|column| columns.used(column));
        Some(Self { column: column?, format: map.get("format").and_then(Field::string) })
    }

    /// The time that a cell tells. Errors: what was found and what was expected.
    pub(super) fn time(&self, cell: &str) -> Result<civil::DateTime, String> {
        let cell = cell.trim();
        let Some(format) = &self.format else {
            let plain = cell.strip_suffix('Z').unwrap_or(cell);
            return plain.parse().map_err(|_| {
                format!(
                    "expected a time such as `2026-11-22 09:30` or a `format` in the mapping, found {}",
                    shown(cell)
                )
            });
        };
        let time = civil::DateTime::strptime(format, cell)
            .or_else(|_| civil::Date::strptime(format, cell).map(|date| date.to_datetime(civil::Time::midnight())));
        time.map_err(|_| format!("expected a time such as `{format}` says, found {}", shown(cell)))
    }
}

/// Seconds since 1970 by the same clock.
pub(super) fn seconds(time: civil::DateTime) -> i64 {
    time.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second())
}
