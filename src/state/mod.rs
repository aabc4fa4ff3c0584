//! What this machine remembers between runs: one SQLite file, used by several processes at once.
//!
//! Reads and writes `state.db` in the state directory (0700). WAL with `synchronous=FULL`: what was
//! written is on the disk when the call returns. A damaged file is kept beside a new one.

mod completion;
mod filesystem;
mod journal;
mod ledger;
mod migrate;
mod spool;
mod triages;

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

pub use completion::{Offer, OfferKind, offered};
pub use filesystem::{Filesystem, filesystem_of};
pub use journal::{JournalEntry, JournalKind, JournalLine};
pub use ledger::{Ledger, LedgerError, Posted, Probe, Send, SendEnd, SendIntent};
pub use spool::{SpoolEnd, Spooled, ToSpool};
pub use triages::Remembered;

/// How long a step waits for another process.
const BUSY: Duration = Duration::from_secs(5);

/// How long it waits before it tries to connect again.
const TURN: Duration = Duration::from_millis(20);

/// Why the local state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The directory cannot be made or written.
    #[error("{}: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A newer program has changed the file's form.
    #[error("{} was written by a newer parky-ops (schema {found}, this one knows {known})", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema version found.
        found: i64,
        /// The newest one that this program knows.
        known: i64,
    },
    /// SQLite said no.
    #[error("{}: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: sqlx::Error,
    },
}

/// The open state file.
#[derive(Debug)]
pub struct State {
    connection: SqliteConnection,
    path: PathBuf,
    replaced: Option<PathBuf>,
}

impl State {
    /// Opens the state in `directory`, making both where they are missing. A file that is not a
    /// database any more is kept under another name, and [`State::replaced`] tells which.
    ///
    /// # Errors
    /// No rights, no room, or a file that a newer program wrote.
    pub async fn open(directory: &Path) -> Result<Self, StateError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|source| StateError::Directory { path: directory.to_owned(), source })?;
        let path = directory.join("state.db");
        make_private(&path)
            .map_err(|source| StateError::Directory { path: path.clone(), source })?;
        let mut replaced = None;
        let connection = match connect_in_turn(&path).await {
            Err(source) if is_damage(&source) => {
                replaced = Some(set_aside(&path)?);
                make_private(&path)
                    .map_err(|source| StateError::Directory { path: path.clone(), source })?;
                connect_in_turn(&path).await
            }
            other => other,
        };
        let connection =
            connection.map_err(|source| StateError::Database { path: path.clone(), source })?;
        let mut state = Self { connection, path, replaced };
        migrate::migrate(&mut state).await?;
        Ok(state)
    }

    /// Opens the state in `directory` for reading alone: makes, changes and sets aside nothing. `None`
    /// where there is no file; one of an older form lacks what came later.
    ///
    /// # Errors
    /// No rights, damage, or a file that a newer program wrote.
    pub async fn open_existing(directory: &Path) -> Result<Option<Self>, StateError> {
        let path = directory.join("state.db");
        match path.try_exists() {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(source) => return Err(StateError::Directory { path, source }),
        }
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .read_only(true)
            .busy_timeout(BUSY)
            .disable_statement_logging();
        let connection = options.connect().await;
        let connection =
            connection.map_err(|source| StateError::Database { path: path.clone(), source })?;
        let mut state = Self { connection, path, replaced: None };
        migrate::refuse_newer(&mut state).await?;
        Ok(Some(state))
    }

    /// Where the damaged file was kept, if this open had to start anew.
    pub fn replaced(&self) -> Option<&Path> {
        self.replaced.as_deref()
    }

    /// Closes the file, which folds the write-ahead log in.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn close(self) -> Result<(), StateError> {
        let Self { connection, path, .. } = self;
        connection.close().await.map_err(|source| StateError::Database { path, source })
    }

    /// The connection, for the other keepers of this file.
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// What SQLite said, with the file's name.
    pub(crate) fn error(&self, source: sqlx::Error) -> StateError {
        StateError::Database { path: self.path.clone(), source }
    }
}

/// Makes the file for the owner alone, before SQLite would make it for everybody.
fn make_private(path: &Path) -> std::io::Result<()> {
    fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(drop)
}

async fn connect(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .disable_statement_logging()
        .connect()
        .await?;
    // Damage further inside shows only when it is read.
    sqlx::raw_sql("SELECT count(*) FROM sqlite_schema").execute(&mut connection).await?;
    Ok(connection)
}

/// Connects; several processes that make the file at once take turns. The switch to the write-ahead
/// log does not wait for others by itself.
async fn connect_in_turn(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let until = tokio::time::Instant::now() + BUSY;
    loop {
        match connect(path).await {
            Err(error) if is_busy(&error) && tokio::time::Instant::now() < until => {
                tokio::time::sleep(TURN).await;
            }
            other => return other,
        }
    }
}

/// SQLITE_BUSY (5), also while another process recovers the log (261).
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    matches!(code.as_deref(), Some("5" | "261"))
}

/// SQLITE_CORRUPT (11) and SQLITE_NOTADB (26).
fn is_damage(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    matches!(code.as_deref(), Some("11" | "26"))
}

/// Renames the damaged file and its companions to the first free `state.db.damaged-N`.
fn set_aside(path: &Path) -> Result<PathBuf, StateError> {
    let name = |n: u32| path.with_extension(format!("db.damaged-{n}"));
    let aside = (1..).map(name).find(|candidate| !candidate.exists()).unwrap_or_else(|| name(0));
    fs::rename(path, &aside)
        .map_err(|source| StateError::Directory { path: path.to_owned(), source })?;
    for companion in ["db-wal", "db-shm"] {
        // They belong to the damaged file and would damage the new one.
        let _ = fs::remove_file(path.with_extension(companion));
    }
    Ok(aside)
}
