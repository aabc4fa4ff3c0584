//! A worker's wrangler file: its name on Cloudflare in one environment, and its account. Pure; the
//! rules are wrangler's own.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::{jsonc, value};
use crate::domain::EnvName;

/// The parts of a wrangler file that say where a worker is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct WranglerFile {
    name: Option<String>,
    account_id: Option<String>,
    legacy_env: Option<bool>,
    #[serde(default)]
    env: BTreeMap<String, Section>,
}

/// `[env.NAME]`; an empty one counts as being there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct Section {
    name: Option<String>,
    account_id: Option<String>,
}

impl WranglerFile {
    /// Parses the text of a wrangler file; the ending of `path` tells the format.
    ///
    /// # Errors
    /// What is wrong, in a few words.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, String> {
        let json = path.extension().is_some_and(|ending| ending == "json" || ending == "jsonc");
        if json {
            let value = jsonc::parse(text)?;
            return serde_json::from_value(value).map_err(|error| error.to_string());
        }
        toml::from_str(text).map_err(|error| format!("not a wrangler file: {}", error.message()))
    }

    /// The worker's name on Cloudflare in `env`.
    ///
    /// # Errors
    /// A sentence that says why the file does not tell.
    pub(crate) fn script(&self, env: &EnvName) -> Result<String, String> {
        if self.legacy_env == Some(false) {
            return Err("uses service environments (legacy_env = false), which Cloudflare has \
                        withdrawn"
                .to_owned());
        }
        let section = self.env.get(env.as_str());
        if section.is_none() && !self.env.is_empty() {
            let others: Vec<&str> = self.env.keys().map(String::as_str).collect();
            return Err(format!("has no [env.{env}], only {}", others.join(", ")));
        }
        let script = match (section.and_then(|s| s.name.as_ref()), &self.name) {
            (Some(own), _) => own.clone(),
            (None, Some(name)) => format!("{name}-{env}"),
            (None, None) => return Err("names no worker: 'name' is missing".to_owned()),
        };
        match value::is_script_name(&script) {
            true => Ok(script),
            false => Err("names a worker that Cloudflare would not take".to_owned()),
        }
    }

    /// The account in `env`: the section's own, else the one of the file.
    pub(crate) fn account(&self, env: &EnvName) -> Option<&str> {
        let own = self.env.get(env.as_str()).and_then(|section| section.account_id.as_deref());
        own.or(self.account_id.as_deref()).filter(|id| !id.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> WranglerFile {
        WranglerFile::parse(Path::new("wrangler.x.toml"), text).unwrap()
    }

    #[test]
    fn the_name_by_wranglers_rules() {
        let prod = EnvName::prod();
        for (text, script) in [
            ("name = 'parky'\n[env.prod]\nname = 'own'", Ok("own")),
            ("name = 'parky'\n[env.prod]", Ok("parky-prod")),
            ("name = 'parky'\nlegacy_env = true\n[env.prod]\n[env.dev]", Ok("parky-prod")),
            ("name = 'parky'", Ok("parky-prod")),
            ("name = 'parky'\n[env.dev]\n[env.stg]", Err("has no [env.prod], only dev, stg")),
            ("[env.prod]", Err("names no worker: 'name' is missing")),
            ("[env.prod]\nname = 'own'", Ok("own")),
            ("name = 'Parky App'", Err("names a worker that Cloudflare would not take")),
            ("name = 'x'\nlegacy_env = false", Err("uses service environments")),
        ] {
            let found = file(text).script(&prod);
            let fits = match (&found, script) {
                (Ok(found), Ok(wanted)) => found == wanted,
                (Err(found), Err(wanted)) => found.starts_with(wanted),
                _ => false,
            };
            assert!(fits, "{text}: {found:?}, not {script:?}");
        }
    }

    #[test]
    fn the_account_inherits_and_may_be_overridden() {
        let text = "account_id = 'a'\n[env.prod]\n[env.dev]\naccount_id = 'b'";
        assert_eq!(file(text).account(&EnvName::prod()), Some("a"));
        assert_eq!(file(text).account(&"dev".parse().unwrap()), Some("b"));
        assert_eq!(file("account_id = ''").account(&EnvName::prod()), None);
    }

    #[test]
    fn json_with_comments_says_the_same_as_toml() {
        let json = "{ // worker\n \"name\": \"parky\", \"env\": { \"prod\": {}, }, }";
        let parsed = WranglerFile::parse(Path::new("wrangler.jsonc"), json).unwrap();
        assert_eq!(parsed, file("name = 'parky'\n[env.prod]"));
    }

    #[test]
    fn other_keys_are_wranglers_own_business() {
        let text = "name = 'parky'\nmain = 'src/x.ts'\n[[routes]]\npattern = 'x'\n[env.prod.vars]\nA = '1'";
        assert_eq!(file(text).script(&EnvName::prod()).unwrap(), "parky-prod");
    }

    #[test]
    fn broken_files_say_so() {
        for (name, text) in
            [("w.toml", "name = "), ("w.toml", "name = 1"), ("w.json", "{"), ("w.json", "[]")]
        {
            assert!(WranglerFile::parse(Path::new(name), text).is_err(), "{name} {text}");
        }
    }
}
