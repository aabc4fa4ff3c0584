//! What an error is to the outside.

use serde::Serialize;

use crate::exit::Outcome;

/// What an error is to the outside.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) code: &'static str,
    pub(super) outcome: Outcome,
    /// What to type; may be empty.
    pub(super) hint: String,
    pub(super) api: Option<Api>,
}

/// The facts of a failed request, for a ticket with the vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Api {
    pub(super) service: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_id: Option<String>,
}

impl Kind {
    pub(super) fn new(code: &'static str, outcome: Outcome, hint: impl Into<String>) -> Self {
        Self { code, outcome, hint: hint.into(), api: None }
    }

    /// What failed in a way that nobody foresaw.
    pub(super) fn failed() -> Self {
        Self::new("failed", Outcome::Failed, "")
    }
}
