//! What a ledger knows of the rows that a reading command shows.

use super::store::{AttemptRecord, Item, StoreError};
use super::{FailureId, ItemState, Letter, Table};
use crate::domain::Caveat;

/// The ledger as reading commands see it. It may not share the session that a list is read with: a
/// cursor would be lost by another question.
#[expect(async_fn_in_trait, reason = "the ledgers live in this program, and run on one thread")]
pub trait Known {
    /// What is known of these rows; those that are not known are left out.
    async fn items(&mut self, ids: &[FailureId]) -> Result<Vec<(FailureId, Item)>, StoreError>;

    /// The attempts of a row, oldest first.
    async fn attempts(&mut self, id: &FailureId) -> Result<Vec<AttemptRecord>, StoreError>;

    /// The rows that are settled, a bounded number, newest change first.
    async fn settled(&mut self) -> Result<Vec<FailureId>, StoreError>;

    /// What the reader has to know of this ledger.
    fn caveats(&self) -> Vec<Caveat>;
}

/// No ledger: the table's own words are all there is.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLedger;

impl Known for NoLedger {
    async fn items(&mut self, _: &[FailureId]) -> Result<Vec<(FailureId, Item)>, StoreError> {
        Ok(Vec::new())
    }

    async fn attempts(&mut self, _: &FailureId) -> Result<Vec<AttemptRecord>, StoreError> {
        Ok(Vec::new())
    }

    async fn settled(&mut self) -> Result<Vec<FailureId>, StoreError> {
        Ok(Vec::new())
    }

    fn caveats(&self) -> Vec<Caveat> {
        Vec::new()
    }
}

/// The state of a row that neither waits nor was ever touched by a replay.
pub const OTHER: &str = "other";

/// Where a row stands: what the ledger says, else whether its own word means open.
pub fn standing(table: &Table, letter: &Letter, item: Option<&Item>) -> &'static str {
    match item.map(|item| item.state) {
        Some(state) if state != ItemState::Open => state.word(),
        _ if table.is_open_word(&letter.status) => ItemState::Open.word(),
        _ => OTHER,
    }
}
