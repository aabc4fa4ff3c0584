//! The team's dead-letter table, as it was found: its columns, its key, the way it can be paged.
//!
//! Reads only; [`Table::mark_delivered`] words the one update that a replay makes. Every name out of
//! the configuration is looked up in the catalogue and quoted, and every value is a quoted literal.

mod columns;
mod error;
mod key;
mod kind;
pub mod look;
mod narrow;
mod p0;
mod pager;
mod read;
mod stats;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod words;

pub use error::TableError;
pub use key::Key;
pub use p0::OpenP0;
pub use pager::{Order, Pager, Query};
pub use stats::{Bucket, ByChannel, ByStatus, ByWord, Stats};

use self::columns::{Columns, NEEDED, TIME};
use self::look::{Column, Look, look};
use crate::config::DlqTable;
use crate::domain::Caveat;
use crate::postgres::{Quoted, Session};

/// See the module.
#[derive(Debug, Clone)]
pub struct Table {
    name: DlqTable,
    columns: Columns,
    /// The columns of a letter, without and with its payload.
    chosen: [Quoted; 2],
    key: Result<Key, TableError>,
    payload: Result<Quoted, TableError>,
    /// An index serves (`attempted_at`, key).
    keyset: bool,
    filtered: bool,
    may_update: bool,
}

impl Table {
    /// Finds the table and looks at it.
    ///
    /// # Errors
    /// It is not there, lacks columns (all of them are named), may not be read, or the configuration
    /// does not fit it. A missing key or payload is no error yet: lists and counts need neither.
    pub async fn look(session: &mut Session, name: &DlqTable) -> Result<Self, TableError> {
        if name.open_status.is_empty() {
            let text = "dlq.open_status names no word, so nothing can count as open";
            return Err(TableError::Config(text.to_owned()));
        }
        let found = look(session, name).await?;
        if let Some(refusal) = found.refusal(name, &NEEDED) {
            return Err(refusal.into());
        }
        let key = match Key::find(name, &found) {
            Err(error @ TableError::Config(_)) => return Err(error),
            key => key,
        };
        let payload = match payload(name, &found) {
            Err(error @ TableError::Config(_)) => return Err(error),
            payload => payload,
        };
        let keyset = key.as_ref().is_ok_and(|key| key.is_sortable() && is_served(key, &found));
        let status = found.columns.get("status");
        let columns = Columns::of(name, &found)?;
        let chosen = [None, payload.as_ref().ok()];
        Ok(Self {
            chosen: chosen.map(|payload| columns.select(key.as_ref().ok(), payload)),
            columns,
            key,
            payload,
            keyset,
            filtered: found.filtered,
            may_update: found.updatable && status.is_some_and(|status| status.writable),
            name: name.clone(),
        })
    }

    /// What tells one row from another.
    ///
    /// # Errors
    /// Nothing does: rows can be listed, but not be shown or replayed by their key.
    pub fn key(&self) -> Result<&Key, TableError> {
        self.key.as_ref().map_err(Clone::clone)
    }

    /// Whether it is known where the messages are.
    ///
    /// # Errors
    /// No column, or several, hold JSON.
    pub fn payload(&self) -> Result<(), TableError> {
        self.payload.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    /// The words that mean "not delivered yet".
    pub fn open_words(&self) -> &[String] {
        &self.name.open_status
    }

    /// Whether a row with this word waits to be delivered.
    pub fn is_open_word(&self, word: &str) -> bool {
        self.name.open_status.iter().any(|open| open == word)
    }

    /// Whether this role may update the status.
    pub fn may_update(&self) -> bool {
        self.may_update
    }

    /// Whether row security hides rows, or may hide them.
    pub fn is_filtered(&self) -> bool {
        self.filtered
    }

    /// Whether an index serves (`attempted_at`, key), so that a list is read in short transactions.
    pub fn has_keyset(&self) -> bool {
        self.keyset
    }

    /// What the reader of every answer has to know.
    pub fn caveat(&self) -> Option<Caveat> {
        self.filtered.then(|| row_security(&self.name))
    }

    fn relation(&self) -> Quoted {
        Quoted::table(&self.name.schema, &self.name.table)
    }

    /// The columns of a letter, with its payload or without.
    fn select(&self, payload: bool) -> &Quoted {
        let [without, with] = &self.chosen;
        if payload { with } else { without }
    }
}

impl Table {
    /// The columns of [`Table::select`] as they stand; the role may be unable to read any other.
    fn raw(&self, payload: bool) -> Quoted {
        let needed =
            NEEDED.map(|name| Quoted::piece("letters.{name}", &[("name", &Quoted::ident(name))]));
        let key = self.key.iter().flat_map(Key::columns);
        let payload = self.payload.iter().filter(|_| payload).cloned();
        let mut columns: Vec<Quoted> = Vec::new();
        for column in needed.into_iter().chain(key).chain(payload) {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        Quoted::joined(columns, ", ")
    }
}

/// The caveat of a table that row security filters.
pub fn row_security(table: &DlqTable) -> Caveat {
    let text = format!("{table} is filtered by row security: counts are at least");
    Caveat::new("row-security", text)
}

/// The column of the messages: the configured one, or the only one of JSON.
fn payload(table: &DlqTable, look: &Look) -> Result<Quoted, TableError> {
    let name = match &table.payload_column {
        Some(name) => name.as_str(),
        None => only_json(table, look)?,
    };
    match look.columns.get(name) {
        None => {
            Err(TableError::Config(format!("dlq.payload_column: {table} has no column {name}")))
        }
        Some(column) if !column.readable => {
            Err(TableError::NoPayload(format!("the role may not read {name} of {table}")))
        }
        Some(_) => Ok(Quoted::piece("letters.{name}", &[("name", &Quoted::ident(name))])),
    }
}

fn only_json<'a>(table: &DlqTable, look: &'a Look) -> Result<&'a str, TableError> {
    let is_json = |column: &Column| {
        column.schema == "pg_catalog" && matches!(column.kind.as_str(), "json" | "jsonb")
    };
    let json = look.columns.iter().filter(|(_, column)| is_json(column));
    let names: Vec<_> = json.map(|(name, _)| name.as_str()).collect();
    match names.as_slice() {
        [one] => Ok(one),
        [] => {
            let text = format!("{table} has no column of JSON that could be the message");
            Err(TableError::NoPayload(text))
        }
        several => {
            let names = several.join(", ");
            Err(TableError::NoPayload(format!("{table} has several columns of JSON: {names}")))
        }
    }
}

/// Whether an index has `attempted_at` and the key in front, all in one direction.
fn is_served(key: &Key, look: &Look) -> bool {
    let rest = key.names().filter(|name| *name != TIME);
    let wanted: Vec<_> = std::iter::once(TIME).chain(rest).collect();
    look.indexes.iter().any(|index| {
        let front = index.columns.get(..wanted.len()).unwrap_or_default();
        let named = front.iter().map(|column| column.name.as_deref());
        let ascending = front.iter().all(|column| column.order == 0);
        // Descending with nulls first is the same, read backwards.
        let descending = front.iter().all(|column| column.order == 3);
        named.eq(wanted.iter().map(|name| Some(*name)))
            && front.iter().all(|column| column.usual)
            && (ascending || descending)
    })
}
