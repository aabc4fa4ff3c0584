//! A row of the team's table, as it was found.

use std::fmt;

use chrono::{DateTime, Utc};

/// The key of a row as text; a key of several columns is a JSON array of texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct FailureId(String);

impl FailureId {
    /// The key that the table or an operator names.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FailureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::domain::text::one_line(&self.0))
    }
}

/// An alert that was not delivered. Words are as stored: they come from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Letter {
    /// Its key; `None` where the table has none.
    pub id: Option<FailureId>,
    /// The producer's last attempt (UTC).
    pub attempted_at: Option<DateTime<Utc>>,
    /// The channel, without `#`.
    pub channel: String,
    /// `P0` to `P3`, or what else stands there.
    pub severity: String,
    /// The title; empty where there is none.
    pub title: String,
    /// What Discord answered the producer; `None`: nothing.
    pub http_status: Option<i32>,
    /// The producer's attempts.
    pub retry_count: i32,
    /// The producer's last error.
    pub error: String,
    /// Whether somebody was told by mail.
    pub fallback_email_sent: bool,
    /// The row's own status word.
    pub status: String,
    /// The body that was meant for Discord, as the text of the JSON; `None` for SQL NULL, and where
    /// it was not asked for.
    pub payload: Option<String>,
}

/// The lane of a channel: its name without `#` and blanks around it. One lane posts one message at a
/// time.
pub fn lane_of(channel: &str) -> &str {
    channel.trim().trim_start_matches('#')
}
