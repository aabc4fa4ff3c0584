//! Loading as a whole: layers, precedence, trust, and what is refused.

mod precedence;
mod project;
mod whole;
mod workers;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::load::load_as;
use super::*;

/// A home with a user file and a checkout with a project file.
struct Place {
    dir: TempDir,
    vars: Vec<(String, String)>,
    env: Option<String>,
    uid: u32,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        fs::create_dir_all(home.join(".config/parky-ops")).unwrap();
        fs::create_dir_all(dir.path().join("checkout/sub")).unwrap();
        let vars = vec![("HOME".to_owned(), home.display().to_string())];
        Self { dir, vars, env: None, uid: file::own_uid() }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn file(self, path: &str, text: &str) -> Self {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        self
    }

    fn user(self, text: &str) -> Self {
        self.file("home/.config/parky-ops/config.toml", text)
    }

    fn project(self, text: &str) -> Self {
        self.file("checkout/parky-ops.toml", text)
    }

    fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.to_owned(), value.to_owned()));
        self
    }

    fn env(mut self, name: &str) -> Self {
        self.env = Some(name.to_owned());
        self
    }

    fn load(&self) -> Result<Loaded, ConfigError> {
        let vars: Vars = self.vars.iter().cloned().collect();
        let cwd = self.at("checkout/sub");
        let mut input = LoadInput::new(&vars, &cwd);
        input.flags.env = self.env.clone();
        load_as(&input, self.uid)
    }

    fn config(&self) -> Config {
        self.load().unwrap().config
    }

    fn refusal(&self) -> String {
        self.load().unwrap_err().to_string()
    }

    fn caveats(&self, code: &str) -> Vec<String> {
        let all = self.config().caveats;
        all.into_iter().filter(|c| c.code == code).map(|c| c.text).collect()
    }
}

fn setting(loaded: &Loaded, key: &str) -> (Value, String) {
    let all = loaded.settings();
    let found = all.into_iter().find(|s| s.key == key).expect(key);
    (found.value, found.origin.to_string())
}

fn names(hosts: &[Host]) -> Vec<&str> {
    hosts.iter().map(|host| host.name.as_str()).collect()
}
