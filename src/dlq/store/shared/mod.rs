//! The store in the team's Postgres, schema `parky_ops`: any number of responders at once.
//!
//! Each step is one message, so one transaction, which names its fence; nothing is locked or open
//! while a request to Discord runs. Times are the server's. A connection that breaks is opened
//! again, and steps that recognise their own earlier commit are asked again; all of it holds behind
//! a transaction pooler.

mod access;
mod claim;
mod finish;
mod items;
mod read;
mod reap;
mod run;
mod schema;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    Attempt, AttemptEnd, AttemptRecord, Claim, Claimed, Fate, Finished, Frozen, InDoubt, Intent,
    Item, LaneTaken, NewRun, Owner, Receipt, Recent, RunRecord, Standing, Store, StoreError,
};
use crate::dlq::{FailureId, ItemState};
use crate::domain::{Caveat, EnvName, Redactor};
use crate::postgres::{Limits, PgError, PgErrorKind, Row, Session, Sql, Target};

pub use access::{Access, Schema, TeamTable};
pub use schema::{SCHEMA_VERSION, schema_sql};

/// How long a step may take.
const STEP_LIMIT: Duration = Duration::from_secs(5);
/// How long a step over a whole selection may take.
const BULK_LIMIT: Duration = Duration::from_secs(30);
/// How long a connect may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// The pauses before a connect is tried again.
const RECONNECT: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(500), Duration::from_millis(1000)];
/// How often a step is asked, at most.
const TRIES: u32 = 2;
/// How often a step is asked that the server undid because of a neighbour's.
const RACES: u32 = 6;
/// A session has no end of its own: each step has its limit.
const SESSION: Duration = Duration::from_secs(30 * 24 * 3600);

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

/// What may be done about a step of which no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    /// It recognises its own commit, or does no harm twice.
    Safe,
    /// It would be a second one.
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Read,
    Write,
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

    async fn run_init(&mut self, sql: &Sql, limit: Duration) -> Result<(), StoreError> {
        self.ask(sql, Mode::Write, limit, Again::Safe).await?;
        self.look().await.map(drop)
    }

    /// A step that changes something.
    async fn write(&mut self, sql: &Sql, again: Again) -> Result<Vec<Row>, StoreError> {
        self.write_within(sql, STEP_LIMIT, again).await
    }

    async fn write_within(
        &mut self,
        sql: &Sql,
        limit: Duration,
        again: Again,
    ) -> Result<Vec<Row>, StoreError> {
        self.access.check(&self.env)?;
        Ok(self.ask(sql, Mode::Write, limit, again).await?)
    }

    /// A step that reads. The stamp of another environment is a caveat of [`Access`] here, no more.
    async fn read(&mut self, sql: &Sql) -> Result<Vec<Row>, StoreError> {
        if matches!(self.access.schema, Schema::Missing | Schema::Hidden) {
            return Err(StoreError::NoSchema);
        }
        Ok(self.ask(sql, Mode::Read, BULK_LIMIT, Again::Safe).await?)
    }

    async fn ask(
        &mut self,
        sql: &Sql,
        mode: Mode,
        limit: Duration,
        again: Again,
    ) -> Result<Vec<Row>, StoreError> {
        let (mut tries, mut races) = (1, 1);
        loop {
            let session = self.connected().await?;
            let asked = match mode {
                Mode::Read => session.read_within(sql, limit).await,
                Mode::Write => session.write(sql, limit).await,
            };
            let error = match asked {
                Ok(rows) => return Ok(rows),
                Err(error) => error,
            };
            if is_race(&error) && races < RACES {
                races += 1;
            } else if error.may_have_happened() && again == Again::Safe && tries < TRIES {
                tries += 1;
            } else {
                return Err(error.into());
            }
        }
    }

    /// The session, opened anew where it broke.
    async fn connected(&mut self) -> Result<&mut Session, StoreError> {
        if self.session.as_ref().is_some_and(Session::is_broken) {
            self.session = None;
        }
        let session = match self.session.take() {
            Some(session) => session,
            None => {
                let mut session = connect(&self.target, &self.redactor).await?;
                // Another server may answer by now, or a newer program may have been here.
                self.access = access::look(&mut session, &self.team).await?;
                session
            }
        };
        Ok(self.session.insert(session))
    }
}

/// Connects, patiently where the server may be on its way back.
async fn connect(target: &Target, redactor: &Redactor) -> Result<Session, PgError> {
    let mut pauses = RECONNECT.into_iter();
    loop {
        let limits = Limits { connect: CONNECT_LIMIT, deadline: Instant::now() + SESSION };
        let error = match Session::connect(target, redactor, limits).await {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        use PgErrorKind::{Lost, Refused, Saturated, ServerDown, StartingUp};
        match pauses.next() {
            Some(pause)
                if matches!(error.kind(), Refused | Lost | Saturated | ServerDown | StartingUp) =>
            {
                sleep(pause).await;
            }
            _ => return Err(error),
        }
    }
}

/// Undone by the server because of somebody else's transaction: a deadlock, or an equal alert that
/// was claimed in the same moment. Asked again, the step sees what the other one did.
fn is_race(error: &PgError) -> bool {
    matches!(error.sqlstate(), Some("40001" | "40P01" | "23505"))
}

impl Store for SharedStore {
    async fn begin(&mut self, run: &NewRun) -> Result<Standing, StoreError> {
        run::begin(self, run).await
    }

    async fn beat(&mut self, run: Uuid, counts: &Value) -> Result<(), StoreError> {
        run::beat(self, run, counts).await
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
