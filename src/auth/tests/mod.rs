//! Locating and resolving as a whole, with stand-ins for `op` and `gh`.

mod account;
mod gh;
mod locate;
mod op;
mod values;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::resolve::Limits;
use super::*;
use crate::config::{Config, LoadInput, Vars, load};
use crate::domain::{EnvName, ReasonCode, Redactor};

/// A deadline that leaves a program its own limit.
fn soon() -> tokio::time::Instant {
    tokio::time::Instant::now() + Duration::from_secs(60)
}

/// A home, a directory for programs, and the variables that lead there.
struct Place {
    dir: TempDir,
    vars: Vec<(String, String)>,
    env: &'static str,
    sandbox: bool,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for sub in ["home/.config/parky-ops", "home/.op", "bin", "cwd"] {
            fs::create_dir_all(dir.path().join(sub)).unwrap();
        }
        let at = |sub: &str| dir.path().join(sub).display().to_string();
        let path = format!("{}:/usr/bin:/bin", at("bin"));
        let vars = vec![("HOME".to_owned(), at("home")), ("PATH".to_owned(), path)];
        // Whatever is installed on this machine must not answer for the stand-ins.
        Self { dir, vars, env: "prod", sandbox: false }.program("gh", "exit 1")
    }

    fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.retain(|(known, _)| known != name);
        self.vars.push((name.to_owned(), value.to_owned()));
        self
    }

    fn env(mut self, env: &'static str) -> Self {
        self.env = env;
        self
    }

    fn file(self, path: &str, text: &str, mode: u32) -> Self {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    fn user(self, text: &str) -> Self {
        self.file("home/.config/parky-ops/config.toml", text, 0o600)
    }

    /// A stand-in. Another process writes it: a file that this one held open for writing could
    /// not be run while another test's child still holds a copy of the descriptor.
    fn program(self, name: &str, script: &str) -> Self {
        let path = self.at("bin").join(name);
        let text = format!("#!/bin/sh\n{script}\n");
        let written = Command::new("/bin/sh")
            .args(["-c", "printf %s \"$2\" > \"$1\" && chmod 755 \"$1\"", "sh"])
            .args([path.as_os_str(), text.as_ref()])
            .status();
        assert!(written.unwrap().success());
        self
    }

    /// An `op` that answers `answer` and notes each call with its environment.
    fn op(self, answer: &str) -> Self {
        let calls = self.at("calls").display().to_string();
        self.program("op", &format!("{{ echo \"call $*\"; env; }} >> {calls}\n{answer}"))
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.at("calls")).unwrap_or_default()
    }

    fn vars(&self) -> Vars {
        self.vars.iter().cloned().collect()
    }

    fn config(&self) -> Config {
        let (vars, cwd) = (self.vars(), self.at("cwd"));
        let mut input = LoadInput::new(&vars, &cwd);
        input.flags.env = Some(self.env.to_owned());
        load(&input).unwrap().config
    }

    fn locate(&self, name: &CredentialName) -> Result<Located, AuthError> {
        let (vars, config) = (self.vars(), self.config());
        Locator { vars: &vars, config: &config, sandbox: self.sandbox }.locate(name)
    }

    fn origin(&self, name: &CredentialName) -> String {
        let origin = self.locate(name).unwrap().origin.to_string();
        origin.replace(self.dir.path().to_str().unwrap(), "")
    }

    fn resolver(&self) -> Resolver {
        let limits = Limits { op: Duration::from_secs(10), gh: Duration::from_secs(10) };
        Resolver::new(self.vars(), Redactor::default(), self.sandbox).with_limits(limits)
    }

    async fn value(&self, name: &CredentialName) -> Result<String, AuthError> {
        let credential = self.resolver().resolve(&self.locate(name)?, soon()).await?;
        Ok(credential.value.expose_secret().to_owned())
    }
}

const CLOUDFLARE: CredentialName = CredentialName::CloudflareApiToken;
const GITHUB: CredentialName = CredentialName::GithubToken;
const DATABASE: CredentialName = CredentialName::SupabaseDbUrl;
