//! Why the table did not give what it was asked for.

use crate::dlq::FailureId;
use crate::domain::{Judgement, Reason, ReasonCode};
use crate::postgres::PgError;

/// See the module. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The database says no, or nothing.
    #[error(transparent)]
    Database(#[from] PgError),
    /// The table is not there, lacks columns, or may not be read.
    #[error("{}", .0.text)]
    Unusable(Reason),
    /// `[dlq]` of the configuration does not fit the table.
    #[error("{0}")]
    Config(String),
    /// No column tells one row from another.
    #[error("{0}")]
    NoKey(String),
    /// It is not known where the messages are.
    #[error("{0}")]
    NoPayload(String),
    /// The configured key does not tell one row from another.
    #[error("several rows have the key {0}: dlq.key_column names no key")]
    Ambiguous(FailureId),
}

impl TableError {
    /// The stable word.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Database(error) => error.reason().1.word(),
            Self::Unusable(reason) => reason.code.word(),
            Self::Config(_) => ReasonCode::BadConfig.word(),
            Self::NoKey(_) | Self::Ambiguous(_) => "no-key",
            Self::NoPayload(_) => "no-payload",
        }
    }

    /// What to type.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Database(_) => "parky-ops doctor",
            Self::Unusable(_) | Self::Config(_) => "parky-ops config show",
            Self::NoKey(_) | Self::Ambiguous(_) => "set dlq.key_column in the configuration",
            Self::NoPayload(_) => "set dlq.payload_column in the configuration",
        }
    }
}

impl From<Judgement> for TableError {
    fn from(judgement: Judgement) -> Self {
        Self::Unusable(judgement.reason)
    }
}
