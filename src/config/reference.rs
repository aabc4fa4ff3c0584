//! Every key with its meaning and its built-in value, for `help config`. Pure.

use std::path::Path;

use serde_json::Value;

use super::document::{self, Trust};
use super::keys::Who;
use super::layers::BUILT_IN;
use super::schema::KEYS;

/// What there is to know of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHelp {
    /// Where it stands: dotted; `*` is any name, `x[]` an entry of a list.
    pub key: &'static str,
    /// What it means, in one line.
    pub about: &'static str,
    /// What to write there, in words.
    pub expected: String,
    /// The value without any file, as TOML writes it (of prod, where each environment has its own).
    pub built_in: Option<String>,
    /// Whether only the operator's own file may set it.
    pub own: bool,
}

/// Every key, in the order of the sections.
pub fn reference() -> Vec<KeyHelp> {
    // The built-in file is part of this program, and a test reads it.
    let built_in = document::read(Path::new(""), BUILT_IN, Trust::BuiltIn).unwrap_or_default();
    let value = |path: &str| {
        let path = path.replace("env.*", "env.prod");
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        match built_in.at(&path)?.open()? {
            // A list of tables is told by its own keys.
            Value::Array(items) if items.iter().any(Value::is_object) => {
                Some(format!("{} entries", items.len()))
            }
            // JSON and TOML write texts, numbers and lists of them in the same way.
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(Value::to_string).collect();
                Some(format!("[{}]", items.join(", ")))
            }
            value => Some(value.to_string()),
        }
    };
    let help = |key: &super::keys::Key| KeyHelp {
        key: key.path,
        about: key.about,
        expected: key.kind.expected(),
        built_in: value(key.path),
        own: key.who == Who::UserFile,
    };
    KEYS.iter().map(help).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_carry_their_built_in_values() {
        let keys = reference();
        let built_in =
            |name: &str| keys.iter().find(|k| k.key == name).and_then(|k| k.built_in.clone());
        assert_eq!(keys.len(), KEYS.len());
        assert_eq!(built_in("lang").as_deref(), Some("\"ja\""));
        assert_eq!(built_in("thresholds.host_red_ms").as_deref(), Some("3000"));
        assert_eq!(built_in("dlq.open_status").as_deref(), Some("[\"failed\"]"));
        assert_eq!(built_in("worker").as_deref(), Some("4 entries"));
        assert!(built_in("env.*.hosts").unwrap().contains("\"api.parky.co.jp\""));
        assert_eq!(built_in("env.*.credentials.github_token"), None);
        assert!(keys.iter().any(|k| k.own) && keys.iter().any(|k| !k.own));
    }
}
