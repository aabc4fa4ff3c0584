//! The house table: no lines, two blanks between columns, widths as people see them.
//!
//! Where the terminal is too narrow for the last column, each row becomes a few lines instead: what
//! it is about, and below, indented, what is said about it.

use std::fmt;

use comfy_table::{Cell, Table as Grid, presets};
use parky_ops::domain::text::one_line;
use textwrap::{Options, WordSeparator, WordSplitter};
use unicode_width::UnicodeWidthStr;

use super::Page;

/// The least room that the last column is given, in columns.
const LEAST: usize = 24;
/// Between columns.
const GAP: usize = 2;
/// Of the lines below the first, where rows are stacked.
const INDENT: &str = "    ";

/// A table that fits the page; off a terminal nothing is cut or wrapped.
pub(crate) struct Table {
    width: Option<usize>,
    header: Vec<&'static str>,
    /// How many columns say what a row is about.
    lead: usize,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<const N: usize>(page: &Page, header: [&'static str; N]) -> Self {
        let (width, lead) = (page.width.map(usize::from), N.saturating_sub(1));
        Self { width, header: header.into(), lead, rows: Vec::new() }
    }

    /// Only the first `columns` say what a row is about; where rows are stacked, those between them
    /// and the last stand below with their names.
    pub(crate) fn lead(self, columns: usize) -> Self {
        Self { lead: columns, ..self }
    }

    /// Adds a row of plain words, each kept on one line.
    pub(crate) fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.rows.push(cells.map(one_line).into());
    }

    /// Adds a row whose first cell was painted by us.
    pub(crate) fn painted_row<const N: usize>(&mut self, first: &str, rest: [&str; N]) {
        let rest = rest.into_iter().map(one_line);
        self.rows.push(std::iter::once(first.to_owned()).chain(rest).collect());
    }

    /// Whether the page is too narrow for it as a table.
    pub(crate) fn is_stacked(&self) -> bool {
        self.width.is_some_and(|width| self.room(width).is_none())
    }

    /// The room that is left for the last column; `None` where it is too little to read.
    fn room(&self, width: usize) -> Option<usize> {
        let (last, others) = self.header.len().checked_sub(1).map(|last| (last, 0..last))?;
        let cells = |column: usize| {
            let cells = self.rows.iter().filter_map(move |row| row.get(column));
            cells.map(String::as_str).chain(self.header.get(column).copied())
        };
        let taken: usize = others
            .map(|column| cells(column).map(UnicodeWidthStr::width).max().unwrap_or(0) + GAP)
            .sum();
        let left = width.checked_sub(taken)?;
        let widest = cells(last).map(UnicodeWidthStr::width).max().unwrap_or(0);
        let longest_word = cells(last).map(longest_word).max().unwrap_or(0);
        (widest <= left || (LEAST <= left && longest_word <= left)).then_some(left)
    }

    fn grid(&self, f: &mut fmt::Formatter<'_>, room: Option<usize>) -> fmt::Result {
        let mut grid = Grid::new();
        grid.load_style(presets::NOTHING);
        grid.set_header(self.header.iter().map(Cell::new));
        let last = self.header.len().saturating_sub(1);
        for row in &self.rows {
            let wrap = |(column, cell): (usize, &String)| match room {
                Some(room) if column == last => Cell::new(fill(cell, room, "", "")),
                _ => Cell::new(cell),
            };
            grid.add_row(row.iter().enumerate().map(wrap).collect::<Vec<_>>());
        }
        for column in grid.column_iter_mut() {
            column.set_padding((0, u16::try_from(GAP).unwrap_or(2)));
        }
        grid.lines().try_for_each(|line| writeln!(f, "{}", line.trim_end()))
    }

    fn stacked(&self, f: &mut fmt::Formatter<'_>, width: usize) -> fmt::Result {
        let width = width.max(2 * INDENT.len());
        for row in &self.rows {
            let (lead, rest) = row.split_at(self.lead.min(row.len()));
            let lead: Vec<_> = lead.iter().map(String::as_str).filter(|c| !c.is_empty()).collect();
            writeln!(f, "{}", fill(&lead.join("  "), width, "", INDENT))?;
            let Some((last, between)) = rest.split_last() else { continue };
            let named = self.header.iter().skip(self.lead).zip(between);
            let named: Vec<_> =
                named.map(|(name, cell)| format!("{} {cell}", name.to_lowercase())).collect();
            for text in [&named.join(", "), last].into_iter().filter(|text| !text.is_empty()) {
                writeln!(f, "{}", fill(text, width, INDENT, INDENT))?;
            }
        }
        Ok(())
    }
}

fn longest_word(cell: &str) -> usize {
    cell.split(' ').map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// Wraps at blanks only, so that addresses and paths stay whole where they can.
fn fill(text: &str, width: usize, first: &str, further: &str) -> String {
    let options = Options::new(width)
        .initial_indent(first)
        .subsequent_indent(further)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.width.map(|width| (width, self.room(width))) {
            None => self.grid(f, None),
            Some((_, Some(room))) => self.grid(f, Some(room)),
            Some((width, None)) => self.stacked(f, width),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn page(width: Option<u16>) -> Page {
        Page { width, now: DateTime::UNIX_EPOCH }
    }

    fn probes(width: u16) -> String {
        let mut table = Table::new(&page(Some(width)), ["STATE", "HOST", "TLS", "REASON"]).lead(2);
        table.painted_row("✗ red", ["api.parky.co.jp", "12 ms", "answers 503 (3 of 3 tries)"]);
        table.painted_row("✓ green", ["parky.co.jp", "-", "ok"]);
        table.to_string()
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
    fn the_last_column_wraps_at_words() {
        insta::assert_snapshot!(probes(58), @"
        STATE    HOST             TLS    REASON
        ✗ red    api.parky.co.jp  12 ms  answers 503 (3 of 3
                                         tries)
        ✓ green  parky.co.jp      -      ok
        ");
    }

    #[test]
    fn rows_are_stacked_where_the_last_column_has_no_room() {
        insta::assert_snapshot!(probes(30), @"
        ✗ red  api.parky.co.jp
            tls 12 ms
            answers 503 (3 of 3 tries)
        ✓ green  parky.co.jp
            tls -
            ok
        ");
    }

    #[test]
    fn nothing_is_wider_than_the_terminal_and_nothing_is_lost() {
        let long = "https://api.parky.co.jp/a/rather/long/address/about/it";
        for width in 8..70 {
            let mut table = Table::new(&page(Some(width)), ["NAME", "TEXT"]);
            table.row([long, "決済APIが応答しません and a rather long sentence about it"]);
            let text = table.to_string();
            assert!(text.lines().all(|l| l.width() <= usize::from(width)), "{width}: {text}");
            let joined: String = text.split_whitespace().collect();
            assert!(joined.contains(long), "{width}: {text}");
            assert!(joined.ends_with("aboutit"), "{width}: {text}");
        }
    }
}
