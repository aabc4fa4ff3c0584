//! The house table: no lines, two blanks between columns, widths as people see them.

use comfy_table::{Cell, ContentArrangement, Table as Grid, presets};
use parky_ops::domain::text::one_line;

use super::Page;

/// A table that fits the page; off a terminal nothing is cut or wrapped.
pub(crate) struct Table {
    grid: Grid,
}

impl Table {
    pub(crate) fn new<const N: usize>(page: &Page, header: [&str; N]) -> Self {
        let mut grid = Grid::new();
        grid.load_style(presets::NOTHING);
        grid.set_header(header.map(Cell::new));
        match page.width {
            Some(width) => {
                grid.set_content_arrangement(ContentArrangement::Dynamic);
                grid.set_width(width);
            }
            None => {
                grid.set_content_arrangement(ContentArrangement::Disabled);
            }
        }
        for column in grid.column_iter_mut() {
            column.set_padding((0, 2));
        }
        Self { grid }
    }

    /// Adds a row of plain words, each kept on one line.
    pub(crate) fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.grid.add_row(cells.map(|cell| Cell::new(one_line(cell))));
    }

    /// Adds a row whose first cell was painted by us.
    pub(crate) fn painted_row<const N: usize>(&mut self, first: &str, rest: [&str; N]) {
        let cells = std::iter::once(Cell::new(first))
            .chain(rest.into_iter().map(|cell| Cell::new(one_line(cell))));
        self.grid.add_row(cells.collect::<Vec<_>>());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in self.grid.lines() {
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn page(width: Option<u16>) -> Page {
        Page { width, now: DateTime::UNIX_EPOCH }
    }

    #[test]
    fn wide_characters_are_measured_as_seen() {
        let mut table = Table::new(&page(None), ["NAME", "N"]);
        table.row(["決済API", "1"]);
        table.row(["api", "22"]);
        insta::assert_snapshot!(table.to_string(), @"
        NAME     N
        決済API  1
        api      22
        ");
    }

    #[test]
    fn nothing_is_wider_than_the_terminal() {
        let mut table = Table::new(&page(Some(30)), ["NAME", "TEXT"]);
        table.row(["api.parky.co.jp", "a rather long sentence about it"]);
        let text = table.to_string();
        assert!(text.lines().all(|l| unicode_width::UnicodeWidthStr::width(l) <= 30), "{text}");
    }
}
