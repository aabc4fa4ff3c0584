//! What can go wrong between a request and a usable answer, told apart so that a caller can act.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::service::Service;
use super::tls::TlsFault;
use crate::domain::{Jst, Judgement, Reach, ReasonCode};

/// What was asked, without its query and its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Whom.
    pub service: Service,
    /// `GET`, `POST`, …
    pub method: Box<str>,
    /// The host, with its port where that is not the usual one.
    pub host: Box<str>,
    /// The path.
    pub path: Box<str>,
}

/// What the service itself said of a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its own error code.
    pub code: Option<i64>,
    /// Its words: one line, redacted and of bounded length.
    pub message: Box<str>,
}

/// A request that brought no usable answer. Its `Display` is one line, safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Line(self))]
pub struct ApiError {
    /// What was asked.
    pub asked: Arc<Asked>,
    /// The HTTP status, where an answer came.
    pub status: Option<u16>,
    /// The id by which the service's staff can find the request.
    pub request_id: Option<Box<str>>,
    /// What the service said.
    pub said: Option<Said>,
    /// What went wrong.
    pub fault: Fault,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be sent as it is.
    NotSent(NotSent),
    /// The credential was refused.
    Unauthorized,
    /// The credential lacks a right.
    Forbidden,
    /// No such thing, or not visible to this credential.
    NotFound,
    /// Too many requests.
    RateLimited {
        /// When to try again (UTC), where the service said so.
        retry_at: Option<DateTime<Utc>>,
    },
    /// The service failed (5xx).
    Server,
    /// No answer came.
    Unreachable(Unreachable),
    /// An answer came, and it makes no sense.
    Unreadable(Unreadable),
    /// The service understood and said no.
    Refused,
}

/// Why a request never left.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// The token holds a character that no token has, such as a line break from a copy.
    #[error(
        "the token cannot be used: its character {position} is a blank, a line break or no ASCII"
    )]
    BadToken {
        /// Counted from 1.
        position: usize,
    },
    /// The token is empty.
    #[error("the token is empty")]
    EmptyToken,
    /// The token would travel in the clear.
    #[error("the token is not sent over plain http to another machine")]
    PlainHttp,
    /// A part of the path is empty or `..`.
    #[error("a name that the path needs is empty or made of dots")]
    BadPath,
}

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreachable {
    /// The name does not resolve.
    Dns,
    /// Nothing listens there.
    Refused,
    /// This machine has no way to that network.
    NoRoute,
    /// Out of time.
    Timeout {
        /// Whether a connection to the host had been made by then, TLS included.
        connected: bool,
    },
    /// TLS failed.
    Tls(TlsFault),
    /// The connection broke before an answer.
    Broken,
    /// The server closed the connection and vouched that it had not begun with the request.
    NotTaken,
}

/// Why an answer makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// Not HTTP.
    NotHttp,
    /// A web page.
    Html,
    /// A page that wants to know whether a person is asking.
    Challenge,
    /// A pointer to somewhere else, which is not followed.
    Redirect(Box<str>),
    /// Nothing.
    Empty,
    /// It stops half way.
    Truncated,
    /// Larger than this many bytes.
    TooLarge(usize),
    /// Not JSON at all.
    NotJson,
    /// JSON of another shape than documented; where and how.
    WrongShape(Box<str>),
}

impl ApiError {
    /// An unknown check: what went wrong in a line, the request itself as evidence.
    pub fn judgement(&self) -> Judgement {
        let (code, reach) = self.reason();
        Judgement::unknown(code, Brief(self).to_string())
            .reach(reach)
            .with("request", format!("{} {}", self.asked.method, self.asked.path))
            .with("http_status", json!(self.status))
            .with("request_id", json!(self.request_id))
    }

    /// The domain's word for this, and how far the request got.
    pub fn reason(&self) -> (ReasonCode, Reach) {
        let reached = |code| (code, Reach::Reached);
        match &self.fault {
            Fault::NotSent(NotSent::BadToken { .. } | NotSent::EmptyToken) => {
                (ReasonCode::BadCredential, Reach::NotTried)
            }
            Fault::NotSent(_) => (ReasonCode::BadConfig, Reach::NotTried),
            Fault::Unauthorized => reached(ReasonCode::Unauthorized),
            Fault::Forbidden => reached(ReasonCode::NoPermission),
            Fault::NotFound => reached(ReasonCode::NotFound),
            Fault::RateLimited { .. } => reached(ReasonCode::RateLimited),
            Fault::Server | Fault::Refused => reached(ReasonCode::ServiceError),
            Fault::Unreadable(_) => reached(ReasonCode::Unreadable),
            Fault::Unreachable(fault) => fault.reason(),
        }
    }

    /// Whether the service may have acted on the request: after this a change is unsure, and must
    /// not be sent again blindly.
    pub fn may_have_arrived(&self) -> bool {
        match &self.fault {
            Fault::Server | Fault::Unreadable(_) => true,
            Fault::Unreachable(fault) => {
                matches!(fault, Unreachable::Broken | Unreachable::Timeout { connected: true })
            }
            _ => false,
        }
    }
}

impl Unreachable {
    fn reason(&self) -> (ReasonCode, Reach) {
        match self {
            Unreachable::Dns | Unreachable::Refused | Unreachable::NoRoute => {
                (ReasonCode::Unreachable, Reach::NotReached)
            }
            Unreachable::Timeout { connected: false } => (ReasonCode::Timeout, Reach::NotReached),
            Unreachable::Timeout { connected: true } => (ReasonCode::Timeout, Reach::Reached),
            Unreachable::Tls(TlsFault::NoRoots(_)) => (ReasonCode::TlsOurs, Reach::NotTried),
            Unreachable::Tls(_) => (ReasonCode::TlsOurs, Reach::Reached),
            Unreachable::Broken | Unreachable::NotTaken => {
                (ReasonCode::Unreachable, Reach::Reached)
            }
        }
    }
}

/// What went wrong, without what tells one request from another: several that fail alike read alike.
struct Brief<'a>(&'a ApiError);

impl fmt::Display for Brief<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ApiError { asked, status, said, fault, .. } = self.0;
        write!(f, "{}: ", asked.service)?;
        fault.say(&asked.host, f)?;
        let mut notes: Vec<String> = status.iter().map(|s| format!("HTTP {s}")).collect();
        if let Some(code) = said.as_ref().and_then(|said| said.code) {
            notes.push(format!("code {code}"));
        }
        if !notes.is_empty() {
            write!(f, " ({})", notes.join(", "))?;
        }
        if let Some(said) = said.as_ref().filter(|said| !said.message.is_empty()) {
            write!(f, ": {}", said.message)?;
        }
        Ok(())
    }
}

/// The one line of an [`ApiError`].
struct Line<'a>(&'a ApiError);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ApiError { asked, request_id, .. } = self.0;
        let id = request_id.as_ref().map(|id| format!(", request {id}")).unwrap_or_default();
        write!(f, "{} [{} {}{id}]", Brief(self.0), asked.method, asked.path)
    }
}

impl Fault {
    fn say(&self, host: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NotSent(why) => write!(f, "{why}"),
            Fault::Unauthorized => f.write_str("the credential was refused"),
            Fault::Forbidden => f.write_str("the credential lacks a right for this"),
            Fault::NotFound => f.write_str("no such thing, or not visible to this credential"),
            Fault::RateLimited { retry_at: Some(at) } => {
                write!(f, "too many requests, asked to wait until {}", Jst(*at).to_the_second())
            }
            Fault::RateLimited { retry_at: None } => {
                f.write_str("too many requests, asked to wait without saying how long")
            }
            Fault::Server => f.write_str("the service failed"),
            Fault::Refused => f.write_str("the service refused this"),
            Fault::Unreachable(fault) => fault.say(host, f),
            Fault::Unreadable(fault) => fault.say(f),
        }
    }
}

impl Unreachable {
    fn say(&self, host: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreachable::Dns => write!(f, "{host} does not resolve"),
            Unreachable::Refused => write!(f, "{host} refuses the connection"),
            Unreachable::NoRoute => write!(f, "this machine has no network route to {host}"),
            Unreachable::Timeout { connected: false } => {
                write!(f, "no connection to {host} in time")
            }
            Unreachable::Timeout { connected: true } => {
                write!(f, "{host} took the connection but gave no whole answer in time")
            }
            Unreachable::Tls(fault) => write!(f, "no TLS with {host}: {fault}"),
            Unreachable::Broken => write!(f, "{host} broke the connection off"),
            Unreachable::NotTaken => write!(f, "{host} closed before it took the request"),
        }
    }
}

impl Unreadable {
    fn say(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::NotHttp => f.write_str("what answers does not speak HTTP"),
            Unreadable::Html => f.write_str("answered with a web page instead of JSON"),
            Unreadable::Challenge => {
                f.write_str("its firewall answered with a challenge page; ask from another network")
            }
            Unreadable::Redirect(to) => {
                write!(f, "points to {to}, which is not followed; correct the URL")
            }
            Unreadable::Empty => f.write_str("answered with nothing"),
            Unreadable::Truncated => f.write_str("the answer stops half way"),
            Unreadable::TooLarge(limit) => {
                write!(f, "the answer is larger than {} MiB", limit / (1 << 20))
            }
            Unreadable::NotJson => f.write_str("the answer is not JSON"),
            Unreadable::WrongShape(how) => {
                write!(f, "the answer does not look as documented: {how}")
            }
        }
    }
}
