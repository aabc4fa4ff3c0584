//! The rows of a window, counted in one read: by Discord's answer, by channel, by word, over time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::columns::{DATED, LANE, UNDATED};
use super::{Table, TableError};
use crate::dlq::FailureId;
use crate::dlq::diagnosis::Answers;
use crate::postgres::{PgError, Quoted, Session, Sql};

/// How long the count may take.
const LIMIT: Duration = Duration::from_secs(20);
/// Bars of the chart over time.
const BUCKETS: i32 = 24;
/// There are some 500 HTTP statuses, and fewer channels; more kinds are told as a whole.
const KINDS: i64 = 200;

/// The rows are grouped before anything else is done with them, so that many cost little more than
/// few.
const STATS: &str = "
    WITH raw AS (
      SELECT {http}::int8 AS http, {lane} AS channel, status::text AS word, {open} AS open,
             least(floor(extract(epoch FROM attempted_at - {since}) / {width})::int8, {last}) AS bucket,
             count(*) AS n
      FROM {relation} AS letters
      WHERE {dated} AND attempted_at >= {since} AND attempted_at < {until}
      GROUP BY 1, 2, 3, 4, 5
    )
    SELECT coalesce(sum(n), 0)::int8 AS all_rows, coalesce(sum(n) FILTER (WHERE open), 0)::int8 AS open,
           (SELECT json_agg(x) FROM (
              SELECT http AS http_status, coalesce(sum(n) FILTER (WHERE open), 0)::int8 AS open,
                     sum(n)::int8 AS rows
              FROM raw GROUP BY 1 ORDER BY 2 DESC, 3 DESC, 1 LIMIT {kinds}) x)::text AS by_status,
           (SELECT json_agg(x) FROM (
              SELECT left(channel, 100) AS channel, coalesce(sum(n) FILTER (WHERE open), 0)::int8 AS open,
                     sum(n)::int8 AS rows
              FROM raw GROUP BY 1 ORDER BY 2 DESC, 3 DESC, 1 LIMIT {kinds}) x)::text AS by_channel,
           (SELECT json_agg(x) FROM (
              SELECT left(coalesce(word, ''), 100) AS status, sum(n)::int8 AS rows
              FROM raw GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {kinds}) x)::text AS by_word,
           (SELECT json_agg(x) FROM (
              SELECT bucket, coalesce(sum(n) FILTER (WHERE open), 0)::int8 AS open, sum(n)::int8 AS rows
              FROM raw GROUP BY 1) x)::text AS buckets,
           (SELECT count(*) FROM {relation} AS letters WHERE {undated} AND {open})::int8 AS undated
    FROM raw";

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Attempted at or after (UTC).
    pub since: DateTime<Utc>,
    /// Attempted before (UTC).
    pub until: DateTime<Utc>,
    /// Rows of any word.
    pub rows: u64,
    /// Open rows.
    pub open: u64,
    /// By Discord's answer, most open first.
    pub by_status: Vec<ByStatus>,
    /// By channel, most open first.
    pub by_channel: Vec<ByChannel>,
    /// By the row's own word, whatever the ledger says.
    pub by_word: Vec<ByWord>,
    /// Over time, oldest first, without gaps.
    pub buckets: Vec<Bucket>,
    /// Open rows without a time: in no window.
    pub undated: u64,
}

/// Rows with one answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByStatus {
    /// What Discord answered; `None`: nothing.
    pub http_status: Option<i32>,
    /// Open rows.
    pub open: u64,
    /// Rows of any word.
    pub rows: u64,
}

/// Rows of one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByChannel {
    /// The channel, without `#`.
    pub channel: String,
    /// Open rows.
    pub open: u64,
    /// Rows of any word.
    pub rows: u64,
}

/// Rows with one word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByWord {
    /// The word.
    pub status: String,
    /// Rows.
    pub rows: u64,
}

/// Rows of a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bucket {
    /// From, inclusive (UTC).
    pub from: DateTime<Utc>,
    /// To, exclusive (UTC).
    pub to: DateTime<Utc>,
    /// Open rows.
    pub open: u64,
    /// Rows of any word.
    pub rows: u64,
}

#[derive(Deserialize)]
struct Counted {
    bucket: i32,
    open: u64,
    rows: u64,
}

impl Stats {
    /// What Discord answered to the open rows.
    pub fn answers(&self) -> Vec<Answers> {
        let answer = |row: &ByStatus| Answers { http_status: row.http_status, rows: row.open };
        self.by_status.iter().map(answer).collect()
    }
}

impl Table {
    /// Counts the rows of a window; those of `settled` are not open, whatever their word.
    ///
    /// # Errors
    /// What the database says.
    pub async fn stats(
        &self,
        session: &mut Session,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
        settled: &[FailureId],
    ) -> Result<Stats, TableError> {
        let width = (until - since).max(TimeDelta::seconds(1)) / BUCKETS;
        let seconds = Quoted::literal(&format!("{:.6}", width.as_seconds_f64()));
        let open = Quoted::piece(
            "({open} AND {unsettled})",
            &[("open", &self.is_open()), ("unsettled", &self.none_of(settled))],
        );
        let sql = Sql::fill(
            STATS,
            &[
                ("http", &self.columns.http),
                ("lane", &Quoted::piece(LANE, &[])),
                ("open", &open),
                ("since", &self.columns.at(since)),
                ("until", &self.columns.at(until)),
                ("width", &Quoted::piece("{s}::numeric", &[("s", &seconds)])),
                ("last", &Quoted::int(i64::from(BUCKETS - 1))),
                ("relation", &self.relation()),
                ("dated", &self.columns.bounded(DATED)),
                ("undated", &self.columns.bounded(UNDATED)),
                ("kinds", &Quoted::int(KINDS)),
            ],
        );
        let rows = session.read_within(&sql, LIMIT).await?;
        let row = rows.first().ok_or_else(PgError::no_row)?;
        let counted: Vec<Counted> = row.json("buckets")?.unwrap_or_default();
        Ok(Stats {
            since,
            until,
            rows: row.count("all_rows")?,
            open: row.count("open")?,
            by_status: row.json("by_status")?.unwrap_or_default(),
            by_channel: row.json("by_channel")?.unwrap_or_default(),
            by_word: row.json("by_word")?.unwrap_or_default(),
            buckets: buckets(since, until, width, &counted),
            undated: row.count("undated")?,
        })
    }
}

fn buckets(
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    width: TimeDelta,
    counted: &[Counted],
) -> Vec<Bucket> {
    let bucket = |nth: i32| {
        let found = counted.iter().find(|counted| counted.bucket == nth);
        Bucket {
            from: since + width * nth,
            to: if nth == BUCKETS - 1 { until } else { since + width * (nth + 1) },
            open: found.map_or(0, |found| found.open),
            rows: found.map_or(0, |found| found.rows),
        }
    };
    (0..BUCKETS).map(bucket).collect()
}
