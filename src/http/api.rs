//! One service's API: sends requests, retries what may be repeated, never outstays a deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::call::{Call, Request};
use super::error::{ApiError, Fault, Unreachable, Unreadable};
use super::log::Logged;
use super::reply::Reply;
use super::service::Service;
use super::shared::Shared;
use super::{classify, wire};

/// The most bytes of a body that are kept, decompressed, unless [`Api::max_body`] says otherwise.
pub const MAX_BODY: usize = 4 << 20;

/// A longer wait than this is not worth sitting through; its end is named instead.
const PATIENCE: Duration = Duration::from_secs(60);

/// One service at one base URL. Clones share their connections.
#[derive(Clone)]
pub struct Api {
    shared: Arc<Shared>,
    service: Service,
    base: Url,
    token: Option<SecretString>,
    max_body: usize,
    wire: Arc<OnceCell<reqwest::Client>>,
    /// Whether a connection was ever made: tells a silent network from a silent service.
    connected: Arc<AtomicBool>,
}

impl Api {
    pub(super) fn new(
        shared: Arc<Shared>,
        service: Service,
        base: Url,
        token: Option<SecretString>,
    ) -> Self {
        let (wire, connected) = Default::default();
        Self { shared, service, base, token, max_body: MAX_BODY, wire, connected }
    }

    /// Keeps at most `bytes` of a body; a longer one is an error.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Reads `path` (one entry a segment; encoded here) below the base URL. Any answer is a reply,
    /// 3xx (not followed), 4xx and 5xx too; up to three tries, all before `deadline`.
    ///
    /// # Errors
    /// No whole answer came.
    pub async fn get(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        deadline: Instant,
    ) -> Result<Reply, ApiError> {
        self.read(Request::new(Method::GET, path).query(query), deadline).await
    }

    /// As [`Api::get`], with headers of the caller's.
    ///
    /// # Errors
    /// No whole answer came.
    pub async fn read(&self, request: Request<'_>, deadline: Instant) -> Result<Reply, ApiError> {
        let call = self.call(request)?;
        let attempt = AtomicU32::new(0);
        let once = async || {
            let attempt = attempt.fetch_add(1, Ordering::Relaxed) + 1;
            self.once(&call, attempt, deadline)
                .await
                .map_err(Again::Failure)
                .and_then(Again::if_it_may_pass)
        };
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(150))
            .with_jitter()
            .with_max_times(2);
        once.retry(backoff)
            .when(Again::is_worth_it)
            .adjust(|again, wait| self.wait(again, wait?, deadline))
            .await
            .or_else(Again::give_up)
    }

    /// As [`Api::get`], with the body as `T`.
    ///
    /// # Errors
    /// No whole answer came, its status was not 2xx, or the body is no such JSON.
    pub async fn get_json<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        deadline: Instant,
    ) -> Result<T, ApiError> {
        self.get(path, query, deadline).await?.json()
    }

    /// Sends a request that changes something, exactly once. After an error,
    /// [`ApiError::may_have_arrived`] tells whether the change is unsure.
    ///
    /// # Errors
    /// No whole answer came.
    pub async fn send(&self, request: Request<'_>, deadline: Instant) -> Result<Reply, ApiError> {
        self.once(&self.call(request)?, 1, deadline).await
    }

    fn call(&self, request: Request<'_>) -> Result<Call, ApiError> {
        Call::new(self.service, &self.base, request, &self.shared.redactor)
    }

    /// One request and its whole answer, within the deadline and on the record.
    async fn once(&self, call: &Call, attempt: u32, deadline: Instant) -> Result<Reply, ApiError> {
        let began = Instant::now();
        let outcome = match timeout_at(deadline, self.exchange(call)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(call.fault(Fault::Unreachable(Unreachable::Timeout {
                connected: self.connected.load(Ordering::Relaxed),
            }))),
        };
        self.record(call, attempt, began.elapsed(), &outcome);
        outcome
    }

    async fn exchange(&self, call: &Call) -> Result<Reply, ApiError> {
        let token = self.token.as_ref().map(|token| call.authorization(token)).transpose()?;
        let make = || wire::build(&self.base, &self.shared.roots, Arc::clone(&self.connected));
        let wire = self.wire.get_or_try_init(make).await.map_err(|fault| call.fault(fault))?;

        let mut request = wire.request(call.method.clone(), call.url.clone());
        request = request.header(USER_AGENT, self.service.user_agent());
        if call.headers.iter().all(|(name, _)| name != ACCEPT) {
            request = request.header(ACCEPT, "application/json");
        }
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, token);
        }
        request = match &call.body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(body.clone()),
            // Some servers refuse a change whose length they are not told, be it nothing.
            None if call.method != Method::GET => request.header(CONTENT_LENGTH, 0),
            None => request,
        };
        let response = request.send().await.map_err(|error| {
            let connected = self.connected.load(Ordering::Relaxed);
            call.fault(classify::fault(&error, connected))
        })?;
        self.receive(call, response).await
    }

    async fn receive(
        &self,
        call: &Call,
        mut response: reqwest::Response,
    ) -> Result<Reply, ApiError> {
        let head = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        let declared = response.content_length().unwrap_or(0);
        let mut reply = Reply::new(&call.asked, head, &self.shared.redactor, self.shared.clock);
        let unreadable = |reply: &Reply, fault| Err(reply.error(Fault::Unreadable(fault), None));
        if usize::try_from(declared).is_ok_and(|bytes| bytes > self.max_body) {
            return unreadable(&reply, Unreadable::TooLarge(self.max_body));
        }
        loop {
            match response.chunk().await {
                Ok(None) => return Ok(reply),
                Ok(Some(chunk)) if reply.body.len() + chunk.len() > self.max_body => {
                    return unreadable(&reply, Unreadable::TooLarge(self.max_body));
                }
                Ok(Some(chunk)) => reply.body.extend_from_slice(&chunk),
                Err(_) => return unreadable(&reply, Unreadable::Truncated),
            }
        }
    }

    /// How long to wait before the next try; `None` where its start would be past the deadline.
    fn wait(&self, again: &Again, wait: Duration, deadline: Instant) -> Option<Duration> {
        let asked = match again {
            Again::Answer(reply) => reply.retry_at(),
            Again::Failure(_) => None,
        };
        let asked = asked.map(|at| (at - self.shared.clock.now()).to_std().unwrap_or_default());
        let wait = asked.map_or(wait, |asked| asked.max(wait));
        let left = deadline.saturating_duration_since(Instant::now());
        (wait <= PATIENCE && wait < left).then_some(wait)
    }

    fn record(&self, call: &Call, attempt: u32, took: Duration, outcome: &Result<Reply, ApiError>) {
        let Some(log) = &self.shared.log else { return };
        if outcome.as_ref().is_err_and(|error| matches!(error.fault, Fault::NotSent(_))) {
            return;
        }
        let (status, request_id) = match outcome {
            Ok(reply) => (Some(reply.status), reply.request_id.as_deref()),
            Err(error) => (error.status, error.request_id.as_deref()),
        };
        log.record(&Logged {
            method: call.method.as_str(),
            url: &self.shared.redactor.clean(call.url.as_str()),
            attempt,
            status,
            request_id,
            ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            error: outcome.as_ref().err().map(ToString::to_string).as_deref(),
        });
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Api({:?} at {})", self.service, self.shared.redactor.clean(self.base.as_str()))
    }
}

/// A try that did not end the matter.
enum Again {
    /// 429 or 5xx.
    Answer(Box<Reply>),
    /// No whole answer.
    Failure(ApiError),
}

impl Again {
    fn if_it_may_pass(reply: Reply) -> Result<Reply, Again> {
        let passing = matches!(reply.status, 429 | 500..=599);
        if passing { Err(Again::Answer(Box::new(reply))) } else { Ok(reply) }
    }

    /// Not worth it: a 429 that does not say how long, what a resolver or a router says (both have
    /// tried for us), a certificate, an answer that came and is senseless.
    fn is_worth_it(&self) -> bool {
        match self {
            Again::Answer(reply) => reply.status != 429 || reply.retry_at().is_some(),
            Again::Failure(error) => matches!(
                error.fault,
                Fault::Unreachable(
                    Unreachable::Refused
                        | Unreachable::Broken
                        | Unreachable::NotTaken
                        | Unreachable::Timeout { connected: false }
                )
            ),
        }
    }

    fn give_up(self) -> Result<Reply, ApiError> {
        match self {
            Again::Answer(reply) => Ok(*reply),
            Again::Failure(error) => Err(error),
        }
    }
}
