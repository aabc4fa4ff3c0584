//! Long bodies, read piece by piece in flat memory, from where an answer points to.
//!
//! Storages give out links that carry their own credential in the query. So the API's token does not
//! travel there, and of the link nothing but its host is ever told.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Bytes;
use reqwest::Method;
use reqwest::header::USER_AGENT;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::error::{ApiError, Asked, Fault, NotSent, Unreachable, Unreadable};
use super::log::Logged;
use super::reply::Reply;
use super::service::Service;
use super::shared::Shared;
use super::{classify, wire};
use crate::domain::loopback::is_loopback;

/// A storage may pass a link on to another one, but not for ever.
const HOPS: usize = 3;

/// Fetches what the answers of one service point to. Clones share connections.
#[derive(Clone)]
pub struct Links {
    shared: Arc<Shared>,
    service: Service,
    /// The service: a link may be relative to it; and where it is on this machine, its storage may be.
    base: Url,
    wires: Arc<Mutex<HashMap<String, Wire>>>,
}

#[derive(Clone)]
struct Wire {
    client: reqwest::Client,
    connected: Arc<AtomicBool>,
}

/// A body that is still coming.
pub struct Stream {
    response: reqwest::Response,
    asked: Arc<Asked>,
    connected: Arc<AtomicBool>,
    idle: Duration,
    status: u16,
    returned: Option<Bytes>,
}

impl Links {
    pub(super) fn new(shared: Arc<Shared>, service: Service, base: &Url) -> Self {
        Self { shared, service, base: base.clone(), wires: Arc::default() }
    }

    /// Opens what `reply`, a redirect, points to: no token, https only (but on this machine). The head
    /// has to come by `deadline`; after that no piece may take longer than `idle`.
    ///
    /// # Errors
    /// It points nowhere, no answer came, or its status is not 2xx.
    pub async fn open(
        &self,
        reply: &Reply,
        idle: Duration,
        deadline: Instant,
    ) -> Result<Stream, ApiError> {
        let lost = || reply.error(Fault::Unreadable(Unreadable::Redirect("nowhere".into())), None);
        let mut url: Url =
            reply.header("location").and_then(|to| self.base.join(to).ok()).ok_or_else(lost)?;
        for _ in 0..HOPS {
            let asked = Arc::new(self.asked(&url));
            let (response, connected) = self.get(&url, &asked, deadline).await?;
            let status = response.status().as_u16();
            let further = response.headers().get("location").and_then(|to| to.to_str().ok());
            match (status, further.and_then(|to| url.join(to).ok())) {
                (300..=399, Some(next)) => url = next,
                (200..=299, _) => {
                    let returned = None;
                    return Ok(Stream { response, asked, connected, idle, status, returned });
                }
                _ => {
                    let head = (status, response.headers().clone());
                    let reply = Reply::new(&asked, head, &self.shared.redactor, self.shared.clock);
                    let fault = reply.status_fault().unwrap_or(Fault::Refused);
                    return Err(reply.error(fault, None));
                }
            }
        }
        Err(lost())
    }

    /// What may be told of a link: where it leads.
    fn asked(&self, url: &Url) -> Asked {
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let path = format!("(a signed link at {host})");
        Asked { service: self.service, method: "GET".into(), host: host.into(), path: path.into() }
    }

    async fn get(
        &self,
        url: &Url,
        asked: &Arc<Asked>,
        deadline: Instant,
    ) -> Result<(reqwest::Response, Arc<AtomicBool>), ApiError> {
        let fault = |fault| error(asked, None, fault);
        if url.scheme() != "https" && !(is_loopback(&self.base) && is_loopback(url)) {
            return Err(fault(Fault::NotSent(NotSent::PlainHttp)));
        }
        let wire = self.wire(url).await.map_err(fault)?;
        let begun = Instant::now();
        let request = wire.client.request(Method::GET, url.clone());
        let request = request.header(USER_AGENT, self.service.user_agent());
        let connected = || wire.connected.load(Ordering::Relaxed);
        let outcome = match timeout_at(deadline, request.send()).await {
            Ok(sent) => sent.map_err(|error| fault(classify::fault(&error, connected()))),
            Err(_) => {
                let connected = connected();
                Err(fault(Fault::Unreachable(Unreachable::Timeout { connected })))
            }
        };
        self.record(asked, begun.elapsed(), &outcome);
        Ok((outcome?, Arc::clone(&wire.connected)))
    }

    /// The client for the host of `url`, made once.
    async fn wire(&self, url: &Url) -> Result<Wire, Fault> {
        let origin = url.origin().ascii_serialization();
        let known = self.wires.lock().unwrap_or_else(PoisonError::into_inner).get(&origin).cloned();
        if let Some(wire) = known {
            return Ok(wire);
        }
        let connected = Arc::<AtomicBool>::default();
        let client = wire::build(url, &self.shared.roots, Arc::clone(&connected)).await?;
        let wire = Wire { client, connected };
        let mut wires = self.wires.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(wires.entry(origin).or_insert(wire).clone())
    }

    fn record(&self, asked: &Asked, took: Duration, outcome: &Result<reqwest::Response, ApiError>) {
        let Some(log) = &self.shared.log else { return };
        log.record(&Logged {
            method: &asked.method,
            url: &asked.path,
            attempt: 1,
            status: outcome.as_ref().ok().map(|response| response.status().as_u16()),
            request_id: None,
            ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            error: outcome.as_ref().err().map(ToString::to_string).as_deref(),
        });
    }
}

impl Stream {
    /// The next piece; `None` at the end of a body that came whole.
    ///
    /// # Errors
    /// The body broke off, or nothing came for too long.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ApiError> {
        if let Some(piece) = self.returned.take() {
            return Ok(Some(piece));
        }
        let fault = match timeout(self.idle, self.response.chunk()).await {
            Ok(Ok(chunk)) => return Ok(chunk),
            Ok(Err(_)) => Fault::Unreadable(Unreadable::Truncated),
            Err(_) => Fault::Unreachable(Unreachable::Timeout {
                connected: self.connected.load(Ordering::Relaxed),
            }),
        };
        Err(error(&self.asked, Some(self.status), fault))
    }

    /// Gives back what was read too far: it is the next piece.
    pub fn put_back(&mut self, piece: Bytes) {
        self.returned = Some(piece);
    }

    /// How long the body says it is, in bytes.
    pub fn length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// An error about this body.
    pub fn unreadable(&self, how: Unreadable) -> ApiError {
        error(&self.asked, Some(self.status), Fault::Unreadable(how))
    }
}

fn error(asked: &Arc<Asked>, status: Option<u16>, fault: Fault) -> ApiError {
    ApiError { asked: Arc::clone(asked), status, request_id: None, said: None, fault }
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Links({:?})", self.service)
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stream({})", self.asked.host)
    }
}

#[cfg(test)]
mod tests {
    use super::super::stub::{Act, Stub, answer};
    use super::super::{Client, Request, Roots};
    use super::*;
    use crate::domain::{Clock, Redactor};

    const TOKEN: &str = "ghp_secretSECRETsecret0123456789";

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    /// Follows what a server at `api` answers.
    async fn follow(api: &Stub, base: &str) -> Result<Vec<u8>, ApiError> {
        let client = Client::new(Roots::system(), Redactor::default(), Clock::system(), None);
        let github = client.api(Service::GitHub, api.url(), Some(TOKEN.into()));
        let reply = github.read(Request::new(Method::GET, &["logs"]), soon()).await?;
        let links = client.links(Service::GitHub, &base.parse().unwrap());
        let mut stream = links.open(&reply, Duration::from_millis(400), soon()).await?;
        let mut body = Vec::new();
        while let Some(chunk) = stream.chunk().await? {
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    async fn pointing(to: String) -> Stub {
        Stub::http(move |_, _| answer("302 Found", &[&format!("Location: {to}")], "")).await
    }

    #[tokio::test]
    async fn the_token_does_not_travel_and_the_link_is_not_told() {
        let storage = Stub::http(|_, head| match head.contains("sig=s3cr3t") {
            true => answer("200 OK", &[], "text"),
            false => answer("403 Forbidden", &[], "<Error/>"),
        })
        .await;
        let api = pointing(format!("{}log?sig=s3cr3t", storage.url())).await;
        assert_eq!(follow(&api, "http://127.0.0.1:1").await.unwrap(), b"text");
        let head = storage.requests().remove(0).to_ascii_lowercase();
        assert!(!head.contains("authorization") && !head.contains("ghp_"), "{head}");

        let api = pointing(format!("{}log?sig=wr0ng", storage.url())).await;
        let error = follow(&api, "http://127.0.0.1:1").await.unwrap_err();
        assert_eq!((error.status, &error.fault), (Some(403), &Fault::Forbidden));
        let said = format!("{error} {error:?}");
        assert!(!said.contains("wr0ng") && said.contains(&storage.addr.to_string()), "{said}");
    }

    #[tokio::test]
    async fn plain_http_is_for_this_machine_alone() {
        let api = pointing("http://127.0.0.1:9/log?sig=x".to_owned()).await;
        let error = follow(&api, "https://api.github.com").await.unwrap_err();
        assert_eq!(error.fault, Fault::NotSent(NotSent::PlainHttp));
        let api = pointing("http://storage.example/log?sig=x".to_owned()).await;
        let error = follow(&api, "http://127.0.0.1:1").await.unwrap_err();
        assert_eq!(error.fault, Fault::NotSent(NotSent::PlainHttp));
    }

    #[tokio::test]
    async fn a_link_may_be_relative_and_still_has_no_token() {
        let api = Stub::http(|_, head| match head.contains("/kept/7") {
            true => answer("200 OK", &[], "text"),
            false => answer("302 Found", &["Location: /kept/7"], ""),
        })
        .await;
        assert_eq!(follow(&api, api.url().as_str()).await.unwrap(), b"text");
        let head = api.requests().pop().unwrap().to_ascii_lowercase();
        assert!(!head.contains("authorization"), "{head}");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_or_stalls_is_an_error() {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_vec();
        let cut = Stub::http({
            let head = head.clone();
            move |_, _| Act::Send(head.clone())
        })
        .await;
        let stalled = Stub::http(move |_, _| Act::Stall(head.clone())).await;
        for (storage, expected) in [
            (cut, Fault::Unreadable(Unreadable::Truncated)),
            (stalled, Fault::Unreachable(Unreachable::Timeout { connected: true })),
        ] {
            let api = pointing(storage.url().to_string()).await;
            assert_eq!(follow(&api, "http://127.0.0.1:1").await.unwrap_err().fault, expected);
        }
    }

    #[tokio::test]
    async fn links_in_a_circle_end() {
        let storage = Stub::http(|_, _| answer("302 Found", &["Location: /again"], "")).await;
        let api = pointing(storage.url().to_string()).await;
        assert!(follow(&api, "http://127.0.0.1:1").await.is_err());
        assert_eq!(storage.requests().len(), HOPS);
    }
}
