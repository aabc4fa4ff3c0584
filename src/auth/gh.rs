//! gh's own login: its list of hosts, and the program that knows the keyring. Read-only.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::program;
use crate::config::{self, Origin, Sourced, Vars};

/// An entry of `hosts.yml`; without a token where gh keeps it in the keyring.
#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    oauth_token: Option<SecretText>,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    users: Option<BTreeMap<String, Option<User>>>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    oauth_token: Option<SecretText>,
}

#[derive(Deserialize)]
#[serde(from = "String")]
struct SecretText(SecretString);

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(SecretString::from(text))
    }
}

/// The host under which gh files an API: `github.com` for `api.github.com`.
pub(super) fn host_of(api: &Url) -> String {
    let host = api.host_str().unwrap_or_default();
    match host {
        "github.com" => host.to_owned(),
        _ if host.ends_with(".github.com") => "github.com".to_owned(),
        _ if host.ends_with(".ghe.com") => host.strip_prefix("api.").unwrap_or(host).to_owned(),
        _ => host.to_owned(),
    }
}

/// The token of `host` in `hosts.yml`, where it has one.
///
/// # Errors
/// A note on what stood in the way; not a reason to stop, since gh itself may know better.
pub(super) fn token_in_hosts_file(
    vars: &Vars,
    host: &str,
) -> Result<Option<Sourced<SecretString>>, String> {
    let Some(path) = hosts_file(vars) else { return Ok(None) };
    let text = config::read_small_file(&path).map_err(|error| error.to_string())?;
    let Some(text) = text else { return Ok(None) };
    let hosts: BTreeMap<String, Option<Entry>> = serde_saphyr::from_str(&text)
        // The parser's message would quote lines, and with them the token.
        .map_err(|_| format!("{} is not what gh writes", path.display()))?;
    let Some(mut entry) = hosts.into_iter().find(|(name, _)| name == host).and_then(|(_, e)| e)
    else {
        return Ok(None);
    };
    let active = || {
        let user = entry.user.as_ref()?;
        entry.users.as_mut()?.remove(user)??.oauth_token
    };
    let token = entry.oauth_token.take().or_else(active);
    Ok(token.map(|token| Sourced::new(token.0, Origin::Program(path.display().to_string()))))
}

fn hosts_file(vars: &Vars) -> Option<PathBuf> {
    let dir = vars.path("GH_CONFIG_DIR").or_else(|| {
        config::xdg(vars, "XDG_CONFIG_HOME", ".config").map(|dir| dir.value.join("gh"))
    });
    dir.map(|dir| dir.join("hosts.yml"))
}

/// The gh program: `GH_PATH`, else the one in `PATH`.
pub(super) fn program(vars: &Vars) -> Option<PathBuf> {
    match vars.path("GH_PATH") {
        Some(path) if path.is_absolute() => program::is_program(&path).then_some(path),
        Some(name) => program::find(vars, name.to_str()?),
        None => program::find(vars, "gh"),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn token(yaml: &str, host: &str) -> Result<Option<String>, String> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("hosts.yml"), yaml).unwrap();
        let vars = [("GH_CONFIG_DIR", dir.path().to_str().unwrap())].into_iter().collect();
        token_in_hosts_file(&vars, host)
            .map(|found| found.map(|token| token.value.expose_secret().to_owned()))
    }

    #[test]
    fn hosts_of_apis() {
        for (api, host) in [
            ("https://api.github.com", "github.com"),
            ("https://api.parky.ghe.com", "parky.ghe.com"),
            ("https://github.example.jp/api/v3", "github.example.jp"),
            ("http://127.0.0.1:4000", "127.0.0.1"),
            ("https://api.github.com.evil.example", "api.github.com.evil.example"),
        ] {
            assert_eq!(host_of(&Url::parse(api).unwrap()), host);
        }
    }

    #[test]
    fn the_token_of_the_host_or_of_its_active_user() {
        let plain = "github.com:\n  oauth_token: gho_a\n  user: me\n  git_protocol: https\n";
        assert_eq!(token(plain, "github.com").unwrap().as_deref(), Some("gho_a"));
        assert_eq!(token(plain, "127.0.0.1").unwrap(), None, "never for another host");
        let users = "github.com:\n  user: me\n  users:\n    you:\n      oauth_token: gho_y\n    me:\n      oauth_token: gho_m\n";
        assert_eq!(token(users, "github.com").unwrap().as_deref(), Some("gho_m"));
        let keyring = "github.com:\n  user: me\n  users:\n    me:\n";
        assert_eq!(token(keyring, "github.com").unwrap(), None);
        assert_eq!(token("github.com:\n", "github.com").unwrap(), None);
        assert_eq!(token("", "github.com").unwrap_or(None), None);
    }

    #[test]
    fn a_broken_file_is_a_note_without_the_token() {
        for yaml in
            ["github.com: [oauth_token: gho_s3cr3t", "- gho_s3cr3t", "github.com: gho_s3cr3t"]
        {
            let note = token(yaml, "github.com").unwrap_err();
            assert!(note.ends_with("hosts.yml is not what gh writes"), "{note}");
        }
    }
}
