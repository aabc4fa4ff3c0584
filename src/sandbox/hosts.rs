//! The hosts and their `/healthz`: one port each, so that each can fail alone.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;

use super::server::{Act, Arrived, Canned, Door, Fault, Server, Stage};

/// How a host answers its probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// With this status, at once.
    Answers(u16),
    /// With this status, after so many milliseconds.
    Slow(u16, u64),
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
}

impl HostStandIn {
    /// Starts the host `name`, for example `api.parky.co.jp`.
    pub fn start(
        stage: &Arc<Stage>,
        name: &'static str,
        behaviour: &Behaviour,
    ) -> io::Result<Self> {
        let router = Router::new()
            .route("/healthz", get(async || axum::Json(serde_json::json!({ "status": "ok" }))));
        let host = Self { name, server: Server::start(stage, router, None)? };
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
        if let Some(fault) = behaviour.fault() {
            self.server.faults().set("/", fault);
        }
        self.server.set_door(behaviour.door())
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
