//! Cloudflare's REST API as far as Workers go: tokens, deployments, versions, and what a rollback
//! does to them. State lives in memory; a posted deployment is the newest from then on.

mod account;
mod deploy;
mod envelope;
mod routes;

use std::io;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::fake;
use super::server::{Server, Stage};
use account::Script;
pub use account::{ACCOUNT_ID, Release, ScriptHistory, version_id};
pub use envelope::{error as error_body, success as success_body};

/// Where Cloudflare's API begins.
const ROOT: &str = "/client/v4";

/// What kind of token the stand-in knows; each is verified at a place of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenKind {
    /// A user's, verified at `/user/tokens/verify`.
    #[default]
    User,
    /// An account's, verified at `/accounts/ID/tokens/verify`.
    Account,
    /// One that is refused everywhere.
    Revoked,
}

/// What the stand-in begins with.
#[derive(Debug, Clone)]
pub struct CloudflareFacts {
    /// The present; a posted deployment is as much later as was waited.
    pub now: DateTime<Utc>,
    /// The kind of its token.
    pub token: TokenKind,
    /// The scripts of the account.
    pub scripts: Vec<ScriptHistory>,
}

/// Cloudflare's API.
#[derive(Debug, Clone)]
pub struct CloudflareStandIn {
    server: Server,
    token: SecretString,
}

impl CloudflareStandIn {
    /// Starts it with a token that nobody has used before.
    pub fn start(stage: &Arc<Stage>, facts: &CloudflareFacts) -> io::Result<Self> {
        let token = fake::secret("", 40)?;
        let scripts = facts.scripts.iter().map(|history| Script::new(history, facts.now));
        let state = Arc::new(Account {
            started: Instant::now(),
            now: facts.now,
            token: facts.token,
            scripts: Mutex::new(scripts.collect()),
            answered: AtomicU32::new(0),
        });
        let server = Server::start(stage, routes::router(state), Some(token.clone()))?;
        Ok(Self { server, token })
    }

    /// The API's base URL, with `/client/v4`.
    pub fn url(&self) -> String {
        self.server.url(ROOT)
    }

    /// The token that it knows.
    pub fn token(&self) -> &SecretString {
        &self.token
    }

    /// The server behind it, for faults (paths begin with `/client/v4`) and what arrived.
    pub fn server(&self) -> &Server {
        &self.server
    }
}

struct Account {
    started: Instant,
    now: DateTime<Utc>,
    token: TokenKind,
    scripts: Mutex<Vec<Script>>,
    answered: AtomicU32,
}

impl Account {
    fn now(&self) -> DateTime<Utc> {
        self.now + TimeDelta::from_std(self.started.elapsed()).unwrap_or_default()
    }

    /// Runs `work` on a script, if there is one of that name.
    fn with<T>(&self, script: &str, work: impl FnOnce(&mut Script) -> T) -> Option<T> {
        let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        scripts.iter_mut().find(|known| known.name == script).map(work)
    }
}

#[cfg(test)]
mod tests;
