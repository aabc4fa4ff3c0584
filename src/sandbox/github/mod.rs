//! GitHub's REST API as far as Actions go: runs, attempts, jobs, logs, annotations, approvals, and
//! what a re-run, a cancellation or a review does to them. State lives in memory, and time passes in
//! it: a job that was started ends by itself.
//!
//! Logs are fetched as from the real one: the API answers with a signed link to another server, and
//! that server refuses a forwarded token. The vendor's own client reaches both through one socket
//! ([`GithubStandIn::listen_at`]).

mod answer;
mod archive;
mod asked;
mod cron;
mod guard;
mod job;
mod limits;
mod links;
mod lists;
mod logs;
mod reads;
mod render;
mod router;
mod run;
mod storage;
mod writes;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::fake;
use super::server::{Server, Stage};
pub use cron::Cron;
pub use job::{Annotation, Job, Log, Step};
pub use limits::Limits;
pub use run::{Archive, Attempt, Repo, Review, Run, Workflow};

/// Who the token belongs to.
pub const LOGIN: &str = "oncall";

/// What the stand-in begins with.
#[derive(Debug, Clone)]
pub struct GithubFacts {
    /// The present.
    pub now: DateTime<Utc>,
    /// Whether its token is accepted.
    pub accepts: bool,
    /// Its repositories.
    pub repos: Vec<Repo>,
}

/// GitHub's API, and the storage of its logs.
#[derive(Clone)]
pub struct GithubStandIn {
    api: Server,
    storage: Server,
    token: SecretString,
    world: Arc<World>,
}

impl GithubStandIn {
    /// Starts it with a token that nobody has used before.
    ///
    /// # Errors
    /// No port, or no random numbers.
    pub fn start(stage: &Arc<Stage>, facts: GithubFacts) -> io::Result<Self> {
        let token = fake::secret("ghp_", 36)?;
        let world = Arc::new(World {
            started: Instant::now(),
            now: facts.now,
            token: facts.accepts.then(|| token.clone()),
            state: Mutex::new(State {
                repos: facts.repos,
                limits: Limits::default(),
                index_lag: TimeDelta::zero(),
                links: storage::Links::default(),
                next_id: 90_000_000_000,
            }),
            storage: Mutex::default(),
        });
        let storage = Server::start(stage, storage::router(world.clone()), None)?;
        *world.storage.lock().unwrap_or_else(PoisonError::into_inner) = storage.url("");
        let api = Server::start(stage, router::router(world.clone()), Some(token.clone()))?;
        Ok(Self { api, storage, token, world })
    }

    /// The API's base URL.
    pub fn url(&self) -> String {
        self.api.url("")
    }

    /// The token that it knows.
    pub fn token(&self) -> &SecretString {
        &self.token
    }

    /// The API's server, for faults (paths begin with `/repos`) and what arrived.
    pub fn server(&self) -> &Server {
        &self.api
    }

    /// The storage's server.
    pub fn storage(&self) -> &Server {
        &self.storage
    }

    /// Serves the API under its real name, and the storage, at a socket in the file system, where the
    /// vendor's own client can be sent (`http_unix_socket`). The file is made here.
    ///
    /// # Errors
    /// The socket cannot be made there.
    pub fn listen_at(&self, path: &Path) -> io::Result<()> {
        self.api.listen_at(path)
    }

    /// Changes what is in it: a run by its id.
    pub fn change_run<T>(&self, id: u64, change: impl FnOnce(&mut Run) -> T) -> Option<T> {
        let mut state = self.world.state();
        let mut runs = state.repos.iter_mut().flat_map(|repo| &mut repo.runs);
        runs.find(|run| run.id == id).map(change)
    }

    /// Changes what is in it: the repositories.
    pub fn change_repos<T>(&self, change: impl FnOnce(&mut Vec<Repo>) -> T) -> T {
        change(&mut self.world.state().repos)
    }

    /// Changes the rate limits.
    pub fn set_limits(&self, limits: Limits) {
        self.world.state().limits = limits;
    }

    /// Lets filtered lists lag: they do not show runs that are younger than this.
    pub fn set_index_lag(&self, lag: TimeDelta) {
        self.world.state().index_lag = lag;
    }

    /// Makes the next `times` links to logs expire before anybody can use them.
    pub fn expire_links(&self, times: u32) {
        self.world.state().links.expire_next(times);
    }
}

impl fmt::Debug for GithubStandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GithubStandIn({:?})", self.api)
    }
}

struct World {
    started: Instant,
    now: DateTime<Utc>,
    /// `None`: every token is refused.
    token: Option<SecretString>,
    state: Mutex<State>,
    /// Root of the storage.
    storage: Mutex<String>,
}

struct State {
    repos: Vec<Repo>,
    limits: Limits,
    index_lag: TimeDelta,
    links: storage::Links,
    next_id: u64,
}

impl World {
    fn now(&self) -> DateTime<Utc> {
        self.now + TimeDelta::from_std(self.started.elapsed()).unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn storage(&self) -> String {
        self.storage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl State {
    fn repo(&mut self, owner: &str, name: &str) -> Option<&mut Repo> {
        self.repos.iter_mut().find(|repo| repo.is(owner, name))
    }

    fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

#[cfg(test)]
mod tests;
