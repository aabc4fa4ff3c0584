//! What one store tells the other of a row that it settled, and what that one makes of it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::dlq::{FailureId, ItemState, Owner};

/// A row as the local ledger knows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct LocalRow {
    /// Its key.
    #[serde(rename = "failure_id")]
    pub id: FailureId,
    /// Its lane.
    pub lane: String,
    /// `delivered`, `rejected`, `skipped`, `discarded` or `unsure`.
    pub state: ItemState,
    /// SHA-256 of channel and canonical payload, hexadecimal.
    pub fingerprint: String,
    /// SHA-256 of the payload as stored, hexadecimal.
    pub payload_sha: String,
    /// The message that delivered it.
    pub message_id: Option<String>,
    /// Its channel.
    pub channel_id: Option<String>,
    /// Why it stands there.
    pub reason: Option<String>,
    /// Attempts so far.
    pub attempts: u32,
    /// The last change (UTC).
    pub updated_at: DateTime<Utc>,
    /// The last attempt.
    pub attempt: Option<LocalAttempt>,
}

/// The last attempt of such a row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct LocalAttempt {
    /// Its run.
    pub run_id: Uuid,
    /// Who ran it.
    pub owner: Owner,
    /// When that run began (UTC).
    pub started_at: DateTime<Utc>,
    /// When it ended (UTC).
    pub run_ended_at: Option<DateTime<Utc>>,
    /// The plan of that run.
    pub plan_id: String,
    /// The intent (UTC).
    pub intent_at: DateTime<Utc>,
    /// The end (UTC).
    pub ended_at: Option<DateTime<Utc>>,
    /// The word of the fate.
    pub outcome: Option<String>,
    /// Discord's HTTP status.
    pub http_status: Option<i32>,
    /// Discord's own code.
    pub code: Option<i64>,
    /// The message.
    pub message_id: Option<String>,
    /// Whom it pinged.
    pub ping: Option<String>,
    /// One line on it.
    pub note: Option<String>,
}

/// What the shared store made of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Adopted {
    /// It took it.
    Taken,
    /// It knew as much already.
    Known,
    /// It knows of another message that delivered the same row.
    Twice,
    /// Somebody is at it, or at its equal, just now: it is told again next time.
    Later,
}
