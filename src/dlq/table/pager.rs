//! Long lists, in pages: by keyset, each page in its own short transaction, where an index serves
//! (`attempted_at`, key); else by a cursor. Memory is that of one page.
//!
//! Rows whose time RFC 3339 cannot say (null, infinity, years beyond 9999) come after all others, in
//! the order of their keys.

use std::time::Duration;

use super::columns::{TIME, letter};
use super::key::sorted;
use super::narrow::Times;
use super::{Table, TableError};
use crate::dlq::{FailureId, Filter, Letter, fingerprint};
use crate::domain::{Caveat, hex};
use crate::postgres::{Quoted, Row, Session, Sql};

/// How long the server may take for one page; without an index the first one sorts everything.
const PAGE_LIMIT: Duration = Duration::from_secs(25);
/// Rows of the first page: little, so that it is there at once.
const FIRST: u32 = 64;
/// Most rows of a page.
const MOST: u32 = 2048;
/// Most rows of a page with payloads, of which each may have some hundred KiB.
const MOST_WITH_PAYLOAD: u32 = 128;

/// Which end first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The newest.
    #[default]
    Newest,
    /// The oldest.
    Oldest,
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Which rows.
    pub filter: Filter,
    /// Rows without a time count as inside the filter's window.
    pub undated: bool,
    /// None of these: what the ledger has settled, a bounded number.
    pub without: Vec<FailureId>,
    /// Which end first.
    pub order: Order,
    /// At most so many; `None`: all.
    pub limit: Option<u64>,
    /// Read the payload of each row too.
    pub with_payload: bool,
}

/// How the pages are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Few enough for one read.
    Once,
    /// After the last row of the page before.
    Keyset,
    /// A cursor of the server.
    Cursor,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// Rows with a time, after this position; the cursor is open or not.
    Rows(Times, Option<Vec<Quoted>>, bool),
    Done,
}

/// A list under way. A cursor's transaction is closed at the end of the list, or by the session's
/// next question of another kind.
#[derive(Debug)]
pub struct Pager {
    table: Table,
    query: Query,
    way: Way,
    stage: Stage,
    payload: bool,
    size: u32,
    left: Option<u64>,
    more: bool,
}

impl Table {
    /// Lists rows in pages.
    ///
    /// # Errors
    /// The payload is asked for, or needed for the filter, and cannot be found; ids are asked for
    /// where there is no key.
    pub fn pages(&self, query: Query) -> Result<Pager, TableError> {
        let payload = query.with_payload || query.filter.fingerprint.is_some();
        if payload {
            self.payload()?;
        }
        if !query.filter.ids.is_empty() {
            self.key()?;
        }
        let few = query.limit.is_some_and(|limit| limit < u64::from(most(payload)));
        let way = match () {
            () if few && query.filter.fingerprint.is_none() => Way::Once,
            () if self.has_keyset() => Way::Keyset,
            () => Way::Cursor,
        };
        let size = if way == Way::Once { most(payload) } else { FIRST.min(most(payload)) };
        let stage = Stage::Rows(Times::Dated, None, false);
        let left = query.limit;
        Ok(Pager { table: self.clone(), query, way, stage, payload, size, left, more: false })
    }
}

fn most(payload: bool) -> u32 {
    if payload { MOST_WITH_PAYLOAD } else { MOST }
}

impl Pager {
    /// The next page, never an empty one; `None` at the end.
    ///
    /// # Errors
    /// What the database says.
    pub async fn next(&mut self, session: &mut Session) -> Result<Option<Vec<Letter>>, TableError> {
        while let Stage::Rows(times, position, open) = self.stage.clone() {
            let room = self.left.map_or(u64::MAX, |left| left.saturating_add(1));
            // A filter of ours thins the page out after it was read.
            let wanted = match self.query.filter.fingerprint {
                Some(_) => self.size,
                None => u32::try_from(room).unwrap_or(u32::MAX).min(self.size),
            };
            let rows = self.read(session, times, position.as_deref(), open, wanted).await?;
            let is_last = u32::try_from(rows.len()).unwrap_or(u32::MAX) < wanted;
            self.stage = match is_last {
                true => self.after(times),
                false => {
                    Stage::Rows(times, self.position(times, rows.last())?, self.way == Way::Cursor)
                }
            };
            if is_last && self.way == Way::Cursor {
                session.close_cursor().await?;
            }
            self.size = self.size.saturating_mul(4).min(most(self.payload));
            let mut page = self.letters(&rows)?;
            if let Some(left) = &mut self.left {
                let fit = usize::try_from(*left).unwrap_or(usize::MAX);
                if page.len() > fit {
                    page.truncate(fit);
                    self.more = true;
                    self.stage = Stage::Done;
                    session.close_cursor().await?;
                }
                *left = left.saturating_sub(page.len() as u64);
            }
            if !page.is_empty() {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    /// Whether the limit cut the list; known at its end.
    pub fn more(&self) -> bool {
        self.more
    }

    /// What the reader has to know of the way the list is read.
    pub fn caveat(&self) -> Option<Caveat> {
        (self.way == Way::Cursor).then(|| {
            let text = format!(
                "no index of {} serves (attempted_at, key): the list is read by a cursor, which holds \
                 a transaction open on the server until it ends",
                self.table.name
            );
            Caveat::new("cursor", text)
        })
    }

    /// What is listed after the last row of this kind.
    fn after(&self, times: Times) -> Stage {
        let filter = &self.query.filter;
        let windowed = filter.ids.is_empty() && (filter.since.is_some() || filter.until.is_some());
        if times == Times::Dated && (self.query.undated || !windowed) {
            Stage::Rows(Times::Undated, None, false)
        } else {
            Stage::Done
        }
    }

    async fn read(
        &self,
        session: &mut Session,
        times: Times,
        position: Option<&[Quoted]>,
        open: bool,
        rows: u32,
    ) -> Result<Vec<Row>, TableError> {
        let read = match self.way {
            Way::Cursor if open => session.fetch(rows, PAGE_LIMIT).await,
            Way::Cursor => {
                session.open_cursor(&self.sql(times, None, None), rows, PAGE_LIMIT).await
            }
            Way::Once | Way::Keyset => {
                session.read_within(&self.sql(times, position, Some(rows)), PAGE_LIMIT).await
            }
        };
        Ok(read?)
    }

    fn sql(&self, times: Times, position: Option<&[Quoted]>, rows: Option<u32>) -> Sql {
        let table = &self.table;
        let newest = self.query.order == Order::Newest;
        let mut conditions = table.conditions(&self.query.filter, times);
        if !self.query.without.is_empty() {
            conditions.push(table.none_of(&self.query.without));
        }
        let columns = self.sort_columns(times);
        if let Some(position) = position {
            let columns = Quoted::joined(columns.clone(), ", ");
            let values = Quoted::joined(position.to_vec(), ", ");
            let after = if newest { "({c}) < ({v})" } else { "({c}) > ({v})" };
            conditions.push(Quoted::piece(after, &[("c", &columns), ("v", &values)]));
        }
        let order = Quoted::joined(columns.iter().map(|column| sorted(column, newest)), ", ");
        let limit = rows.map_or_else(
            || Quoted::piece("", &[]),
            |rows| Quoted::piece(" LIMIT {n}", &[("n", &Quoted::int(i64::from(rows)))]),
        );
        let order = match columns.is_empty() {
            true => Quoted::piece("", &[]),
            false => Quoted::piece(" ORDER BY {o}", &[("o", &order)]),
        };
        let template = match self.way {
            // What is shown is made of each row as it is fetched, not of all rows before the sort.
            Way::Cursor => {
                "SELECT {columns} FROM (SELECT {raw} FROM {relation} AS letters WHERE {where}{order} \
                 OFFSET 0) AS letters"
            }
            Way::Once | Way::Keyset => {
                "SELECT {columns} FROM {relation} AS letters WHERE {where}{order}{limit}"
            }
        };
        Sql::fill(
            template,
            &[
                ("columns", table.select(self.payload)),
                ("raw", &table.raw(self.payload)),
                ("relation", &table.relation()),
                ("where", &Quoted::joined(conditions, " AND ")),
                ("order", &order),
                ("limit", &limit),
            ],
        )
    }

    fn sort_columns(&self, times: Times) -> Vec<Quoted> {
        let dated = times == Times::Dated;
        let time = dated.then(|| Quoted::piece("letters.attempted_at", &[]));
        let key = self.table.key.iter();
        let key = key.flat_map(|key| key.names().zip(key.columns()));
        // A key that holds the time, as that of a partitioned table does, sorts by it once.
        let key = key.filter(|(name, _)| !dated || *name != TIME);
        time.into_iter().chain(key.map(|(_, column)| column)).collect()
    }

    /// Where the next page begins.
    fn position(&self, times: Times, row: Option<&Row>) -> Result<Option<Vec<Quoted>>, TableError> {
        let (Way::Keyset, Some(row), Ok(key)) = (self.way, row, &self.table.key) else {
            return Ok(None);
        };
        let last = letter(row, Some(key), false)?;
        let dated = times == Times::Dated;
        let at = last.attempted_at.filter(|_| dated).map(|at| self.table.columns.at(at));
        let values = last.id.as_ref().and_then(|id| key.values(id)).ok_or_else(|| {
            let text = format!("a key of {} cannot be read back", self.table.name);
            TableError::NoKey(text)
        })?;
        let values = key.names().zip(values).filter(|(name, _)| !dated || *name != TIME);
        Ok(Some(at.into_iter().chain(values.map(|(_, value)| value)).collect()))
    }

    fn letters(&self, rows: &[Row]) -> Result<Vec<Letter>, TableError> {
        let key = self.table.key.as_ref().ok();
        let mut page = Vec::with_capacity(rows.len());
        for row in rows {
            let mut letter = letter(row, key, self.payload)?;
            if self.is_meant(&letter) {
                letter.payload = letter.payload.filter(|_| self.query.with_payload);
                page.push(letter);
            }
        }
        Ok(page)
    }

    fn is_meant(&self, letter: &Letter) -> bool {
        self.query.filter.fingerprint.as_ref().is_none_or(|wanted| {
            let own = fingerprint::exact(&letter.channel, letter.payload.as_deref());
            hex(&own).starts_with(&wanted.to_ascii_lowercase())
        })
    }
}
