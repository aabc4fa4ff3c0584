//! The hosts and their `/healthz`: one port each, so that each can fail alone.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::server::{Act, Arrived, Canned, Door, Fault, Server, Stage};

/// How a host answers its probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// With this status, at once.
    Answers(u16),
    /// With this status, after so many milliseconds.
    Slow(u16, u64),
    /// With 200, but each so many-th time with this status.
    Sometimes(u16, u32),
    /// With a page for people, and this status.
    Html(u16),
    /// With a redirect to this place.
    Redirects(String),
    /// With 200 and a body of so many MiB.
    Huge(usize),
    /// The connection is refused.
    Refuses,
    /// The connection is accepted, and nothing is said.
    Hangs,
    /// The connection is accepted and closed.
    Closes,
    /// With bytes that are no HTTP.
    Garbage,
}

impl Behaviour {
    fn door(&self) -> Door {
        match self {
            Behaviour::Refuses => Door::Refuse,
            Behaviour::Hangs => Door::Hang,
            Behaviour::Closes => Door::Close,
            Behaviour::Garbage => Door::Garbage,
            _ => Door::Open,
        }
    }

    /// Whether most probes find it well.
    fn is_well(&self) -> bool {
        match self {
            Behaviour::Answers(status) | Behaviour::Slow(status, _) | Behaviour::Html(status) => {
                *status < 300
            }
            Behaviour::Sometimes(..) | Behaviour::Huge(_) => true,
            Behaviour::Redirects(_)
            | Behaviour::Refuses
            | Behaviour::Hangs
            | Behaviour::Closes
            | Behaviour::Garbage => false,
        }
    }

    fn fault(&self) -> Option<Fault> {
        let canned = |status: u16| {
            let word = if status < 400 { "ok" } else { "unavailable" };
            Canned::json(status, &serde_json::json!({ "status": word }))
        };
        let answer = |answer| Some(Fault::answer(answer));
        match self {
            Behaviour::Answers(status) => answer(canned(*status)),
            Behaviour::Slow(status, ms) => {
                answer(canned(*status)).map(|fault| fault.after(Duration::from_millis(*ms)))
            }
            Behaviour::Html(status) => answer(Canned::html(*status)),
            Behaviour::Redirects(to) => answer(Canned::status(302).header("location", to)),
            Behaviour::Huge(mib) => {
                Some(Fault::new(Act::Stream { answer: Canned::status(200), mib: *mib }))
            }
            _ => None,
        }
    }
}

/// One host.
#[derive(Debug, Clone)]
pub struct HostStandIn {
    name: &'static str,
    server: Server,
    ill: Arc<Ill>,
    /// How it was told to behave last.
    told: Arc<Mutex<Behaviour>>,
}

/// How a host fails now and then.
#[derive(Debug, Default)]
struct Ill {
    status: AtomicU32,
    /// Each so many-th time; 0 is never.
    every: AtomicU32,
    asked: AtomicU32,
}

impl Ill {
    fn set(&self, status: u16, every: u32) {
        self.status.store(u32::from(status), Ordering::Relaxed);
        self.every.store(every, Ordering::Relaxed);
    }

    /// The status of the next answer.
    fn next(&self) -> StatusCode {
        let (every, nth) =
            (self.every.load(Ordering::Relaxed), self.asked.fetch_add(1, Ordering::Relaxed));
        let fails = every > 0 && (nth + 1).is_multiple_of(every);
        let status = u16::try_from(self.status.load(Ordering::Relaxed)).ok();
        let status = status.filter(|_| fails).and_then(|status| StatusCode::from_u16(status).ok());
        status.unwrap_or(StatusCode::OK)
    }
}

async fn healthz(State(ill): State<Arc<Ill>>) -> Response {
    let status = ill.next();
    let word = if status.is_success() { "ok" } else { "unavailable" };
    (status, axum::Json(serde_json::json!({ "status": word }))).into_response()
}

impl HostStandIn {
    /// Starts the host `name`, for example `api.parky.co.jp`.
    pub fn start(
        stage: &Arc<Stage>,
        name: &'static str,
        behaviour: &Behaviour,
    ) -> io::Result<Self> {
        let ill = Arc::<Ill>::default();
        let router = Router::new().route("/healthz", get(healthz)).with_state(ill.clone());
        let told = Arc::new(Mutex::new(behaviour.clone()));
        let host = Self { name, server: Server::start(stage, router, None)?, ill, told };
        host.behave(behaviour)?;
        Ok(host)
    }

    /// Its name in the inventory, for example `api.parky.co.jp`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where it is. The name ends in `.localhost`, which is loopback without any DNS (RFC 6761 6.3).
    pub fn url(&self) -> String {
        format!("http://{}.localhost:{}", self.name, self.server.port())
    }

    /// Behaves like this from now on; open connections are closed.
    pub fn behave(&self, behaviour: &Behaviour) -> io::Result<()> {
        self.server.faults().clear_all();
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = behaviour.clone();
        match behaviour {
            Behaviour::Sometimes(status, every) => self.ill.set(*status, *every),
            _ => self.ill.set(200, 0),
        }
        if let Some(fault) = behaviour.fault() {
            self.server.faults().set("/", fault);
        }
        self.server.set_door(behaviour.door())
    }

    /// Tells at any time whether a probe that is asked but once finds it well. Keeps nothing of it up.
    pub(super) fn is_well(&self) -> impl Fn() -> bool + Send + use<> {
        let told = Arc::clone(&self.told);
        move || told.lock().unwrap_or_else(PoisonError::into_inner).is_well()
    }

    /// The server behind it, for faults of other kinds.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// What arrived.
    pub fn requests(&self) -> Vec<Arrived> {
        self.server.requests()
    }
}
