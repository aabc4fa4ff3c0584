//! What a stand-in may be told to do instead of its own answer, by path and method.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use futures_util::stream::{self, StreamExt as _};

/// An answer made in advance.
#[derive(Debug, Clone)]
pub struct Canned {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Canned {
    /// An answer without a body. A `status` that is none becomes 500.
    pub fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// The same with a JSON body.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::status(status).header("content-type", "application/json").body(body.to_string())
    }

    /// The page that a proxy puts in place of a JSON answer.
    pub fn html(status: u16) -> Self {
        let answer = Self::status(status);
        let page = format!(
            "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n",
            answer.status
        );
        answer.header("content-type", "text/html; charset=UTF-8").body(page)
    }

    /// The same with one more header; one that HTTP forbids is left out.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let (Ok(name), Ok(value)) = (name.parse(), value.parse()) {
            self.headers.push((name, value));
        }
        self
    }

    /// The same with this body.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    fn respond(self, body: Body, length: Option<usize>) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers);
        if let Some(length) = length {
            response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        }
        response
    }
}

/// What happens instead of the stand-in's own answer.
#[derive(Debug, Clone)]
pub enum Act {
    /// The stand-in's own answer; of use with a delay.
    Own,
    /// The stand-in does what was asked, and then closes the connection without a word.
    OwnThenClose,
    /// The stand-in does what was asked, and then this is answered.
    OwnThenAnswer(Canned),
    /// The stand-in does what was asked, and then nothing is answered, ever.
    OwnThenHang,
    /// This answer.
    Answer(Canned),
    /// Nothing, ever.
    Hang,
    /// The connection closes without an answer.
    Close,
    /// This answer, announced `missing` bytes longer than what is sent.
    Truncate {
        /// What is sent.
        answer: Canned,
        /// Bytes that never come.
        missing: usize,
    },
    /// This answer with a body of so many MiB, made as it is sent.
    Stream {
        /// Status and headers.
        answer: Canned,
        /// Size of the body in MiB.
        mib: usize,
    },
}

/// When to do it, and how late and how often.
#[derive(Debug, Clone)]
pub struct Fault {
    act: Act,
    delay: Duration,
    method: Option<Method>,
    skipped: u32,
    times: Option<u32>,
    lasts: Option<Duration>,
    /// When it ends, from when it was set.
    until: Option<Instant>,
}

impl Fault {
    /// Does `act` at once, to requests of every method, until it is cleared.
    pub fn new(act: Act) -> Self {
        Self {
            act,
            delay: Duration::ZERO,
            method: None,
            skipped: 0,
            times: None,
            lasts: None,
            until: None,
        }
    }

    /// Answers with `answer`.
    pub fn answer(answer: Canned) -> Self {
        Self::new(Act::Answer(answer))
    }

    /// The same after this long.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// The same for requests of this method only.
    pub fn on(self, method: Method) -> Self {
        Self { method: Some(method), ..self }
    }

    /// The same, but the next `requests` are still answered as ever.
    pub fn skipping(self, requests: u32) -> Self {
        Self { skipped: requests, ..self }
    }

    /// The same for so long only, from when it is set.
    pub fn lasting(self, lasts: Duration) -> Self {
        Self { lasts: Some(lasts), ..self }
    }

    /// The same for the next `times` requests only.
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }
}

/// The faults of one stand-in; the longest path prefix that fits wins, then the newest.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<(String, Fault)>>);

impl Faults {
    /// Adds a fault for every path that begins with `prefix`.
    pub fn set(&self, prefix: &str, fault: Fault) {
        let until = fault.lasts.map(|lasts| Instant::now() + lasts);
        self.held().push((prefix.to_owned(), Fault { until, ..fault }));
    }

    /// Takes away the faults that were set with exactly this prefix.
    pub fn clear(&self, prefix: &str) {
        self.held().retain(|(known, _)| known != prefix);
    }

    /// Takes away all faults.
    pub fn clear_all(&self) {
        self.held().clear();
    }

    /// What to do with a request, and after how long; counts it.
    pub(super) fn take(&self, method: &Method, path: &str) -> (Duration, Act) {
        let mut held = self.held();
        let best = held
            .iter_mut()
            .filter(|(prefix, fault)| {
                path.starts_with(prefix.as_str())
                    && fault.method.as_ref().is_none_or(|only| only == method)
                    && fault.times != Some(0)
                    && fault.until.is_none_or(|until| Instant::now() < until)
            })
            .max_by_key(|(prefix, _)| prefix.len());
        let Some((_, fault)) = best else { return (Duration::ZERO, Act::Own) };
        if fault.skipped > 0 {
            fault.skipped -= 1;
            return (Duration::ZERO, Act::Own);
        }
        fault.times = fault.times.map(|left| left - 1);
        (fault.delay, fault.act.clone())
    }

    fn held(&self) -> MutexGuard<'_, Vec<(String, Fault)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed on purpose")]
pub(super) struct Closed;

/// The answer of an act, apart from what the stand-in itself may have to do before it.
pub(super) async fn play(act: Act) -> Result<Response<Body>, Closed> {
    match act {
        Act::Hang | Act::OwnThenHang => std::future::pending().await,
        Act::Own | Act::OwnThenClose | Act::Close => Err(Closed),
        Act::Answer(answer) | Act::OwnThenAnswer(answer) => {
            let body = Body::from(answer.body.clone());
            Ok(answer.respond(body, None))
        }
        Act::Truncate { answer, missing } => {
            let (sent, length) = (answer.body.clone(), answer.body.len() + missing);
            Ok(answer.respond(cut_short(sent), Some(length)))
        }
        Act::Stream { answer, mib } => {
            let chunk = Bytes::from(vec![b'x'; CHUNK]);
            let chunks = stream::repeat(chunk).take(mib * (1 << 20) / CHUNK).map(Ok::<_, Closed>);
            Ok(answer.respond(Body::from_stream(chunks), None))
        }
    }
}

const CHUNK: usize = 64 << 10;

/// A body that breaks off; the pause lets its first part leave before the connection closes.
fn cut_short(sent: Bytes) -> Body {
    let broken = stream::once(async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        Err(Closed)
    });
    Body::from_stream(stream::iter([Ok(sent)]).chain(broken))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(faults: &Faults, method: &Method, path: &str) -> Option<u16> {
        match faults.take(method, path).1 {
            Act::Answer(answer) => Some(answer.status.as_u16()),
            _ => None,
        }
    }

    #[test]
    fn the_longest_prefix_wins_then_the_newest() {
        let faults = Faults::default();
        faults.set("/a/b", Fault::answer(Canned::status(502)));
        faults.set("/a", Fault::answer(Canned::status(503)));
        faults.set("/a", Fault::answer(Canned::status(500)));
        assert_eq!(status(&faults, &Method::GET, "/a/b/c"), Some(502));
        assert_eq!(status(&faults, &Method::GET, "/a/x"), Some(500));
        assert_eq!(status(&faults, &Method::GET, "/x"), None);
        faults.clear("/a");
        assert_eq!(status(&faults, &Method::GET, "/a/x"), None);
    }

    #[test]
    fn a_fault_that_lasts_ends_by_itself() {
        let faults = Faults::default();
        let down = |lasts| Fault::answer(Canned::status(503)).lasting(lasts);
        faults.set("/", down(Duration::from_secs(3600)));
        faults.set("/x", down(Duration::from_millis(20)));
        std::thread::sleep(Duration::from_millis(30));
        assert_eq!(status(&faults, &Method::GET, "/x"), Some(503), "by the one that still lasts");
        faults.clear("/");
        assert_eq!(status(&faults, &Method::GET, "/x"), None);
    }

    #[test]
    fn a_counted_fault_ends_and_a_method_narrows_it() {
        let faults = Faults::default();
        faults.set("/", Fault::answer(Canned::status(503)).times(2).on(Method::POST));
        let seen = [Method::GET, Method::POST, Method::POST, Method::POST]
            .map(|method| status(&faults, &method, "/x"));
        assert_eq!(seen, [None, Some(503), Some(503), None]);
        faults.set("/", Fault::answer(Canned::status(500)).skipping(1).times(1));
        let seen = [(); 3].map(|()| status(&faults, &Method::GET, "/x"));
        assert_eq!(seen, [None, Some(500), None]);
    }
}
