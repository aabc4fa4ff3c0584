//! Why the database could not be asked, in a form that a check can act on. Pure.

use crate::domain::text::{one_line, shorten};
use crate::domain::{Judgement, Reach, ReasonCode, State};

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PgErrorKind {
    /// The name does not resolve.
    Dns,
    /// Nothing listens there.
    Refused,
    /// No route, or the way is closed on this machine.
    Unreachable,
    /// No answer to the connect within the deadline.
    Timeout,
    /// The connect or a read was accepted, and then nothing came within the deadline.
    Silent,
    /// The connection broke.
    Lost,
    /// TLS failed.
    Tls,
    /// Our own configuration stands in the way.
    Config,
    /// The password or the user was refused.
    Credential,
    /// No database of this name.
    NoDatabase,
    /// The role, or this machine's address, has no right to it.
    NoPermission,
    /// No connection is left.
    Saturated,
    /// The server is starting up, shutting down or recovering.
    StartingUp,
    /// A pooler answered for a server that it cannot reach.
    ServerDown,
    /// The server cancelled the statement.
    StatementTimeout,
    /// Somebody else holds the lock.
    LockTimeout,
    /// No table of this name.
    NoTable,
    /// No schema of this name.
    NoSchema,
    /// No column of this name.
    NoColumn,
    /// The server answered with an error of its own: disk, memory, damage.
    Server,
    /// The server answered that our query does not fit it.
    Query,
    /// The answer cannot be read: not PostgreSQL, or not what the query promised.
    Unreadable,
    /// Not asked, because an earlier read broke the session.
    Skipped,
    /// Not asked or not answered, because our own overall deadline came first.
    OutOfTime,
}

impl PgErrorKind {
    /// The state of a check that met this, the stable word, and how far the look got.
    pub fn reason(self) -> (State, ReasonCode, Reach) {
        use {Reach::*, ReasonCode as Code, State::*};
        match self {
            // A project that is paused or gone loses its name; the offline rule covers our own network.
            Self::Dns => (Red, Code::Dns, NotReached),
            Self::Refused => (Red, Code::Refused, NotReached),
            Self::Unreachable => (Unknown, Code::Unreachable, NotReached),
            Self::Timeout => (Red, Code::Timeout, NotReached),
            Self::Silent => (Red, Code::Timeout, Reached),
            Self::Lost => (Red, Code::ConnectionLost, Reached),
            Self::Tls => (Unknown, Code::TlsOurs, Reached),
            Self::Config => (Unknown, Code::BadConfig, NotTried),
            Self::Credential => (Unknown, Code::Unauthorized, Reached),
            Self::NoDatabase => (Unknown, Code::NotFound, Reached),
            Self::NoPermission => (Unknown, Code::NoPermission, Reached),
            Self::Saturated => (Red, Code::Saturated, Reached),
            Self::StartingUp => (Red, Code::StartingUp, Reached),
            Self::ServerDown => (Red, Code::Refused, Reached),
            Self::StatementTimeout => (Unknown, Code::Deadline, Reached),
            Self::LockTimeout => (Unknown, Code::Locked, Reached),
            Self::NoTable | Self::NoSchema => (Unknown, Code::NoTable, Reached),
            Self::NoColumn => (Unknown, Code::NoColumn, Reached),
            Self::Server => (Red, Code::QueryFailed, Reached),
            Self::Query => (Unknown, Code::QueryFailed, Reached),
            Self::Unreadable => (Unknown, Code::Unreadable, Reached),
            Self::Skipped => (Unknown, Code::NotTried, Reached),
            Self::OutOfTime => (Unknown, Code::Deadline, NotTried),
        }
    }
}

/// Why the database could not be asked. The text is one line, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct PgError {
    kind: PgErrorKind,
    sqlstate: Option<String>,
    text: String,
}

impl PgError {
    pub(super) fn new(kind: PgErrorKind, text: impl AsRef<str>) -> Self {
        Self { kind, sqlstate: None, text: one_line(text.as_ref()) }
    }

    /// The same, for what the server or a pooler answered with `sqlstate`.
    pub(super) fn with_sqlstate(self, sqlstate: &str) -> Self {
        Self { sqlstate: Some(one_line(&shorten(sqlstate, 5))), ..self }
    }

    /// A query that always has a row brought none.
    pub(crate) fn no_row() -> Self {
        Self::new(PgErrorKind::Unreadable, "the answer has no row")
    }

    /// Not tried, because `cause` broke the session; keeps the code of the cause.
    pub(super) fn not_tried(cause: &PgError) -> Self {
        let text = format!("not tried: the connection broke before ({cause})");
        Self { sqlstate: cause.sqlstate.clone(), ..Self::new(PgErrorKind::Skipped, text) }
    }

    /// What went wrong.
    pub fn kind(&self) -> PgErrorKind {
        self.kind
    }

    /// The five signs that the server or the pooler answered with.
    pub fn sqlstate(&self) -> Option<&str> {
        self.sqlstate.as_deref()
    }

    /// Whether a write that met this may have been committed all the same: no answer came, or one
    /// that says nothing on the commit.
    pub fn may_have_happened(&self) -> bool {
        use PgErrorKind::{Lost, OutOfTime, ServerDown, Silent, StartingUp, Unreadable};
        matches!(self.kind, Lost | OutOfTime | ServerDown | Silent | StartingUp | Unreadable)
    }

    /// The state of a check that met this, the stable word, and how far the look got.
    pub fn reason(&self) -> (State, ReasonCode, Reach) {
        self.kind.reason()
    }

    /// The judgement of a check that met this.
    pub fn judgement(&self) -> Judgement {
        let (state, code, reach) = self.reason();
        let judgement = Judgement::new(state, code, &self.text).reach(reach);
        match &self.sqlstate {
            Some(sqlstate) => judgement.with("sqlstate", sqlstate.as_str()),
            None => judgement,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_could_not_ask_is_unknown_and_what_refuses_is_red() {
        use {PgErrorKind as K, ReasonCode as Code, State::*};
        for (kind, state, code) in [
            (K::Refused, Red, Code::Refused),
            (K::Timeout, Red, Code::Timeout),
            (K::Silent, Red, Code::Timeout),
            (K::Saturated, Red, Code::Saturated),
            (K::StartingUp, Red, Code::StartingUp),
            (K::Dns, Red, Code::Dns),
            (K::Credential, Unknown, Code::Unauthorized),
            (K::NoPermission, Unknown, Code::NoPermission),
            (K::Tls, Unknown, Code::TlsOurs),
            (K::NoDatabase, Unknown, Code::NotFound),
            (K::LockTimeout, Unknown, Code::Locked),
            (K::NoSchema, Unknown, Code::NoTable),
        ] {
            let judgement = PgError::new(kind, "x").judgement();
            assert_eq!((judgement.state, judgement.reason.code), (state, code), "{kind:?}");
        }
    }
}
