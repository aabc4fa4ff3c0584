//! Statements that run, and transactions that are left open, longest in the way first.

use std::time::Duration;

use serde::Serialize;

use crate::checks::database::{Busy, sessions};
use crate::postgres::{PgError, Session};

/// A session that works, or sits in a transaction.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunningQuery {
    /// Its process.
    pub pid: i64,
    /// Its role.
    pub role: String,
    /// Its application name.
    pub app: String,
    /// Its state.
    pub state: String,
    /// For how long it has been in that state.
    pub seconds: f64,
    /// Age of its transaction in seconds.
    pub transaction_s: Option<f64>,
    /// What it waits for.
    pub waiting_on: Option<String>,
    /// Whether another session waits for it.
    pub blocking: bool,
    /// Its statement, or its last one.
    pub query: Option<String>,
}

impl From<Busy> for RunningQuery {
    fn from(busy: Busy) -> Self {
        let Busy { pid, role, app, state, seconds, transaction_s, waiting_on, query, blocking } =
            busy;
        Self { pid, role, app, state, seconds, transaction_s, waiting_on, blocking, query }
    }
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Queries {
    /// Those that block others first, then the longest.
    pub rows: Vec<RunningQuery>,
    /// Whether there are more than the server was asked for.
    pub more: bool,
}

/// Asks the server for what has lasted `at_least` so long. `None`: the role may not see the sessions
/// of others.
///
/// # Errors
/// As [`Session::read`].
pub async fn queries(
    session: &mut Session,
    at_least: Duration,
) -> Result<Option<Queries>, PgError> {
    let Some(found) = sessions(session).await? else { return Ok(None) };
    Ok(Some(Queries { more: found.more, rows: select(found.active, found.idle, at_least) }))
}

fn select(active: Vec<Busy>, idle: Vec<Busy>, at_least: Duration) -> Vec<RunningQuery> {
    let lasts = |busy: &Busy| {
        busy.seconds.max(busy.transaction_s.unwrap_or_default()) >= at_least.as_secs_f64()
    };
    let mut all: Vec<_> = active.into_iter().chain(idle).filter(lasts).collect();
    all.sort_by(|a, b| b.blocking.cmp(&a.blocking).then(b.seconds.total_cmp(&a.seconds)));
    all.into_iter().map(RunningQuery::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ones_are_left_out_and_those_in_the_way_come_first() {
        let busy = |pid, seconds, transaction_s, blocking| Busy {
            pid,
            seconds,
            transaction_s,
            blocking,
            ..Busy::default()
        };
        let active = vec![
            busy(1, 4.9, Some(4.9), false),
            busy(2, 90.0, None, false),
            busy(3, 1.0, Some(60.0), false),
        ];
        let idle = vec![busy(4, 5.0, None, true)];
        let pids = |rows: Vec<RunningQuery>| rows.iter().map(|row| row.pid).collect::<Vec<_>>();
        let rows = select(active.clone(), idle.clone(), Duration::from_secs(5));
        assert_eq!(pids(rows), [4, 2, 3]);
        assert_eq!(pids(select(active, idle, Duration::ZERO)).len(), 4);
    }
}
