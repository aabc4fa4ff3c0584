//! Cloudflare's REST API as far as Workers and Pages go: tokens, deployments, versions, tails, and what a
//! rollback does to them. State lives in memory; a posted deployment is the newest from then on.

mod account;
mod deploy;
mod envelope;
mod pages;
mod release;
mod routes;
pub mod tails;

use std::io;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::json;

use super::fake;
use super::server::{Server, Stage};
use account::Script;
pub use account::{ACCOUNT_ID, version_id};
pub use envelope::{error as error_body, success as success_body};
use pages::Project;
pub use pages::{Build, PagesHistory, PagesRelease, pages_id};
pub use release::{Gone, Release, Resources, ScriptHistory};

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
#[derive(Clone)]
pub struct CloudflareStandIn {
    server: Server,
    token: SecretString,
    account: Arc<Account>,
    tails: tails::Tails,
}

impl CloudflareStandIn {
    /// Starts it with a token that nobody has used before.
    pub fn start(stage: &Arc<Stage>, facts: &CloudflareFacts) -> io::Result<Self> {
        let token = fake::secret("", 40)?;
        let scripts = facts.scripts.iter().map(|history| Script::new(history, facts.now));
        let account = Arc::new(Account {
            started: Instant::now(),
            now: facts.now,
            token: facts.token,
            scripts: Mutex::new(scripts.collect()),
            pages: Mutex::default(),
            watchers: Mutex::default(),
            colleague: Mutex::default(),
            answered: AtomicU32::new(0),
            tails: tails::Tails::bind(stage)?,
        });
        let tails = account.tails.clone();
        stage.spawn(tails::serve(Arc::clone(&account)));
        let router = routes::router(account.clone());
        let server = Server::start(stage, router, Some(token.clone()))?;
        Ok(Self { server, token, tails, account })
    }

    /// Puts these Pages projects in place of those that it has.
    pub fn set_pages(&self, projects: &[PagesHistory]) {
        let projects = projects.iter().map(|history| Project::new(history, self.account.now));
        *held(&self.account.pages) = projects.collect();
    }

    /// Tells `watcher` the numbers of the versions of `script` that take traffic: now, and after each
    /// change.
    pub fn watch(&self, script: &str, watcher: impl Fn(&[u64]) + Send + 'static) {
        if let Some(live) = self.account.with(script, |script| script.live_numbers()) {
            watcher(&live);
        }
        held(&self.account.watchers).push((script.to_owned(), Box::new(watcher)));
    }

    /// A colleague deploys the version `number` of `script`, at once.
    pub fn colleague_deploys(&self, script: &str, number: u64) {
        self.account.colleague_deploys(script, &[(number, 100)]);
    }

    /// A colleague lets versions of `script` share its traffic, at once: numbers and percentages.
    pub fn colleague_splits(&self, script: &str, shares: &[(u64, u8)]) {
        self.account.colleague_deploys(script, shares);
    }

    /// A colleague deploys the version `number`, right before the deployments of `script` are listed
    /// once more after `lists` times.
    pub fn colleague_deploys_after(&self, lists: u32, script: &str, number: u64) {
        *held(&self.account.colleague) =
            Some(Colleague { lists, script: script.to_owned(), number });
    }

    /// The API's base URL, with `/client/v4`.
    pub fn url(&self) -> String {
        self.server.url(ROOT)
    }

    /// The token that it knows.
    pub fn token(&self) -> &SecretString {
        &self.token
    }

    /// Its live tails.
    pub fn tails(&self) -> &tails::Tails {
        &self.tails
    }

    /// The server behind it, for faults (paths begin with `/client/v4`) and what arrived.
    pub fn server(&self) -> &Server {
        &self.server
    }
}

impl std::fmt::Debug for CloudflareStandIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CloudflareStandIn({:?})", self.server)
    }
}

struct Account {
    started: Instant,
    now: DateTime<Utc>,
    token: TokenKind,
    scripts: Mutex<Vec<Script>>,
    pages: Mutex<Vec<Project>>,
    watchers: Mutex<Vec<(String, Watcher)>>,
    colleague: Mutex<Option<Colleague>>,
    answered: AtomicU32,
    tails: tails::Tails,
}

type Watcher = Box<dyn Fn(&[u64]) + Send>;

/// Somebody who deploys at a bad moment.
struct Colleague {
    /// How many lists are still answered before.
    lists: u32,
    script: String,
    number: u64,
}

fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Account {
    fn now(&self) -> DateTime<Utc> {
        self.now + TimeDelta::from_std(self.started.elapsed()).unwrap_or_default()
    }

    /// Runs `work` on a script, if there is one of that name.
    fn with<T>(&self, script: &str, work: impl FnOnce(&mut Script) -> T) -> Option<T> {
        held(&self.scripts).iter_mut().find(|known| known.name == script).map(work)
    }

    /// Tells those who watch `script` what is live.
    fn changed(&self, script: &str) {
        let Some(live) = self.with(script, |script| script.live_numbers()) else { return };
        for (_, watcher) in held(&self.watchers).iter().filter(|(watched, _)| watched == script) {
            watcher(&live);
        }
    }

    /// Before the deployments of `script` are listed: a colleague may be quicker.
    fn listing(&self, script: &str) {
        let mut colleague = held(&self.colleague);
        let number = match colleague.as_mut().filter(|colleague| colleague.script == script) {
            Some(Colleague { lists: 0, number, .. }) => *number,
            Some(waiting) => {
                waiting.lists -= 1;
                return;
            }
            None => return,
        };
        *colleague = None;
        drop(colleague);
        self.colleague_deploys(script, &[(number, 100)]);
    }

    fn colleague_deploys(&self, script: &str, shares: &[(u64, u8)]) {
        let now = self.now();
        let versions = shares.iter().map(|(number, percentage)| {
            json!({ "version_id": version_id(script, *number), "percentage": percentage })
        });
        let body = json!({
            "strategy": "percentage",
            "versions": versions.collect::<Vec<_>>(),
            "annotations": { "workers/message": "hotfix" },
        });
        let body = body.to_string();
        // A number that there is not deploys nothing; the test that wanted it fails.
        let _ = self.with(script, |script| {
            deploy::deploy(script, &body, true, now, "colleague@parky.co.jp").is_ok()
        });
        self.changed(script);
    }
}

#[cfg(test)]
mod tests;
