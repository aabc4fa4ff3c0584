//! The spool: messages that were to leave and certainly did not, kept until somebody sends or drops
//! them.
//!
//! Reads and writes the table `spool` of `state.db`. Whoever sends one takes it first
//! ([`State::take_spooled`]), so that of two processes one sends it; a message that was taken and has
//! no end may have left, and is not offered again. Sending itself goes through the ledger, as always.
#![expect(clippy::disallowed_methods, reason = "SQLite: there is no pooler between")]

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{State, StateError};
use crate::domain::EnvName;

/// A message that could not leave.
#[derive(Debug, Clone, PartialEq)]
pub struct ToSpool<'a> {
    /// The channel, without `#`.
    pub channel: &'a str,
    /// What it is about, as in the ledger: `rollback`, `notify`, `incident`.
    pub kind: &'a str,
    /// Which one of them.
    pub subject: &'a str,
    /// What would have been posted.
    pub body: &'a Value,
    /// Why it was not.
    pub reason: &'a str,
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Spooled {
    /// Its number.
    pub id: i64,
    /// The channel, without `#`.
    pub channel: String,
    /// What it is about.
    pub kind: String,
    /// Which one of them.
    pub subject: String,
    /// What is to be posted.
    pub body: Value,
    /// Why it was not.
    pub reason: String,
    /// When it should have left (UTC).
    pub made_at: DateTime<Utc>,
}

/// How it went on with a message that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpoolEnd {
    /// It arrived.
    Delivered,
    /// It may have arrived; it is not offered again.
    Unsure,
    /// It certainly did not leave: it waits again.
    Waiting,
    /// Nobody wants it any more.
    Dropped,
}

impl SpoolEnd {
    fn word(self) -> &'static str {
        match self {
            SpoolEnd::Delivered => "delivered",
            SpoolEnd::Unsure => "unsure",
            SpoolEnd::Waiting => "waiting",
            SpoolEnd::Dropped => "dropped",
        }
    }
}

impl State {
    /// Keeps a message of `env`, and gives its number.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn spool(
        &mut self,
        env: &EnvName,
        message: &ToSpool<'_>,
        now: DateTime<Utc>,
    ) -> Result<i64, StateError> {
        let made = sqlx::query(
            "INSERT INTO spool (env, channel, kind, subject, body, reason, made_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(env.as_str())
        .bind(message.channel)
        .bind(message.kind)
        .bind(message.subject)
        .bind(message.body.to_string())
        .bind(message.reason)
        .bind(now.timestamp_micros())
        .execute(&mut self.connection)
        .await;
        made.map(|done| done.last_insert_rowid()).map_err(|error| self.error(error))
    }

    /// What waits in `env`, the oldest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn spooled(&mut self, env: &EnvName) -> Result<Vec<Spooled>, StateError> {
        let rows =
            sqlx::query("SELECT * FROM spool WHERE env = ? AND state = 'waiting' ORDER BY id")
                .bind(env.as_str())
                .fetch_all(&mut self.connection)
                .await;
        let found = rows.and_then(|rows| rows.iter().map(spooled).collect());
        found.map_err(|error| self.error(error))
    }

    /// Takes a message to send or drop it; whether it was there to be taken.
    ///
    /// # Errors
    /// What SQLite says; the message must not be sent.
    pub async fn take_spooled(&mut self, env: &EnvName, id: i64) -> Result<bool, StateError> {
        let taken = sqlx::query(
            "UPDATE spool SET state = 'taken' WHERE env = ? AND id = ? AND state = 'waiting'",
        )
        .bind(env.as_str())
        .bind(id)
        .execute(&mut self.connection)
        .await;
        taken.map(|done| done.rows_affected() == 1).map_err(|error| self.error(error))
    }

    /// Puts down what became of a message that was taken.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn end_spooled(
        &mut self,
        env: &EnvName,
        id: i64,
        end: SpoolEnd,
        note: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StateError> {
        let done = sqlx::query(
            "UPDATE spool SET state = ?3, note = ?4, ended_at = ?5
             WHERE env = ?1 AND id = ?2 AND state = 'taken'",
        )
        .bind(env.as_str())
        .bind(id)
        .bind(end.word())
        .bind(note)
        .bind((end != SpoolEnd::Waiting).then(|| now.timestamp_micros()))
        .execute(&mut self.connection)
        .await;
        done.map(drop).map_err(|error| self.error(error))
    }
}

fn spooled(row: &SqliteRow) -> Result<Spooled, sqlx::Error> {
    let unreadable = |what: &str| sqlx::Error::Decode(format!("{what} cannot be read").into());
    let (body, made): (String, i64) = (row.try_get("body")?, row.try_get("made_at")?);
    Ok(Spooled {
        id: row.try_get("id")?,
        channel: row.try_get("channel")?,
        kind: row.try_get("kind")?,
        subject: row.try_get("subject")?,
        body: serde_json::from_str(&body).map_err(|_| unreadable("body"))?,
        reason: row.try_get("reason")?,
        made_at: DateTime::from_timestamp_micros(made).ok_or_else(|| unreadable("made_at"))?,
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::json;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
    }

    #[tokio::test]
    async fn of_two_who_want_to_send_a_message_one_has_it() {
        let directory = tempfile::tempdir().unwrap();
        let (prod, dev) = (EnvName::prod(), "dev".parse().unwrap());
        let mut one = State::open(directory.path()).await.unwrap();
        let mut two = State::open(directory.path()).await.unwrap();
        let body = json!({"content": "it's done"});
        let message = ToSpool {
            channel: "p1-ops",
            kind: "rollback",
            subject: "abc",
            body: &body,
            reason: "no webhook",
        };
        let first = one.spool(&prod, &message, at(1)).await.unwrap();
        let second = two.spool(&prod, &message, at(2)).await.unwrap();
        one.spool(&dev, &message, at(3)).await.unwrap();
        let waiting = two.spooled(&prod).await.unwrap();
        assert_eq!(waiting.iter().map(|m| m.id).collect::<Vec<_>>(), [first, second]);
        assert_eq!((&waiting[0].body, waiting[0].made_at), (&body, at(1)));

        let (by_one, by_two) =
            tokio::join!(one.take_spooled(&prod, first), two.take_spooled(&prod, first));
        assert_ne!(by_one.unwrap(), by_two.unwrap());
        assert!(!one.take_spooled(&dev, second).await.unwrap(), "another environment's");
        let left = one.spooled(&prod).await.unwrap();
        assert_eq!(left.iter().map(|m| m.id).collect::<Vec<_>>(), [second], "its sender may die");

        one.end_spooled(&prod, first, SpoolEnd::Waiting, "refused", at(4)).await.unwrap();
        assert_eq!(one.spooled(&prod).await.unwrap().len(), 2);
        assert!(two.take_spooled(&prod, first).await.unwrap());
        two.end_spooled(&prod, first, SpoolEnd::Delivered, "1400", at(5)).await.unwrap();
        two.end_spooled(&prod, first, SpoolEnd::Waiting, "late", at(6)).await.unwrap();
        assert_eq!(one.spooled(&prod).await.unwrap().len(), 1, "a certain end stays");
        let changed = sqlx::raw_sql("UPDATE spool SET body = '{}'").execute(one.connection()).await;
        assert!(changed.unwrap_err().to_string().contains("never changes"));
    }
}
