//! Where each credential is: variables, the operator's file, gh's login. Nothing is resolved here;
//! the only file that is read is gh's own list of hosts.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

use super::error::AuthError;
use super::gh;
use super::name::{CredentialName, webhook_stem};
use crate::config::{Config, Origin, Sourced, Vars};
use crate::domain::{Caveat, EnvName};

/// Looks for credentials.
#[derive(Debug, Clone, Copy)]
pub struct Locator<'a> {
    /// The environment variables.
    pub vars: &'a Vars,
    /// The configuration, and with it the environment.
    pub config: &'a Config,
    /// In a sandbox nobody's real login is looked at.
    pub sandbox: bool,
}

/// A credential that was found.
#[derive(Debug, Clone)]
pub struct Located {
    /// What it is for.
    pub name: CredentialName,
    /// Where it stands.
    pub origin: Origin,
    /// Whose it is.
    pub scope: Scope,
    /// How its value is had.
    pub kind: Kind,
}

/// Whose a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The chosen environment's own.
    Environment,
    /// Any environment's: an unscoped variable.
    Unscoped,
    /// The operator's: a login of another program.
    Operator,
}

/// How the value is had.
#[derive(Debug, Clone)]
pub enum Kind {
    /// It is there.
    Plain(SecretString),
    /// It is the content of a file.
    File(PathBuf),
    /// `op` reads it.
    Reference(String),
    /// `gh` tells it.
    Program(GhCall),
}

/// How to ask `gh`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GhCall {
    /// The program.
    pub program: PathBuf,
    /// The host to ask for.
    pub host: String,
}

impl Kind {
    /// What a text stands for: itself, or a reference.
    pub(super) fn of(text: &str) -> Self {
        match text.trim_start().starts_with("op://") {
            true => Kind::Reference(text.trim().to_owned()),
            false => Kind::Plain(SecretString::from(text)),
        }
    }
}

impl Located {
    /// That it may belong to another environment than `env`; nothing for prod, whose variables
    /// are usually set without a scope.
    pub fn caveat(&self, env: &EnvName) -> Option<Caveat> {
        let doubtful = self.scope == Scope::Unscoped && !env.is_prod();
        doubtful.then(|| {
            let text = format!(
                "the {} from {} is not tied to {env}; {} would be",
                self.name,
                self.origin,
                self.name.variable_to_set(env)
            );
            Caveat::new("unscoped-credential", text)
        })
    }
}

impl Locator<'_> {
    /// Finds a credential of the chosen environment. For an account id see [`Locator::account`].
    ///
    /// # Errors
    /// It is nowhere, or a variable could mean two channels.
    pub fn locate(&self, name: &CredentialName) -> Result<Located, AuthError> {
        let scoped = || self.scoped(name);
        let unscoped = || self.unscoped(name);
        let own_file = || self.own_file(name);
        // Variables beat files, as people expect; outside prod what is tied to it comes first.
        let found = match self.config.env.is_prod() {
            true => scoped().or_else(unscoped).or_else(own_file),
            false => scoped().or_else(own_file).or_else(unscoped),
        };
        match (found, name) {
            (Some(found), _) => self.unambiguous(found),
            (None, CredentialName::GithubToken) => self.gh_login(),
            (None, _) => Err(self.not_set(name, None)),
        }
    }

    pub(super) fn scoped(&self, name: &CredentialName) -> Option<Located> {
        let names = name.scoped_variables(&self.config.env);
        self.variables(name, &names, Scope::Environment).next()
    }

    fn unscoped(&self, name: &CredentialName) -> Option<Located> {
        self.variables(name, &name.unscoped_variables(), Scope::Unscoped).next()
    }

    /// Those of `names` that are set; each is looked for as it is, then with `_FILE`.
    pub(super) fn variables(
        &self,
        name: &CredentialName,
        names: &[String],
        scope: Scope,
    ) -> impl Iterator<Item = Located> {
        names.iter().filter_map(move |variable| {
            let in_file = format!("{variable}_FILE");
            let (variable, kind) = match (self.vars.get(variable), self.vars.path(&in_file)) {
                (Some(text), _) => (variable.clone(), Kind::of(text)),
                (None, Some(path)) => (in_file, Kind::File(path)),
                (None, None) => return None,
            };
            Some(Located { name: name.clone(), origin: Origin::Variable(variable), scope, kind })
        })
    }

    fn own_file(&self, name: &CredentialName) -> Option<Located> {
        let (table, key) = name.config_key();
        let Sourced { value, origin } =
            self.config.credentials.get(&format!("{}.{key}", table?))?;
        let kind = Kind::of(value.expose_secret());
        let scope = Scope::Environment;
        Some(Located { name: name.clone(), origin: origin.clone(), scope, kind })
    }

    /// A webhook from a variable has to be of one channel only.
    fn unambiguous(&self, found: Located) -> Result<Located, AuthError> {
        let (CredentialName::DiscordWebhook(channel), Origin::Variable(variable)) =
            (&found.name, &found.origin)
        else {
            return Ok(found);
        };
        let stem = webhook_stem(channel);
        let known = self.config.channels.keys().map(String::as_str);
        let mut known = known.chain(self.config.credentials.webhook_channels());
        match known.find(|other| other != channel && webhook_stem(other) == stem) {
            Some(other) => Err(AuthError::ChannelClash {
                variable: variable.clone(),
                first: channel.clone(),
                second: other.to_owned(),
                section: format!("[env.{}.webhooks]", self.config.env),
            }),
            None => Ok(found),
        }
    }

    fn gh_login(&self) -> Result<Located, AuthError> {
        let name = CredentialName::GithubToken;
        if self.sandbox {
            return Err(self.not_set(&name, None));
        }
        let host = gh::host_of(&self.config.urls.github);
        let (note, in_file) = match gh::token_in_hosts_file(self.vars, &host) {
            Ok(found) => (None, found),
            Err(note) => (Some(note), None),
        };
        let scope = Scope::Operator;
        if let Some(Sourced { value, origin }) = in_file {
            return Ok(Located { name, origin, scope, kind: Kind::Plain(value) });
        }
        let Some(program) = gh::program(self.vars) else { return Err(self.not_set(&name, note)) };
        let origin = Origin::Program("gh auth token".to_owned());
        Ok(Located { name, origin, scope, kind: Kind::Program(GhCall { program, host }) })
    }

    pub(super) fn not_set(&self, name: &CredentialName, note: Option<String>) -> AuthError {
        let env = &self.config.env;
        let (table, key) = name.config_key();
        let section = table.map_or(format!("[env.{env}]"), |table| format!("[env.{env}.{table}]"));
        let set = format!(
            "set {}, or {section} {key} in {}",
            name.variable_to_set(env),
            self.own_file_shown()
        );
        AuthError::NotSet { name: name.clone(), env: env.to_string(), set, note }
    }

    fn own_file_shown(&self) -> String {
        let Some(path) = &self.config.user_file else {
            return "a file that PARKY_OPS_CONFIG names".to_owned();
        };
        match self.vars.home().and_then(|home| path.strip_prefix(home).ok()) {
            Some(below) => format!("~/{}", below.display()),
            None => path.display().to_string(),
        }
    }
}
