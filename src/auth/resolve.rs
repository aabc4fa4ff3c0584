//! The values of credentials, fetched when a command needs them: all at once, each `op://`
//! reference once per run. Reads files, and runs `op` and `gh`.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::OnceCell;
use tokio::time::Instant;
use url::Url;

use super::error::AuthError;
use super::locate::{GhCall, Kind, Located, Scope};
use super::name::CredentialName;
use super::program::{self, Call, RunError};
use super::{check, op};
use crate::config::{self, Origin, Vars};
use crate::domain::{Caveat, Redactor};

/// How long another program may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// `op` asks a server, and may open a prompt that nobody sees.
    pub(super) op: Duration,
    /// `gh` asks a keyring, which may be locked.
    pub(super) gh: Duration,
}

/// A credential with its value.
#[derive(Debug, Clone)]
pub struct Credential {
    /// What it is for.
    pub name: CredentialName,
    /// Where it came from.
    pub origin: Origin,
    /// Whose it is.
    pub scope: Scope,
    /// The value: never empty, without blanks, breaks and control characters.
    pub value: SecretString,
}

type OpCell = Arc<OnceCell<Result<SecretString, AuthError>>>;

/// Fetches values. One for a run: it remembers what `op` said.
pub struct Resolver {
    vars: Vars,
    redactor: Redactor,
    sandbox: bool,
    limits: Limits,
    token: OnceCell<Result<Option<op::ServiceToken>, AuthError>>,
    read: Mutex<HashMap<String, OpCell>>,
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("sandbox", &self.sandbox).finish_non_exhaustive()
    }
}

impl Resolver {
    /// A resolver that tells `redactor` every secret it meets. In a sandbox it runs no program.
    pub fn new(vars: Vars, redactor: Redactor, sandbox: bool) -> Self {
        let limits = Limits { op: Duration::from_secs(10), gh: Duration::from_secs(3) };
        let (token, read) = (OnceCell::new(), Mutex::default());
        Self { vars, redactor, sandbox, limits, token, read }
    }

    #[cfg(test)]
    pub(super) fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// All of `wanted` at once, by `deadline`; an answer for each, in its place.
    pub async fn resolve_all(
        &self,
        wanted: &[Located],
        deadline: Instant,
    ) -> Vec<Result<Credential, AuthError>> {
        join_all(wanted.iter().map(|located| self.resolve(located, deadline))).await
    }

    /// One of them. A program that is asked for it is given up by `deadline`, or by its own limit
    /// where that is earlier: whoever waits for the value can then still say why there is none.
    ///
    /// # Errors
    /// It cannot be had, or is nothing that could be sent.
    pub async fn resolve(
        &self,
        located: &Located,
        deadline: Instant,
    ) -> Result<Credential, AuthError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let value = match &located.kind {
            Kind::Plain(value) => value.clone(),
            Kind::File(path) => match content(path, &located.origin)? {
                Kind::Reference(reference) => self.reference(&reference, left).await?,
                Kind::Plain(value) => value,
                Kind::File(_) | Kind::Program(_) => SecretString::default(),
            },
            Kind::Reference(reference) => self.reference(reference, left).await?,
            Kind::Program(call) => self.gh(call, left).await?,
        };
        if located.name.is_secret() {
            self.learn(value.expose_secret());
        }
        check::check(&located.name, &located.origin, value.expose_secret())?;
        let Located { name, origin, scope, .. } = located.clone();
        Ok(Credential { name, origin, scope, value })
    }

    /// What the reader must know of how values were had, once they were.
    pub fn caveats(&self) -> Vec<Caveat> {
        match self.token.get() {
            Some(Ok(Some(token))) => token.caveat.clone().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    async fn reference(&self, reference: &str, left: Duration) -> Result<SecretString, AuthError> {
        if self.sandbox {
            return Err(AuthError::Sandboxed { reference: reference.to_owned() });
        }
        let cell = {
            let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            OpCell::clone(read.entry(reference.to_owned()).or_default())
        };
        cell.get_or_init(|| self.op(reference, left)).await.clone()
    }

    async fn op(&self, reference: &str, left: Duration) -> Result<SecretString, AuthError> {
        let token = self.token.get_or_init(async || op::service_token(&self.vars)).await;
        let token = token.as_ref().map_err(AuthError::clone)?.as_ref();
        op::read(&self.vars, token, reference, self.limits.op.min(left), &self.redactor).await
    }

    async fn gh(&self, call: &GhCall, left: Duration) -> Result<SecretString, AuthError> {
        if self.sandbox {
            return Err(AuthError::Sandboxed { reference: "gh's login".to_owned() });
        }
        let failed = |why: String| AuthError::Gh { host: call.host.clone(), why };
        let env = program::environment(&self.vars, &["GH_CONFIG_DIR"]);
        let args = ["auth", "token", "--hostname", &call.host];
        let limit = self.limits.gh.min(left);
        let run = program::run(Call { program: &call.program, args: &args, env, limit });
        let output = run.await.map_err(|error| match error {
            RunError::Timeout => failed(format!("no answer within {:.1} s", limit.as_secs_f64())),
            RunError::Start(error) | RunError::Lost(error) => failed(error.to_string()),
        })?;
        if !output.ok {
            return Err(failed(op::last_line(&output.stderr, &self.redactor)));
        }
        let text = String::from_utf8(output.stdout).map_err(|_| failed("not text".to_owned()))?;
        Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
    }

    /// Tells the redactor a secret, and the parts of it that are secrets of their own.
    fn learn(&self, secret: &str) {
        self.redactor.learn(secret);
        let Ok(url) = Url::parse(secret) else { return };
        if let Some(password) = url.password() {
            self.redactor.learn(password);
            self.redactor.learn(&percent_decode_str(password).decode_utf8_lossy());
        }
        // The last part of a webhook's address is its token.
        let last = url.path_segments().and_then(|mut parts| parts.next_back());
        if let Some(token) = last.filter(|_| url.path().contains("/webhooks/")) {
            self.redactor.learn(token);
        }
    }
}

/// What a file holds; line breaks at its end are the editor's.
fn content(path: &std::path::Path, origin: &Origin) -> Result<Kind, AuthError> {
    let failed = |why| AuthError::File { origin: origin.clone(), path: path.to_owned(), why };
    match config::read_small_file(path) {
        Ok(Some(text)) => Ok(Kind::of(text.trim_end_matches(['\r', '\n']))),
        Ok(None) => Err(failed(format!("there is no {}", path.display()))),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|why| format!(": {why}"));
            Err(failed(format!("{error}{}", cause.unwrap_or_default())))
        }
    }
}
