//! One field of a message's body: how it is read, and how what is wrong with it is told. Pure.

use serde_json::{Map, Value};
use url::Url;

/// The longest URL, in code points.
const URL: usize = 2048;

/// One thing about a body that Discord would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{text}", if path.is_empty() { String::new() } else { format!("{path}: ") })]
pub struct Violation {
    /// Where, as Discord writes it: `embeds.0.title`. Empty for the body as a whole.
    pub path: String,
    /// A stable kebab-case word.
    pub code: &'static str,
    /// What is wrong, in a line without any of the body's own text.
    pub text: String,
}

/// What was found so far.
pub(super) type Found = Vec<Violation>;

/// Shorthands to tell what was found.
pub(super) trait Violations {
    fn add(&mut self, path: &str, code: &'static str, text: &str);
    fn too_many(&mut self, path: &str, count: usize, most: usize);
}

impl Violations for Found {
    fn add(&mut self, path: &str, code: &'static str, text: &str) {
        self.push(Violation { path: path.to_owned(), code, text: text.to_owned() });
    }

    fn too_many(&mut self, path: &str, count: usize, most: usize) {
        self.add(path, "too-many", &format!("{count} entries, {most} at most"));
    }
}

/// Whether there is anything in `value`: neither missing nor `null` nor empty.
pub(super) fn is_filled(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Array(entries)) => !entries.is_empty(),
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Object(entries)) => !entries.is_empty(),
        Some(_) => true,
    }
}

/// The entry `key`, unless it is `null`.
pub(super) fn given<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key).filter(|value| !value.is_null())
}

/// Where `key` is, below `path`.
pub(super) fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Checks a text of (least, most) code points; a least of 1 makes it required. Gives its length.
pub(super) fn text(
    object: &Map<String, Value>,
    key: &str,
    path: &str,
    (least, most): (usize, usize),
    found: &mut Found,
) -> usize {
    let path = below(path, key);
    match given(object, key) {
        None if least > 0 => found.add(&path, "required", "is required"),
        None => {}
        Some(Value::String(text)) => {
            let length = text.trim().chars().count();
            if length < least {
                found.add(&path, "too-short", "may not be empty");
            }
            if length > most {
                let text = format!("{length} characters, {most} at most");
                found.add(&path, "too-long", &text);
            }
            return length;
        }
        Some(other) => {
            found.add(&path, "not-text", &format!("has to be a text, and is {}", kind(other)));
        }
    }
    0
}

/// Checks a URL that may be missing.
pub(super) fn url(object: &Map<String, Value>, key: &str, path: &str, found: &mut Found) {
    let before = found.len();
    text(object, key, path, (0, URL), found);
    let Some(text) = given(object, key).and_then(Value::as_str) else { return };
    let is_web = Url::parse(text.trim())
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if found.len() == before && !is_web {
        found.add(&below(path, key), "bad-url", "has to be an http or https URL");
    }
}

/// The entries of a list that may be missing.
pub(super) fn list<'a>(
    object: &'a Map<String, Value>,
    key: &str,
    found: &mut Found,
) -> &'a [Value] {
    match given(object, key) {
        None => &[],
        Some(Value::Array(entries)) => entries,
        Some(other) => {
            found.add(key, "not-a-list", &format!("has to be a list, and is {}", kind(other)));
            &[]
        }
    }
}

/// What `value` is, in words.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
