//! Time on its way to the columns and back. Postgres keeps whole microseconds; what is finer is cut off.

use jiff::{Timestamp, civil};
use jiff_sqlx::ToSqlx as _;

pub(crate) use jiff_sqlx::{Date as SqlDate, Timestamp as SqlTime};

/// What stands in a `date` column for [`civil::Date::MIN`] ("never"), which is before the first date of Postgres.
const NEVER: civil::Date = civil::Date::constant(1, 1, 1);

/// To a `timestamptz`.
pub(crate) fn time(at: Timestamp) -> SqlTime {
    at.to_sqlx()
}

/// To a `timestamptz` that may be NULL.
pub(crate) fn opt_time(at: Option<Timestamp>) -> Option<SqlTime> {
    at.map(time)
}

/// From a `timestamptz` that may be NULL.
pub(crate) fn from_opt(at: Option<SqlTime>) -> Option<Timestamp> {
    at.map(SqlTime::to_jiff)
}

/// To a `date`.
pub(crate) fn date(day: civil::Date) -> SqlDate {
    day.max(NEVER).to_sqlx()
}

/// From a `date`.
pub(crate) fn from_date(day: SqlDate) -> civil::Date {
    let day = day.to_jiff();
    if day == NEVER { civil::Date::MIN } else { day }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_survives_the_way_there_and_back() {
        for day in [civil::Date::MIN, civil::date(1, 1, 2), civil::date(2026, 11, 22), civil::Date::MAX] {
            assert_eq!(from_date(date(day)), day);
        }
    }
}
