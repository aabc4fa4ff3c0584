//! The store in the team's Postgres, schema `parky_ops`: any number of responders at once.
//!
//! Each step is one message, so one transaction, which names its fence; nothing is locked or open
//! while a request to Discord runs. Times are the server's. A connection that breaks is opened
//! again, and steps that recognise their own earlier commit are asked again; all of it holds behind
//! a transaction pooler.

mod access;
mod carry;
mod claim;
mod connection;
mod finish;
mod items;
mod read;
mod reap;
mod run;
mod schema;
mod settled;
#[cfg(test)]
#[expect(clippy::panic, reason = "how a test fails")]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::{
    Attempt, AttemptEnd, AttemptRecord, Claim, Claimed, Fate, Finished, Frozen, InDoubt, Intent,
    Item, LaneTaken, NewRun, Owner, Receipt, Recent, RunRecord, Standing, Store, StoreError,
};
use crate::dlq::{FailureId, ItemState};
use crate::domain::{Caveat, EnvName, Redactor};
use crate::postgres::{Session, Sql, Target};

use connection::{Again, connect};

pub use access::{Access, Schema, TeamTable};
pub use schema::{SCHEMA_VERSION, schema_sql};
pub use settled::{Told, settled};

/// How long a step may take.
const STEP_LIMIT: Duration = Duration::from_secs(5);
/// How long a step over a whole selection may take.
const BULK_LIMIT: Duration = Duration::from_secs(30);
/// The update of the team's row that goes with a delivery, as one statement without an answer.
pub trait Mark {
    /// The statement for this row; `None`: there is nothing to update.
    fn sql(&self, id: &FailureId) -> Option<Sql>;
}

impl<F: Fn(&FailureId) -> Option<Sql>> Mark for F {
    fn sql(&self, id: &FailureId) -> Option<Sql> {
        self(id)
    }
}

/// The store, and what the look before it told.
#[derive(Debug)]
pub struct Opened {
    /// The store. Without the schema all it can do is [`SharedStore::init`].
    pub store: SharedStore,
    /// What the role may do.
    pub access: Access,
}

/// The store in the team's Postgres.
pub struct SharedStore {
    target: Target,
    redactor: Redactor,
    env: EnvName,
    team: TeamTable,
    mark: Option<Box<dyn Mark>>,
    session: Option<Session>,
    access: Access,
    caveats: Vec<Caveat>,
    /// For each run and lane, the place in the selection below which everything has come to an end.
    begins: HashMap<(Uuid, String), i64>,
}

impl std::fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedStore")
            .field("target", &self.target)
            .field("env", &self.env)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

impl SharedStore {
    /// Connects, and looks what may be done; changes nothing. `team`: the table whose status a
    /// delivery may mark.
    ///
    /// # Errors
    /// No connection, or a catalogue that cannot be read. A schema that is missing, newer or of
    /// another environment is no error here: [`Opened::access`] tells.
    pub async fn open(
        target: Target,
        redactor: Redactor,
        env: EnvName,
        team: TeamTable,
    ) -> Result<Opened, StoreError> {
        let mut session = connect(&target, &redactor).await?;
        let access = access::look(&mut session, &team).await?;
        let store = Self {
            target,
            redactor,
            env,
            team,
            mark: None,
            session: Some(session),
            access: access.clone(),
            caveats: Vec::new(),
            begins: HashMap::new(),
        };
        Ok(Opened { store, access })
    }

    /// Updates the team's row with each delivery, in the same transaction.
    #[must_use]
    pub fn marking(self, mark: impl Mark + 'static) -> Self {
        Self { mark: Some(Box::new(mark)), ..self }
    }

    /// Says goodbye to the server.
    pub async fn close(self) {
        if let Some(session) = self.session {
            session.close().await;
        }
    }

    /// Looks again what may be done, as after [`SharedStore::init`].
    ///
    /// # Errors
    /// As [`SharedStore::open`].
    pub async fn look(&mut self) -> Result<&Access, StoreError> {
        self.connected().await?;
        if let Some(session) = &mut self.session {
            self.access = access::look(session, &self.team).await?;
        }
        Ok(&self.access)
    }
}

impl Store for SharedStore {
    async fn begin(&mut self, run: &NewRun) -> Result<Standing, StoreError> {
        run::begin(self, run).await
    }

    async fn beat(&mut self, run: Uuid, me: &Owner, counts: &Value) -> Result<u32, StoreError> {
        run::beat(self, run, me, counts).await
    }

    async fn end(&mut self, run: Uuid, how: &str, counts: &Value) -> Result<(), StoreError> {
        run::end(self, run, how, counts).await
    }

    async fn reap(&mut self, me: &Owner) -> Result<u64, StoreError> {
        reap::reap(self, me).await
    }

    async fn take_lane(
        &mut self,
        run: Uuid,
        lane: &str,
        lease: Duration,
    ) -> Result<LaneTaken, StoreError> {
        run::take_lane(self, run, lane, lease).await
    }

    async fn leave_lane(&mut self, run: Uuid, lane: &str) -> Result<(), StoreError> {
        run::leave_lane(self, run, lane).await
    }

    async fn claim(
        &mut self,
        run: Uuid,
        lane: &str,
        lease: Duration,
        settle_equals: bool,
    ) -> Result<Claimed, StoreError> {
        claim::claim(self, run, lane, lease, settle_equals).await
    }

    async fn intend(
        &mut self,
        claim: &Claim,
        intent: &Intent,
    ) -> Result<Option<Attempt>, StoreError> {
        claim::intend(self, claim, intent).await
    }

    async fn still_ours(&mut self, attempt: &Attempt, left: Duration) -> Result<bool, StoreError> {
        claim::still_ours(self, attempt, left).await
    }

    async fn finish(
        &mut self,
        attempt: &Attempt,
        fate: &Fate,
        end: &AttemptEnd,
    ) -> Result<Finished, StoreError> {
        finish::finish(self, attempt, fate, end).await
    }

    async fn give_back(&mut self, claim: &Claim, fate: &Fate) -> Result<Finished, StoreError> {
        finish::give_back(self, claim, fate).await
    }

    async fn intend_many(
        &mut self,
        run: Uuid,
        ids: &[FailureId],
        intent: &Intent,
    ) -> Result<Vec<Attempt>, StoreError> {
        claim::intend_many(self, run, ids, intent).await
    }

    async fn finish_many(
        &mut self,
        attempts: &[Attempt],
        fate: &Fate,
        end: &AttemptEnd,
    ) -> Result<(), StoreError> {
        finish::finish_many(self, attempts, fate, end).await
    }

    async fn absorb(&mut self, receipts: &[Receipt]) -> Result<u64, StoreError> {
        finish::absorb(self, receipts).await
    }

    async fn items(
        &mut self,
        ids: &[FailureId],
        me: &Owner,
    ) -> Result<Vec<(FailureId, Item)>, StoreError> {
        items::items(self, ids, me).await
    }

    async fn attempts(&mut self, id: &FailureId) -> Result<Vec<AttemptRecord>, StoreError> {
        read::attempts(self, id).await
    }

    async fn in_doubt(&mut self, me: &Owner) -> Result<Vec<InDoubt>, StoreError> {
        read::in_doubt(self, me).await
    }

    async fn runs(&mut self, limit: u32, me: &Owner) -> Result<Vec<RunRecord>, StoreError> {
        read::runs(self, limit, me).await
    }

    async fn recent(&mut self) -> Result<Vec<Recent>, StoreError> {
        read::recent(self).await
    }

    async fn known(&mut self, limit: u32) -> Result<Vec<(FailureId, ItemState)>, StoreError> {
        items::known(self, limit).await
    }

    async fn resolve(
        &mut self,
        id: &FailureId,
        delivered: Option<&str>,
        by: &str,
    ) -> Result<bool, StoreError> {
        finish::resolve(self, id, delivered, by).await
    }

    async fn discard(
        &mut self,
        rows: &[Frozen],
        reason: &str,
        by: &str,
    ) -> Result<Vec<FailureId>, StoreError> {
        items::discard(self, rows, reason, by).await
    }

    fn caveats(&mut self) -> Vec<Caveat> {
        std::mem::take(&mut self.caveats)
    }
}
