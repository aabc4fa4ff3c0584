//! Loads the configuration: every layer, for one environment, with the origin of each value.
//! Read-only; touches the user file, the project file and the wrangler files.

use serde::Serialize;
use serde_json::Value;

use super::document::dotted;
use super::input::LoadInput;
use super::layers::{self, FileUse, Layers};
use super::origin::{Origin, Sourced};
use super::tree::{LeafValue, Tree};
use super::{Config, ConfigError, file, typed};
use crate::domain::EnvName;
use secrecy::ExposeSecret as _;

/// A configuration, and how it came about.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The files that were looked for.
    pub files: Vec<FileUse>,
    tree: Tree,
}

/// One value, for `config show --origin`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
    /// The key, dotted.
    pub key: String,
    /// The value; `***` for a secret.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
    /// Whether it is a secret.
    pub secret: bool,
    /// For a secret that is kept elsewhere, the `op://` reference to it.
    pub reference: Option<String>,
}

/// Loads the configuration.
///
/// # Errors
/// A file that cannot be read or says what it may not, or an environment that nothing defines.
pub fn load(input: &LoadInput<'_>) -> Result<Loaded, ConfigError> {
    load_as(input, file::own_uid())
}

/// The same for the user `uid`.
pub(crate) fn load_as(input: &LoadInput<'_>, uid: u32) -> Result<Loaded, ConfigError> {
    let layers = layers::read(input, uid)?;
    let env = choose_env(input, &layers.merged)?;
    let config = typed::config(input, &layers, env, uid)?;
    let Layers { merged, files, .. } = layers;
    Ok(Loaded { config, files, tree: merged })
}

impl Loaded {
    /// The environments there are.
    pub fn environments(&self) -> Vec<&str> {
        self.tree.names("env")
    }

    /// Every value of every environment, in the order of the keys.
    pub fn settings(&self) -> Vec<Setting> {
        let setting = |(path, leaf): (&[String], &super::tree::Leaf)| {
            let (value, reference) = match &leaf.value {
                LeafValue::Open(value) => (value.clone(), None),
                LeafValue::Secret(secret) => {
                    let text = secret.expose_secret();
                    let reference = text.starts_with("op://").then(|| text.to_owned());
                    (Value::from("***"), reference)
                }
            };
            Setting {
                key: dotted(path),
                value,
                origin: leaf.origin.clone(),
                secret: leaf.key.is_secret(),
                reference,
            }
        };
        self.tree.iter().map(setting).collect()
    }
}

/// `--env`, else the variable, else prod; it has to be one that exists.
fn choose_env(input: &LoadInput<'_>, tree: &Tree) -> Result<Sourced<EnvName>, ConfigError> {
    let variable = "PARKY_OPS_ENV";
    let given = match (&input.flags.env, input.vars.get(variable)) {
        (Some(name), _) => Sourced::new(name.as_str(), Origin::Flag("--env")),
        (None, Some(name)) => Sourced::new(name, Origin::Variable(variable.to_owned())),
        (None, None) => return Ok(Sourced::new(EnvName::prod(), Origin::BuiltIn)),
    };
    let known = tree.names("env");
    match given.value.parse::<EnvName>() {
        Ok(env) if known.contains(&env.as_str()) => Ok(Sourced::new(env, given.origin)),
        _ => Err(ConfigError::UnknownEnv {
            name: given.value.to_owned(),
            named_by: given.origin,
            known: known.into_iter().map(str::to_owned).collect(),
        }),
    }
}
