//! What the steps of a replay take and give: a run, its claims, attempts and their ends.

use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::Holder;
use crate::dlq::{FailureId, Owner};

/// A row of a frozen selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// Its key.
    pub id: FailureId,
    /// Its lane.
    pub lane: String,
    /// SHA-256 of channel and canonical payload as stored.
    pub fingerprint: [u8; 32],
    /// SHA-256 of the payload as stored.
    pub payload_sha: [u8; 32],
}

/// A run as it begins.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Its id.
    pub run: Uuid,
    /// Who runs it.
    pub owner: Owner,
    /// The plan that was agreed to.
    pub plan_id: String,
    /// The filter, for the record.
    pub filter: Value,
    /// The options, for the record.
    pub options: Value,
    /// The selection in the order of sending.
    pub rows: Vec<Frozen>,
    /// Take unsure rows of the selection back to the queue (`--resend-unsure`).
    pub resend_unsure: bool,
}

/// An item that this run holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The row.
    pub id: FailureId,
    /// The run.
    pub run: Uuid,
    /// Its lane.
    pub lane: String,
    /// Grows with each claim; a step with an older one changes nothing.
    pub fence: i64,
    /// What the plan saw.
    pub payload_sha: [u8; 32],
}

/// What there was to claim on a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// This.
    Item(Claim),
    /// These are the same alert as one that was delivered: they are `skipped` now.
    Duplicates(Vec<(FailureId, FailureId)>),
    /// Nothing before so long: `not_before`, or a lease of somebody else.
    Later(Duration),
    /// Nothing any more.
    Nothing,
}

/// Who may post to a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaneTaken {
    /// This run, from now on.
    Mine,
    /// Another run.
    Held(Holder),
}

/// An attempt as its intent is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Whom the message is to ping: `none`, `original`, `forced`.
    pub ping: &'static str,
    /// SHA-256 of the body that will be sent.
    pub payload_sha: [u8; 32],
    /// How long nobody else may touch the item.
    pub lease: Duration,
}

/// A recorded intent. The first byte may leave only after this exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The claim.
    pub claim: Claim,
    /// The attempt's number in the store.
    pub id: i64,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttemptEnd {
    /// Discord's HTTP status.
    pub http_status: Option<u16>,
    /// Discord's own code.
    pub code: Option<i64>,
    /// The wait that Discord asked for.
    pub retry_after: Option<Duration>,
    /// One line on it.
    pub note: String,
}

/// What becomes of the item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It arrived as this message. With `settle_equals` the open items of the same fingerprint are
    /// skipped in the same transaction.
    Delivered {
        /// The message; `None` where the answer did not tell.
        message_id: Option<String>,
        /// Its channel.
        channel_id: Option<String>,
        /// Skip the equals.
        settle_equals: bool,
    },
    /// It cannot be sent as it is.
    Rejected(String),
    /// Nothing was sent; not before so long.
    Released {
        /// Why.
        reason: String,
        /// The wait.
        not_before: Duration,
    },
    /// Nobody can tell.
    Unsure(String),
    /// It is not to be sent.
    Skipped(String),
}

/// How a last step was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finished {
    /// As asked; these equals of a delivered row are `skipped` now.
    Done(Vec<FailureId>),
    /// Somebody else holds the item by now; the end stands in the attempt only.
    TakenOver,
}

/// A receipt of the local ledger: a send that ended, whether the shared store heard of it or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The row.
    pub id: FailureId,
    /// The run.
    pub run: Uuid,
    /// The fence of its attempt.
    pub fence: i64,
    /// What became of it.
    pub fate: Fate,
    /// How the attempt ended.
    pub end: AttemptEnd,
}
