//! What Discord says of a refusal, on one line. Pure.

use serde_json::Value;

use crate::domain::text::one_line;

/// More nested errors than these are counted, not told.
const MOST: usize = 8;

/// The message of `body` and the errors nested in it: `Invalid Form Body: embeds.0.title:
/// BASE_TYPE_MAX_LENGTH`. What is no JSON object gives its beginning.
pub(super) fn words(value: &Value, body: &[u8]) -> String {
    let Value::Object(top) = value else {
        let text = String::from_utf8_lossy(body.get(..400).unwrap_or(body));
        return one_line(text.split_whitespace().collect::<Vec<_>>().join(" ").as_str());
    };
    let mut found = Vec::new();
    match top.get("errors") {
        Some(errors) => nested("", errors, &mut found),
        // The old form has the names of the parts on top, with neither message nor code.
        None if !top.contains_key("message") => nested("", value, &mut found),
        None => {}
    }
    let more = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    let mut text = top.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !found.is_empty() {
        let before = if text.is_empty() { "" } else { ": " };
        text = format!("{text}{before}{}", found.join("; "));
    }
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    one_line(&text)
}

/// Walks the tree of errors, whose leaves are `_errors`, or in the old form lists of words.
fn nested(path: &str, value: &Value, found: &mut Vec<String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(entries) => {
            for (key, entry) in entries {
                match (key.as_str(), entry) {
                    ("_errors", Value::Array(errors)) => {
                        found.extend(errors.iter().map(|error| leaf(path, error)));
                    }
                    _ => nested(&below(key), entry, found),
                }
            }
        }
        Value::Array(items) => found.extend(items.iter().map(|item| leaf(path, item))),
        Value::Null => {}
        plain => found.push(leaf(path, plain)),
    }
}

fn leaf(path: &str, error: &Value) -> String {
    let word = match error {
        Value::String(word) => word.clone(),
        Value::Object(error) => ["code", "message"]
            .iter()
            .find_map(|key| error.get(*key)?.as_str())
            .map_or_else(|| Value::from(error.clone()).to_string(), str::to_owned),
        other => other.to_string(),
    };
    if path.is_empty() { word } else { format!("{path}: {word}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> String {
        words(&serde_json::from_str(body).unwrap_or_default(), body.as_bytes())
    }

    #[test]
    fn bodies_that_are_no_words_of_discord() {
        assert_eq!(said(""), "");
        assert_eq!(said("<html>\n <p>error code:  1015"), "<html> <p>error code: 1015");
        assert_eq!(said("[1,2]"), "[1,2]");
        assert_eq!(said("{}"), "");
        assert_eq!(said("null"), "null");
        assert_eq!(said("\u{1b}[2J"), "\\u{1b}[2J");
        assert!(said(&"x".repeat(5000)).len() <= 400);
    }

    #[test]
    fn the_tree_of_errors_is_flattened() {
        let body = r#"{"message":"Invalid Form Body","code":50035,"errors":{
            "embeds":{"0":{"title":{"_errors":[{"code":"BASE_TYPE_MAX_LENGTH","message":"long"}]},
                "fields":{"2":{"value":{"_errors":[{"code":"BASE_TYPE_REQUIRED"}]}}}}},
            "_errors":[{"message":"only words"}]}}"#;
        assert_eq!(
            said(body),
            "Invalid Form Body: embeds.0.title: BASE_TYPE_MAX_LENGTH; embeds.0.fields.2.value: \
             BASE_TYPE_REQUIRED; only words"
        );
    }

    #[test]
    fn the_old_form_has_no_code() {
        assert_eq!(said(r#"{"embeds":["0"]}"#), "embeds: 0");
        assert_eq!(
            said(r#"{"content":["Must be 2000 or fewer"],"x":null}"#),
            "content: Must be 2000 or fewer"
        );
    }

    #[test]
    fn many_errors_are_counted() {
        let errors: Vec<String> = (0..10).map(|n| format!(r#""{n}":["X"]"#)).collect();
        let said = said(&format!("{{{}}}", errors.join(",")));
        assert!(said.ends_with("7: X; and 2 more"), "{said}");
    }
}
