//! Live tails: the API's side (open, list, delete) and the sockets, on a port of their own. What a
//! socket sends is a script of steps that a test writes, or a slow stream that looks like a working
//! day; what was opened, connected and deleted can be looked at.
//!
//! As at Cloudflare, a tail that has expired is silent: its socket stays open and answers pings.

mod chosen;
pub mod events;
mod handshake;
mod line;
mod rough;
mod routes;
mod step;
mod traffic;
mod wire;
mod working_day;

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::Account;
use crate::sandbox::fake;
use crate::sandbox::server::{Door, Listener, Stage};
pub use handshake::Handshake;
pub(super) use routes::routes;
pub use step::Step;

/// So many viewers may look at one script at once.
const VIEWERS: usize = 10;
/// How long a tail lasts, unless a test says otherwise.
const LIFETIME: TimeDelta = TimeDelta::hours(1);

/// A tail, as a test may look at it.
#[derive(Debug, Clone, PartialEq)]
pub struct TailSeen {
    /// Its id.
    pub id: String,
    /// The script that it looks at.
    pub script: String,
    /// The filters that it was opened with.
    pub filters: Value,
    /// Whether it was deleted.
    pub deleted: bool,
    /// Sockets that are connected now.
    pub sockets: usize,
    /// Text messages of its clients, oldest first.
    pub messages: Vec<String>,
    /// Pings that came.
    pub pings: u64,
}

/// The tails of the account. Clones are the same ones.
#[derive(Clone)]
pub struct Tails(Arc<Inner>);

struct Inner {
    listener: Listener,
    stage: std::sync::Weak<Stage>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tails: Vec<Kept>,
    plays: HashMap<String, VecDeque<Vec<Step>>>,
    scripted: HashSet<String>,
    handshakes: VecDeque<Handshake>,
    /// The bad version of a script.
    troubled: HashMap<String, String>,
    /// Scripts whose lines are at their worst.
    rough: HashSet<String>,
    lifetime: Option<TimeDelta>,
    made: u64,
}

struct Kept {
    seen: TailSeen,
    secret: String,
    silent_from: Instant,
    /// To each socket that is connected.
    sockets: Vec<(u64, UnboundedSender<Step>)>,
}

impl Tails {
    pub(super) fn bind(stage: &Arc<Stage>) -> io::Result<Self> {
        let listener = {
            let _runtime = stage.enter();
            Listener::bind()?
        };
        let stage = Arc::downgrade(stage);
        Ok(Self(Arc::new(Inner { listener, stage, state: Mutex::default() })))
    }

    /// Every tail that was ever opened, oldest first.
    pub fn all(&self) -> Vec<TailSeen> {
        self.held().tails.iter().map(|kept| kept.seen.clone()).collect()
    }

    /// Those that were not deleted.
    pub fn open(&self) -> Vec<TailSeen> {
        self.all().into_iter().filter(|tail| !tail.deleted).collect()
    }

    /// How many sockets are connected.
    pub fn sockets(&self) -> usize {
        self.all().iter().map(|tail| tail.sockets).sum()
    }

    /// What the sockets of `script` do, one after another; those after the last do nothing, and none
    /// sends a stream by itself.
    pub fn play(&self, script: &str, plays: impl IntoIterator<Item = Vec<Step>>) {
        let mut held = self.held();
        held.scripted.insert(script.to_owned());
        held.plays.entry(script.to_owned()).or_default().extend(plays);
    }

    /// Makes every socket of `script` that is connected do `step`, after what it is to do already.
    pub fn send(&self, script: &str, step: &Step) {
        let held = self.held();
        for kept in held.tails.iter().filter(|kept| kept.seen.script == script) {
            for (_, socket) in &kept.sockets {
                let _ = socket.send(step.clone());
            }
        }
    }

    /// What becomes of the next handshakes; those after the last are accepted.
    pub fn shake(&self, handshakes: impl IntoIterator<Item = Handshake>) {
        self.held().handshakes.extend(handshakes);
    }

    /// How long tails last that are opened from now on; the usual is an hour.
    pub fn set_lifetime(&self, lifetime: TimeDelta) {
        self.held().lifetime = Some(lifetime);
    }

    /// Lets the stream of `script` show errors from `version`.
    pub fn trouble(&self, script: &str, version: &str) {
        self.held().troubled.insert(script.to_owned(), version.to_owned());
    }

    /// Lets the stream of `script` be what a line is at its worst.
    pub fn be_rough(&self, script: &str) {
        self.held().rough.insert(script.to_owned());
    }

    /// Changes what happens to connections of sockets; those that are open are closed.
    pub fn set_door(&self, door: Door) -> io::Result<()> {
        let Some(stage) = self.0.stage.upgrade() else { return Ok(()) };
        let _runtime = stage.enter();
        self.0.listener.set(door)
    }

    fn held(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a tail; `None` where there are as many viewers as there may be.
    fn make(&self, script: &str, filters: Value) -> Option<(String, String, TimeDelta)> {
        let mut held = self.held();
        let viewers = held.tails.iter().filter(|kept| kept.is_open() && kept.seen.script == script);
        if viewers.count() >= VIEWERS {
            return None;
        }
        held.made += 1;
        let id = fake::hex(&format!("tail {script} {}", held.made), 32);
        let secret = fake::uuid(&format!("line {script} {}", held.made));
        let lifetime = held.lifetime.unwrap_or(LIFETIME);
        let silent_from = Instant::now() + lifetime.to_std().unwrap_or(Duration::ZERO);
        let seen = TailSeen {
            id: id.clone(),
            script: script.to_owned(),
            filters,
            deleted: false,
            sockets: 0,
            messages: Vec::new(),
            pings: 0,
        };
        let url = format!("ws://{}/{secret}", self.0.listener.address());
        held.tails.push(Kept { seen, secret, silent_from, sockets: Vec::new() });
        Some((id, url, lifetime))
    }

    /// Deletes a tail; false where there is none.
    fn delete(&self, script: &str, id: &str) -> bool {
        let mut held = self.held();
        let found = held
            .tails
            .iter_mut()
            .find(|kept| kept.seen.script == script && kept.seen.id == id && !kept.seen.deleted);
        let Some(kept) = found else { return false };
        kept.seen.deleted = true;
        for (_, socket) in kept.sockets.drain(..) {
            let _ = socket.send(Step::Close(1000, "tail was deleted".to_owned()));
        }
        true
    }

    fn next_handshake(&self) -> Handshake {
        self.held().handshakes.pop_front().unwrap_or_default()
    }

    fn with<T>(&self, id: &str, work: impl FnOnce(&mut Kept) -> T) -> Option<T> {
        self.held().tails.iter_mut().find(|kept| kept.seen.id == id).map(work)
    }
}

impl Kept {
    fn is_open(&self) -> bool {
        !self.seen.deleted && Instant::now() < self.silent_from
    }
}

/// Serves the sockets of `account` for as long as the stage stands.
pub(super) async fn serve(account: Arc<Account>) {
    let tails = account.tails.clone();
    loop {
        let (stream, door, mut changed) = tails.0.listener.next().await;
        match door {
            Door::Open => {
                let account = Arc::clone(&account);
                tokio::spawn(async move {
                    tokio::select! {
                        () = line::converse(account, stream) => {}
                        _ = changed.changed() => {}
                    }
                });
            }
            Door::Garbage => drop(tokio::spawn(handshake::babble(stream))),
            Door::Hang => drop(tokio::spawn(async move {
                let _ = changed.changed().await;
                drop(stream);
            })),
            Door::Close | Door::Refuse => drop(stream),
        }
    }
}

impl fmt::Debug for Tails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tails").field(&self.all()).finish()
    }
}
