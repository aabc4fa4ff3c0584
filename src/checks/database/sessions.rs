//! Sessions that work or sit for long: statements, and transactions left open. Only a role that may
//! see other sessions can tell; for any other this is `unknown`, since it sees nothing but itself.

use crate::config::Thresholds;
use crate::domain::{Judgement, ReasonCode, text};
use crate::postgres::{PgError, Session, Sql, statement};

/// Those that block others come first, then the longest, so that a cut hides neither. One row says
/// whether the role may see them, also where there are none.
const SESSIONS: Sql = Sql::constant(
    "WITH blockers AS (
       SELECT DISTINCT b.pid
       FROM (SELECT DISTINCT pid FROM pg_locks WHERE NOT granted) w
       CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b(pid)
     ), busy AS (
       SELECT a.pid::int8, a.usename::text AS role, a.application_name AS app,
              a.state, a.state = 'active' AS active, b.pid IS NOT NULL AS blocking,
              a.wait_event_type || '/' || a.wait_event AS waiting_on, left(a.query, 2000) AS query,
              extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS transaction_s,
              extract(epoch FROM clock_timestamp() - CASE WHEN a.state = 'active'
                THEN a.query_start ELSE a.state_change END)::float8 AS seconds
       FROM pg_stat_activity a LEFT JOIN blockers b ON b.pid = a.pid
       WHERE a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
         AND a.state IN ('active', 'idle in transaction', 'idle in transaction (aborted)')
       ORDER BY b.pid IS NOT NULL DESC, seconds DESC NULLS LAST LIMIT 501
     )
     SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all, busy.*
     FROM (SELECT 1) one LEFT JOIN busy ON true",
);

/// Sessions that are read.
const READ: usize = 500;

/// What the sessions of others are at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sessions {
    /// With a statement under way; seconds since its start.
    pub active: Vec<Busy>,
    /// In a transaction with no statement under way; seconds since the last one ended.
    pub idle: Vec<Busy>,
    /// Whether there are more than were read.
    pub more: bool,
}

/// A session and for how long.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Busy {
    /// Its process.
    pub pid: i64,
    /// Its role.
    pub role: String,
    /// Its application name.
    pub app: String,
    /// Its state, as the server has it.
    pub state: String,
    /// For how long it has been in that state.
    pub seconds: f64,
    /// Age of its transaction in seconds.
    pub transaction_s: Option<f64>,
    /// What it waits for: `Lock/transactionid`, `Client/ClientRead`.
    pub waiting_on: Option<String>,
    /// Its statement, or its last one.
    pub query: Option<String>,
    /// Whether another session waits for it.
    pub blocking: bool,
}

/// Asks the server. `None`: the role may not see the sessions of others.
///
/// # Errors
/// As [`Session::read`].
pub async fn sessions(session: &mut Session) -> Result<Option<Sessions>, PgError> {
    let rows = session.read(&SESSIONS).await?;
    let mut found = Sessions { more: rows.len() > READ, ..Sessions::default() };
    for row in rows.iter().take(READ) {
        if row.bool("sees_all")? != Some(true) {
            return Ok(None);
        }
        let Some(pid) = row.int("pid")? else { continue };
        let busy = Busy {
            pid,
            role: row.text("role")?.unwrap_or_default(),
            app: row.text("app")?.unwrap_or_default(),
            state: row.text("state")?.unwrap_or_default(),
            seconds: row.float("seconds")?.unwrap_or_default().max(0.0),
            transaction_s: row.float("transaction_s")?.map(|seconds| seconds.max(0.0)),
            waiting_on: row.text("waiting_on")?,
            query: statement::shown(row.text("query")?),
            blocking: row.bool("blocking")?.unwrap_or_default(),
        };
        let active = row.bool("active")?.unwrap_or_default();
        if active { &mut found.active } else { &mut found.idle }.push(busy);
    }
    Ok(Some(found))
}

/// Judges the statements that are under way.
pub fn judge_statements(sessions: &Sessions, thresholds: &Thresholds) -> Judgement {
    let limits = Limits {
        yellow_s: thresholds.statement_yellow_s,
        red_s: thresholds.statement_red_s,
        code: ReasonCode::LongStatement,
        none: "no statement of another session is under way",
        what: "runs a statement",
    };
    judge(&sessions.active, &limits)
}

/// Judges the transactions that are left open.
pub fn judge_idle(sessions: &Sessions, thresholds: &Thresholds) -> Judgement {
    let limits = Limits {
        yellow_s: thresholds.idle_in_transaction_yellow_min.saturating_mul(60),
        red_s: thresholds.idle_in_transaction_red_min.saturating_mul(60),
        code: ReasonCode::IdleInTransaction,
        none: "no session sits in an open transaction",
        what: "sits in an open transaction",
    };
    judge(&sessions.idle, &limits)
}

/// For a role that may not see other sessions.
pub(super) fn limited_view() -> Judgement {
    Judgement::unknown(ReasonCode::LimitedView, "limited view: the role lacks pg_read_all_stats")
        .reach(crate::domain::Reach::Reached)
}

struct Limits {
    yellow_s: u64,
    red_s: u64,
    code: ReasonCode,
    none: &'static str,
    what: &'static str,
}

/// Long alone is yellow; long and in the way of others is red.
fn judge(sessions: &[Busy], limits: &Limits) -> Judgement {
    let longest = |of: &mut dyn Iterator<Item = &Busy>| {
        of.max_by(|a, b| a.seconds.total_cmp(&b.seconds)).cloned()
    };
    let red =
        longest(&mut sessions.iter().filter(|s| s.blocking && s.seconds > limits.red_s as f64));
    let Some(worst) = red.clone().or_else(|| longest(&mut sessions.iter())) else {
        return Judgement::green(limits.none).with("sessions", 0);
    };
    let text = says(&worst, limits.what);
    let judgement = if red.is_some() {
        Judgement::red(limits.code, text)
    } else if worst.seconds >= limits.yellow_s as f64 {
        Judgement::yellow(limits.code, text)
    } else {
        Judgement::green(text)
    };
    judgement
        .with("sessions", sessions.len())
        .with("longest_s", worst.seconds)
        .with("pid", worst.pid)
        .with("role", text::shorten(&worst.role, 63))
        .with("app", text::shorten(&worst.app, 63))
        .with("blocking", worst.blocking)
}

fn says(worst: &Busy, what: &str) -> String {
    let (pid, role) = (worst.pid, text::shorten(&worst.role, 63));
    let blocks = if worst.blocking { " and blocks others" } else { "" };
    format!("pid {pid} ({role}) {what} for {:.0} s{blocks}", worst.seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::database::test_support::thresholds;
    use crate::domain::State;

    fn busy(seconds: f64, blocking: bool) -> Busy {
        Busy { pid: 7, seconds, blocking, ..Busy::default() }
    }

    #[test]
    fn statements_by_the_table() {
        for (active, state) in [
            (vec![], State::Green),
            (vec![busy(59.9, true)], State::Green),
            (vec![busy(60.0, false)], State::Yellow),
            (vec![busy(300.0, true)], State::Yellow),
            (vec![busy(9000.0, false)], State::Yellow),
            (vec![busy(300.5, true)], State::Red),
            (vec![busy(9000.0, false), busy(301.0, true)], State::Red),
            (vec![busy(9000.0, false), busy(10.0, true)], State::Yellow),
        ] {
            let sessions = Sessions { active, idle: vec![busy(99_999.0, true)], more: false };
            let judgement = judge_statements(&sessions, &thresholds());
            assert_eq!(judgement.state, state, "{:?}", sessions.active);
        }
    }

    #[test]
    fn idle_in_transaction_by_the_table() {
        for (idle, state) in [
            (vec![], State::Green),
            (vec![busy(299.0, true)], State::Green),
            (vec![busy(300.0, true)], State::Yellow),
            (vec![busy(1800.0, true)], State::Yellow),
            (vec![busy(1801.0, false)], State::Yellow),
            (vec![busy(1801.0, true)], State::Red),
        ] {
            let sessions = Sessions { active: vec![busy(99_999.0, true)], idle, more: false };
            let judgement = judge_idle(&sessions, &thresholds());
            assert_eq!(judgement.state, state, "{:?}", sessions.idle);
        }
    }

    #[test]
    fn the_one_that_blocks_is_named_over_the_one_that_only_lasts() {
        let mut blocker = busy(400.0, true);
        blocker.pid = 42;
        let sessions =
            Sessions { active: vec![busy(9000.0, false), blocker], ..Sessions::default() };
        let judgement = judge_statements(&sessions, &thresholds());
        assert_eq!(judgement.evidence["pid"], 42);
        assert!(judgement.reason.text.contains("blocks others"), "{}", judgement.reason.text);
    }
}
