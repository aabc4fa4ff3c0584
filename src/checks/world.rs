//! What the checks look at, and with what: made once per run, and costs nothing until it is used.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::auth::{Credential, CredentialName, Locator, Resolver};
use crate::config::{Config, Vars};
use crate::domain::check::Times;
use crate::domain::{Caveat, Clock, Redactor};
use crate::http::{self, RequestLog, Roots};

/// What a run is made with.
pub struct WorldParts {
    /// What is where.
    pub config: Config,
    /// The environment variables.
    pub vars: Vars,
    /// The working directory, for what a checkout there tells.
    pub folder: PathBuf,
    /// The present.
    pub clock: Clock,
    /// Takes secrets out of text.
    pub redactor: Redactor,
    /// Whether this is a sandbox, in which nobody's real login is looked at.
    pub sandbox: bool,
    /// How long the whole run may take.
    pub limit: Duration,
    /// Told of every request.
    pub log: Option<Arc<dyn RequestLog>>,
}

/// What a group keeps of its time for saying why it is late.
const SPARE: Duration = Duration::from_millis(150);

/// See the module.
pub struct World {
    /// What is where.
    pub config: Config,
    /// The present.
    pub clock: Clock,
    /// Takes secrets out of text.
    pub redactor: Redactor,
    /// How long the whole run may take.
    pub limit: Duration,
    pub(super) folder: PathBuf,
    vars: Vars,
    sandbox: bool,
    resolver: Resolver,
    http: http::Client,
    noted: Mutex<Vec<Caveat>>,
}

impl World {
    /// A run's world.
    pub fn new(parts: WorldParts) -> Self {
        let WorldParts { config, vars, folder, clock, redactor, sandbox, limit, log } = parts;
        let resolver = Resolver::new(vars.clone(), redactor.clone(), sandbox);
        let http = http::Client::new(Roots::system(), redactor.clone(), clock, log);
        let noted = Mutex::new(config.caveats.clone());
        Self { config, clock, redactor, limit, folder, vars, sandbox, resolver, http, noted }
    }

    /// The certificates that this machine trusts.
    pub fn roots(&self) -> &Roots {
        self.http.roots()
    }

    /// The HTTP client of this run.
    pub fn http(&self) -> &http::Client {
        &self.http
    }

    /// Says where credentials are.
    pub fn locator(&self) -> Locator<'_> {
        Locator { vars: &self.vars, config: &self.config, sandbox: self.sandbox }
    }

    /// Fetches the values of credentials.
    pub fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// A credential of the environment, with its value, by `deadline`.
    ///
    /// # Errors
    /// It is nowhere, or cannot be used as it is written.
    pub async fn credential(
        &self,
        name: &CredentialName,
        deadline: tokio::time::Instant,
    ) -> Result<Credential, crate::auth::AuthError> {
        let located = self.locator().locate(name)?;
        self.note(located.caveat(&self.config.env));
        self.resolver.resolve(&located, deadline).await
    }

    /// Keeps what the reader must know until the answer is put together.
    pub fn note(&self, caveats: impl IntoIterator<Item = Caveat>) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        for caveat in caveats {
            if !noted.contains(&caveat) {
                noted.push(caveat);
            }
        }
    }

    /// Everything that was noted.
    pub fn caveats(&self) -> Vec<Caveat> {
        self.note(self.resolver.caveats());
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When a group that may take `group` has to be done: a little before it is given up, so that it
    /// can say itself why it is late.
    pub fn deadline(&self, group: Duration) -> tokio::time::Instant {
        let whole = group.min(self.limit);
        tokio::time::Instant::now() + whole - SPARE.min(whole / 4)
    }

    /// The times of a check that began at `begun` and ends now.
    pub fn times(&self, begun: Instant) -> Times {
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Times { took_ms, measured_at: self.clock.now() }
    }
}
