//! The limits of a message: <https://docs.discord.com/developers/resources/message>. Pure.
//!
//! Lengths are counted in code points after trimming, as Discord does. Where Discord's own reading is
//! not documented, the wider one is taken: an answer of 400 costs less than an alert that was held
//! back for nothing.

use serde_json::{Map, Value};
use url::Url;

use super::embeds;
use super::message::Violation;

/// The second form of components, which excludes content, embeds and polls.
pub(super) const COMPONENTS_V2: u64 = 1 << 15;
/// No link previews, no push, and the second form of components: all that a webhook may set.
const FLAGS: u64 = 1 << 2 | 1 << 12 | COMPONENTS_V2;

const CONTENT: usize = 2000;
const NAME: usize = 80;
const THREAD_NAME: usize = 100;
const URL: usize = 2048;

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

/// What Discord would refuse of `body`, its `allowed_mentions` apart.
pub(super) fn violations(body: &Value) -> Found {
    let mut found = Found::new();
    let Some(body) = body.as_object() else {
        found.add("", "not-an-object", &format!("has to be an object, and is {}", kind(body)));
        return found;
    };
    text(body, "content", "", (0, CONTENT), &mut found);
    username(body, &mut found);
    url(body, "avatar_url", "", &mut found);
    if given(body, "thread_name").is_some() {
        text(body, "thread_name", "", (1, THREAD_NAME), &mut found);
    }
    embeds::check(body, &mut found);
    list(body, "components", &mut found);
    if given(body, "poll").is_some_and(|poll| !poll.is_object()) {
        found.add("poll", "not-an-object", "has to be an object");
    }
    if given(body, "tts").is_some_and(|tts| !tts.is_boolean()) {
        found.add("tts", "not-a-boolean", "has to be true or false");
    }
    if is_filled(body.get("attachments")) {
        found.add("attachments", "no-files", "names files, which are not stored with the message");
    }
    let has_text = given(body, "content")
        .is_some_and(|content| content.as_str().is_none_or(|text| !text.trim().is_empty()));
    let has_others = ["embeds", "components", "poll"].iter().any(|key| is_filled(body.get(*key)));
    if !has_text && !has_others {
        let text = "has neither content nor embeds, components or a poll";
        found.add("", "empty-message", text);
    }
    flags(body, &mut found);
    found
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

fn username(body: &Map<String, Value>, found: &mut Found) {
    let Some(name) = given(body, "username") else { return };
    text(body, "username", "", (1, NAME), found);
    let name = name.as_str().unwrap_or_default().to_lowercase();
    if let Some(word) = ["discord", "clyde"].iter().find(|word| name.contains(**word)) {
        found.add("username", "bad-name", &format!("may not contain \"{word}\""));
    }
}

fn flags(body: &Map<String, Value>, found: &mut Found) {
    let Some(flags) = given(body, "flags") else { return };
    let Some(flags) = flags.as_u64() else {
        return found.add("flags", "not-a-number", "has to be a whole number");
    };
    if flags & !FLAGS != 0 {
        found.add("flags", "bad-flags", "may hold 4, 4096 and 32768 only");
    }
    if flags & COMPONENTS_V2 != 0 {
        for key in ["content", "embeds", "poll"].into_iter().filter(|key| is_filled(body.get(*key)))
        {
            found.add(key, "not-with-flag", "is not allowed with flag 32768 (components)");
        }
    }
}
