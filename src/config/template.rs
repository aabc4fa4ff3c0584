//! The file that `config init --defaults` writes: every key with its meaning, all commented out, so
//! that it changes nothing until a line is. Pure.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::document::{self, Trust};
use super::keys::{Key, Kind, Who};
use super::layers::BUILT_IN;
use super::schema::KEYS;
use super::tree::Tree;

const HEAD: &str = "\
# Configuration of parky-ops. Every line is optional: what is left out is built in.
# Take the '#' off a line that starts with '#' and a letter or bracket to use it.
# Keys marked 'own' count in this file only; the others also in a checkout's parky-ops.toml.
# A credential may be an op:// reference; keep this file to yourself (chmod 600) if one is not.
";

/// A complete file of comments; loading it changes nothing.
pub fn template() -> String {
    // The built-in file is part of this program, and a test reads it.
    let built_in = document::read(Path::new(""), BUILT_IN, Trust::BuiltIn).unwrap_or_default();
    let mut out = HEAD.to_owned();
    let mut open = "";
    for key in KEYS {
        if key.kind == Kind::Tables {
            let _ = write!(out, "\n# {}.", key.about);
            continue;
        }
        let (section, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        if section != open || section.is_empty() {
            open = section;
            let _ = write!(out, "{}", heading(section));
        }
        let own = if key.who == Who::UserFile { " (own)" } else { "" };
        let name = sample(section.rsplit('.').next().unwrap_or_default(), name);
        let _ = write!(out, "# {}.{own}\n#{name} = {}\n", key.about, value(key, &built_in));
    }
    out
}

fn heading(section: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let mut brackets = ("[", "]");
    for part in section.split('.') {
        let part = match part.strip_suffix("[]") {
            Some(list) if section.ends_with("[]") => {
                brackets = ("[[", "]]");
                list
            }
            Some(list) => list,
            None => sample(parts.last().copied().unwrap_or_default(), part),
        };
        parts.push(part);
    }
    match section {
        "" => "\n".to_owned(),
        _ => format!("\n#{}{}{}\n", brackets.0, parts.join("."), brackets.1),
    }
}

/// A name for where any name may stand.
fn sample<'a>(above: &str, name: &'a str) -> &'a str {
    match (name, above) {
        ("*", "env" | "script") => "prod",
        ("*", "webhooks" | "channels") => "p0-alerts",
        ("*", _) => "cloudflare_api_token",
        (name, _) => name,
    }
}

/// The built-in value where there is one, else the example.
fn value(key: &Key, built_in: &Tree) -> String {
    let path: Vec<String> =
        key.path.replace("env.*", "env.prod").split('.').map(str::to_owned).collect();
    match built_in.at(&path).and_then(|leaf| leaf.open()) {
        // JSON and TOML write texts, numbers and lists of them in the same way.
        Some(Value::Array(items)) if !items.is_empty() => {
            let items: Vec<String> = items.iter().map(Value::to_string).collect();
            format!("[{}]", items.join(", "))
        }
        Some(Value::Array(_)) | None => key.example.to_owned(),
        Some(value) => value.to_string(),
    }
}

/// The template with every setting in use.
#[cfg(test)]
pub(super) fn uncommented() -> String {
    let used = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => {
            rest.to_owned()
        }
        _ => line.to_owned(),
    };
    template().lines().map(used).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_it_is_it_says_nothing() {
        let tree = document::read(Path::new("t"), &template(), Trust::User).unwrap();
        assert_eq!(tree.iter().count(), 0);
    }

    #[test]
    fn in_use_it_says_every_key_and_nothing_is_wrong() {
        let text = uncommented();
        let tree = document::read(Path::new("t"), &text, Trust::User).unwrap();
        let said: Vec<String> = tree
            .iter()
            .flat_map(|(_, leaf)| match (leaf.key.kind, leaf.open()) {
                (Kind::Tables, Some(Value::Array(items))) => items
                    .iter()
                    .filter_map(Value::as_object)
                    .flat_map(|item| item.keys().map(|k| format!("{}[].{k}", leaf.key.path)))
                    .chain([leaf.key.path.to_owned()])
                    .collect(),
                _ => vec![leaf.key.path.to_owned()],
            })
            .collect();
        for key in KEYS {
            let path = key.path.trim_end_matches(".*");
            assert!(said.iter().any(|s| s == path || s == key.path), "{} in:\n{text}", key.path);
        }
    }

    #[test]
    fn every_key_is_explained_in_one_line() {
        for key in KEYS {
            assert!(key.about.len() > 8 && !key.about.contains('\n'), "{}", key.path);
            assert!(!key.about.ends_with('.'), "{}", key.path);
        }
    }
}
