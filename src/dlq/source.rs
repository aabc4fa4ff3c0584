//! The team's table over a connection that is opened when it is needed and again when it broke.

use std::time::Duration;

use tokio::time::Instant;

use super::table::{Table, TableError};
use super::{FailureId, Letter};
use crate::domain::Redactor;
use crate::postgres::{Limits, PgError, Session, Target};

/// How long a connect may take.
const CONNECT: Duration = Duration::from_secs(5);
/// Longer than any run: each read has its own limit.
const NO_DEADLINE: Duration = Duration::from_secs(30 * 86_400);

/// See the module.
#[derive(Debug)]
pub struct Source {
    target: Target,
    redactor: Redactor,
    table: Table,
    session: Option<Session>,
}

impl Source {
    /// The table as it was found over `session`, on `target`.
    pub fn new(target: Target, redactor: Redactor, table: Table, session: Session) -> Self {
        Self { target, redactor, table, session: Some(session) }
    }

    /// The table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Reads one row, with its payload; `None`: it is gone. A connection that broke is opened anew,
    /// once.
    ///
    /// # Errors
    /// The table does not give it.
    pub async fn read(&mut self, id: &FailureId) -> Result<Option<Letter>, TableError> {
        let first = self.try_to_read(id).await;
        if first.is_ok() || !self.session.as_ref().is_some_and(Session::is_broken) {
            return first;
        }
        self.try_to_read(id).await
    }

    async fn try_to_read(&mut self, id: &FailureId) -> Result<Option<Letter>, TableError> {
        let Self { target, redactor, table, session } = self;
        table.read_one(opened(session, target, redactor).await?, id).await
    }

    /// A connection to read with.
    ///
    /// # Errors
    /// The database does not let us in.
    pub async fn connected(&mut self) -> Result<&mut Session, PgError> {
        opened(&mut self.session, &self.target, &self.redactor).await
    }
}

/// The session, opened anew where it broke.
async fn opened<'s>(
    place: &'s mut Option<Session>,
    target: &Target,
    redactor: &Redactor,
) -> Result<&'s mut Session, PgError> {
    let usable = place.take().filter(|session| !session.is_broken());
    let session = match usable {
        Some(session) => session,
        None => {
            let limits = Limits { connect: CONNECT, deadline: Instant::now() + NO_DEADLINE };
            Session::connect(target, redactor, limits).await?
        }
    };
    Ok(place.insert(session))
}
