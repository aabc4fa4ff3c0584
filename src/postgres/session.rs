//! The connection itself: opened once, asked one read after another.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

use super::explain::{Found, Place};
use super::{PgError, PgErrorKind, Row, Sql, Target};
use crate::domain::Redactor;

/// How long one read may take, unless the session's deadline comes first.
pub const READ_LIMIT: Duration = Duration::from_millis(1500);
/// With less than this left, a read is not begun.
const SHORTEST_READ: Duration = Duration::from_millis(100);
/// How long each part of the second look at a silent server may take, and the goodbye.
const COURTESY: Duration = Duration::from_millis(300);
/// The server ends a transaction of ours in which nobody has asked for rows for so long: a pager on a
/// terminal may wait for a key.
const CURSOR_IDLE: &str = "60s";
/// How long the end of a failed transaction may take, before the session counts as broken.
const ROLLBACK_LIMIT: Duration = Duration::from_secs(1);

/// How long the whole may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For name look-up, TCP, TLS and login together.
    pub connect: Duration,
    /// When everything has to be over.
    pub deadline: Instant,
}

/// An open connection. A read that runs into its client-side limit breaks it: what the server would
/// answer later cannot be told from the answer to the next read.
#[derive(Debug)]
pub struct Session {
    state: Result<PgConnection, PgError>,
    place: Place,
    deadline: Instant,
    connect_ms: u64,
    /// Whether a cursor keeps a transaction open.
    in_cursor: bool,
}

impl Session {
    /// Connects, and logs in.
    ///
    /// # Errors
    /// Everything that [`PgErrorKind`] names up to [`PgErrorKind::ServerDown`].
    pub async fn connect(
        target: &Target,
        redactor: &Redactor,
        limits: Limits,
    ) -> Result<Self, PgError> {
        let place = Place::new(target, redactor);
        let options = target.options().await?;
        let began = Instant::now();
        let own = began + limits.connect;
        match timeout_at(own.min(limits.deadline), options.connect()).await {
            Ok(Ok(connection)) => Ok(Self {
                state: Ok(connection),
                place,
                deadline: limits.deadline,
                connect_ms: millis(began.elapsed()),
                in_cursor: false,
            }),
            Ok(Err(error)) => Err(place.explain(&error)),
            Err(_) if limits.deadline < own => {
                Err(place.error(PgErrorKind::OutOfTime, "no time was left to connect"))
            }
            Err(_) => Err(place.no_answer(found(target).await, limits.connect)),
        }
    }

    /// How long the connect took: name look-up, TCP, TLS and login together.
    pub fn connect_ms(&self) -> u64 {
        self.connect_ms
    }

    /// Reads with the usual limit.
    ///
    /// # Errors
    /// As [`Session::read_within`].
    pub async fn read(&mut self, sql: &Sql) -> Result<Vec<Row>, PgError> {
        self.read_within(sql, READ_LIMIT).await
    }

    /// Reads the one row that `sql` always has.
    ///
    /// # Errors
    /// As [`Session::read_within`]; no row is [`PgErrorKind::Unreadable`].
    pub async fn read_one(&mut self, sql: &Sql) -> Result<Row, PgError> {
        let rows = self.read(sql).await?;
        rows.into_iter().next().ok_or_else(PgError::no_row)
    }

    /// Reads in a transaction of its own, within `limit` or what is left until the deadline.
    ///
    /// # Errors
    /// What the server answers leaves the session usable. After [`PgErrorKind::Silent`] and
    /// [`PgErrorKind::Lost`] each later read is [`PgErrorKind::Skipped`].
    pub async fn read_within(&mut self, sql: &Sql, limit: Duration) -> Result<Vec<Row>, PgError> {
        self.ask(sql, Mode::Read, limit).await
    }

    /// Writes in a transaction of its own, which is on the server's disk when this returns. Only for
    /// tables of this program, and for what an operator agreed to.
    ///
    /// # Errors
    /// As [`Session::read_within`]; [`PgError::may_have_happened`] tells whether the write is unsure.
    pub async fn write(&mut self, sql: &Sql, limit: Duration) -> Result<Vec<Row>, PgError> {
        self.ask(sql, Mode::Write, limit).await
    }

    /// Whether an earlier error broke the connection.
    pub fn is_broken(&self) -> bool {
        self.state.is_err()
    }

    /// Opens a cursor over `sql` and brings its first `rows` rows. Until [`Session::close_cursor`] a
    /// transaction stays open on the server; any other question ends it first.
    ///
    /// # Errors
    /// As [`Session::read_within`].
    pub async fn open_cursor(
        &mut self,
        sql: &Sql,
        rows: u32,
        limit: Duration,
    ) -> Result<Vec<Row>, PgError> {
        self.leave_cursor().await;
        let found = self.send(|limit| cursor(sql, rows, limit), limit).await?;
        self.in_cursor = true;
        Ok(found)
    }

    /// The next `rows` rows of the open cursor; fewer at its end.
    ///
    /// # Errors
    /// As [`Session::read_within`]; a cursor that is not open any more is [`PgErrorKind::Query`].
    pub async fn fetch(&mut self, rows: u32, limit: Duration) -> Result<Vec<Row>, PgError> {
        self.send(|_| fetch(rows), limit).await
    }

    /// Ends the cursor's transaction.
    ///
    /// # Errors
    /// As [`Session::read_within`].
    pub async fn close_cursor(&mut self) -> Result<(), PgError> {
        if std::mem::take(&mut self.in_cursor) {
            self.send(|_| "COMMIT".to_owned(), READ_LIMIT).await?;
        }
        Ok(())
    }

    /// Whoever opened the cursor did not close it: what is asked next must not run in its transaction.
    async fn leave_cursor(&mut self) {
        if std::mem::take(&mut self.in_cursor) {
            let lost = self.place.error(PgErrorKind::Lost, "a list was left half way");
            self.recover(&lost).await;
        }
    }

    async fn ask(&mut self, sql: &Sql, mode: Mode, limit: Duration) -> Result<Vec<Row>, PgError> {
        self.leave_cursor().await;
        self.send(|limit| transaction(sql, mode, limit), limit).await
    }

    async fn send(
        &mut self,
        message: impl FnOnce(Duration) -> String,
        limit: Duration,
    ) -> Result<Vec<Row>, PgError> {
        let connection = match &mut self.state {
            Ok(connection) => connection,
            Err(cause) => return Err(PgError::not_tried(cause)),
        };
        let left = self.deadline.saturating_duration_since(Instant::now());
        let cut = left < limit;
        let limit = limit.min(left);
        if limit < SHORTEST_READ {
            return Err(self.place.error(PgErrorKind::OutOfTime, "no time was left to ask this"));
        }
        let message = AssertSqlSafe(message(limit));
        match timeout(limit, sqlx::raw_sql(message).fetch_all(&mut *connection)).await {
            Ok(Ok(rows)) => Ok(rows.into_iter().map(Row::new).collect()),
            Ok(Err(error)) => {
                let error = self.place.explain(&error);
                self.in_cursor = false;
                self.recover(&error).await;
                Err(error)
            }
            Err(_) => {
                let ms = limit.as_millis();
                let text = format!("the database said nothing for {ms} ms");
                let kind = if cut { PgErrorKind::OutOfTime } else { PgErrorKind::Silent };
                Err(self.give_up(self.place.error(kind, &text)))
            }
        }
    }

    /// Says goodbye, so that the server's log has no broken connection of ours.
    pub async fn close(self) {
        if let Ok(connection) = self.state {
            // Whether the goodbye arrives changes nothing for us.
            let _ = timeout(COURTESY, connection.close()).await;
        }
    }

    /// Ends the transaction that an error left open, so that the next read finds none.
    async fn recover(&mut self, error: &PgError) {
        if let Ok(connection) = &mut self.state {
            let rollback = sqlx::raw_sql("ROLLBACK").execute(&mut *connection);
            let until = self.deadline.min(Instant::now() + ROLLBACK_LIMIT);
            if !matches!(timeout_at(until, rollback).await, Ok(Ok(_))) {
                self.give_up(error.clone());
            }
        }
    }

    fn give_up(&mut self, cause: PgError) -> PgError {
        self.state = Err(cause.clone());
        cause
    }
}

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Read,
    Write,
}

/// One message, so one round trip, and one transaction, so one server behind a pooler.
///
/// The server's limit lies below the client's, so that its answer arrives before we stop listening.
/// `lock_timeout` is short because a read that waits behind an `ALTER TABLE` waits as long as the
/// incident does; a write waits longer, for its own kind.
fn transaction(sql: &Sql, mode: Mode, limit: Duration) -> String {
    let statement_ms = limit.as_millis() * 4 / 5;
    let (begin, lock) = match mode {
        Mode::Read => ("BEGIN TRANSACTION READ ONLY", "500ms"),
        Mode::Write => ("BEGIN TRANSACTION READ WRITE; SET LOCAL synchronous_commit = on", "2s"),
    };
    format!(
        "{begin}; \
         SET LOCAL statement_timeout = {statement_ms}; \
         SET LOCAL lock_timeout = '{lock}'; \
         SET LOCAL idle_in_transaction_session_timeout = '10s'; \
         {}; \
         COMMIT",
        sql.as_str()
    )
}

/// One message that leaves its transaction open. The limits hold for each later `FETCH` too.
fn cursor(sql: &Sql, rows: u32, limit: Duration) -> String {
    let statement_ms = limit.as_millis() * 4 / 5;
    format!(
        "BEGIN TRANSACTION READ ONLY; \
         SET LOCAL statement_timeout = {statement_ms}; \
         SET LOCAL lock_timeout = '500ms'; \
         SET LOCAL idle_in_transaction_session_timeout = '{CURSOR_IDLE}'; \
         DECLARE parky_ops_rows NO SCROLL CURSOR FOR {}; \
         {}",
        sql.as_str(),
        fetch(rows)
    )
}

fn fetch(rows: u32) -> String {
    format!("FETCH FORWARD {rows} FROM parky_ops_rows")
}

/// After a connect without an answer: tells a resolver that hangs, and a server that hangs, from one
/// that is not there.
async fn found(target: &Target) -> Found {
    if target.is_socket() {
        return Found::Port;
    }
    let lookup = lookup_host((target.bare_host(), target.port));
    let Ok(Ok(addresses)) = timeout(COURTESY, lookup).await else { return Found::Nothing };
    let addresses: Vec<_> = addresses.collect();
    match timeout(COURTESY, TcpStream::connect(&addresses[..])).await {
        Ok(Ok(_)) => Found::Port,
        _ => Found::Address,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_is_one_read_only_transaction_with_its_own_limits() {
        let message = transaction(&Sql::constant("SELECT 1"), Mode::Read, READ_LIMIT);
        assert_eq!(
            message,
            "BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = 1200; \
             SET LOCAL lock_timeout = '500ms'; \
             SET LOCAL idle_in_transaction_session_timeout = '10s'; SELECT 1; COMMIT"
        );
    }

    #[test]
    fn a_write_is_durable_when_it_returns() {
        let message = transaction(&Sql::constant("SELECT 1"), Mode::Write, READ_LIMIT);
        assert!(message.starts_with(
            "BEGIN TRANSACTION READ WRITE; SET LOCAL synchronous_commit = on; \
             SET LOCAL statement_timeout = 1200; SET LOCAL lock_timeout = '2s'; "
        ));
    }
}
