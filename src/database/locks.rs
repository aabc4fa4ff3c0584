//! Who blocks whom, root first, and the locks that are waited for or that keep others out.

use serde::Serialize;

use crate::checks::locks::{self, Blocked, Root};
use crate::postgres::{PgError, Row, Session, Sql, statement};

/// A session at the root of a queue (contract §3).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LockRow {
    /// Its process; 0 is a prepared transaction.
    pub root_pid: i64,
    /// Its application name.
    pub root_app: Option<String>,
    /// Its role.
    pub root_role: Option<String>,
    /// Its state; `None` where the role may not see it.
    pub root_state: Option<String>,
    /// Age of its transaction in seconds; `None` where the role may not see it.
    pub root_seconds: Option<f64>,
    /// Sessions behind it.
    pub blocked: u64,
    /// Length of the longest chain behind it.
    pub depth: u64,
    /// The longest wait behind it in seconds.
    pub longest_wait_s: Option<f64>,
    /// Its last statement; `None` where the role may not see it.
    pub root_query: Option<String>,
    /// The statement that has waited for the longest.
    pub sample_query: Option<String>,
}

impl From<Root> for LockRow {
    fn from(root: Root) -> Self {
        Self {
            root_pid: root.pid,
            root_app: root.app,
            root_role: root.role,
            root_state: root.state,
            root_seconds: root.transaction_s,
            blocked: root.behind,
            depth: root.depth,
            longest_wait_s: root.longest_wait_s,
            root_query: root.query,
            sample_query: root.sample_query,
        }
    }
}

/// Waiting requests first, then the strong locks that are held. The name of a relation is read
/// without touching it; one of another database has only its number.
const LOCKS: Sql = Sql::constant(
    "SELECT l.pid::int8, coalesce(l.relation::regclass::text
                              || CASE l.locktype WHEN 'tuple' THEN ', a row' ELSE '' END,
                              l.locktype) AS target, l.mode,
            l.granted, a.usename::text AS role, a.state, left(a.query, 2000) AS query,
            extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS transaction_s
     FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
     WHERE l.pid IS DISTINCT FROM pg_backend_pid()
       AND l.locktype IN ('relation', 'tuple', 'advisory', 'transactionid')
       AND (NOT l.granted
            OR l.mode IN ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock')
               AND l.locktype <> 'transactionid')
     ORDER BY l.granted, a.xact_start, l.pid LIMIT 101",
);

/// Locks that are told one by one.
const SHOWN: usize = 100;

/// A lock that is waited for, or that keeps others out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldLock {
    /// Its process; `None` is a prepared transaction.
    pub pid: Option<i64>,
    /// Its role.
    pub role: Option<String>,
    /// The table, or the kind of thing that is locked.
    pub target: String,
    /// As `AccessExclusiveLock`.
    pub mode: String,
    /// Whether it is held; else it is waited for.
    pub granted: bool,
    /// The session's state.
    pub state: Option<String>,
    /// Age of its transaction in seconds.
    pub transaction_s: Option<f64>,
    /// Its statement.
    pub query: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Locks {
    /// The roots, the one with the longest queue first.
    pub rows: Vec<LockRow>,
    /// Whether there are more roots.
    pub more: bool,
    /// Sessions that wait for another one.
    pub waiting: u64,
    /// Locks, those that are waited for first.
    pub locks: Vec<HeldLock>,
    /// Whether there are more locks.
    pub more_locks: bool,
}

impl Locks {
    /// Sessions wait, and none of them for one that does not: they wait for each other.
    pub fn is_circle(&self) -> bool {
        self.waiting > 0 && self.rows.is_empty()
    }
}

/// Asks the server.
///
/// # Errors
/// As [`Session::read`].
pub async fn locks(session: &mut Session) -> Result<Locks, PgError> {
    let Blocked { sessions, roots, more, .. } = locks::facts(session).await?;
    let found = session.read(&LOCKS).await?;
    let locks = found.iter().take(SHOWN).map(lock).collect::<Result<_, _>>()?;
    let rows = roots.into_iter().map(LockRow::from).collect();
    Ok(Locks { rows, more, waiting: sessions, locks, more_locks: found.len() > SHOWN })
}

fn lock(row: &Row) -> Result<HeldLock, PgError> {
    Ok(HeldLock {
        pid: row.int("pid")?,
        role: row.text("role")?,
        target: row.text("target")?.unwrap_or_default(),
        mode: row.text("mode")?.unwrap_or_default(),
        granted: row.bool("granted")?.unwrap_or_default(),
        state: row.text("state")?,
        transaction_s: row.float("transaction_s")?.map(|seconds| seconds.max(0.0)),
        query: statement::shown(row.text("query")?),
    })
}
