//! What this machine's own ledger settled, carried over into the shared store: rows that were
//! delivered, skipped, discarded or in doubt before `dlq init`, or while the database took no writes,
//! must not be sent again by whoever replays next.
//!
//! Reads the local store and writes to both: the shared one takes each chunk in one transaction, and
//! only then the local one notes what is known there. Carried once more, nothing changes.

use serde::Serialize;

use super::handover::Adopted;
use super::local::LocalStore;
use super::shared::SharedStore;
use super::{Owner, Store as _, StoreError};
use crate::dlq::ItemState;

/// Rows that go over in one transaction.
const CHUNK: u32 = 5_000;

/// What went over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Carried {
    /// Rows that arrived.
    pub delivered: u64,
    /// Rows that were skipped or discarded on purpose, or that Discord cannot take.
    pub settled: u64,
    /// Rows of which nobody knows whether they arrived.
    pub unsure: u64,
    /// Rows that somebody else has delivered as well.
    pub twice: u64,
    /// Rows that wait for somebody who is at them.
    pub later: u64,
}

impl Carried {
    /// Rows that the shared store did not know.
    pub fn rows(&self) -> u64 {
        self.delivered + self.settled + self.unsure
    }

    fn count(&mut self, state: ItemState, adopted: &Adopted) {
        let place = match (adopted, state) {
            (Adopted::Known, _) => return,
            (Adopted::Twice, _) => &mut self.twice,
            (Adopted::Later, _) => &mut self.later,
            (Adopted::Taken, ItemState::Delivered) => &mut self.delivered,
            (Adopted::Taken, ItemState::Unsure) => &mut self.unsure,
            (Adopted::Taken, _) => &mut self.settled,
        };
        *place += 1;
    }
}

/// Why nothing was carried over.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    /// A run of this machine is at work with the local ledger, of which the shared one knows nothing.
    #[error(
        "a replay of {} (process {}) is under way on this machine and keeps its ledger here",
        .0.operator, .0.pid
    )]
    Running(Owner),
    /// A store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes sure that no run of this machine is at work with the local ledger, and that what dead ones
/// held is let go.
///
/// # Errors
/// [`CarryError::Running`], or the ledger cannot be used.
pub async fn nobody_at_work(local: &mut LocalStore, me: &Owner) -> Result<(), CarryError> {
    local.reap(me).await?;
    match local.at_work(me).await? {
        Some(owner) => Err(CarryError::Running(owner)),
        None => Ok(()),
    }
}

/// Tells `shared` what `local` settled and it has not heard of.
///
/// # Errors
/// A run with the local ledger is under way, or a store cannot be used. What went over until then
/// stays there.
pub async fn carry_over(
    local: &mut LocalStore,
    shared: &mut SharedStore,
    me: &Owner,
) -> Result<Carried, CarryError> {
    nobody_at_work(local, me).await?;
    let mut carried = Carried::default();
    let mut since = None;
    loop {
        let rows = local.untold(since, CHUNK).await?;
        let Some(last) = rows.last() else { return Ok(carried) };
        since = Some((last.updated_at, last.id.clone()));
        let adopted = shared.adopt(&rows).await?;
        let mut told = Vec::new();
        for (row, adopted) in rows.iter().zip(&adopted) {
            carried.count(row.state, adopted);
            if *adopted != Adopted::Later {
                told.push((row.id.clone(), row.updated_at));
            }
        }
        local.told(&told).await?;
    }
}
