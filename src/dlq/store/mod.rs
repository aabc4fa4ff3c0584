//! Who holds which dead letter, what was sent, and how it ended: one state machine, two stores.
//!
//! The steps that make a replay safe are transactions of a [`Store`]: *claim* (a lease and a new
//! fence), *intend* (committed before the first byte leaves), *finish*. Each later step names the
//! fence; one that finds another fence changes nothing and says so, and the caller must not send.

pub mod any;
pub mod carry;
mod ending;
mod error;
mod handover;
pub mod local;
mod records;
pub mod shared;
mod steps;
#[cfg(test)]
#[expect(clippy::panic, reason = "how a test fails")]
mod suite;

use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::{FailureId, ItemState, Owner};
use crate::domain::Caveat;

pub use error::StoreError;
pub use records::{AttemptRecord, Holder, InDoubt, Item, Recent, RunRecord, Standing};
pub use steps::{
    Attempt, AttemptEnd, Claim, Claimed, Fate, Finished, Frozen, Intent, LaneTaken, NewRun, Receipt,
};

/// How long after its last sign of life a run counts as alive.
pub(crate) const ALIVE: Duration = Duration::from_secs(15);

/// Leases, fences, attempts and their ends. Each method is one transaction of its own, durable when
/// it returns, and uses the store's own clock.
#[expect(async_fn_in_trait, reason = "both stores live in this crate, and run on one thread")]
pub trait Store {
    /// Registers the run and freezes its selection: items that are new become open; a rejected one
    /// whose payload has changed is open again; with `resend_unsure` unsure ones are. Tells where
    /// each row stands then.
    async fn begin(&mut self, run: &NewRun) -> Result<Standing, StoreError>;

    /// A sign of life, with the rows by fate so far. Tells how many other runs are alive: neither
    /// ended nor known to be dead, and heard of within `ALIVE`.
    async fn beat(&mut self, run: Uuid, me: &Owner, counts: &Value) -> Result<u32, StoreError>;

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
