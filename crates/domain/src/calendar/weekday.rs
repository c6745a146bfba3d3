//! Days of the week as documents name them.

use jiff::civil::Weekday;

/// Their names, Monday first.
pub const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The weekday of that name.
pub fn weekday_named(name: &str) -> Option<Weekday> {
    let index = WEEKDAYS.iter().position(|known| *known == name)?;
    Weekday::from_monday_zero_offset(i8::try_from(index).ok()?).ok()
}

/// The name of that weekday.
pub fn weekday_name(day: Weekday) -> &'static str {
    WEEKDAYS[usize::from(day.to_monday_zero_offset().unsigned_abs())]
}

/// Lists of weekdays, stored by name.
pub(crate) mod weekdays {
    use jiff::civil::Weekday;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::{weekday_name, weekday_named};

    pub(crate) fn serialize<S: Serializer>(days: &[Weekday], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(days.iter().map(|day| weekday_name(*day)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Weekday>, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let day =
            |name: String| weekday_named(&name).ok_or_else(|| D::Error::custom(format!("`{name}` is no weekday")));
        names.into_iter().map(day).collect()
    }
}
