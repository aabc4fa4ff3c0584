//! Looks into JSON without taking it apart: chosen fields of an object as the bytes they came in, so
//! that numbers stay what they are and nothing is copied.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A field as it came, where it is there: JSON.
pub(super) type Field<'a> = Option<&'a str>;

/// The fields `names` of the object that `json` holds, and nothing but whitespace after it.
///
/// # Errors
/// It is no JSON, or no object.
fn object<'a, const N: usize>(
    json: &'a str,
    names: &[&str; N],
) -> Result<[Field<'a>; N], serde_json::Error> {
    let mut from = serde_json::Deserializer::from_str(json);
    let found = de::Deserializer::deserialize_map(&mut from, Fields(names))?;
    from.end()?;
    Ok(found)
}

/// The same of a field; all are missing where it is no object.
pub(super) fn fields<'a, const N: usize>(of: Field<'a>, names: &[&str; N]) -> [Field<'a>; N] {
    let found = of.and_then(|raw| object(raw, names).ok());
    found.unwrap_or([None; N])
}

/// The elements of a field; none where it is no array.
pub(super) fn elements(of: Field<'_>) -> Vec<&RawValue> {
    let some = of.filter(|raw| *raw != "[]");
    some.and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default()
}

/// The text of a field that is a string.
pub(super) fn text(of: Field<'_>) -> Option<Cow<'_, str>> {
    let raw = of?;
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    // A lone surrogate is JSON and no text: what can be read of it is better than nothing.
    Some(Cow::Owned(serde_json::from_str(raw).unwrap_or_else(|_| inner.to_owned())))
}

/// The value of a field that is a number.
pub(super) fn number(of: Field<'_>) -> Option<f64> {
    let raw = of?;
    raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()).then(|| raw.parse().ok())?
}

/// Whether a field is there and not `null`.
pub(super) fn is_there(of: Field<'_>) -> bool {
    of.is_some_and(|raw| raw != "null")
}

struct Fields<'n, const N: usize>(&'n [&'n str; N]);

impl<'de, const N: usize> Visitor<'de> for Fields<'_, N> {
    type Value = [Field<'de>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(place) = map.next_key_seed(Key(self.0))? {
            match place.and_then(|place| found.get_mut(place)) {
                Some(slot) => *slot = Some(map.next_value::<&RawValue>()?.get()),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

/// A key, as its place among the names.
struct Key<'n, const N: usize>(&'n [&'n str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Key<'_, N> {
    type Value = Option<usize>;

    fn deserialize<D: de::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<const N: usize> Visitor<'_> for Key<'_, N> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|name| *name == key))
    }
}

/// A time in ms since 1970.
pub(super) fn milliseconds(of: Field<'_>) -> Option<DateTime<Utc>> {
    let ms = number(of)?;
    // Times far off are no times.
    (ms.abs() < 8.64e15).then(|| DateTime::from_timestamp_millis(ms as i64))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_as_they_came() {
        let json = r#"{"n":12345678901234567890123.50,"x":{"n":1},"s":"a\u0062\n","n":2.0}"#;
        let [n, s, no] = object(json, &["n", "s", "no"]).unwrap();
        assert_eq!(n.unwrap(), "2.0", "the last of a name counts");
        assert_eq!((text(s).unwrap().as_ref(), no.is_none()), ("ab\n", true));
        assert_eq!((number(n), number(s), text(n)), (Some(2.0), None, None));
    }

    #[test]
    fn what_is_no_object_has_no_fields() {
        for json in ["", "null", "[]", "1", "{", r#"{"a":1} x"#, "{\"a\":\"\u{1}\"}"] {
            assert!(object(json, &["a"]).is_err(), "{json}");
        }
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(object(&deep, &["a"]).is_ok(), "depth costs no stack");
    }

    #[test]
    fn half_of_a_sign_is_shown_as_it_is_written() {
        let [s] = object(r#"{"s":"\ud800 x"}"#, &["s"]).unwrap();
        assert_eq!(text(s).unwrap(), "\\ud800 x");
    }
}
