//! Durations as people write them: `500ms`, `30s`, `5m`, `1h 30m`.

use std::{fmt, time::Duration};

use serde::{Deserializer, Serializer, de};

/// For `#[serde(with = "human_duration")]` on a [`Duration`].
pub mod human_duration {
    use super::{Deserializer, Duration, Human, Serializer, jiff_text};

    /// Reads a duration such as `30s`.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        deserializer.deserialize_str(Human)
    }

    /// Writes a duration such as `30s`.
    pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&jiff_text(*duration))
    }
}

/// For `#[serde(with = "optional_human_duration")]` on an `Option<Duration>`.
pub mod optional_human_duration {
    use super::{Deserializer, Duration, Human, Serializer, de, fmt, jiff_text};

    /// Reads a duration such as `30s`, or nothing.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        deserializer.deserialize_option(OptionalHuman)
    }

    /// Writes a duration such as `30s`, or nothing.
    pub fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => serializer.collect_str(&jiff_text(*duration)),
            None => serializer.serialize_none(),
        }
    }

    struct OptionalHuman;

    impl<'de> de::Visitor<'de> for OptionalHuman {
        type Value = Option<Duration>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            Human.expecting(f)?;
            f.write_str(", or nothing")
        }

        fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_str(Human).map(Some)
        }
    }
}

struct Human;

impl de::Visitor<'_> for Human {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration with its unit, such as `500ms`, `30s`, `5m` or `1h 30m`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
        text.parse::<jiff::SignedDuration>()
            .ok()
            .and_then(|duration| Duration::try_from(duration).ok())
            .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

fn jiff_text(duration: Duration) -> impl fmt::Display {
    let printed = jiff::SignedDuration::try_from(duration).unwrap_or(jiff::SignedDuration::MAX);
    fmt::from_fn(move |f| write!(f, "{printed:#}"))
}
