//! The limits of `allowed_mentions`. Pure.

use serde_json::Value;

use super::field::{Found, Violation, Violations as _};
use super::snowflake::Snowflake;

/// The most users, and the most roles.
const MOST: usize = 100;

/// What Discord would refuse of `asked`.
pub(super) fn violations(asked: &Value) -> Vec<Violation> {
    let mut found = Found::new();
    let Some(asked) = asked.as_object() else {
        found.add("allowed_mentions", "not-an-object", "has to be an object");
        return found;
    };
    let parsed = parse(asked.get("parse"), &mut found);
    for kind in ["users", "roles"] {
        let listed = ids(kind, asked.get(kind), &mut found);
        if listed && parsed.contains(&kind) {
            let text = format!("{kind} are both listed and in parse; only one is allowed");
            found.add(&format!("allowed_mentions.{kind}"), "mentions-conflict", &text);
        }
    }
    if asked.get("replied_user").is_some_and(|flag| !flag.is_boolean() && !flag.is_null()) {
        found.add("allowed_mentions.replied_user", "not-a-boolean", "has to be true or false");
    }
    found
}

fn parse<'a>(list: Option<&'a Value>, found: &mut Vec<Violation>) -> Vec<&'a str> {
    const PATH: &str = "allowed_mentions.parse";
    let entries = match list {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Array(entries)) => entries,
        Some(_) => {
            found.add(PATH, "not-a-list", "has to be a list");
            return Vec::new();
        }
    };
    let known = |entry: &Value| matches!(entry.as_str(), Some("users" | "roles" | "everyone"));
    if !entries.iter().all(known) {
        found.add(PATH, "unknown-word", "knows users, roles and everyone only");
    }
    entries.iter().filter_map(Value::as_str).collect()
}

/// Checks the ids of `kind`; whether there are any.
fn ids(kind: &str, list: Option<&Value>, found: &mut Vec<Violation>) -> bool {
    let path = format!("allowed_mentions.{kind}");
    let entries = match list {
        None | Some(Value::Null) => return false,
        Some(Value::Array(entries)) => entries,
        Some(_) => {
            found.add(&path, "not-a-list", "has to be a list");
            return false;
        }
    };
    if entries.len() > MOST {
        found.too_many(&path, entries.len(), MOST);
    }
    let is_id = |entry: &Value| {
        entry.is_u64() || entry.as_str().is_some_and(|id| id.parse::<Snowflake>().is_ok())
    };
    if !entries.iter().all(is_id) {
        found.add(&path, "not-an-id", "may hold ids only");
    }
    !entries.is_empty()
}
