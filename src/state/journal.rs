//! The journal: what people and this program did to the outside, line by line.
//!
//! Reads and writes the table `journal` of `state.db`, which triggers keep from ever being changed: a
//! mistake is corrected by a new line. Several processes write at once; `seq` is the order in which
//! their lines came to the disk. A line belongs to an environment, and to an incident where one is open.
#![expect(clippy::disallowed_methods, reason = "SQLite: there is no pooler between")]

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{State, StateError};
use crate::domain::EnvName;

/// What a line tells, and with it what `data` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words of the column")]
pub enum JournalKind {
    Opened,
    Acked,
    SeverityChanged,
    Note,
    Hypothesis,
    CustomerImpact,
    Check,
    Command,
    Notified,
    Replayed,
    Rollback,
    Escalated,
    StatusPosted,
    Mitigated,
    Resolved,
    Reopened,
    Postmortem,
}

impl JournalKind {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::Opened,
        Self::Acked,
        Self::SeverityChanged,
        Self::Note,
        Self::Hypothesis,
        Self::CustomerImpact,
        Self::Check,
        Self::Command,
        Self::Notified,
        Self::Replayed,
        Self::Rollback,
        Self::Escalated,
        Self::StatusPosted,
        Self::Mitigated,
        Self::Resolved,
        Self::Reopened,
        Self::Postmortem,
    ];

    /// The word as it is stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Acked => "acked",
            Self::SeverityChanged => "severity_changed",
            Self::Note => "note",
            Self::Hypothesis => "hypothesis",
            Self::CustomerImpact => "customer_impact",
            Self::Check => "check",
            Self::Command => "command",
            Self::Notified => "notified",
            Self::Replayed => "replayed",
            Self::Rollback => "rollback",
            Self::Escalated => "escalated",
            Self::StatusPosted => "status_posted",
            Self::Mitigated => "mitigated",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
            Self::Postmortem => "postmortem",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What is put down.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JournalEntry {
    /// The environment.
    pub env: EnvName,
    /// The incident that it belongs to; `None`: none was open.
    pub incident: Option<String>,
    /// When it happened (UTC).
    pub occurred_at: DateTime<Utc>,
    /// Who did it.
    pub actor: String,
    /// What it tells.
    pub kind: JournalKind,
    /// The same for a person, on one line, without secrets.
    pub text: String,
    /// The facts, without secrets.
    pub data: Map<String, Value>,
}

/// A line as it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JournalLine {
    /// The form of the line.
    pub v: i64,
    /// Its number.
    pub seq: i64,
    /// When it was put down (UTC).
    pub at: DateTime<Utc>,
    /// What was put down.
    #[serde(flatten)]
    pub entry: JournalEntry,
}

impl State {
    /// Puts a line down, and gives its number. It is on the disk when this returns.
    ///
    /// # Errors
    /// What SQLite says: read-only, no room, locked for too long.
    pub async fn record(
        &mut self,
        entry: &JournalEntry,
        now: DateTime<Utc>,
    ) -> Result<i64, StateError> {
        // Without RETURNING, as in the ledger: whether the commit went well has to be heard.
        let made = sqlx::query(
            "INSERT INTO journal (env, incident, at, occurred_at, actor, kind, text, data)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(entry.env.as_str())
        .bind(&entry.incident)
        .bind(stamp(now))
        .bind(stamp(entry.occurred_at))
        .bind(&entry.actor)
        .bind(entry.kind.word())
        .bind(&entry.text)
        .bind(Value::from(entry.data.clone()).to_string())
        .execute(&mut self.connection)
        .await;
        made.map(|done| done.last_insert_rowid()).map_err(|error| self.error(error))
    }

    /// The lines of `env` of what happened since `since` (UTC), in the order in which it happened.
    ///
    /// # Errors
    /// What SQLite says, or a line that a newer program put down.
    pub async fn journal(
        &mut self,
        env: &EnvName,
        since: DateTime<Utc>,
    ) -> Result<Vec<JournalLine>, StateError> {
        let rows = sqlx::query(
            "SELECT * FROM journal WHERE env = ? AND occurred_at >= ? ORDER BY occurred_at, seq",
        )
        .bind(env.as_str())
        .bind(stamp(since))
        .fetch_all(&mut self.connection)
        .await;
        let lines = rows.and_then(|rows| rows.iter().map(line).collect());
        lines.map_err(|error| self.error(error))
    }

    /// The lines of an incident, in the order in which things happened.
    ///
    /// # Errors
    /// What SQLite says, or a line that a newer program put down.
    pub async fn journal_of(&mut self, incident: &str) -> Result<Vec<JournalLine>, StateError> {
        let rows =
            sqlx::query("SELECT * FROM journal WHERE incident = ? ORDER BY occurred_at, seq")
                .bind(incident)
                .fetch_all(&mut self.connection)
                .await;
        let lines = rows.and_then(|rows| rows.iter().map(line).collect());
        lines.map_err(|error| self.error(error))
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn line(row: &SqliteRow) -> Result<JournalLine, sqlx::Error> {
    let unreadable = |what: &str| sqlx::Error::Decode(format!("{what} is unknown").into());
    let time = |column: &str| {
        let text: String = row.try_get(column)?;
        text.parse::<DateTime<Utc>>().map_err(|_| unreadable(column))
    };
    let (env, kind): (String, String) = (row.try_get("env")?, row.try_get("kind")?);
    let data: String = row.try_get("data")?;
    Ok(JournalLine {
        v: row.try_get("v")?,
        seq: row.try_get("seq")?,
        at: time("at")?,
        entry: JournalEntry {
            env: env.parse().map_err(|_| unreadable("env"))?,
            incident: row.try_get("incident")?,
            occurred_at: time("occurred_at")?,
            actor: row.try_get("actor")?,
            kind: JournalKind::of(&kind).ok_or_else(|| unreadable(&kind))?,
            text: row.try_get("text")?,
            data: serde_json::from_str(&data).map_err(|_| unreadable("data"))?,
        },
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

    fn entry(text: &str, seconds: i64) -> JournalEntry {
        JournalEntry {
            env: EnvName::prod(),
            incident: None,
            occurred_at: at(seconds),
            actor: "aiko".to_owned(),
            kind: JournalKind::Rollback,
            text: text.to_owned(),
            data: Map::from_iter([("target".to_owned(), json!("public"))]),
        }
    }

    #[tokio::test]
    async fn lines_come_back_in_the_order_in_which_things_happened() {
        let directory = tempfile::tempdir().unwrap();
        let mut state = State::open(directory.path()).await.unwrap();
        let other = JournalEntry { env: "dev".parse().unwrap(), ..entry("of dev", 3) };
        let of_incident =
            JournalEntry { incident: Some("INC-1".to_owned()), ..entry("earlier", 1) };
        for (seq, line) in [(1, &entry("later", 5)), (2, &of_incident), (3, &other)] {
            assert_eq!(state.record(line, at(9)).await.unwrap(), seq);
        }
        state.close().await.unwrap();
        let mut state = State::open(directory.path()).await.unwrap();
        let told = |lines: Vec<JournalLine>| {
            lines.into_iter().map(|line| (line.seq, line.entry.text)).collect::<Vec<_>>()
        };
        let prod = state.journal(&EnvName::prod(), at(0)).await.unwrap();
        assert_eq!((prod[0].v, prod[0].at), (1, at(9)));
        assert_eq!(prod[0].entry, of_incident);
        assert_eq!(told(prod), [(2, "earlier".to_owned()), (1, "later".to_owned())]);
        let late = state.journal(&EnvName::prod(), at(2)).await.unwrap();
        assert_eq!(told(late), [(1, "later".to_owned())]);
        let of_one = state.journal_of("INC-1").await.unwrap();
        assert_eq!(told(of_one), [(2, "earlier".to_owned())]);
    }

    #[tokio::test]
    async fn no_statement_changes_a_line() {
        let directory = tempfile::tempdir().unwrap();
        let mut state = State::open(directory.path()).await.unwrap();
        state.record(&entry("as it was", 1), at(1)).await.unwrap();
        for statement in [
            "UPDATE journal SET text = 'other'",
            "DELETE FROM journal",
            "INSERT OR REPLACE INTO journal SELECT * FROM journal",
            "REPLACE INTO journal (seq, env, at, occurred_at, actor, kind, text, data)
             VALUES (1, 'prod', '', '', '', 'note', 'other', '{}')",
        ] {
            let refused = sqlx::raw_sql(statement).execute(state.connection()).await.unwrap_err();
            assert!(refused.to_string().contains("never changed"), "{statement}: {refused}");
        }
        let kept = state.journal(&EnvName::prod(), at(0)).await.unwrap();
        assert_eq!((kept.len(), kept[0].entry.text.as_str()), (1, "as it was"));
    }

    #[tokio::test]
    async fn several_write_at_once_and_nothing_is_lost() {
        let directory = tempfile::tempdir().unwrap();
        let write = |writer: i64| {
            let directory = directory.path();
            async move {
                let mut state = State::open(directory).await.unwrap();
                for n in 0..10 {
                    state.record(&entry(&format!("{writer}"), n), at(n)).await.unwrap();
                }
            }
        };
        futures_util::future::join_all((0..5).map(write)).await;
        let mut state = State::open(directory.path()).await.unwrap();
        let lines = state.journal(&EnvName::prod(), at(0)).await.unwrap();
        let mut numbers: Vec<_> = lines.iter().map(|line| line.seq).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
    }

    #[test]
    fn every_kind_has_its_word_back() {
        for kind in JournalKind::ALL {
            assert_eq!(JournalKind::of(kind.word()), Some(kind));
            assert_eq!(json!(kind), kind.word());
        }
    }
}
