//! What the line under completion says of the configuration. Pure.

use std::ffi::OsString;
use std::path::PathBuf;

/// The options that choose what is looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) env: Option<String>,
    pub(super) config: Option<PathBuf>,
    pub(super) sandbox: bool,
}

impl Words {
    /// Reads the words that a shell hands over: our name, `--`, and the line.
    pub(super) fn read(words: impl Iterator<Item = OsString>) -> Self {
        let line: Vec<_> = words.skip_while(|word| word != "--").skip(1).collect();
        let line: Vec<_> = line.iter().map(|word| word.to_string_lossy()).collect();
        let value = |option: &str| {
            let joined = line.iter().find_map(|word| {
                let rest = word.strip_prefix(option)?.strip_prefix('=')?;
                Some(rest.to_owned())
            });
            let apart = || {
                let at = line.iter().position(|word| word == option)?;
                line.get(at + 1).map(ToString::to_string)
            };
            joined.or_else(apart).filter(|value| !value.is_empty())
        };
        let sandbox = line.iter().any(|word| word == "--sandbox" || word.starts_with("--sandbox="));
        Self { env: value("--env"), config: value("--config").map(PathBuf::from), sandbox }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_count_in_both_forms() {
        let read = |line: &str| Words::read(line.split(' ').map(OsString::from));
        let both = read("x -- parky-ops --env dev --config=a.toml tail");
        assert_eq!(both.env.as_deref(), Some("dev"));
        assert_eq!(both.config, Some(PathBuf::from("a.toml")));
        assert!(!both.sandbox && read("x -- parky-ops --sandbox=healthy").sandbox);
        assert_eq!(read("x --env dev -- parky-ops --env"), Words::default());
        assert_eq!(read("x"), Words::default());
    }
}
