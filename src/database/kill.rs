//! Ending what one session does: its statement, or the session itself.
//!
//! A process id is used again, so the statement that sends the signal names the session by its
//! `backend_start` as well, and repeats every refusal: nothing can change between the look and the
//! act. It runs in a read-only transaction, which permits signals, so that it also works on a standby
//! and where a full disk made the server read-only.

use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::checks::locks::{Waiter, behind};
use crate::domain::Consent;
use crate::domain::text::{one_line, shorten};
use crate::postgres::{PgError, PgErrorKind, Quoted, Row, Session, Sql, statement};

/// Roles whose sessions belong to the platform: its poolers, its API and its own services. Each keeps
/// sessions for many users and opens them again at once, so ending one of them helps nobody and may
/// break much. Every role that begins with `supabase_` is one as well.
///
/// `postgres` is not among them: on Supabase it is the team's own role. What the server itself runs
/// as that role (background workers, replication) is refused by its kind.
pub const PLATFORM_ROLES: [&str; 3] = ["authenticator", "pgbouncer", "dashboard_user"];

/// Of every other role that the platform made.
const PLATFORM_PREFIX: &str = "supabase_";

/// The only kind of session that is ended: one that a client opened.
const CLIENT: &str = "client backend";

/// How long the effect is waited for.
const EFFECT: Duration = Duration::from_secs(3);
/// How often it is looked for.
const POLL: Duration = Duration::from_millis(60);

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Signal {
    /// Ends the statement that runs; the session stays.
    Cancel,
    /// Ends the session.
    Terminate,
}

/// The session that is meant, as it was when the operator was asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Victim {
    /// Its process.
    pub pid: i64,
    /// When it began (UTC, to the microsecond), which tells it from a later one of the same pid.
    pub backend_start: String,
    /// Its role.
    pub role: String,
    /// Its application name.
    pub app: String,
    /// Its database.
    pub database: String,
    /// Where its client is.
    pub client: Option<String>,
    /// Its state.
    pub state: String,
    /// For how long it has been in that state, in seconds.
    pub seconds: Option<f64>,
    /// Age of its transaction in seconds.
    pub transaction_s: Option<f64>,
    /// Its statement, or its last one.
    pub query: Option<String>,
    /// Sessions that it waits for itself.
    pub waits_for: Vec<i64>,
    /// Sessions behind it.
    #[serde(skip)]
    pub behind: Vec<Waiter>,
    /// What the server calls its kind.
    #[serde(skip)]
    kind: String,
    /// Whether it is the session that asks.
    #[serde(skip)]
    own: bool,
    /// When its statement began, as the server writes it.
    #[serde(skip)]
    statement_began: Option<String>,
}

/// What became of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum After {
    /// It is not there any more.
    Gone,
    /// It is there; its statement is not.
    Cancelled,
    /// It does what it did.
    Unchanged,
}

/// What was done, and what is seen of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ended {
    /// Whether the signal was sent; not where the session had ended by itself.
    pub sent: bool,
    /// What became of the session.
    pub session: After,
    /// Its state, where it is still there.
    pub state: Option<String>,
    /// Sessions behind it before.
    pub blocked_before: usize,
    /// Sessions behind it after.
    pub blocked_after: usize,
}

/// Why nothing was ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KillError {
    /// No such session.
    #[error("no session has the pid {0}")]
    NoSession(i64),
    /// One that must not be ended.
    #[error("pid {pid} is not ended: {why}")]
    Refused {
        /// The session.
        pid: i64,
        /// Why not.
        why: String,
    },
    /// The operator agreed to something else.
    #[error("nobody agreed to {0}")]
    OtherConsent(String),
    /// The signal may have been sent.
    #[error("whether the signal was sent is not known: {0}")]
    Unsure(PgError),
    /// The server answered with an error.
    #[error(transparent)]
    Postgres(#[from] PgError),
}

impl Victim {
    /// What the operator is asked to agree to.
    pub fn act(&self, signal: Signal) -> String {
        let who = match self.app.is_empty() {
            true => self.role.clone(),
            false => format!("{}, {}", self.role, self.app),
        };
        let who = one_line(&shorten(&who, 80));
        match signal {
            Signal::Cancel => format!("cancel the statement of pid {} ({who})", self.pid),
            Signal::Terminate => format!("terminate the session of pid {} ({who})", self.pid),
        }
    }

    /// Whether a statement runs in it; else there is nothing to cancel.
    pub fn is_active(&self) -> bool {
        matches!(self.state.as_str(), "active" | "fastpath function call")
    }

    /// Why it must not be ended, if so.
    fn refusal(&self) -> Option<String> {
        let platform =
            PLATFORM_ROLES.contains(&self.role.as_str()) || self.role.starts_with(PLATFORM_PREFIX);
        match () {
            () if self.own => Some("it is this program's own session".to_owned()),
            () if platform => Some(format!("its role {} is the platform's own", self.role)),
            () if self.kind.is_empty() || self.backend_start.is_empty() => Some(
                "the role may not see when it began, so it cannot be told from a later session of the \
                 same pid; pg_read_all_stats would let it"
                    .to_owned(),
            ),
            () if self.kind != CLIENT => {
                Some(format!("it is no client's session but the server's own ({})", self.kind))
            }
            () => None,
        }
    }
}

const VICTIM: &str = "
    SELECT a.pid::int8, a.usename::text AS role, a.application_name AS app, a.datname::text AS db,
           host(a.client_addr) AS client, a.state, a.backend_type AS kind,
           left(a.query, 2000) AS query, a.pid = pg_backend_pid() AS own,
           to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS began,
           to_char(a.query_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')
             AS statement_began,
           extract(epoch FROM clock_timestamp() - CASE WHEN a.state = 'active'
             THEN a.query_start ELSE a.state_change END)::float8 AS seconds,
           extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS transaction_s,
           to_json(pg_blocking_pids(a.pid))::text AS waits_for
    FROM pg_stat_activity a WHERE a.pid = {pid}::int4";

/// Looks at the session of this pid.
///
/// # Errors
/// There is none, or it must not be ended.
pub async fn victim(session: &mut Session, pid: i64) -> Result<Victim, KillError> {
    let quoted = Quoted::literal(&pid.to_string());
    let found = session.read(&Sql::fill(VICTIM, &[("pid", &quoted)])).await?;
    let mut victim = read(found.first().ok_or(KillError::NoSession(pid))?)?;
    if let Some(why) = victim.refusal() {
        return Err(KillError::Refused { pid, why });
    }
    victim.behind = behind(session, pid).await?;
    Ok(victim)
}

fn read(row: &Row) -> Result<Victim, PgError> {
    let text = |column| Ok::<_, PgError>(row.text(column)?.unwrap_or_default());
    let seconds = |column| Ok::<_, PgError>(row.float(column)?.map(|seconds| seconds.max(0.0)));
    Ok(Victim {
        pid: row.int("pid")?.unwrap_or_default(),
        backend_start: text("began")?,
        role: text("role")?,
        app: text("app")?,
        database: text("db")?,
        client: row.text("client")?,
        state: text("state")?,
        seconds: seconds("seconds")?,
        transaction_s: seconds("transaction_s")?,
        query: statement::shown(row.text("query")?),
        waits_for: row.json("waits_for")?.unwrap_or_default(),
        behind: Vec::new(),
        kind: text("kind")?,
        own: row.bool("own")?.unwrap_or_default(),
        statement_began: row.text("statement_began")?,
    })
}

macro_rules! send {
    ($function:literal) => {
        concat!(
            "SELECT ",
            $function,
            "(a.pid) AS sent FROM pg_stat_activity a
             WHERE a.pid = {pid}::int4 AND a.backend_start = {began}::timestamptz
               AND a.pid <> pg_backend_pid() AND a.backend_type = {client}
               AND a.usename::text NOT IN {platform}
               AND NOT starts_with(a.usename::text, {prefix})"
        )
    };
}

/// Sends `signal` to `victim`, and looks what becomes of it, for as long as the session may.
///
/// # Errors
/// `consent` is for something else; the role may not; the answer did not come.
pub async fn kill(
    session: &mut Session,
    victim: &Victim,
    signal: Signal,
    consent: &Consent,
) -> Result<Ended, KillError> {
    let act = victim.act(signal);
    if !consent.is_for(&act) {
        return Err(KillError::OtherConsent(act));
    }
    let template = match signal {
        Signal::Cancel => send!("pg_cancel_backend"),
        Signal::Terminate => send!("pg_terminate_backend"),
    };
    let (pid, began) = identity(victim);
    let holes = [
        ("pid", &pid),
        ("began", &began),
        ("client", &Quoted::literal(CLIENT)),
        ("platform", &Quoted::list(PLATFORM_ROLES)),
        ("prefix", &Quoted::literal(PLATFORM_PREFIX)),
    ];
    let answer = session.read(&Sql::fill(template, &holes)).await;
    let answer = answer.map_err(|error| match error.may_have_happened() {
        true => KillError::Unsure(error),
        false => KillError::Postgres(error),
    })?;
    let sent = answer.first().map(|row| row.bool("sent")).transpose()?.flatten() == Some(true);
    let (after, state) = effect(session, victim, signal).await?;
    let blocked_after = match after {
        After::Gone => 0,
        After::Cancelled | After::Unchanged => behind(session, victim.pid).await?.len(),
    };
    let blocked_before = victim.behind.len();
    Ok(Ended { sent, session: after, state, blocked_before, blocked_after })
}

fn identity(victim: &Victim) -> (Quoted, Quoted) {
    (Quoted::literal(&victim.pid.to_string()), Quoted::literal(&victim.backend_start))
}

const STATE: &str = "
    SELECT a.state,
           to_char(a.query_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')
             AS statement_began
    FROM pg_stat_activity a
    WHERE a.pid = {pid}::int4 AND a.backend_start = {began}::timestamptz";

/// Looks until the effect is there, or will not come.
async fn effect(
    session: &mut Session,
    victim: &Victim,
    signal: Signal,
) -> Result<(After, Option<String>), PgError> {
    let (pid, began) = identity(victim);
    let sql = Sql::fill(STATE, &[("pid", &pid), ("began", &began)]);
    let end = Instant::now() + EFFECT;
    let mut state = None;
    loop {
        let found = match session.read(&sql).await {
            // Out of time: what was seen last stands.
            Err(error) if error.kind() == PgErrorKind::OutOfTime => {
                return Ok((After::Unchanged, state));
            }
            found => found?,
        };
        let Some(row) = found.first() else { return Ok((After::Gone, None)) };
        state = row.text("state")?;
        let ran = victim.is_active();
        let same = state.as_deref() == Some(victim.state.as_str())
            && row.text("statement_began")? == victim.statement_began;
        match signal {
            Signal::Cancel if ran && !same => return Ok((After::Cancelled, state)),
            Signal::Cancel if !ran => return Ok((After::Unchanged, state)),
            _ if Instant::now() >= end => return Ok((After::Unchanged, state)),
            _ => sleep(POLL).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn victim(role: &str, kind: &str) -> Victim {
        Victim {
            pid: 4711,
            backend_start: "2026-11-21T18:00:00.000000Z".to_owned(),
            role: role.to_owned(),
            kind: kind.to_owned(),
            ..Victim::default()
        }
    }

    #[test]
    fn the_platform_s_sessions_and_our_own_are_refused() {
        for (role, kind, word) in [
            ("api", CLIENT, None),
            ("postgres", CLIENT, None),
            ("postgres", "autovacuum worker", Some("the server's own")),
            ("postgres", "logical replication worker", Some("the server's own")),
            ("postgres", "walsender", Some("the server's own")),
            ("", "checkpointer", Some("the server's own")),
            ("authenticator", CLIENT, Some("platform")),
            ("pgbouncer", CLIENT, Some("platform")),
            ("supabase_admin", CLIENT, Some("platform")),
            ("supabase_storage_admin", CLIENT, Some("platform")),
            ("api", "", Some("pg_read_all_stats")),
        ] {
            let why = victim(role, kind).refusal();
            match (&why, word) {
                (Some(why), Some(word)) => assert!(why.contains(word), "{role}/{kind}: {why}"),
                (why, word) => assert_eq!(why.as_deref(), word, "{role}/{kind}"),
            }
        }
        let own = Victim { own: true, ..victim("api", CLIENT) };
        assert!(own.refusal().is_some_and(|why| why.contains("own session")));
    }

    #[test]
    fn the_act_names_the_session_and_cannot_write_on_the_terminal() {
        let named = Victim { app: "batch\u{1b}[2J".to_owned(), ..victim("api", CLIENT) };
        assert_eq!(
            named.act(Signal::Terminate),
            "terminate the session of pid 4711 (api, batch\\u{1b}[2J)"
        );
        let plain = victim("api", CLIENT);
        assert_eq!(plain.act(Signal::Cancel), "cancel the statement of pid 4711 (api)");
    }
}
