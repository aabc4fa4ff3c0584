//! Who holds which dead letter, what was sent, and how it ended: one state machine, two stores.
//!
//! The steps that make a replay safe are transactions of a [`Store`]: *claim* (a lease and a new
//! fence), *intend* (committed before the first byte leaves), *finish*. Each later step names the
//! fence; one that finds another fence changes nothing and says so, and the caller must not send.

pub mod any;
mod ending;
pub mod local;

pub mod shared;
#[cfg(test)]
#[expect(clippy::panic, reason = "how a test fails")]
mod suite;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{FailureId, ItemState};
use crate::domain::Caveat;
use crate::postgres::PgError;
use crate::state::StateError;

/// Why a store did not do what it was asked. Nothing was changed, except after
/// [`StoreError::may_have_happened`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The team's Postgres.
    #[error("the shared ledger: {0}")]
    Shared(#[from] PgError),
    /// The local state file.
    #[error("the local ledger: {0}")]
    Local(#[from] StateError),
    /// The schema is not there.
    #[error("schema parky_ops is not in the database")]
    NoSchema,
    /// A newer program has changed the schema.
    #[error("schema parky_ops is of version {found}, this program knows up to {known}")]
    Newer {
        /// The version found.
        found: i64,
        /// The newest known one.
        known: i64,
    },
    /// The schema belongs to another environment.
    #[error("schema parky_ops is stamped for {stamped}, not for {asked}")]
    OtherEnv {
        /// The environment in `parky_ops.meta`.
        stamped: String,
        /// The one that was asked for.
        asked: String,
    },
}

impl StoreError {
    /// Whether the change may have been committed although no answer came.
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Shared(error) => error.may_have_happened(),
            _ => false,
        }
    }

    /// Whether the same step may succeed a little later: the server is away or busy.
    pub fn may_pass(&self) -> bool {
        use crate::postgres::PgErrorKind as Kind;
        match self {
            Self::Shared(error) => !matches!(
                error.kind(),
                Kind::Credential
                    | Kind::NoDatabase
                    | Kind::NoPermission
                    | Kind::NoTable
                    | Kind::NoSchema
                    | Kind::NoColumn
                    | Kind::Query
                    | Kind::Config
                    | Kind::Tls
            ),
            _ => false,
        }
    }
}

/// A process that replays, told from every other one, dead ones too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// Who operates.
    pub operator: String,
    /// The machine's name.
    pub host: String,
    /// The machine's boot, so that a process number of before a restart means nobody.
    pub boot_id: String,
    /// Process number.
    pub pid: u32,
    /// When that process started, in the system's own ticks since boot.
    pub pid_started: String,
    /// This program's version.
    pub version: String,
}

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

/// Where each row of the selection stood once the run had begun.
pub type Standing = Vec<(FailureId, Item)>;

/// What a store knows of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its lane.
    pub lane: String,
    /// Its state. A `sending` one whose lease is over, or whose owner is dead, counts as unsure.
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

/// Leases, fences, attempts and their ends. Each method is one transaction of its own, durable when
/// it returns, and uses the store's own clock.
#[expect(async_fn_in_trait, reason = "both stores live in this crate, and run on one thread")]
pub trait Store {
    /// Registers the run and freezes its selection: items that are new become open; a rejected one
    /// whose payload has changed is open again; with `resend_unsure` unsure ones are. Tells where
    /// each row stands then.
    async fn begin(&mut self, run: &NewRun) -> Result<Standing, StoreError>;

    /// A sign of life, with the rows by fate so far.
    async fn beat(&mut self, run: Uuid, counts: &Value) -> Result<(), StoreError>;

    /// The end of a run: its lanes are free, what it had claimed is open again.
    async fn end(&mut self, run: Uuid, how: &str, counts: &Value) -> Result<(), StoreError>;

    /// Makes `sending` items unsure whose lease is over, or whose owner is known to be dead (same
    /// host: other boot, no such process, or another start time); such owners lose their claims and
    /// lanes too. Tells how many became unsure.
    async fn reap(&mut self, me: &Owner) -> Result<u64, StoreError>;

    /// Takes or renews a lane.
    async fn take_lane(
        &mut self,
        run: Uuid,
        lane: &str,
        lease: Duration,
    ) -> Result<LaneTaken, StoreError>;

    /// Lets a lane go.
    async fn leave_lane(&mut self, run: Uuid, lane: &str) -> Result<(), StoreError>;

    /// Claims the next row of the run's selection on `lane`, passing over one whose equal is being
    /// sent or unsure. With `settle_equals`, rows whose equal was delivered in the last 24 h are
    /// skipped first.
    async fn claim(
        &mut self,
        run: Uuid,
        lane: &str,
        lease: Duration,
        settle_equals: bool,
    ) -> Result<Claimed, StoreError>;

    /// Records the intent to send. `None`: somebody else has the item, or its equal is being sent;
    /// do not send.
    async fn intend(
        &mut self,
        claim: &Claim,
        intent: &Intent,
    ) -> Result<Option<Attempt>, StoreError>;

    /// Whether the item is still ours to send: `sending` under our fence, with at least `left` of
    /// the lease to go.
    async fn still_ours(&mut self, attempt: &Attempt, left: Duration) -> Result<bool, StoreError>;

    /// The end of an attempt, and what becomes of its item. May be called again after an error that
    /// [`StoreError::may_have_happened`].
    async fn finish(
        &mut self,
        attempt: &Attempt,
        fate: &Fate,
        end: &AttemptEnd,
    ) -> Result<Finished, StoreError>;

    /// The end of a claim that led to no attempt: rejected, skipped or released.
    async fn give_back(&mut self, claim: &Claim, fate: &Fate) -> Result<Finished, StoreError>;

    /// Claims these rows and records the intent for all of them, in one transaction, for one message
    /// that tells them all. Rows that are not open, or whose equal is under way, are left out.
    async fn intend_many(
        &mut self,
        run: Uuid,
        ids: &[FailureId],
        intent: &Intent,
    ) -> Result<Vec<Attempt>, StoreError>;

    /// Ends all of them alike, in one transaction.
    async fn finish_many(
        &mut self,
        attempts: &[Attempt],
        fate: &Fate,
        end: &AttemptEnd,
    ) -> Result<(), StoreError>;

    /// Puts receipts of the local ledger where they are missing: an item that is still `sending` or
    /// `unsure` under the receipt's fence gets the receipt's fate. Tells how many did.
    async fn absorb(&mut self, receipts: &[Receipt]) -> Result<u64, StoreError>;

    /// What is known of these rows; rows that are not known are left out. `me` tells dead owners.
    async fn items(
        &mut self,
        ids: &[FailureId],
        me: &Owner,
    ) -> Result<Vec<(FailureId, Item)>, StoreError>;

    /// The attempts of a row, oldest first.
    async fn attempts(&mut self, id: &FailureId) -> Result<Vec<AttemptRecord>, StoreError>;

    /// All rows in doubt, oldest first.
    async fn in_doubt(&mut self, me: &Owner) -> Result<Vec<InDoubt>, StoreError>;

    /// The newest runs.
    async fn runs(&mut self, limit: u32, me: &Owner) -> Result<Vec<RunRecord>, StoreError>;

    /// Posts of the last 60 s on any lane, by any process.
    async fn recent(&mut self) -> Result<Vec<Recent>, StoreError>;

    /// The keys that are settled (`delivered`, `skipped`, `discarded`) and those that are not to be
    /// sent by themselves (`unsure`, `rejected`, `sending`, `claimed`), with their states; at most
    /// `limit` of them, newest change first. For subtracting what is no longer open.
    async fn known(&mut self, limit: u32) -> Result<Vec<(FailureId, ItemState)>, StoreError>;

    /// An operator's word on a row in doubt: delivered as this message, or not delivered.
    async fn resolve(
        &mut self,
        id: &FailureId,
        delivered: Option<&str>,
        by: &str,
    ) -> Result<bool, StoreError>;

    /// Settles rows with a reason. Unknown ones become known. Tells which were.
    async fn discard(
        &mut self,
        rows: &[Frozen],
        reason: &str,
        by: &str,
    ) -> Result<Vec<FailureId>, StoreError>;

    /// What went otherwise than asked without being an error, told once: a delivered row of the
    /// team's table that could not be marked.
    fn caveats(&mut self) -> Vec<Caveat> {
        Vec::new()
    }
}
