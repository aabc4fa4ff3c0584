//! All open P0: how many, how old, and whether anyone was told.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Query, Table, TableError};
use crate::dlq::{FailureId, Filter, Letter};
use crate::postgres::Session;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OpenP0 {
    /// Of the last 24 h, and nobody was told.
    pub untold: u64,
    /// Of the last 24 h, told by e-mail.
    pub told: u64,
    /// Older or without a time, and nobody was told.
    pub untold_older: u64,
    /// Older or without a time, told by e-mail.
    pub told_older: u64,
    /// The rows that nobody was told of first, each kind the newest first.
    pub rows: Vec<Letter>,
    /// Rows whose word means open and that are settled; not among the others.
    pub settled: u64,
    /// More rows are open than are kept here.
    pub more: bool,
}

impl Table {
    /// Counts all open P0 and keeps at most `most` of them; `settled` ones are not open.
    ///
    /// # Errors
    /// What the database says.
    pub async fn p0(
        &self,
        session: &mut Session,
        settled: &[FailureId],
        most: usize,
        now: DateTime<Utc>,
    ) -> Result<OpenP0, TableError> {
        let filter = Filter {
            severities: vec!["P0".to_owned()],
            statuses: self.name.open_status.clone(),
            ..Filter::default()
        };
        let settled: HashSet<_> = settled.iter().collect();
        let mut pages = self.pages(Query { filter, ..Query::default() })?;
        let mut found = OpenP0::default();
        let (mut untold, mut told) = (Vec::new(), Vec::new());
        while let Some(page) = pages.next(session).await? {
            for letter in page {
                if letter.id.as_ref().is_some_and(|id| settled.contains(id)) {
                    found.settled += 1;
                    continue;
                }
                let recent = letter.attempted_at.is_some_and(|at| at >= now - TimeDelta::hours(24));
                let (count, rows) = match (letter.fallback_email_sent, recent) {
                    (false, true) => (&mut found.untold, &mut untold),
                    (false, false) => (&mut found.untold_older, &mut untold),
                    (true, true) => (&mut found.told, &mut told),
                    (true, false) => (&mut found.told_older, &mut told),
                };
                *count += 1;
                if rows.len() < most {
                    rows.push(letter);
                }
            }
        }
        found.more = found.untold + found.told + found.untold_older + found.told_older
            > u64::try_from(most).unwrap_or(u64::MAX);
        untold.extend(told);
        untold.truncate(most);
        found.rows = untold;
        Ok(found)
    }
}
