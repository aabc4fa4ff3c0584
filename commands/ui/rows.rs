//! Lists: rows are written as they arrive, so that a long one needs no memory and a pipe into `head`
//! ends it at once.

use chrono::{DateTime, Utc};
use parky_ops::domain::Caveat;
use serde::Serialize;

use super::{Format, Page, Table, Ui, json};

/// A row for people and, as serialized, for scripts.
pub(crate) trait Row<const N: usize>: Serialize {
    fn cells(&self) -> [String; N];
}

/// A list of `N` columns.
pub(crate) trait RowStream<const N: usize> {
    /// The words of the command, as in the schema's name.
    const COMMAND: &'static str;
    type Row: Row<N>;

    fn columns(&self) -> [&'static str; N];

    /// The next row; `None` at the end.
    async fn next(&mut self) -> anyhow::Result<Option<Self::Row>>;

    /// Said after the last row: whether more rows exist, and what the reader must know.
    fn finish(&mut self) -> (bool, Vec<Caveat>) {
        (false, Vec::new())
    }
}

/// For whoever still needs the stream when it is over.
impl<const N: usize, S: RowStream<N>> RowStream<N> for &mut S {
    const COMMAND: &'static str = S::COMMAND;
    type Row = S::Row;

    fn columns(&self) -> [&'static str; N] {
        S::columns(self)
    }

    async fn next(&mut self) -> anyhow::Result<Option<Self::Row>> {
        S::next(self).await
    }

    fn finish(&mut self) -> (bool, Vec<Caveat>) {
        S::finish(self)
    }
}

/// A short list that is at hand as a whole, in the shape that every list has in JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Whole<T> {
    pub(crate) rows: Vec<T>,
    complete: bool,
    more: bool,
}

impl<T> Whole<T> {
    pub(crate) fn new(rows: Vec<T>) -> Self {
        Self::cut(rows, false)
    }

    /// The same for a list that ends before its rows do, if there are `more`.
    pub(crate) fn cut(rows: Vec<T>, more: bool) -> Self {
        Self { rows, complete: true, more }
    }
}

/// Rows that share one table's widths in text.
const BATCH: usize = 200;

impl Ui {
    /// Prints a list. If it breaks half way, the JSON document still ends, with `complete: false`,
    /// and the error is returned.
    pub(crate) async fn list<const N: usize, S: RowStream<N>>(
        &self,
        mut rows: S,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        match self.look.format {
            Format::Json => self.list_json(&mut rows, now).await,
            Format::Text => self.list_text(&mut rows, now).await,
        }
    }

    async fn list_json<const N: usize, S: RowStream<N>>(
        &self,
        rows: &mut S,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        // A list that fails before its first row leaves stdout empty, as every failure does.
        let mut row = rows.next().await?;
        self.write_out(&json::list_head(&self.envelope, S::COMMAND, now)?)?;
        let mut first = true;
        let broken = loop {
            let Some(value) = row else { break None };
            let comma = if first { "" } else { "," };
            first = false;
            self.write_out(&format!("{comma}{}", json::to_string(&value)?))?;
            match rows.next().await {
                Ok(next) => row = next,
                Err(error) => break Some(error),
            }
        };
        let (more, caveats) = rows.finish();
        self.write_out(&json::list_tail(broken.is_none(), more, &caveats)?)?;
        broken.map_or(Ok(()), Err)
    }

    async fn list_text<const N: usize, S: RowStream<N>>(
        &self,
        rows: &mut S,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let page = Page { width: self.look.width, now };
        loop {
            let mut table = Table::new(&page, rows.columns());
            let mut count = 0;
            while count < BATCH {
                let Some(row) = rows.next().await? else { break };
                let cells = row.cells();
                table.row(cells.each_ref().map(String::as_str));
                count += 1;
            }
            if count > 0 {
                self.write_text(&table.to_string())?;
            }
            if count < BATCH {
                break;
            }
        }
        let (_, caveats) = rows.finish();
        self.say_caveats(&caveats);
        Ok(())
    }
}
