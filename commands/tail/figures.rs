//! `--summary`: what happened in each stretch of time, as a table.

use std::time::Duration;

use chrono::{DateTime, Utc};
use parky_ops::domain::Jst;
use parky_ops::domain::text::one_line;
use parky_ops::tail::{Percentiles, SummaryRow};
use serde::Serialize;

use crate::ui::{Page, Table, Tone, paint};

/// The figures of one stretch.
#[derive(Serialize)]
pub(super) struct Figures<'a> {
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
    pub(super) seconds: f64,
    pub(super) sampled: bool,
    pub(super) rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
pub(super) struct Row<'a> {
    worker: &'a str,
    per_second: f64,
    /// Errors among the events, from 0 to 1.
    error_share: f64,
    #[serde(flatten)]
    row: SummaryRow,
}

impl<'a> Figures<'a> {
    pub(super) fn new(
        workers: &'a [String],
        rows: Vec<SummaryRow>,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        lasted: Duration,
        sampled: bool,
    ) -> Self {
        let seconds = lasted.as_secs_f64().max(0.001);
        let rows = rows.into_iter().map(|row| Row {
            worker: workers.get(row.worker).map_or("", String::as_str),
            per_second: (row.events as f64 / seconds * 100.0).round() / 100.0,
            error_share: (row.errors as f64 / row.events.max(1) as f64 * 1e4).round() / 1e4,
            row,
        });
        Self { from, to, seconds, sampled, rows: rows.collect() }
    }

    pub(super) fn text(&self, page: &Page) -> String {
        let note = if self.sampled { ", sampled by Cloudflare" } else { "" };
        let head = format!("{}, {:.0} s{note}", Jst(self.to).to_the_second(), self.seconds);
        let mut out = format!("{}\n", paint(Tone::Strong, &head));
        if self.rows.is_empty() {
            out.push_str("  no events\n");
            return out;
        }
        let columns =
            ["WORKER", "VERSION", "PER S", "EVENTS", "ERRORS", "WALL P50", "P95", "CPU P50", "P95"];
        let mut table = Table::new(page, columns);
        for Row { worker, per_second, error_share, row } in &self.rows {
            let version = row.version.as_deref().unwrap_or("-");
            let version: String = one_line(version).chars().take(8).collect();
            let [wall50, wall95] = both(row.wall_ms);
            let [cpu50, cpu95] = both(row.cpu_ms);
            table.row([
                one_line(worker).as_str(),
                &version,
                &per_second.to_string(),
                &row.events.to_string(),
                &errors(row.errors, *error_share),
                &wall50,
                &wall95,
                &cpu50,
                &cpu95,
            ]);
        }
        out.push_str(&table.to_string());
        out
    }
}

/// The count and its share, in red where there are any.
fn errors(count: u64, share: f64) -> String {
    match count {
        0 => "0".to_owned(),
        count => paint(Tone::Bad, &format!("{count} ({:.0}%)", share * 100.0)),
    }
}

fn both(of: Option<Percentiles>) -> [String; 2] {
    match of {
        Some(Percentiles { p50, p95 }) => [p50, p95].map(|ms| format!("{ms} ms")),
        None => ["-".to_owned(), "-".to_owned()],
    }
}
