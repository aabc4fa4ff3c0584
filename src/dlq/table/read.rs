//! Single rows, by their keys.

use std::time::Duration;

use super::columns::letter;
use super::{Table, TableError};
use crate::dlq::{FailureId, Letter};
use crate::postgres::{Quoted, Session, Sql};

/// How long a read of some rows may take.
const LIMIT: Duration = Duration::from_secs(5);
/// Rows that are read at once, with their payloads.
const CHUNK: usize = 200;

impl Table {
    /// One row with its payload, where the table has one.
    ///
    /// # Errors
    /// There is no key, or it is none; what the database says.
    pub async fn read_one(
        &self,
        session: &mut Session,
        id: &FailureId,
    ) -> Result<Option<Letter>, TableError> {
        let Some(same) = self.key()?.equals(id) else { return Ok(None) };
        let mut rows = self.read_where(session, &same, 2).await?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            _ => Err(TableError::Ambiguous(id.clone())),
        }
    }

    /// Several rows with their payloads, in no order; keys that are not there are left out.
    ///
    /// # Errors
    /// As [`Table::read_one`].
    pub async fn read_many(
        &self,
        session: &mut Session,
        ids: &[FailureId],
    ) -> Result<Vec<Letter>, TableError> {
        let key = self.key()?;
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let most = 2 * CHUNK as i64;
            found.extend(self.read_where(session, &key.is_any(chunk), most).await?);
        }
        Ok(found)
    }

    async fn read_where(
        &self,
        session: &mut Session,
        condition: &Quoted,
        most: i64,
    ) -> Result<Vec<Letter>, TableError> {
        let payload = self.payload.is_ok();
        let sql = Sql::fill(
            "SELECT {columns} FROM {relation} AS letters WHERE {where} LIMIT {most}",
            &[
                ("columns", self.select(payload)),
                ("relation", &self.relation()),
                ("where", condition),
                ("most", &Quoted::int(most)),
            ],
        );
        let rows = session.read_within(&sql, LIMIT).await?;
        let key = self.key.as_ref().ok();
        Ok(rows.iter().map(|row| letter(row, key, payload)).collect::<Result<_, _>>()?)
    }

    /// The status update of a delivered row. It changes nothing where the row is not open any more:
    /// then somebody else has settled it.
    ///
    /// # Errors
    /// There is no key, or `id` can be none.
    pub fn mark_delivered(&self, id: &FailureId, word: &str) -> Result<Sql, TableError> {
        let same = self
            .key()?
            .equals(id)
            .ok_or_else(|| TableError::NoKey(format!("{id} is no key of {}", self.name)))?;
        let relation = self.relation();
        let (word, open) = (Quoted::literal(word), self.is_open());
        Ok(Sql::fill(
            "UPDATE {relation} AS letters SET status = {word} WHERE {same} AND {open}",
            &[("relation", &relation), ("word", &word), ("same", &same), ("open", &open)],
        ))
    }
}
