//! The delivery ledger: every message that leaves this machine, written before its first byte and
//! after its answer.
//!
//! Reads and writes the tables `ledger` and `send` of `state.db`. A line is on the disk when its call
//! returns; a call that fails means that nothing may be sent. Lines are kept; those that ended a year
//! ago, and need no shared store or are known to it, go when the ledger is opened.
#![expect(clippy::disallowed_methods, reason = "SQLite: there is no pooler between")]

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, Row as _};
use uuid::Uuid;

use super::{Filesystem, State, StateError};
use crate::domain::{EnvName, hex, sha_of_hex};

/// How long lines are kept whose end nobody asks for any more.
const KEPT: TimeDelta = TimeDelta::days(365);
/// The window of the pace.
const PACE: TimeDelta = TimeDelta::seconds(60);

/// The end of a send, and which one: its environment, its number, the end.
macro_rules! ended {
    ($which:literal) => {
        concat!(
            "UPDATE send SET fate = ?3, http_status = ?4, code = ?5, message_id = ?6,
               channel_id = ?7, note = ?8, ended_at = ?9 ",
            $which
        )
    };
}

/// Tells where a directory lies: [`super::filesystem_of`], or what a test wants to hear.
pub type Probe = fn(&Path) -> io::Result<Filesystem>;

/// Why there is no ledger, so that nothing may be sent.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Locks and syncs do not hold there.
    #[error(
        "{} is on a network file system ({kind}), where a ledger cannot be kept safely",
        path.display()
    )]
    Network {
        /// The state directory.
        path: PathBuf,
        /// The kind of file system.
        kind: String,
    },
    /// The file.
    #[error(transparent)]
    State(#[from] StateError),
}

/// A send as it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendIntent {
    /// `replay`, `digest`, `rollback`, `notify`, `incident`.
    pub kind: String,
    /// What is sent: a row's key, an incident's id.
    pub subject: String,
    /// The channel.
    pub lane: String,
    /// The run, where one sends.
    pub run: Option<Uuid>,
    /// The fence of the run's attempt.
    pub fence: Option<i64>,
    /// SHA-256 of the body.
    pub payload_sha: [u8; 32],
    /// When (UTC).
    pub at: DateTime<Utc>,
}

/// A send as it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendEnd {
    /// `delivered`, `rejected`, `released`, `unsure`, `skipped`.
    pub fate: String,
    /// HTTP status.
    pub http_status: Option<u16>,
    /// Discord's own code.
    pub code: Option<i64>,
    /// The message.
    pub message_id: Option<String>,
    /// Its channel.
    pub channel_id: Option<String>,
    /// One line on it.
    pub note: String,
    /// When (UTC).
    pub at: DateTime<Utc>,
}

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// Its number.
    pub id: i64,
    /// What was meant.
    pub intent: SendIntent,
    /// How it ended; `None`: the process died in between.
    pub end: Option<SendEnd>,
}

/// Posts of the last 60 s: how long ago each was, by lane, the latest first.
pub type Posted = BTreeMap<String, Vec<Duration>>;

/// The ledger of one environment.
#[derive(Debug)]
pub struct Ledger {
    state: State,
    env: EnvName,
    born: DateTime<Utc>,
    accepted: Option<DateTime<Utc>>,
}

impl Ledger {
    /// Opens the ledger in the state directory; the first time, it is born `now`.
    ///
    /// # Errors
    /// [`LedgerError`]: nothing may be sent.
    pub async fn open(
        directory: &Path,
        env: EnvName,
        now: DateTime<Utc>,
        probe: Probe,
    ) -> Result<Self, LedgerError> {
        let place = nearest(directory);
        let kind = probe(place)
            .map_err(|source| StateError::Directory { path: place.to_owned(), source })?;
        if let Filesystem::Network(kind) = kind {
            return Err(LedgerError::Network { path: directory.to_owned(), kind });
        }
        let mut state = State::open(directory).await?;
        let opened = born(&mut state, &env, now).await;
        let (born, accepted) = opened.map_err(|error| state.error(error))?;
        Ok(Self { state, env, born, accepted })
    }

    /// Where a damaged file was kept: what it knew is lost, and [`Ledger::born`] is new.
    pub fn replaced(&self) -> Option<&Path> {
        self.state.replaced()
    }

    /// Since when this ledger knows what left (UTC). What failed before may have been sent.
    pub fn born(&self) -> DateTime<Utc> {
        self.born
    }

    /// When an operator said that what failed before may be sent (UTC).
    pub fn accepted(&self) -> Option<DateTime<Utc>> {
        self.accepted
    }

    /// Records that an operator accepts the ledger as it is, with nothing in it of before its birth.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn accept_new_ledger(
        &mut self,
        _consent: &crate::domain::Consent,
        now: DateTime<Utc>,
    ) -> Result<(), StateError> {
        let done = sqlx::query("UPDATE ledger SET accepted = ?2 WHERE env = ?1")
            .bind(self.env.as_str())
            .bind(now.timestamp_micros())
            .execute(self.state.connection())
            .await;
        done.map_err(|error| self.state.error(error))?;
        self.accepted = Some(now);
        Ok(())
    }

    /// Records the intent. Only after this may the first byte leave.
    ///
    /// # Errors
    /// What SQLite says: read-only, no room, locked for too long. Nothing may be sent.
    pub async fn intend(&mut self, intent: &SendIntent) -> Result<i64, StateError> {
        // Without RETURNING: a statement that gives a row commits only when it is let go, and whether
        // that went well nobody would hear.
        let made = sqlx::query(
            "INSERT INTO send (env, kind, subject, lane, run, fence, payload_sha, intent_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.env.as_str())
        .bind(&intent.kind)
        .bind(&intent.subject)
        .bind(&intent.lane)
        .bind(intent.run.map(|run| run.to_string()))
        .bind(intent.fence)
        .bind(hex(&intent.payload_sha))
        .bind(intent.at.timestamp_micros())
        .execute(self.state.connection())
        .await;
        let made = made.map(|done| done.last_insert_rowid());
        made.map_err(|error| self.state.error(error))
    }

    /// Records how a send ended. A certain end stays; a later one replaces `unsure` only.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn receipt(&mut self, id: i64, end: &SendEnd) -> Result<(), StateError> {
        // What is open is unreconciled: to say so once more would only write to its index.
        let first = ended!("WHERE env = ?1 AND id = ?2 AND ended_at IS NULL");
        if self.end(first, id, end).await? {
            return Ok(());
        }
        let later = ended!(", reconciled = 0 WHERE env = ?1 AND id = ?2 AND fate = 'unsure'");
        self.end(later, id, end).await.map(drop)
    }

    /// Whether there was something that could end.
    async fn end(&mut self, sql: &'static str, id: i64, end: &SendEnd) -> Result<bool, StateError> {
        let done = sqlx::query(sql)
            .bind(self.env.as_str())
            .bind(id)
            .bind(&end.fate)
            .bind(end.http_status)
            .bind(end.code)
            .bind(&end.message_id)
            .bind(&end.channel_id)
            .bind(&end.note)
            .bind(end.at.timestamp_micros())
            .execute(self.state.connection())
            .await;
        done.map(|done| done.rows_affected() > 0).map_err(|error| self.state.error(error))
    }

    /// The receipts of runs that the shared store has not heard of, oldest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn unreconciled(&mut self) -> Result<Vec<Send>, StateError> {
        self.sends(
            "SELECT * FROM send WHERE env = ?1 AND reconciled = 0 AND ended_at IS NOT NULL
               AND run IS NOT NULL ORDER BY id",
        )
        .await
    }

    /// Records that the shared store has heard of these.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn reconciled(&mut self, ids: &[i64]) -> Result<(), StateError> {
        let done = sqlx::query(
            "UPDATE send SET reconciled = 1
             WHERE env = ?1 AND ended_at IS NOT NULL AND id IN (SELECT value FROM json_each(?2))",
        )
        .bind(self.env.as_str())
        .bind(serde_json::Value::from(ids).to_string())
        .execute(self.state.connection())
        .await;
        done.map(drop).map_err(|error| self.state.error(error))
    }

    /// Intents without a receipt, oldest first: their processes died in between, or are at it.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn open_intents(&mut self) -> Result<Vec<Send>, StateError> {
        self.sends(
            "SELECT * FROM send WHERE env = ?1 AND reconciled = 0 AND ended_at IS NULL ORDER BY id",
        )
        .await
    }

    /// The posts of the last 60 s of all processes of this machine. What was released was not taken,
    /// and a digest of many rows is one post.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn recent(&mut self, now: DateTime<Utc>) -> Result<Posted, StateError> {
        let rows = sqlx::query(
            "SELECT lane, intent_at FROM send
             WHERE env = ?1 AND intent_at > ?2 AND (fate IS NULL OR fate <> 'released')
             GROUP BY lane, coalesce(run, CAST(id AS TEXT)), intent_at, payload_sha ORDER BY intent_at DESC",
        )
        .bind(self.env.as_str())
        .bind((now - PACE).timestamp_micros())
        .fetch_all(self.state.connection())
        .await;
        let mut posted = Posted::new();
        let read = rows.and_then(|rows| {
            for row in &rows {
                let age = now - time(row, "intent_at")?;
                let age = age.to_std().unwrap_or_default();
                posted.entry(row.try_get("lane")?).or_default().push(age);
            }
            Ok(posted)
        });
        read.map_err(|error| self.state.error(error))
    }

    /// Closes the file.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn close(self) -> Result<(), StateError> {
        self.state.close().await
    }

    async fn sends(&mut self, sql: &'static str) -> Result<Vec<Send>, StateError> {
        let rows =
            sqlx::query(sql).bind(self.env.as_str()).fetch_all(self.state.connection()).await;
        let sends = rows.and_then(|rows| rows.iter().map(send).collect());
        sends.map_err(|error| self.state.error(error))
    }
}

/// The directory, or the nearest one above it that is there.
fn nearest(directory: &Path) -> &Path {
    directory.ancestors().find(|place| place.exists()).unwrap_or(directory)
}

async fn born(
    state: &mut State,
    env: &EnvName,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, Option<DateTime<Utc>>), sqlx::Error> {
    let mut transaction = state.connection().begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query("INSERT INTO ledger (env, born) VALUES (?1, ?2) ON CONFLICT (env) DO NOTHING")
        .bind(env.as_str())
        .bind(now.timestamp_micros())
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "DELETE FROM send
         WHERE env = ?1 AND ended_at < ?2 AND fate <> 'unsure' AND (reconciled = 1 OR run IS NULL)",
    )
    .bind(env.as_str())
    .bind((now - KEPT).timestamp_micros())
    .execute(&mut *transaction)
    .await?;
    let row = sqlx::query("SELECT born, accepted FROM ledger WHERE env = ?1")
        .bind(env.as_str())
        .fetch_one(&mut *transaction)
        .await?;
    transaction.commit().await?;
    let accepted: Option<i64> = row.try_get("accepted")?;
    Ok((time(&row, "born")?, accepted.and_then(DateTime::from_timestamp_micros)))
}

fn send(row: &SqliteRow) -> Result<Send, sqlx::Error> {
    let unreadable = |what: &str| sqlx::Error::Decode(what.to_owned().into());
    let sha: String = row.try_get("payload_sha")?;
    let run: Option<String> = row.try_get("run")?;
    let run = run.map(|run| run.parse()).transpose();
    let ended: Option<i64> = row.try_get("ended_at")?;
    let end = match ended {
        None => None,
        Some(_) => Some(SendEnd {
            fate: row.try_get("fate")?,
            http_status: row.try_get("http_status")?,
            code: row.try_get("code")?,
            message_id: row.try_get("message_id")?,
            channel_id: row.try_get("channel_id")?,
            note: row.try_get("note")?,
            at: time(row, "ended_at")?,
        }),
    };
    Ok(Send {
        id: row.try_get("id")?,
        intent: SendIntent {
            kind: row.try_get("kind")?,
            subject: row.try_get("subject")?,
            lane: row.try_get("lane")?,
            run: run.map_err(|_| unreadable("run is no uuid"))?,
            fence: row.try_get("fence")?,
            payload_sha: sha_of_hex(&sha).ok_or_else(|| unreadable("payload_sha is no SHA-256"))?,
            at: time(row, "intent_at")?,
        },
        end,
    })
}

fn time(row: &SqliteRow, column: &str) -> Result<DateTime<Utc>, sqlx::Error> {
    let micros: i64 = row.try_get(column)?;
    DateTime::from_timestamp_micros(micros)
        .ok_or_else(|| sqlx::Error::Decode(format!("{column} is no time").into()))
}
