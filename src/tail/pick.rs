//! Looks into JSON without taking it apart: chosen fields of an object as the bytes they came in, so
//! that numbers stay what they are and nothing is copied.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::scan::{self, Scan};

/// A field as it came, where it is there: JSON.
pub(super) type Field<'a> = Option<&'a str>;

/// The fields `names` of the object that a field holds; all are missing where it is none. Of fields of
/// the same name the last one counts.
pub(super) fn fields<'a, const N: usize>(of: Field<'a>, names: &[&str; N]) -> [Field<'a>; N] {
    let mut found = [None; N];
    let all = of.and_then(|raw| {
        Scan::new(raw).object(|scan, key| {
            let value = scan.value()?;
            let place = names.iter().position(|name| key == *name);
            if let Some(slot) = place.and_then(|place| found.get_mut(place)) {
                *slot = Some(value);
            }
            Some(())
        })
    });
    if all.is_some() { found } else { [None; N] }
}

/// The elements of a field; none where it is no array.
pub(super) fn elements(of: Field<'_>) -> Vec<&str> {
    let mut found = Vec::new();
    let all = of.and_then(|raw| {
        Scan::new(raw).array(|scan| {
            found.push(scan.value()?);
            Some(())
        })
    });
    if all.is_some() { found } else { Vec::new() }
}

/// The text of a field that is a string.
pub(super) fn text(of: Field<'_>) -> Option<Cow<'_, str>> {
    scan::text(of?)
}

/// The value of a field that is a number.
pub(super) fn number(of: Field<'_>) -> Option<f64> {
    let raw = of?;
    // Up to here each whole number is a `f64` as it is, and most numbers are short and whole.
    if raw.len() <= 15 && raw.bytes().all(|sign| sign.is_ascii_digit()) {
        return raw.parse::<i64>().ok().map(|whole| whole as f64);
    }
    raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()).then(|| raw.parse().ok())?
}

/// Whether a field is there and not `null`.
pub(super) fn is_there(of: Field<'_>) -> bool {
    of.is_some_and(|raw| raw != "null")
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
        let [n, s, no] = fields(Some(json), &["n", "s", "no"]);
        assert_eq!(n.unwrap(), "2.0", "the last of a name counts");
        assert_eq!((text(s).unwrap().as_ref(), no.is_none()), ("ab\n", true));
        assert_eq!((number(n), number(s), text(n)), (Some(2.0), None, None));
    }

    #[test]
    fn what_is_no_object_has_no_fields() {
        for json in ["", "null", "[]", "1", "{", "{\"a\":\"\u{1}\"}", r#"{"a":1,"b"}"#] {
            assert_eq!(fields(Some(json), &["a"]), [None], "{json}");
        }
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(fields(Some(&deep), &["a"])[0].is_some(), "depth costs no stack");
    }

    #[test]
    fn elements_are_those_of_an_array_alone() {
        assert_eq!(elements(Some(r#" [1, {"a":[]} ,"x"]"#)), ["1", r#"{"a":[]}"#, r#""x""#]);
        for json in ["[]", "[1,", "{}", "1", "null", ""] {
            assert!(elements(Some(json)).is_empty(), "{json}");
        }
    }

    #[test]
    fn a_name_is_known_however_it_is_written() {
        let json = r#"{"\u0061":1,"\ud800":2,"a\n":3}"#;
        assert_eq!(fields(Some(json), &["a", "a\n"]), [Some("1"), Some("3")]);
    }

    #[test]
    fn half_of_a_sign_is_shown_as_it_is_written() {
        let [s] = fields(Some(r#"{"s":"\ud800 x"}"#), &["s"]);
        assert_eq!(text(s).unwrap(), "\\ud800 x");
    }
}
