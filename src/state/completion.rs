//! Values that a shell may complete: ids with their titles, as commands have seen them.
//!
//! Commands write them on the way ([`State::offer`]); the shell's question reads them with
//! [`offered`], which changes nothing on the disk and treats every fault as "nothing known".
#![expect(clippy::disallowed_methods, reason = "SQLite: there is no pooler between")]

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use super::{State, StateError};
use crate::domain::text::{is_deceptive, one_line, shorten};

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferKind {
    /// The id of a run in GitHub Actions.
    Run,
    /// The key of a dead letter.
    DeadLetter,
    /// An incident of the journal.
    Incident,
}

impl OfferKind {
    /// The word as it is stored.
    pub fn word(self) -> &'static str {
        match self {
            OfferKind::Run => "run",
            OfferKind::DeadLetter => "dead-letter",
            OfferKind::Incident => "incident",
        }
    }
}

/// A value, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What is typed.
    pub value: String,
    /// Its title; foreign text is made harmless.
    pub help: String,
}

impl Offer {
    /// A value with its title.
    pub fn new(value: impl Into<String>, help: impl AsRef<str>) -> Self {
        Self { value: value.into(), help: shorten(&one_line(help.as_ref()), LONGEST_HELP) }
    }

    /// A shell puts a value into a command line as it is, so it must not hold anything that a shell
    /// would act on.
    pub fn is_safe(&self) -> bool {
        let safe = |c: char| (c.is_alphanumeric() && !is_deceptive(c)) || "._:/@+-".contains(c);
        !self.value.is_empty()
            && !self.value.starts_with('-')
            && self.value.chars().count() <= LONGEST_VALUE
            && self.value.chars().all(safe)
    }
}

/// Values kept of a kind.
const KEPT: i64 = 200;
/// Characters of a value.
const LONGEST_VALUE: usize = 100;
/// Characters of a title.
const LONGEST_HELP: usize = 100;
/// How long a writer may be waited for: nobody waits longer for a shell.
const BUSY: Duration = Duration::from_millis(5);

impl State {
    /// Keeps `values`, seen just now, the most wanted one first; the oldest of the kind are forgotten.
    /// Values that a shell could act on are left out.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn offer(
        &mut self,
        kind: OfferKind,
        values: &[Offer],
        now: DateTime<Utc>,
    ) -> Result<(), StateError> {
        let at = now.to_rfc3339_opts(SecondsFormat::Millis, true);
        let stored = async {
            let mut transaction =
                sqlx::Connection::begin_with(&mut self.connection, "BEGIN IMMEDIATE").await?;
            let kept = values.iter().filter(|offer| offer.is_safe());
            for (place, Offer { value, help }) in (0_i64..KEPT).zip(kept) {
                sqlx::query(
                    "INSERT INTO completion (kind, value, help, at, place) VALUES (?, ?, ?, ?, ?) \
                     ON CONFLICT (kind, value) DO UPDATE SET help = excluded.help, \
                     at = excluded.at, place = excluded.place",
                )
                .bind(kind.word())
                .bind(value)
                .bind(help)
                .bind(&at)
                .bind(place)
                .execute(&mut *transaction)
                .await?;
            }
            sqlx::query(
                "DELETE FROM completion WHERE kind = ?1 AND value NOT IN (SELECT value FROM \
                 completion WHERE kind = ?1 ORDER BY at DESC, place LIMIT ?2)",
            )
            .bind(kind.word())
            .bind(KEPT)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await
        };
        stored.await.map_err(|error| self.error(error))
    }
}

/// What was offered of `kind` in the state of `directory`, the newest first. Empty where there is no
/// state, where it cannot be read, or where a newer program wrote it. Makes no file and waits for nobody.
pub async fn offered(directory: &Path, kind: OfferKind) -> Vec<Offer> {
    read(&directory.join("state.db"), kind).await.unwrap_or_default()
}

async fn read(path: &Path, kind: OfferKind) -> Option<Vec<Offer>> {
    if !path.is_file() {
        return None;
    }
    let companion = |end: &str| path.with_extension(end).metadata().is_ok_and(|m| m.len() > 0);
    // A write-ahead log that somebody has open is read with it. Without one the file itself is
    // everything, and may be read without making a log and its index.
    let whole = !(companion("db-wal") && companion("db-shm"));
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .read_only(true)
        .immutable(whole)
        .busy_timeout(BUSY)
        .disable_statement_logging()
        .connect()
        .await
        .ok()?;
    let rows = sqlx::query(
        "SELECT value, help FROM completion WHERE kind = ? ORDER BY at DESC, place LIMIT 200",
    )
    .bind(kind.word())
    .fetch_all(&mut connection)
    .await;
    let _ = connection.close().await;
    let offer = |row: &sqlx::sqlite::SqliteRow| {
        Some(Offer::new(row.try_get::<String, _>(0).ok()?, row.try_get::<String, _>(1).ok()?))
    };
    Some(rows.ok()?.iter().filter_map(offer).filter(Offer::is_safe).collect())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minute)
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn the_newest_come_first_and_kinds_are_apart() {
        let directory = tempfile::tempdir().unwrap();
        let mut state = State::open(directory.path()).await.unwrap();
        let old = [Offer::new("1", "one"), Offer::new("2", "two")];
        state.offer(OfferKind::Run, &old, at(0)).await.unwrap();
        let new = [Offer::new("9", "nine"), Offer::new("1", "one again\n\u{1b}[2J")];
        state.offer(OfferKind::Run, &new, at(1)).await.unwrap();
        let many: Vec<_> = (0..300).map(|n| Offer::new(format!("d{n}"), "")).collect();
        state.offer(OfferKind::DeadLetter, &many, at(1)).await.unwrap();

        // While the file is open, and after.
        for open in [Some(state), None] {
            let runs = offered(directory.path(), OfferKind::Run).await;
            let values: Vec<_> = runs.iter().map(|offer| offer.value.as_str()).collect();
            assert_eq!(values, ["9", "1", "2"]);
            assert_eq!(runs[1].help, "one again \\u{1b}[2J");
            assert_eq!(offered(directory.path(), OfferKind::DeadLetter).await.len(), 200);
            if let Some(state) = open {
                state.close().await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn looking_makes_nothing_and_never_fails() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(offered(directory.path(), OfferKind::Run).await, []);
        assert_eq!(offered(Path::new("/nonexistent"), OfferKind::Run).await, []);
        assert_eq!(names(directory.path()), [""; 0]);

        let path = directory.path().join("state.db");
        std::fs::write(&path, "no database at all".repeat(100)).unwrap();
        assert_eq!(offered(directory.path(), OfferKind::Run).await, []);
        std::fs::remove_file(&path).unwrap();

        let mut state = State::open(directory.path()).await.unwrap();
        state.offer(OfferKind::Run, &[Offer::new("1", "one")], at(0)).await.unwrap();
        state.close().await.unwrap();
        let before = names(directory.path());
        assert_eq!(offered(directory.path(), OfferKind::Run).await.len(), 1);
        assert_eq!(names(directory.path()), before);
    }

    #[tokio::test]
    async fn what_a_shell_would_act_on_is_never_offered() {
        let directory = tempfile::tempdir().unwrap();
        let mut state = State::open(directory.path()).await.unwrap();
        let hostile =
            ["$(reboot)", "a b", "`x`", "a;b", "-rf", "", "a\nb", "*", "\u{202e}x", "a'b"];
        let fine = ["1234567890", "0b9c1c1e-7d0a-4a44", "決済-api", "http://a.localhost:80"];
        let values: Vec<_> = hostile.iter().chain(&fine).map(|v| Offer::new(*v, "")).collect();
        state.offer(OfferKind::Incident, &values, at(0)).await.unwrap();
        let found = offered(directory.path(), OfferKind::Incident).await;
        assert_eq!(found.iter().map(|o| o.value.as_str()).collect::<Vec<_>>(), fine);
    }
}
