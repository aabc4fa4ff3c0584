//! One message after another to the server, and again where that is safe.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::StoreError;
use super::access::{self, Schema};
use super::{BULK_LIMIT, STEP_LIMIT, SharedStore};
use crate::domain::Redactor;
use crate::postgres::{Limits, PgError, PgErrorKind, Row, Session, Sql, Target};

/// How long a connect may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// The pauses before a connect is tried again.
const RECONNECT: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(500), Duration::from_millis(1000)];
/// How often a step is asked, at most.
const TRIES: u32 = 2;
/// How often a step is asked that the server undid because of a neighbour's.
const RACES: u32 = 6;
/// A session has no end of its own: each step has its limit.
const SESSION: Duration = Duration::from_secs(30 * 24 * 3600);

/// What may be done about a step of which no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// It recognises its own commit, or does no harm twice.
    Safe,
    /// It would be a second one.
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    Write,
}

impl SharedStore {
    pub(super) async fn run_init(&mut self, sql: &Sql, limit: Duration) -> Result<(), StoreError> {
        self.ask(sql, Mode::Write, limit, Again::Safe).await?;
        self.look().await.map(drop)
    }

    /// A step that changes something.
    pub(super) async fn write(&mut self, sql: &Sql, again: Again) -> Result<Vec<Row>, StoreError> {
        self.write_within(sql, STEP_LIMIT, again).await
    }

    pub(super) async fn write_within(
        &mut self,
        sql: &Sql,
        limit: Duration,
        again: Again,
    ) -> Result<Vec<Row>, StoreError> {
        self.access.check(&self.env)?;
        self.ask(sql, Mode::Write, limit, again).await
    }

    /// A step that reads. The stamp of another environment is a caveat of [`super::Access`] here, no more.
    pub(super) async fn read(&mut self, sql: &Sql) -> Result<Vec<Row>, StoreError> {
        if matches!(self.access.schema, Schema::Missing | Schema::Hidden) {
            return Err(StoreError::NoSchema);
        }
        self.ask(sql, Mode::Read, BULK_LIMIT, Again::Safe).await
    }

    pub(super) async fn ask(
        &mut self,
        sql: &Sql,
        mode: Mode,
        limit: Duration,
        again: Again,
    ) -> Result<Vec<Row>, StoreError> {
        let (mut tries, mut races) = (1, 1);
        loop {
            let session = self.connected().await?;
            let asked = match mode {
                Mode::Read => session.read_within(sql, limit).await,
                Mode::Write => session.write(sql, limit).await,
            };
            let error = match asked {
                Ok(rows) => return Ok(rows),
                Err(error) => error,
            };
            if is_race(&error) && races < RACES {
                races += 1;
            } else if error.may_have_happened() && again == Again::Safe && tries < TRIES {
                tries += 1;
            } else {
                return Err(error.into());
            }
        }
    }

    /// The session, opened anew where it broke.
    pub(super) async fn connected(&mut self) -> Result<&mut Session, StoreError> {
        if self.session.as_ref().is_some_and(Session::is_broken) {
            self.session = None;
        }
        let session = match self.session.take() {
            Some(session) => session,
            None => {
                let mut session = connect(&self.target, &self.redactor).await?;
                // Another server may answer by now, or a newer program may have been here.
                self.access = access::look(&mut session, &self.team).await?;
                session
            }
        };
        Ok(self.session.insert(session))
    }
}

/// Connects, patiently where the server may be on its way back.
pub(super) async fn connect(target: &Target, redactor: &Redactor) -> Result<Session, PgError> {
    let mut pauses = RECONNECT.into_iter();
    loop {
        let limits = Limits { connect: CONNECT_LIMIT, deadline: Instant::now() + SESSION };
        let error = match Session::connect(target, redactor, limits).await {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        use PgErrorKind::{Lost, Refused, Saturated, ServerDown, StartingUp};
        match pauses.next() {
            Some(pause)
                if matches!(error.kind(), Refused | Lost | Saturated | ServerDown | StartingUp) =>
            {
                sleep(pause).await;
            }
            _ => return Err(error),
        }
    }
}

/// Undone by the server because of somebody else's transaction: a deadlock, or an equal alert that
/// was claimed in the same moment. Asked again, the step sees what the other one did.
fn is_race(error: &PgError) -> bool {
    matches!(error.sqlstate(), Some("40001" | "40P01" | "23505"))
}
