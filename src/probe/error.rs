//! Which step of a probe failed and how, and the domain's word for it.

use std::fmt;

use tokio::time::{Instant, timeout_at};

use crate::domain::{Reach, ReasonCode};
use crate::http::TlsFault;

/// A step of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Looking the name up.
    Dns,
    /// Connecting.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Waiting for the head of the answer.
    FirstByte,
    /// Reading the rest of the answer.
    Body,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Dns => "looking the name up",
            Step::Connect => "connecting",
            Step::Tls => "in the TLS handshake",
            Step::FirstByte => "waiting for the first byte",
            Step::Body => "in the middle of the answer",
        })
    }
}

/// Why a probe brought no whole answer. `Display` is one line without words from outside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// The name has no address.
    #[error("the name does not resolve")]
    Dns,
    /// Nothing listens there.
    #[error("the connection was refused")]
    Refused,
    /// This machine could not even start to connect.
    #[error("this machine has no network route to it")]
    NoRoute,
    /// TLS failed.
    #[error("{0}")]
    Tls(#[from] TlsFault),
    /// Out of time in this step.
    #[error("no answer in time, {0}")]
    Timeout(Step),
    /// The other side hung up in this step.
    #[error("the connection broke off {0}")]
    ConnectionLost(Step),
    /// What answers is no web server.
    #[error("what answers there does not speak HTTP")]
    NotHttp,
    /// Neither http nor https, or without a host.
    #[error("the URL is neither http nor https")]
    BadUrl,
}

impl ProbeError {
    /// The domain's word for this, and how far the probe got.
    pub fn reason(&self) -> (ReasonCode, Reach) {
        let reached = |code| (code, Reach::Reached);
        match self {
            ProbeError::Dns => (ReasonCode::Dns, Reach::NotReached),
            ProbeError::Refused => (ReasonCode::Refused, Reach::NotReached),
            ProbeError::NoRoute => (ReasonCode::Unreachable, Reach::NotReached),
            ProbeError::Timeout(Step::Dns | Step::Connect) => {
                (ReasonCode::Timeout, Reach::NotReached)
            }
            ProbeError::Timeout(_) => reached(ReasonCode::Timeout),
            ProbeError::ConnectionLost(Step::Dns | Step::Connect) => {
                (ReasonCode::ConnectionLost, Reach::NotReached)
            }
            ProbeError::ConnectionLost(_) => reached(ReasonCode::ConnectionLost),
            ProbeError::NotHttp => reached(ReasonCode::NotHttp),
            ProbeError::BadUrl => (ReasonCode::BadConfig, Reach::NotTried),
            ProbeError::Tls(fault) => match fault {
                TlsFault::Expired | TlsFault::NotYetValid => reached(ReasonCode::TlsExpired),
                TlsFault::Untrusted => reached(ReasonCode::TlsUntrusted),
                TlsFault::WrongName => reached(ReasonCode::TlsWrongName),
                TlsFault::Other(_) => reached(ReasonCode::TlsFailed),
                TlsFault::NoRoots(_) => (ReasonCode::TlsOurs, Reach::NotTried),
            },
        }
    }
}

/// The outcome of `work`, or the timeout of `step`.
pub(super) async fn within<T>(
    deadline: Instant,
    step: Step,
    work: impl Future<Output = Result<T, ProbeError>>,
) -> Result<T, ProbeError> {
    timeout_at(deadline, work).await.unwrap_or(Err(ProbeError::Timeout(step)))
}
