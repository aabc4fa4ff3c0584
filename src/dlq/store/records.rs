//! What a store tells: rows as it knows them, attempts, runs, and who holds a lane.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::dlq::{FailureId, ItemState, Owner};

/// Where each row of the selection stood once the run had begun.
pub type Standing = Vec<(FailureId, Item)>;

/// What a store knows of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its lane.
    pub lane: String,
    /// Its state. Where its lease is over, or its owner is dead, a `claimed` one
    /// counts as open, and a `sending` one as unsure.
    pub state: ItemState,
    /// Attempts so far.
    pub attempts: u32,
    /// The message that delivered it, or the digest that told it.
    pub message_id: Option<String>,
    /// The Discord channel of that message.
    pub channel_id: Option<String>,
    /// Why it stands there.
    pub reason: Option<String>,
    /// The last change (UTC).
    pub updated_at: DateTime<Utc>,
}

/// A run that holds a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Its id.
    pub run: Uuid,
    /// Who runs it.
    pub operator: String,
    /// Where.
    pub host: String,
    /// Since when (UTC).
    pub since: DateTime<Utc>,
    /// Rows selected.
    pub selected: u64,
    /// Rows that came to an end so far.
    pub done: u64,
    /// How long its lease lasts, unless it renews it.
    #[serde(skip)]
    pub lease: Duration,
}

/// An attempt as the audit shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttemptRecord {
    /// The row.
    pub failure_id: String,
    /// The run.
    pub run: Uuid,
    /// Who ran it.
    pub operator: String,
    /// The intent (UTC).
    pub intent_at: DateTime<Utc>,
    /// The end (UTC); `None`: not on record.
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

/// A row of which nobody knows whether it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InDoubt {
    /// The row.
    pub id: FailureId,
    /// What the store knows.
    pub item: Item,
    /// The last attempt; its intent opens the window in which the message may stand.
    pub attempt: Option<AttemptRecord>,
}

/// A run as `dlq runs` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunRecord {
    /// Its id.
    pub run: Uuid,
    /// Who runs it.
    pub owner: Owner,
    /// Begun (UTC).
    pub started_at: DateTime<Utc>,
    /// Last sign of life (UTC).
    pub heartbeat_at: DateTime<Utc>,
    /// Ended (UTC).
    pub ended_at: Option<DateTime<Utc>>,
    /// How: `done`, `stopped`, `interrupted`, …
    pub ended_how: Option<String>,
    /// Whether its process is known to be gone without having said so.
    pub dead: bool,
    /// The plan.
    pub plan_id: String,
    /// Rows selected.
    pub selected: u64,
    /// Rows by fate so far.
    pub counts: Value,
}

/// A post of the last minute, whoever made it, for the pace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    /// The lane.
    pub lane: String,
    /// How long ago.
    pub age: Duration,
}
