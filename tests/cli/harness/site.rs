//! A sandbox of the test's own, reached by the binary as it reaches the real world: through a
//! configuration file.

use std::path::{Path, PathBuf};

use chrono::Utc;
use parky_ops::config::Vars;
use parky_ops::sandbox::{Options, Sandbox, Scenario};
use tempfile::TempDir;

use super::Run;

/// Stand-ins, a home, and a configuration that points at them.
pub(crate) struct Site {
    pub(crate) sandbox: Option<Sandbox>,
    home: TempDir,
}

impl Site {
    /// The stand-ins of a scenario.
    pub(crate) fn of(scenario: Scenario) -> Self {
        Self::with(|options| options, scenario)
    }

    /// The same with other options.
    pub(crate) fn with(options: impl FnOnce(Options) -> Options, scenario: Scenario) -> Self {
        let vars = [("PATH", "/usr/local/bin:/usr/bin:/bin")].into_iter().collect::<Vars>();
        let options = options(Options::new(scenario, Utc::now(), vars));
        let sandbox = Sandbox::start(options).expect("starting the stand-ins");
        let site = Self { sandbox: Some(sandbox), home: tempfile::tempdir().unwrap() };
        let config = std::fs::read_to_string(site.sandbox().config_path()).unwrap();
        site.write_config(&config);
        site
    }

    /// No stand-ins, and this as the user file.
    pub(crate) fn bare(config: &str) -> Self {
        let site = Self { sandbox: None, home: tempfile::tempdir().unwrap() };
        site.write_config(config);
        site
    }

    /// The stand-ins.
    pub(crate) fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("a site with stand-ins")
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn config_path(&self) -> PathBuf {
        self.home().join("config.toml")
    }

    /// Changes the user file.
    pub(crate) fn edit(&self, change: impl FnOnce(&str) -> String) {
        let text = std::fs::read_to_string(self.config_path()).unwrap();
        self.write_config(&change(&text));
    }

    /// Sets a value in the user file, by its dotted key; the value is TOML.
    pub(crate) fn set(&self, key: &str, value: &str) {
        self.edit(|text| {
            let mut document: toml::Table = toml::from_str(text).unwrap();
            let value: toml::Table = toml::from_str(&format!("value = {value}")).unwrap();
            let (tables, last) = key.rsplit_once('.').expect("a dotted key");
            let mut at = &mut document;
            for table in tables.split('.') {
                let empty = toml::Value::Table(toml::Table::new());
                at = at.entry(table).or_insert(empty).as_table_mut().unwrap();
            }
            at.insert(last.to_owned(), value["value"].clone());
            toml::to_string(&document).unwrap()
        });
    }

    /// Removes a value from the user file, by its dotted key.
    pub(crate) fn remove(&self, key: &str) {
        self.edit(|text| {
            let mut document: toml::Table = toml::from_str(text).unwrap();
            let (tables, last) = key.rsplit_once('.').expect("a dotted key");
            let mut at = &mut document;
            for table in tables.split('.') {
                at = at.get_mut(table).and_then(toml::Value::as_table_mut).expect(key);
            }
            at.remove(last);
            toml::to_string(&document).unwrap()
        });
    }

    fn write_config(&self, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(self.config_path(), text).unwrap();
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(self.config_path(), private).unwrap();
    }

    /// A command line that runs against this site.
    pub(crate) fn run(&self, words: &str) -> Run {
        Run::new(self.home(), words).var("PARKY_OPS_CONFIG", self.config_path())
    }

    /// The name under which the configuration lists the host `name`.
    pub(crate) fn host(&self, name: &str) -> String {
        self.sandbox().host(name).expect("a host of the sandbox").url()
    }
}
