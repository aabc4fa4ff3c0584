//! An HTTP stand-in: a port on loopback, a router, faults, and a log of what arrived.
//!
//! ```no_run
//! use parky_ops::sandbox::server::{Canned, Fault, Server, Stage};
//!
//! let stage = Stage::start()?;
//! let server = Server::start(&stage, axum::Router::new(), None)?;
//! server.faults().set("/accounts", Fault::answer(Canned::html(502)).times(2));
//! // … the program under test talks to server.url("/accounts") …
//! assert_eq!(server.requests().len(), 3);
//! # std::io::Result::Ok(())
//! ```

mod door;
mod fault;
mod log;
mod socket;
mod stage;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, header};
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

pub use door::Door;
pub(super) use door::{ClosedPort, Listener};
use fault::Closed;
pub use fault::{Act, Canned, Fault, Faults};
use log::Log;
pub use log::{Arrived, Credential};
pub use stage::Stage;

/// Longer requests are refused by closing, in bytes.
const LONGEST: usize = 8 << 20;

/// A stand-in that is being served. Clones are the same one; with the last of them (and of the
/// others on its stage) it ends.
#[derive(Clone)]
pub struct Server {
    shared: Arc<Shared>,
    stage: Arc<Stage>,
}

struct Shared {
    listener: Listener,
    faults: Faults,
    log: Log,
    token: Option<SecretString>,
    router: Router,
}

impl Server {
    /// Serves `router`. Its handlers find a [`Credential`] in the request's extensions, judged by
    /// `token`.
    pub fn start(
        stage: &Arc<Stage>,
        router: Router,
        token: Option<SecretString>,
    ) -> io::Result<Self> {
        let listener = {
            let _runtime = stage.enter();
            Listener::bind()?
        };
        let (faults, log) = (Faults::default(), Log::default());
        let shared = Arc::new(Shared { listener, faults, log, token, router });
        stage.spawn(serve(shared.clone()));
        Ok(Self { shared, stage: stage.clone() })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.shared.listener.address().port()
    }

    /// `http://127.0.0.1:PORT` and `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.shared.listener.address())
    }

    /// What to do to requests instead of answering them.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Changes what happens to connections; those that are open are closed.
    pub fn set_door(&self, door: Door) -> io::Result<()> {
        let _runtime = self.stage.enter();
        self.shared.listener.set(door)
    }

    /// Everything that arrived, oldest first.
    pub fn requests(&self) -> Vec<Arrived> {
        self.shared.log.all()
    }

    /// Forgets what arrived.
    pub fn forget_requests(&self) {
        self.shared.log.clear();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", self.shared.listener.address())
    }
}

async fn serve(shared: Arc<Shared>) {
    loop {
        let (stream, door, changed) = shared.listener.next().await;
        match door {
            Door::Open => drop(tokio::spawn(converse(shared.clone(), stream, changed))),
            Door::Hang => drop(tokio::spawn(hold(stream, changed))),
            Door::Garbage => drop(tokio::spawn(babble(stream))),
            Door::Close | Door::Refuse => drop(stream),
        }
    }
}

async fn converse(shared: Arc<Shared>, stream: TcpStream, mut changed: watch::Receiver<u64>) {
    let service = service_fn(|request| answer(shared.clone(), request));
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // A client that leaves, or a fault that closes, is no news here.
        _ = connection => {}
        _ = changed.changed() => {}
    }
}

async fn hold(stream: TcpStream, mut changed: watch::Receiver<u64>) {
    let _ = changed.changed().await;
    drop(stream);
}

async fn babble(mut stream: TcpStream) {
    let _ = stream.write_all(b"\x00\xff\x13 this is not the protocol you expect\r\n\r\n").await;
    let _ = stream.shutdown().await;
    // Closing on a request that was not read would take the bytes back before they are seen.
    let mut request = [0; 1024];
    let heard = async { while stream.read(&mut request).await.is_ok_and(|read| read > 0) {} };
    let _ = tokio::time::timeout(Duration::from_secs(1), heard).await;
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, Closed> {
    let (mut parts, body) = request.into_parts();
    let body = axum::body::to_bytes(Body::new(body), LONGEST).await.map_err(|_| Closed)?;
    let credential = credential(&parts.headers, shared.token.as_ref());
    parts.extensions.insert(credential);
    shared.log.add(Arrived::new(&parts, credential, &body));

    let (delay, act) = shared.faults.take(&parts.method, parts.uri.path());
    tokio::time::sleep(delay).await;
    match act {
        Act::Own => own(&shared, Request::from_parts(parts, Body::from(body))).await,
        act @ (Act::OwnThenClose | Act::OwnThenAnswer(_) | Act::OwnThenHang) => {
            own(&shared, Request::from_parts(parts, Body::from(body))).await?;
            fault::play(act).await
        }
        act => fault::play(act).await,
    }
}

async fn own(shared: &Shared, request: Request<Body>) -> Result<Response<Body>, Closed> {
    TowerToHyperService::new(shared.router.clone())
        .call(request)
        .await
        .map_err(|never| match never {})
}

fn credential(headers: &HeaderMap, token: Option<&SecretString>) -> Credential {
    let Some(given) = headers.get(header::AUTHORIZATION) else { return Credential::Missing };
    // Discord's bots say `Bot` where everybody else says `Bearer`.
    let given = given.to_str().ok().and_then(|given| given.split_once(' '));
    let given =
        given.and_then(|(scheme, given)| ["Bearer", "Bot"].contains(&scheme).then_some(given));
    match (given.map(str::trim), token) {
        (None | Some(""), _) => Credential::Malformed,
        (Some(given), Some(token)) if given == token.expose_secret() => Credential::Right,
        _ => Credential::Wrong,
    }
}

#[cfg(test)]
mod tests;
