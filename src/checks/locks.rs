//! Which sessions wait for a lock that another one holds, and who is at the root. Reads `pg_locks`
//! and `pg_blocking_pids()`, which work for every role; without `pg_read_all_stats` only the root's
//! state and transaction time stay hidden.

use crate::config::Thresholds;
use crate::domain::{Judgement, ReasonCode, text};
use crate::postgres::{PgError, Row, Session, Sql};

/// `waitstart` came with version 14 and is not hidden from anyone; the way through JSON reads it
/// where it exists. Before that the start of the statement has to do.
const BLOCKED: Sql = Sql::constant(
    "WITH RECURSIVE waiting AS (
       SELECT w.pid, b.blocker, w.since
       FROM (SELECT pid, min((to_jsonb(l) ->> 'waitstart')::timestamptz) AS since
             FROM pg_locks l WHERE NOT granted GROUP BY pid) w
       CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b(blocker)
     ), chain AS (
       SELECT w.blocker AS root, w.pid, 1 AS depth FROM waiting w
       WHERE NOT EXISTS (SELECT 1 FROM waiting x WHERE x.pid = w.blocker)
       UNION
       SELECT c.root, w.pid, c.depth + 1 FROM chain c JOIN waiting w ON w.blocker = c.pid
       WHERE c.depth < 20
     ), total AS (
       SELECT count(DISTINCT w.pid) AS blocked,
              max(extract(epoch FROM clock_timestamp() - coalesce(w.since, a.query_start)))::float8
              AS longest_wait_s
       FROM waiting w LEFT JOIN pg_stat_activity a USING (pid)
     ), roots AS (
       SELECT root, count(DISTINCT pid) AS behind, max(depth) AS depth FROM chain
       GROUP BY root ORDER BY 2 DESC, 1 LIMIT 1
     )
     SELECT total.blocked::int8, total.longest_wait_s, roots.root::int8 AS root_pid,
            roots.behind::int8, roots.depth::int8, r.usename::text AS root_role,
            r.application_name AS root_app, r.state AS root_state,
            extract(epoch FROM clock_timestamp() - r.xact_start)::float8 AS root_s
     FROM total LEFT JOIN roots ON true LEFT JOIN pg_stat_activity r ON r.pid = roots.root",
);

/// Who waits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Blocked {
    /// Sessions that wait for another one.
    pub sessions: u64,
    /// The longest wait in seconds, where the role may see it.
    pub longest_wait_s: Option<f64>,
    /// The session at the root of the longest queue.
    pub root: Option<Root>,
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
    /// Sessions behind it.
    pub behind: u64,
    /// Length of the longest chain behind it.
    pub depth: u64,
}

/// Asks the server.
///
/// # Errors
/// As [`Session::read`].
pub async fn facts(session: &mut Session) -> Result<Blocked, PgError> {
    let row = session.read_one(&BLOCKED).await?;
    Ok(Blocked {
        sessions: row.count("blocked")?,
        longest_wait_s: row.float("longest_wait_s")?.map(|wait| wait.max(0.0)),
        root: root(&row)?,
    })
}

fn root(row: &Row) -> Result<Option<Root>, PgError> {
    let Some(pid) = row.int("root_pid")? else { return Ok(None) };
    Ok(Some(Root {
        pid,
        role: row.text("root_role")?,
        app: row.text("root_app")?,
        state: row.text("root_state")?,
        transaction_s: row.float("root_s")?,
        behind: row.count("behind")?,
        depth: row.count("depth")?,
    }))
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
    if let Some(root) = &facts.root {
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
    let Some(root) = &facts.root else { return judgement };
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
            let facts = Blocked { sessions, longest_wait_s, root: None };
            let judgement = judge(&facts, &thresholds());
            assert_eq!(judgement.state, state, "{facts:?}");
        }
    }

    #[test]
    fn the_root_is_named_and_cannot_write_on_the_terminal() {
        let root = Root { pid: 42, role: Some("app\u{1b}[2J".to_owned()), ..Root::default() };
        let facts = Blocked { sessions: 2, longest_wait_s: Some(31.4), root: Some(root) };
        let said = judge(&facts, &thresholds()).reason.text;
        assert_eq!(
            said,
            "2 sessions wait for locks, the longest for 31 s, behind pid 42 (app\\u{1b}[2J)"
        );
    }
}
