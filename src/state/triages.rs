//! The triages that ran on this machine.
#![expect(clippy::disallowed_methods, reason = "SQLite: there is no pooler between")]

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use sqlx::Row as _;

use super::{State, StateError};
use crate::domain::{EnvName, Verdict};

/// A triage as it is kept.
#[derive(Debug, Clone)]
pub struct Remembered<'a> {
    /// When it ran (UTC).
    pub at: DateTime<Utc>,
    /// Of which environment.
    pub env: &'a EnvName,
    /// Whether all sources were asked.
    pub whole: bool,
    /// Its verdict.
    pub verdict: Verdict,
    /// Its JSON answer.
    pub document: &'a str,
}

/// Triages further apart than this are not of one incident.
const SAME_INCIDENT: TimeDelta = TimeDelta::hours(6);

/// Triages that are kept, per environment.
const KEPT: i64 = 500;

impl State {
    /// Keeps a triage, and forgets the oldest ones.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn remember(&mut self, triage: &Remembered<'_>) -> Result<(), StateError> {
        let stored = async {
            let mut transaction =
                sqlx::Connection::begin_with(&mut self.connection, "BEGIN IMMEDIATE").await?;
            sqlx::query(
                "INSERT INTO triage (at, env, whole, verdict, document) VALUES (?, ?, ?, ?, ?)",
            )
            .bind(triage.at.to_rfc3339_opts(SecondsFormat::Millis, true))
            .bind(triage.env.as_str())
            .bind(triage.whole)
            .bind(triage.verdict.state().word())
            .bind(triage.document)
            .execute(&mut *transaction)
            .await?;
            sqlx::query(
                "DELETE FROM triage WHERE env = ?1 AND id <= (SELECT max(id) FROM triage) - ?2",
            )
            .bind(triage.env.as_str())
            .bind(KEPT)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await
        };
        stored.await.map_err(|error| self.error(error))
    }

    /// When the unbroken row of red triages of `env` that reaches up to now began.
    ///
    /// Only a whole triage that was green or yellow breaks the row: one that could not look, or left
    /// sources out, says nothing. One that lies hours before the next is of another incident.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn red_streak(
        &mut self,
        env: &EnvName,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StateError> {
        let rows = sqlx::query(
            "SELECT at, verdict, whole FROM triage WHERE env = ? ORDER BY at DESC, id DESC LIMIT 500",
        )
        .bind(env.as_str())
        .fetch_all(&mut self.connection)
        .await
        .map_err(|error| self.error(error))?;
        let rows = rows.iter().filter_map(|row| {
            let at = row.try_get::<String, _>(0).ok()?.parse::<DateTime<Utc>>().ok()?;
            let verdict = row.try_get::<String, _>(1).ok()?;
            let whole = row.try_get::<bool, _>(2).ok()?;
            let good = whole && matches!(verdict.as_str(), "green" | "yellow");
            Some((at, verdict == "red", good))
        });
        Ok(streak(rows, now))
    }
}

/// The start of the red row, from `(at, red, good)` newest first.
fn streak(
    rows: impl Iterator<Item = (DateTime<Utc>, bool, bool)>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let mut first = None;
    let mut later = now;
    for (at, red, good) in rows.filter(|(at, ..)| *at <= now) {
        if later - at > SAME_INCIDENT || good {
            break;
        }
        if red {
            first = Some(at);
            later = at;
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours_ago: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) - TimeDelta::hours(hours_ago)
    }

    #[test]
    fn the_row_ends_at_a_good_triage_or_a_long_gap() {
        let rows = |list: &[(i64, bool, bool)]| {
            streak(list.iter().map(|(ago, red, good)| (at(*ago), *red, *good)), at(0))
        };
        assert_eq!(
            rows(&[(1, true, false), (2, true, false), (3, false, true), (4, true, false)]),
            Some(at(2))
        );
        assert_eq!(rows(&[(1, true, false), (8, true, false)]), Some(at(1)), "another incident");
        let unknown = rows(&[(1, true, false), (2, false, false), (3, true, false)]);
        assert_eq!(unknown, Some(at(3)), "not knowing breaks no row");
        assert_eq!(rows(&[(1, false, true), (2, true, false)]), None);
        assert_eq!(rows(&[]), None);
    }

    fn remembered<'a>(env: &'a EnvName, hours_ago: i64, verdict: Verdict) -> Remembered<'a> {
        Remembered { at: at(hours_ago), env, whole: true, verdict, document: "{}" }
    }

    #[tokio::test]
    async fn triages_survive_reopening_and_environments_are_apart() {
        let directory = tempfile::tempdir().unwrap();
        let (prod, dev) = (EnvName::prod(), "dev".parse().unwrap());
        let mut state = State::open(directory.path()).await.unwrap();
        state.remember(&remembered(&prod, 2, Verdict::Red)).await.unwrap();
        state.remember(&remembered(&dev, 1, Verdict::Green)).await.unwrap();
        state.close().await.unwrap();
        let mut state = State::open(directory.path()).await.unwrap();
        assert_eq!(state.red_streak(&prod, at(0)).await.unwrap(), Some(at(2)));
        assert_eq!(state.red_streak(&dev, at(0)).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_damaged_file_is_kept_and_a_new_one_started() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.db");
        std::fs::write(&path, "this is no database, it is a shopping list".repeat(100)).unwrap();
        let state = State::open(directory.path()).await.unwrap();
        let kept = state.replaced().unwrap().to_owned();
        assert!(std::fs::read_to_string(kept).unwrap().contains("shopping list"));
    }

    #[tokio::test]
    async fn a_newer_file_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let mut state = State::open(directory.path()).await.unwrap();
        sqlx::raw_sql("PRAGMA user_version = 99").execute(&mut state.connection).await.unwrap();
        state.close().await.unwrap();
        let error = State::open(directory.path()).await.unwrap_err();
        assert!(matches!(error, StateError::Newer { found: 99, .. }), "{error}");
    }

    #[tokio::test]
    async fn several_openers_at_once_agree_on_the_schema() {
        let directory = tempfile::tempdir().unwrap();
        let open = |_| State::open(directory.path());
        let opened = futures_util::future::join_all((0..8).map(open)).await;
        assert!(opened.iter().all(Result::is_ok), "{opened:?}");
    }
}
