//! Why a line to a worker could not be made, or was lost. Each is one line, safe to show, and never
//! holds the socket's URL, which is a secret.

use std::io;

use tungstenite::error::ProtocolError;

use crate::domain::text::{one_line, shorten};
use crate::http::TlsFault;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// Cloudflare named a place that is no WebSocket, or an unsafe one.
    #[error("Cloudflare named a place for the line that is not used: {0}")]
    BadUrl(&'static str),
    /// Nobody could be reached.
    #[error("the line's server cannot be reached: {0}")]
    Unreachable(String),
    /// TLS failed.
    #[error("no TLS with the line's server: {0}")]
    Tls(TlsFault),
    /// No whole handshake in time.
    #[error("the line's server gave no answer in time")]
    Timeout,
    /// The handshake was refused.
    #[error("the line's server refused the handshake (HTTP {0})")]
    Refused(u16),
    /// The server took the handshake, but not what is to be spoken.
    #[error("the line's server does not speak 'trace-v1'")]
    NoSubprotocol,
    /// No handshake at all.
    #[error("what answers there is no WebSocket: {0}")]
    NoWebSocket(String),
    /// The server closed in order.
    #[error("Cloudflare closed the line (code {code}{})", said(reason))]
    Closed {
        /// The WebSocket close code; 1005 where none was sent.
        code: u16,
        /// What was said about it.
        reason: String,
    },
    /// The connection ended without a word.
    #[error("the connection broke off")]
    Broken,
    /// Pings were not answered.
    #[error("the line went dead: no answer to a ping")]
    NoPong,
    /// Against the protocol, or larger than is taken.
    #[error("the line's server broke the protocol: {0}")]
    Protocol(String),
}

fn said(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

impl LineFault {
    /// What an error in the middle of the stream means.
    pub(super) fn of_stream(error: &tungstenite::Error) -> Self {
        use tungstenite::Error;
        match error {
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Io(_)
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => LineFault::Broken,
            error => LineFault::Protocol(brief(error)),
        }
    }

    /// What an error of the handshake means.
    pub(super) fn of_handshake(error: &tungstenite::Error) -> Self {
        use tungstenite::Error;
        match error {
            Error::Http(answer) => LineFault::Refused(answer.status().as_u16()),
            Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(_)) => {
                LineFault::NoSubprotocol
            }
            Error::Io(_)
            | Error::ConnectionClosed
            | Error::Protocol(ProtocolError::HandshakeIncomplete) => LineFault::Broken,
            error => LineFault::NoWebSocket(brief(error)),
        }
    }

    /// What an error of the connection means.
    pub(super) fn of_connection(error: &io::Error) -> Self {
        LineFault::Unreachable(brief(error))
    }

    /// Whether there is no use in trying again.
    pub fn is_final(&self) -> bool {
        matches!(self, LineFault::BadUrl(_) | LineFault::Tls(_))
    }
}

fn brief(error: &dyn std::error::Error) -> String {
    shorten(&one_line(&error.to_string()), 160)
}
