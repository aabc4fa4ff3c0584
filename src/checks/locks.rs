//! Which sessions wait for a lock that another one holds, and who is at the root. Reads `pg_locks`
//! and `pg_blocking_pids()`, which work for every role; without `pg_read_all_stats` only states,
//! transaction times and statements stay hidden.
//!
//! `pg_blocking_pids()` sees waits for tables as well as for rows: a session that waits for a
//! transaction to end, and an `ALTER TABLE` that waits behind an open one.

use crate::config::Thresholds;
use crate::domain::{Judgement, ReasonCode, text};
use crate::postgres::{PgError, Quoted, Row, Session, Sql, statement};

/// Who waits for whom. `waitstart` came with version 14 and is not hidden from anyone; the way
/// through JSON reads it where it exists. Before that the start of the statement has to do.
macro_rules! waiting {
    () => {
        "WITH RECURSIVE requests AS (
           SELECT pid, min((to_jsonb(l) ->> 'waitstart')::timestamptz) AS since
           FROM pg_locks l WHERE NOT granted GROUP BY pid
         ), waiting AS (
           SELECT r.pid, b.blocker
           FROM requests r CROSS JOIN LATERAL unnest(pg_blocking_pids(r.pid)) AS b(blocker)
         ), waiters AS (
           SELECT w.pid, coalesce(r.since, a.query_start) AS since, a.usename::text AS role,
                  left(a.query, 2000) AS query
           FROM (SELECT DISTINCT pid FROM waiting) w JOIN requests r USING (pid)
           LEFT JOIN pg_stat_activity a USING (pid)
         )"
    };
}

/// Roots that are told one by one.
const ROOTS: usize = 50;

/// One row for each root, and one without a root where there is none: nobody waits, or everybody
/// waits in a circle.
const BLOCKED: Sql = Sql::constant(concat!(
    waiting!(),
    ", chain AS (
       SELECT w.blocker AS root, w.pid, 1 AS depth FROM waiting w
       WHERE NOT EXISTS (SELECT 1 FROM waiting x WHERE x.pid = w.blocker)
       UNION
       SELECT c.root, w.pid, c.depth + 1 FROM chain c JOIN waiting w ON w.blocker = c.pid
       WHERE c.depth < 20
     ), total AS (
       SELECT count(*) AS sessions,
              max(extract(epoch FROM clock_timestamp() - since))::float8 AS longest_s
       FROM waiters
     ), roots AS (
       SELECT c.root, count(DISTINCT c.pid) AS behind, max(c.depth) AS depth,
              max(extract(epoch FROM clock_timestamp() - w.since))::float8 AS longest_s,
              (array_agg(w.query ORDER BY w.since, c.depth))[1] AS sample
       FROM chain c JOIN waiters w USING (pid)
       GROUP BY c.root ORDER BY 2 DESC, 1 LIMIT 51
     )
     SELECT total.sessions::int8, total.longest_s AS longest_of_all_s, roots.root::int8 AS root_pid,
            roots.behind::int8, roots.depth::int8, roots.longest_s, roots.sample,
            r.usename::text AS root_role, r.application_name AS root_app, r.state AS root_state,
            left(r.query, 2000) AS root_query,
            extract(epoch FROM clock_timestamp() - r.xact_start)::float8 AS root_s
     FROM total LEFT JOIN roots ON true LEFT JOIN pg_stat_activity r ON r.pid = roots.root
     ORDER BY roots.behind DESC, roots.root"
));

/// Who waits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Blocked {
    /// Sessions that wait for another one.
    pub sessions: u64,
    /// The longest wait in seconds, where the role may see it.
    pub longest_wait_s: Option<f64>,
    /// The sessions at the roots, the one with the longest queue first.
    pub roots: Vec<Root>,
    /// Whether there are more roots than these.
    pub more: bool,
}

/// A session that blocks others and is not blocked itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Root {
    /// Its process; 0 is a prepared transaction, which has none.
    pub pid: i64,
    /// Its role.
    pub role: Option<String>,
    /// Its application name.
    pub app: Option<String>,
    /// Its state, where we may see it.
    pub state: Option<String>,
    /// Age of its transaction in seconds, where we may see it.
    pub transaction_s: Option<f64>,
    /// Its last statement, where we may see it.
    pub query: Option<String>,
    /// Sessions behind it.
    pub behind: u64,
    /// Length of the longest chain behind it.
    pub depth: u64,
    /// The longest wait behind it in seconds, where we may see it.
    pub longest_wait_s: Option<f64>,
    /// The statement that has waited for the longest, where we may see it.
    pub sample_query: Option<String>,
}

/// Asks the server.
///
/// # Errors
/// As [`Session::read`].
pub async fn facts(session: &mut Session) -> Result<Blocked, PgError> {
    let rows = session.read(&BLOCKED).await?;
    let first = rows.first().ok_or_else(PgError::no_row)?;
    let mut facts = Blocked {
        sessions: first.count("sessions")?,
        longest_wait_s: seconds(first, "longest_of_all_s")?,
        roots: rows.iter().filter_map(|row| root(row).transpose()).collect::<Result<_, _>>()?,
        more: false,
    };
    facts.more = facts.roots.len() > ROOTS;
    facts.roots.truncate(ROOTS);
    Ok(facts)
}

fn root(row: &Row) -> Result<Option<Root>, PgError> {
    let Some(pid) = row.int("root_pid")? else { return Ok(None) };
    Ok(Some(Root {
        pid,
        role: row.text("root_role")?,
        app: row.text("root_app")?,
        state: row.text("root_state")?,
        transaction_s: seconds(row, "root_s")?,
        query: statement::shown(row.text("root_query")?),
        behind: row.count("behind")?,
        depth: row.count("depth")?,
        longest_wait_s: seconds(row, "longest_s")?,
        sample_query: statement::shown(row.text("sample")?),
    }))
}

/// A wait that began by a clock that is ahead of ours is one of no length.
fn seconds(row: &Row, column: &str) -> Result<Option<f64>, PgError> {
    Ok(row.float(column)?.map(|seconds| seconds.max(0.0)))
}

const BEHIND: &str = concat!(
    waiting!(),
    ", behind AS (
       SELECT pid, 1 AS depth FROM waiting WHERE blocker = {pid}::int4
       UNION
       SELECT w.pid, b.depth + 1 FROM behind b JOIN waiting w ON w.blocker = b.pid
       WHERE b.depth < 20
     )
     SELECT b.pid::int8, min(b.depth)::int8 AS depth, w.role, w.query,
            extract(epoch FROM clock_timestamp() - w.since)::float8 AS waits_s
     FROM behind b JOIN waiters w USING (pid) WHERE b.pid <> {pid}::int4
     GROUP BY b.pid, w.role, w.query, w.since ORDER BY 2, 5 DESC NULLS LAST, 1"
);

/// A session that waits, by itself or through others, for the one that was asked about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Waiter {
    /// Its process.
    pub pid: i64,
    /// Its role.
    pub role: Option<String>,
    /// Steps to the session that was asked about.
    pub depth: u64,
    /// How long it has waited, in seconds, where we may see it.
    pub waits_s: Option<f64>,
    /// What it wants to run, where we may see it.
    pub query: Option<String>,
}

/// Everything that waits behind `pid`, the nearest first.
///
/// # Errors
/// As [`Session::read`].
pub async fn behind(session: &mut Session, pid: i64) -> Result<Vec<Waiter>, PgError> {
    let pid = Quoted::literal(&pid.to_string());
    let rows = session.read(&Sql::fill(BEHIND, &[("pid", &pid)])).await?;
    rows.iter()
        .map(|row| {
            Ok(Waiter {
                pid: row.int("pid")?.unwrap_or_default(),
                role: row.text("role")?,
                depth: row.count("depth")?,
                waits_s: seconds(row, "waits_s")?,
                query: statement::shown(row.text("query")?),
            })
        })
        .collect()
}

/// Judges by how many wait and how long.
pub fn judge(facts: &Blocked, thresholds: &Thresholds) -> Judgement {
    let waits_over = |s: u64| facts.longest_wait_s.is_some_and(|wait| wait > s as f64);
    let text = says(facts);
    let judgement =
        if facts.sessions >= thresholds.blocked_red || waits_over(thresholds.blocked_wait_red_s) {
            Judgement::red(ReasonCode::Blocked, text)
        } else if facts.sessions >= thresholds.blocked_yellow
            || waits_over(thresholds.blocked_wait_yellow_s)
        {
            Judgement::yellow(ReasonCode::Blocked, text)
        } else {
            Judgement::green(text)
        };
    evidence(judgement, facts)
}

fn says(facts: &Blocked) -> String {
    let mut said = match facts.sessions {
        0 => return "no session waits for another".to_owned(),
        1 => "1 session waits for a lock".to_owned(),
        n => format!("{n} sessions wait for locks"),
    };
    if let Some(wait) = facts.longest_wait_s {
        said.push_str(&format!(", the longest for {wait:.0} s"));
    }
    if let Some(root) = facts.roots.first() {
        let who = root.role.as_deref().unwrap_or("a role that we may not see");
        said.push_str(&match root.pid {
            0 => ", behind a prepared transaction".to_owned(),
            pid => format!(", behind pid {pid} ({})", text::shorten(who, 63)),
        });
    }
    said
}

fn evidence(judgement: Judgement, facts: &Blocked) -> Judgement {
    let judgement =
        judgement.with("blocked", facts.sessions).with("longest_wait_s", facts.longest_wait_s);
    let Some(root) = facts.roots.first() else { return judgement };
    let word = |word: &Option<String>| word.as_deref().map(|w| text::shorten(w, 63));
    judgement
        .with("root_pid", root.pid)
        .with("root_role", word(&root.role))
        .with("root_app", word(&root.app))
        .with("root_state", word(&root.state))
        .with("root_seconds", root.transaction_s)
        .with("root_blocks", root.behind)
        .with("depth", root.depth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::database::test_support::thresholds;
    use crate::domain::State;

    #[test]
    fn the_rows_of_the_table() {
        for (sessions, longest_wait_s, state) in [
            (0, None, State::Green),
            (1, Some(0.2), State::Yellow),
            (4, Some(30.0), State::Yellow),
            (1, Some(120.0), State::Yellow),
            (1, Some(120.5), State::Red),
            (5, Some(0.1), State::Red),
            (4, None, State::Yellow),
            (5, None, State::Red),
        ] {
            let facts = Blocked { sessions, longest_wait_s, ..Blocked::default() };
            let judgement = judge(&facts, &thresholds());
            assert_eq!(judgement.state, state, "{facts:?}");
        }
    }

    #[test]
    fn the_root_is_named_and_cannot_write_on_the_terminal() {
        let root = Root { pid: 42, role: Some("app\u{1b}[2J".to_owned()), ..Root::default() };
        let (longest_wait_s, roots) = (Some(31.4), vec![root]);
        let facts = Blocked { sessions: 2, longest_wait_s, roots, more: false };
        let said = judge(&facts, &thresholds()).reason.text;
        assert_eq!(
            said,
            "2 sessions wait for locks, the longest for 31 s, behind pid 42 (app\\u{1b}[2J)"
        );
    }
}
