//! Reading wire types of services that add fields, send `null` and change formats.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Deserializer};

/// `null` as the default value; with `#[serde(default)]` a missing field too.
///
/// # Errors
/// The value is there, and of another type.
pub fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A list: `null` is an empty one, and entries that are `null` are left out.
///
/// # Errors
/// The value is no list, or an entry is of another type.
pub fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let found = Option::<Vec<Option<T>>>::deserialize(deserializer)?;
    Ok(found.unwrap_or_default().into_iter().flatten().collect())
}

/// A point in time in RFC 3339, or nearly: a blank for the `T`, no zone (then it is UTC).
pub fn time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let zoned = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z"));
    match zoned {
        Ok(at) => Some(at.with_timezone(&Utc)),
        Err(_) => ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .map(|naive| naive.and_utc()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_many_spellings() {
        let expected = "2026-11-21T18:05:00Z".parse().ok();
        for text in [
            "2026-11-21T18:05:00Z",
            "2026-11-21T18:05:00.000000Z",
            "2026-11-22T03:05:00+09:00",
            "2026-11-21 18:05:00+00",
            "2026-11-21T18:05:00",
            " 2026-11-21 18:05:00 ",
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
        for text in ["", "yesterday", "2026-13-01T00:00:00Z", "0"] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn null_lists_and_null_entries() {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default, deserialize_with = "list")]
            items: Vec<u8>,
        }
        let read = |json: &str| serde_json::from_str::<Wire>(json).map(|wire| wire.items);
        assert_eq!(read("{}").unwrap(), Vec::<u8>::new());
        assert_eq!(read(r#"{"items":null}"#).unwrap(), Vec::<u8>::new());
        assert_eq!(read(r#"{"items":[null,1]}"#).unwrap(), [1]);
        assert!(read(r#"{"items":"x"}"#).is_err());
    }
}
