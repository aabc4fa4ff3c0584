//! The store in the local state file, where the team's database has no place for one: a read-only
//! role, or no schema. It protects this machine only.
//!
//! Each step is one `BEGIN IMMEDIATE` transaction, so the processes of this machine take turns. Times
//! come from the clock that is handed in.
#![expect(clippy::disallowed_methods, reason = "SQLite: there is no pooler between")]

mod carry;
mod claim;
mod finish;
mod items;
mod read;
mod run;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Connection as _, Row as _, query_scalar};
use uuid::Uuid;

use super::ending::{Ending, words};
use super::handover::LocalRow;
use super::{
    Attempt, AttemptEnd, AttemptRecord, Claim, Claimed, Fate, Finished, Frozen, InDoubt, Intent,
    Item, LaneTaken, NewRun, Owner, Receipt, Recent, RunRecord, Standing, Store, StoreError,
};
use crate::dlq::{FailureId, ItemState};
use crate::domain::{Clock, EnvName};
use crate::state::State;

/// The store in the local state file.
#[derive(Debug)]
pub struct LocalStore {
    state: State,
    env: EnvName,
    /// The table of the team that the rows are of.
    source: String,
    clock: Clock,
    begin: &'static str,
    /// For each run and lane, the place in the selection below which everything has come to an end.
    begins: HashMap<(Uuid, String), i64>,
}

/// A step at work: the transaction, of which environment, and when.
struct At<'a> {
    connection: &'a mut SqliteConnection,
    env: &'a str,
    source: &'a str,
    now: DateTime<Utc>,
}

impl At<'_> {
    fn micros(&self) -> i64 {
        self.now.timestamp_micros()
    }

    fn after(&self, wait: Duration) -> i64 {
        let wait = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        self.micros().saturating_add(wait)
    }

    fn before(&self, wait: Duration) -> i64 {
        let wait = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        self.micros().saturating_sub(wait)
    }
}

impl LocalStore {
    /// The store of `env` in this state file.
    pub fn new(state: State, env: EnvName, clock: Clock) -> Self {
        let (source, begin) = (String::new(), "BEGIN IMMEDIATE");
        Self { state, env, source, clock, begin, begins: HashMap::new() }
    }

    /// Says of which table of the team the rows are, so that they are carried over to no other.
    #[must_use]
    pub fn of_table(self, table: &(impl ToString + ?Sized)) -> Self {
        Self { source: table.to_string(), ..self }
    }

    /// The store of `env` in this directory, if a replay has ever kept anything there.
    ///
    /// # Errors
    /// The file cannot be used.
    pub async fn existing(
        directory: &Path,
        env: EnvName,
        clock: Clock,
    ) -> Result<Option<Self>, StoreError> {
        if Self::for_reading(directory, env.clone(), clock).await?.is_none() {
            return Ok(None);
        }
        Ok(Some(Self::new(State::open(directory).await?, env, clock)))
    }

    pub(super) async fn at_work(&mut self, me: &Owner) -> Result<Option<Owner>, StoreError> {
        self.step(async |at| carry::at_work(at, me).await).await
    }

    pub(super) async fn untold(
        &mut self,
        since: Option<(DateTime<Utc>, FailureId)>,
        limit: u32,
    ) -> Result<Vec<LocalRow>, StoreError> {
        self.step(async |at| carry::untold(at, since.as_ref(), limit).await).await
    }

    pub(super) async fn told(
        &mut self,
        rows: &[(FailureId, DateTime<Utc>)],
    ) -> Result<(), StoreError> {
        self.step(async |at| carry::told(at, rows).await).await
    }

    /// The store of `env` as it stands, for reading alone; `None` where this machine keeps none.
    /// Makes no file. Steps that change something fail.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn for_reading(
        directory: &Path,
        env: EnvName,
        clock: Clock,
    ) -> Result<Option<Self>, StoreError> {
        let Some(state) = State::open_existing(directory).await? else { return Ok(None) };
        let mut store = Self { begin: "BEGIN", ..Self::new(state, env, clock) };
        let exists =
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'replay_item'";
        let found: i64 = store
            .step(async |at| query_scalar(exists).fetch_one(&mut *at.connection).await)
            .await?;
        Ok((found > 0).then_some(store))
    }

    /// Closes the file.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn close(self) -> Result<(), StoreError> {
        Ok(self.state.close().await?)
    }

    /// Runs a step in a transaction of its own, on the disk when this returns. The lock comes first,
    /// so that `now` is not older than what others did while we waited for it; who only reads takes
    /// none.
    async fn step<T>(
        &mut self,
        step: impl AsyncFnOnce(&mut At<'_>) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        let (env, source, clock) = (self.env.as_str(), self.source.as_str(), self.clock);
        let begin = self.begin;
        let connection = self.state.connection();
        let done = async {
            let mut transaction = connection.begin_with(begin).await?;
            let mut at = At { connection: &mut transaction, env, source, now: clock.now() };
            let done = step(&mut at).await?;
            transaction.commit().await?;
            Ok(done)
        };
        done.await.map_err(|error| self.state.error(error).into())
    }

    /// Runs a step of one statement, which SQLite makes a transaction of.
    async fn alone<T>(
        &mut self,
        step: impl AsyncFnOnce(&mut At<'_>) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        let (env, source, now) = (self.env.as_str(), self.source.as_str(), self.clock.now());
        let mut at = At { connection: self.state.connection(), env, source, now };
        step(&mut at).await.map_err(|error| self.state.error(error).into())
    }
}

/// States as a JSON array, for `IN (SELECT value FROM json_each(?))`.
fn json(states: &[ItemState]) -> String {
    Value::from_iter(words(states)).to_string()
}

/// Keys as a JSON array.
fn json_ids<'a>(ids: impl IntoIterator<Item = &'a FailureId>) -> String {
    Value::from_iter(ids.into_iter().map(FailureId::as_str)).to_string()
}

fn unreadable(column: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("{column} cannot be read").into())
}

fn time(row: &SqliteRow, column: &str) -> Result<DateTime<Utc>, sqlx::Error> {
    time_or_null(row, column)?.ok_or_else(|| unreadable(column))
}

fn time_or_null(row: &SqliteRow, column: &str) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let micros: Option<i64> = row.try_get(column)?;
    micros
        .map(|micros| DateTime::from_timestamp_micros(micros).ok_or_else(|| unreadable(column)))
        .transpose()
}

fn uuid(row: &SqliteRow, column: &str) -> Result<Uuid, sqlx::Error> {
    row.try_get::<String, _>(column)?.parse().map_err(|_| unreadable(column))
}

fn id(row: &SqliteRow) -> Result<FailureId, sqlx::Error> {
    Ok(FailureId::new(row.try_get::<String, _>("failure_id")?))
}

fn count(row: &SqliteRow, column: &str) -> Result<u64, sqlx::Error> {
    u64::try_from(row.try_get::<i64, _>(column)?).map_err(|_| unreadable(column))
}

/// How long until `until`, not less than nothing.
fn wait(until: i64, now: DateTime<Utc>) -> Duration {
    let micros = until.saturating_sub(now.timestamp_micros()).max(0);
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

fn age(since: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (now - since).max(TimeDelta::zero()).to_std().unwrap_or_default()
}

impl Store for LocalStore {
    async fn begin(&mut self, run: &NewRun) -> Result<Standing, StoreError> {
        self.step(async |at| run::begin(at, run).await).await
    }

    async fn beat(&mut self, run: Uuid, me: &Owner, counts: &Value) -> Result<u32, StoreError> {
        self.step(async |at| run::beat(at, run, me, counts).await).await
    }

    async fn end(&mut self, run: Uuid, how: &str, counts: &Value) -> Result<(), StoreError> {
        self.begins.retain(|(known, _), _| *known != run);
        self.step(async |at| run::end(at, run, how, counts).await).await
    }

    async fn reap(&mut self, me: &Owner) -> Result<u64, StoreError> {
        self.step(async |at| run::reap(at, me).await).await
    }

    async fn take_lane(
        &mut self,
        run: Uuid,
        lane: &str,
        lease: Duration,
    ) -> Result<LaneTaken, StoreError> {
        self.step(async |at| run::take_lane(at, run, lane, lease).await).await
    }

    async fn leave_lane(&mut self, run: Uuid, lane: &str) -> Result<(), StoreError> {
        self.step(async |at| run::leave_lane(at, run, lane).await).await
    }

    async fn claim(
        &mut self,
        run: Uuid,
        lane: &str,
        lease: Duration,
        settle_equals: bool,
    ) -> Result<Claimed, StoreError> {
        let place = (run, lane.to_owned());
        let begin = self.begins.get(&place).copied().unwrap_or_default();
        let wanted = claim::Wanted { run, lane, lease, settle_equals, begin };
        let taken = self.alone(async |at| claim::take_next(at, &wanted).await).await?;
        let (claimed, begin) = match taken {
            Some((claim, begin)) => (Claimed::Item(claim), begin),
            None => self.step(async |at| claim::claim(at, &wanted).await).await?,
        };
        self.begins.insert(place, begin);
        Ok(claimed)
    }

    async fn intend(
        &mut self,
        claim: &Claim,
        intent: &Intent,
    ) -> Result<Option<Attempt>, StoreError> {
        self.step(async |at| claim::intend(at, claim, intent).await).await
    }

    async fn still_ours(&mut self, attempt: &Attempt, left: Duration) -> Result<bool, StoreError> {
        self.step(async |at| claim::still_ours(at, attempt, left).await).await
    }

    async fn finish(
        &mut self,
        attempt: &Attempt,
        fate: &Fate,
        end: &AttemptEnd,
    ) -> Result<Finished, StoreError> {
        let ending = Ending::of(fate);
        let from = ending.event.from();
        self.step(async |at| finish::conclude(at, &attempt.claim, &ending, from, end).await).await
    }

    async fn give_back(&mut self, claim: &Claim, fate: &Fate) -> Result<Finished, StoreError> {
        let ending = Ending::of(fate);
        self.step(async |at| finish::give_back(at, claim, &ending).await).await
    }

    async fn intend_many(
        &mut self,
        run: Uuid,
        ids: &[FailureId],
        intent: &Intent,
    ) -> Result<Vec<Attempt>, StoreError> {
        self.step(async |at| claim::intend_many(at, run, ids, intent).await).await
    }

    async fn finish_many(
        &mut self,
        attempts: &[Attempt],
        fate: &Fate,
        end: &AttemptEnd,
    ) -> Result<(), StoreError> {
        let ending = Ending::of(fate);
        let from = ending.event.from();
        let step = async |at: &mut At<'_>| {
            for attempt in attempts {
                finish::conclude(at, &attempt.claim, &ending, from, end).await?;
            }
            Ok(())
        };
        self.step(step).await
    }

    async fn absorb(&mut self, receipts: &[Receipt]) -> Result<u64, StoreError> {
        self.step(async |at| finish::absorb(at, receipts).await).await
    }

    async fn items(
        &mut self,
        ids: &[FailureId],
        me: &Owner,
    ) -> Result<Vec<(FailureId, Item)>, StoreError> {
        self.step(async |at| items::items(at, ids, me).await).await
    }

    async fn attempts(&mut self, id: &FailureId) -> Result<Vec<AttemptRecord>, StoreError> {
        self.step(async |at| read::attempts(at, id).await).await
    }

    async fn in_doubt(&mut self, me: &Owner) -> Result<Vec<InDoubt>, StoreError> {
        self.step(async |at| read::in_doubt(at, me).await).await
    }

    async fn runs(&mut self, limit: u32, me: &Owner) -> Result<Vec<RunRecord>, StoreError> {
        self.step(async |at| read::runs(at, limit, me).await).await
    }

    async fn recent(&mut self) -> Result<Vec<Recent>, StoreError> {
        self.step(async |at| read::recent(at).await).await
    }

    async fn known(&mut self, limit: u32) -> Result<Vec<(FailureId, ItemState)>, StoreError> {
        self.step(async |at| items::known(at, limit).await).await
    }

    async fn resolve(
        &mut self,
        id: &FailureId,
        delivered: Option<&str>,
        by: &str,
    ) -> Result<bool, StoreError> {
        self.step(async |at| finish::resolve(at, id, delivered, by).await).await
    }

    async fn discard(
        &mut self,
        rows: &[Frozen],
        reason: &str,
        by: &str,
    ) -> Result<Vec<FailureId>, StoreError> {
        self.step(async |at| items::discard(at, rows, reason, by).await).await
    }
}
