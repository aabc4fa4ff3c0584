//! The message as the producer stored it, and what is wrong with it where it is none. Pure.
//!
//! Only what makes a payload no message at all is judged here; Discord's own limits are checked where
//! it is sent.

use serde_json::{Map, Value};

/// A message that could be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Payload {
    /// The body, a JSON object.
    pub body: Map<String, Value>,
    /// The stored value was a string that held the JSON: it was decoded once more, and the reader has
    /// to be told.
    pub decoded_twice: bool,
}

/// Why a stored value is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub enum Unusable {
    /// The column is null.
    SqlNull,
    /// The JSON is `null`.
    JsonNull,
    /// It is no JSON, or JSON that is nested too deep or holds a number beyond all bounds.
    NotJson,
    /// It is a number, a list, a boolean, or a plain text.
    NotAnObject,
    /// It is `{}`.
    Empty,
}

impl Unusable {
    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SqlNull => "sql-null",
            Self::JsonNull => "json-null",
            Self::NotJson => "not-json",
            Self::NotAnObject => "not-an-object",
            Self::Empty => "empty",
        }
    }

    /// One line for a person.
    pub const fn text(self) -> &'static str {
        match self {
            Self::SqlNull => "the row holds no payload",
            Self::JsonNull => "the payload is null",
            Self::NotJson => "the payload cannot be read as JSON",
            Self::NotAnObject => "the payload is no JSON object",
            Self::Empty => "the payload is empty",
        }
    }
}

impl Payload {
    /// Reads the text of the column.
    ///
    /// # Errors
    /// It is no message at all.
    pub fn read(stored: Option<&str>) -> Result<Self, Unusable> {
        let stored = stored.ok_or(Unusable::SqlNull)?;
        match serde_json::from_str(stored).map_err(|_| Unusable::NotJson)? {
            // Once and no further: what was encoded three times is a fault to look at.
            Value::String(text) => match serde_json::from_str(&text) {
                Ok(value) => Self::of(value, true),
                Err(_) if text.trim().is_empty() => Err(Unusable::Empty),
                Err(_) => Err(Unusable::NotAnObject),
            },
            value => Self::of(value, false),
        }
    }

    fn of(value: Value, decoded_twice: bool) -> Result<Self, Unusable> {
        match value {
            Value::Null => Err(Unusable::JsonNull),
            Value::Object(body) if body.is_empty() => Err(Unusable::Empty),
            Value::Object(body) => Ok(Self { body, decoded_twice }),
            _ => Err(Unusable::NotAnObject),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_shape_has_its_word() {
        use Unusable::{Empty, JsonNull, NotAnObject, NotJson, SqlNull};
        let deep = "[".repeat(5000);
        for (stored, why) in [
            (None, SqlNull),
            (Some("null"), JsonNull),
            (Some("\"null\""), JsonNull),
            (Some("{}"), Empty),
            (Some("\"{}\""), Empty),
            (Some("\"\""), Empty),
            (Some("\"  \""), Empty),
            (Some("[]"), NotAnObject),
            (Some("[{\"content\": \"x\"}]"), NotAnObject),
            (Some("7"), NotAnObject),
            (Some("true"), NotAnObject),
            (Some("\"a plain text\""), NotAnObject),
            (Some(r#""\"{\\\"content\\\": \\\"three times\\\"}\"""#), NotAnObject),
            (Some(""), NotJson),
            (Some("{\"content\":"), NotJson),
            (Some("{\"n\": 1e400}"), NotJson),
            (Some(&deep), NotJson),
        ] {
            let read = Payload::read(stored);
            assert_eq!(read, Err(why), "{}", stored.unwrap_or("NULL"));
        }
    }

    #[test]
    fn what_was_encoded_twice_is_decoded_once_and_says_so() {
        let once = Payload::read(Some(r#"{"content": "a"}"#)).unwrap();
        let twice = Payload::read(Some(r#""{\"content\": \"a\"}""#)).unwrap();
        assert!(!once.decoded_twice && twice.decoded_twice);
        assert_eq!(once.body, twice.body);
        // Other faults are left to people.
        let odd = Payload::read(Some(r#"{"embeds": {"title": "x"}, "color": "red"}"#)).unwrap();
        assert!(odd.body.contains_key("embeds"));
    }
}
