//! The errors that commands make themselves: each knows what to say, and what to type instead. How they
//! are shown, and with which exit code, is decided in `report`.

use std::time::Duration;

use parky_ops::auth::WriteRefusal;
use parky_ops::dlq::FailureId;
use parky_ops::domain::text::shorten;
use parky_ops::http::ApiError;

use crate::exit::Outcome;

/// A request that makes no sense, found after the command line was parsed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Usage {
    message: String,
    pub(crate) hint: String,
}

impl Usage {
    pub(crate) fn new(message: String, hint: &str) -> Self {
        Self { message, hint: hint.to_owned() }
    }
}

/// What was named is not there.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct NotFound {
    message: String,
    pub(crate) hint: String,
}

impl NotFound {
    pub(crate) fn new(message: String, hint: String) -> Self {
        Self { message, hint }
    }

    /// Rows of the dead-letter table, by their keys.
    pub(crate) fn rows<'a>(ids: impl IntoIterator<Item = &'a FailureId>) -> Self {
        let ids: Vec<_> = ids.into_iter().map(|id| shorten(&id.to_string(), 80)).collect();
        let named = ids.iter().take(10).map(String::as_str).collect::<Vec<_>>().join(", ");
        let rest =
            if ids.len() > 10 { format!(" and {} more", ids.len() - 10) } else { String::new() };
        let message = format!("no dead letter {named}{rest}");
        Self { message, hint: "parky-ops dlq list".to_owned() }
    }
}

/// A refusal that knows its exit code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) outcome: Outcome,
    message: String,
    pub(crate) hint: String,
    /// The answer that it is about.
    pub(crate) source: Option<Box<ApiError>>,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, outcome: Outcome, message: String, hint: &str) -> Self {
        Self { code, outcome, message, hint: hint.to_owned(), source: None }
    }

    pub(crate) fn failed(message: String, hint: &str) -> Self {
        Self::new("failed", Outcome::Failed, message, hint)
    }

    pub(crate) fn configuration(message: String, hint: &str) -> Self {
        Self::new("config", Outcome::Configuration, message, hint)
    }

    pub(crate) fn not_found(message: String, hint: &str) -> Self {
        Self::new("not-found", Outcome::NotFound, message, hint)
    }

    pub(crate) fn unreachable(message: String, hint: &str) -> Self {
        Self::new("unreachable", Outcome::Unreachable, message, hint)
    }

    /// Nothing may be written to what a credential leads to.
    pub(crate) fn write(refusal: &WriteRefusal) -> Self {
        let hint = refusal.hint();
        Self::new("target", Outcome::Configuration, refusal.to_string(), &hint)
    }

    /// With the answer that it is about.
    pub(crate) fn because(self, error: ApiError) -> Self {
        Self { source: Some(Box::new(error)), ..self }
    }
}

/// A service that failed for so long that nobody waits any more.
#[derive(Debug, thiserror::Error)]
#[error("given up after {} s without an answer", after.as_secs())]
pub(crate) struct GivenUp {
    pub(crate) after: Duration,
    pub(crate) source: ApiError,
}

/// A change that needs a yes, where none was given.
#[derive(Debug, thiserror::Error)]
#[error("nobody agreed to {act}")]
pub(crate) struct Unconfirmed {
    act: String,
    pub(crate) hint: String,
}

impl Unconfirmed {
    pub(crate) fn new(act: String, hint: String) -> Self {
        Self { act, hint }
    }
}

/// A signal that came where there is no answer yet to end with.
#[derive(Debug, thiserror::Error)]
#[error("stopped")]
pub(crate) struct Stopped(pub(crate) Outcome);
