//! Either store behind one type, chosen when a command starts.

use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::local::LocalStore;
use super::shared::SharedStore;
use super::{
    Attempt, AttemptEnd, AttemptRecord, Claim, Claimed, Fate, Finished, Frozen, InDoubt, Intent,
    Item, LaneTaken, NewRun, Owner, Receipt, Recent, RunRecord, Standing, Store, StoreError,
};
use crate::dlq::{FailureId, ItemState};
use crate::domain::Caveat;

/// See the module.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of them in a run")]
pub enum AnyStore {
    /// The team's Postgres: any number of responders at once.
    Shared(SharedStore),
    /// The local ledger: this machine only.
    Local(LocalStore),
    /// The local ledger, where the shared one is there but takes no writes of this role: what others
    /// have put into it until now is known.
    Beside(LocalStore, SharedStore),
}

impl AnyStore {
    /// Whether it protects this machine only.
    pub fn is_local(&self) -> bool {
        !matches!(self, Self::Shared(_))
    }
}

macro_rules! either {
    ($self:ident, $store:ident => $call:expr) => {
        match $self {
            AnyStore::Shared($store) => $call,
            AnyStore::Local($store) | AnyStore::Beside($store, _) => $call,
        }
    };
}

impl Store for AnyStore {
    async fn begin(&mut self, run: &NewRun) -> Result<Standing, StoreError> {
        either!(self, store => store.begin(run).await)
    }

    async fn beat(&mut self, run: Uuid, me: &Owner, counts: &Value) -> Result<u32, StoreError> {
        either!(self, store => store.beat(run, me, counts).await)
    }

    async fn end(&mut self, run: Uuid, how: &str, counts: &Value) -> Result<(), StoreError> {
        either!(self, store => store.end(run, how, counts).await)
    }

    async fn reap(&mut self, me: &Owner) -> Result<u64, StoreError> {
        either!(self, store => store.reap(me).await)
    }

    async fn take_lane(
        &mut self,
        run: Uuid,
        lane: &str,
        lease: Duration,
    ) -> Result<LaneTaken, StoreError> {
        either!(self, store => store.take_lane(run, lane, lease).await)
    }

    async fn leave_lane(&mut self, run: Uuid, lane: &str) -> Result<(), StoreError> {
        either!(self, store => store.leave_lane(run, lane).await)
    }

    async fn claim(
        &mut self,
        run: Uuid,
        lane: &str,
        lease: Duration,
        settle_equals: bool,
    ) -> Result<Claimed, StoreError> {
        either!(self, store => store.claim(run, lane, lease, settle_equals).await)
    }

    async fn intend(
        &mut self,
        claim: &Claim,
        intent: &Intent,
    ) -> Result<Option<Attempt>, StoreError> {
        either!(self, store => store.intend(claim, intent).await)
    }

    async fn still_ours(&mut self, attempt: &Attempt, left: Duration) -> Result<bool, StoreError> {
        either!(self, store => store.still_ours(attempt, left).await)
    }

    async fn finish(
        &mut self,
        attempt: &Attempt,
        fate: &Fate,
        end: &AttemptEnd,
    ) -> Result<Finished, StoreError> {
        either!(self, store => store.finish(attempt, fate, end).await)
    }

    async fn give_back(&mut self, claim: &Claim, fate: &Fate) -> Result<Finished, StoreError> {
        either!(self, store => store.give_back(claim, fate).await)
    }

    async fn intend_many(
        &mut self,
        run: Uuid,
        ids: &[FailureId],
        intent: &Intent,
    ) -> Result<Vec<Attempt>, StoreError> {
        either!(self, store => store.intend_many(run, ids, intent).await)
    }

    async fn finish_many(
        &mut self,
        attempts: &[Attempt],
        fate: &Fate,
        end: &AttemptEnd,
    ) -> Result<(), StoreError> {
        either!(self, store => store.finish_many(attempts, fate, end).await)
    }

    async fn absorb(&mut self, receipts: &[Receipt]) -> Result<u64, StoreError> {
        either!(self, store => store.absorb(receipts).await)
    }

    async fn items(
        &mut self,
        ids: &[FailureId],
        me: &Owner,
    ) -> Result<Vec<(FailureId, Item)>, StoreError> {
        either!(self, store => store.items(ids, me).await)
    }

    async fn attempts(&mut self, id: &FailureId) -> Result<Vec<AttemptRecord>, StoreError> {
        either!(self, store => store.attempts(id).await)
    }

    async fn in_doubt(&mut self, me: &Owner) -> Result<Vec<InDoubt>, StoreError> {
        either!(self, store => store.in_doubt(me).await)
    }

    async fn runs(&mut self, limit: u32, me: &Owner) -> Result<Vec<RunRecord>, StoreError> {
        either!(self, store => store.runs(limit, me).await)
    }

    async fn recent(&mut self) -> Result<Vec<Recent>, StoreError> {
        either!(self, store => store.recent().await)
    }

    async fn known(&mut self, limit: u32) -> Result<Vec<(FailureId, ItemState)>, StoreError> {
        let Self::Beside(local, shared) = self else {
            return either!(self, store => store.known(limit).await);
        };
        // The later one of two words counts: what either has settled is settled. What another run
        // claims may be sent at any time.
        let there = shared.known(limit).await?.into_iter().map(|(id, state)| match state {
            ItemState::Claimed => (id, ItemState::Sending),
            _ => (id, state),
        });
        let (settled, mut known): (Vec<_>, Vec<_>) =
            there.partition(|(_, state)| state.is_settled());
        known.extend(local.known(limit).await?);
        known.extend(settled);
        Ok(known)
    }

    async fn resolve(
        &mut self,
        id: &FailureId,
        delivered: Option<&str>,
        by: &str,
    ) -> Result<bool, StoreError> {
        either!(self, store => store.resolve(id, delivered, by).await)
    }

    async fn discard(
        &mut self,
        rows: &[Frozen],
        reason: &str,
        by: &str,
    ) -> Result<Vec<FailureId>, StoreError> {
        either!(self, store => store.discard(rows, reason, by).await)
    }

    fn caveats(&mut self) -> Vec<Caveat> {
        either!(self, store => store.caveats())
    }
}
