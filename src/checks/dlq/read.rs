//! The three questions to the table, each bounded in what it brings back.

use chrono::{DateTime, Utc};

use super::facts::{Day, Hour, P0, Span, Tally};
use crate::config::DlqTable;
use crate::dlq::table::look::{Look, look};
use crate::dlq::table::row_security;
use crate::domain::{Caveat, Judgement, Reach, ReasonCode};
use crate::postgres::{PgError, PgErrorKind, Quoted, Row, Session, Sql};

/// All open P0, whatever their age.
const P0_SQL: &str = "
    SELECT count(*) FILTER (WHERE recent AND NOT told)::int8 AS untold,
           count(*) FILTER (WHERE recent AND told)::int8 AS told,
           count(*) FILTER (WHERE NOT recent AND NOT told)::int8 AS untold_older,
           count(*) FILTER (WHERE NOT recent AND told)::int8 AS told_older,
           to_char(min(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS first_at,
           to_char(max(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS last_at
    FROM (SELECT attempted_at::timestamptz AS at,
                 coalesce(attempted_at >= now() - interval '24 hours', false) AS recent,
                 coalesce(fallback_email_sent, false) AS told
          FROM {relation}
          WHERE severity::text IN ('P0', 'p0') AND status::text IN {open}) p0";

/// The rows are grouped before anything else is done with them, so that many cost little more than
/// few.
const DAY_SQL: &str = "
    WITH raw AS (
      SELECT {channel} AS channel, severity, status, fallback_email_sent AS told, count(*) AS n,
             min(attempted_at) AS first_at, max(attempted_at) AS last_at
      FROM {relation} WHERE attempted_at >= now() - interval '24 hours' GROUP BY 1, 2, 3, 4
    ), kinds AS (
      SELECT left(coalesce(ltrim(btrim(channel::text), '#'), ''), 100) AS channel,
             left(coalesce(upper(severity::text), ''), 100) AS severity,
             coalesce(status::text IN {open}, false) AS open, coalesce(told, false) AS told,
             n, first_at::timestamptz AS first_at, last_at::timestamptz AS last_at
      FROM raw
    )
    SELECT coalesce(sum(n), 0)::int8 AS all_rows,
           coalesce(sum(n) FILTER (WHERE open), 0)::int8 AS open,
           coalesce(sum(n) FILTER (WHERE open AND severity = 'P0' AND NOT told), 0)::int8 AS p0_untold,
           coalesce(sum(n) FILTER (WHERE open AND severity = 'P0' AND told), 0)::int8 AS p0_told,
           to_char(min(first_at) FILTER (WHERE open) AT TIME ZONE 'UTC',
                   'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS first_at,
           to_char(max(last_at) FILTER (WHERE open) AT TIME ZONE 'UTC',
                   'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS last_at,
           (SELECT json_object_agg(channel, n) FROM (
              SELECT channel, sum(n)::int8 AS n FROM kinds WHERE open
              GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 50) c)::text AS by_channel,
           (SELECT json_object_agg(severity, n) FROM (
              SELECT severity, sum(n)::int8 AS n FROM kinds WHERE open
              GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 50) s)::text AS by_severity
    FROM kinds";

/// Grouped by the minute: at most 1441 of them, and no quiet hour fits into one.
const START_SQL: &str = "
    WITH minutes AS (
      SELECT min(attempted_at::timestamptz) AS first, max(attempted_at::timestamptz) AS last
      FROM {relation}
      WHERE attempted_at >= now() - interval '24 hours' AND attempted_at <= now()
        AND status::text IN {open}
      GROUP BY date_trunc('minute', attempted_at)
    ), gaps AS (
      SELECT first, last, lag(last) OVER (ORDER BY first) AS before FROM minutes
    ), start AS (
      SELECT CASE WHEN max(last) > now() - interval '1 hour'
                  THEN max(first) FILTER (WHERE before IS NULL
                                          OR first - before >= interval '1 hour') END AS at
      FROM gaps
    )
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS start FROM start";

/// There are some 500 HTTP statuses; more kinds than the limit are no statuses.
const HOUR_SQL: &str = "
    SELECT left(http_status::text, 20) AS http_status, count(*)::int8 AS all_rows,
           count(*) FILTER (WHERE status::text IN {open})::int8 AS open,
           to_char(min(attempted_at::timestamptz) AT TIME ZONE 'UTC',
                   'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS first_at,
           to_char(max(attempted_at::timestamptz) AT TIME ZONE 'UTC',
                   'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS last_at
    FROM {relation} WHERE attempted_at >= now() - interval '1 hour'
    GROUP BY 1 ORDER BY open DESC, all_rows DESC LIMIT 1000";

/// Reads the table, as far as the look at it allowed.
#[derive(Debug)]
pub struct Reader<'a> {
    table: &'a DlqTable,
    look: Result<Look, Judgement>,
}

impl<'a> Reader<'a> {
    /// Looks at the table first.
    pub async fn look(session: &mut Session, table: &'a DlqTable) -> Self {
        if table.open_status.is_empty() {
            let text = "dlq.open_status names no word, so nothing can count as open";
            return Self { table, look: Err(Judgement::unknown(ReasonCode::BadConfig, text)) };
        }
        Self { table, look: look(session, table).await.map_err(|error| error.judgement()) }
    }

    /// What the reader of the answers has to know.
    pub fn caveat(&self) -> Option<Caveat> {
        let filtered = self.look.as_ref().is_ok_and(|look| look.table_exists && look.filtered);
        filtered.then(|| row_security(self.table))
    }

    /// All open P0.
    ///
    /// # Errors
    /// The judgement of a check that could not look.
    pub async fn p0(&mut self, session: &mut Session) -> Result<P0, Judgement> {
        let needed = ["attempted_at", "severity", "status", "fallback_email_sent"];
        let (rows, filtered) = self.ask(session, P0_SQL, &needed).await?;
        read_p0(&rows).map(|p0| P0 { filtered, ..p0 }).map_err(|error| error.judgement())
    }

    /// The last 24 h.
    ///
    /// # Errors
    /// The judgement of a check that could not look.
    pub async fn day(&mut self, session: &mut Session) -> Result<Day, Judgement> {
        let needed = ["attempted_at", "severity", "status", "fallback_email_sent"];
        let (rows, filtered) = self.ask(session, DAY_SQL, &needed).await?;
        read_day(&rows).map(|day| Day { filtered, ..day }).map_err(|error| error.judgement())
    }

    /// The last hour.
    ///
    /// # Errors
    /// The judgement of a check that could not look.
    pub async fn hour(&mut self, session: &mut Session) -> Result<Hour, Judgement> {
        let needed = ["attempted_at", "status", "http_status"];
        let (rows, filtered) = self.ask(session, HOUR_SQL, &needed).await?;
        read_hour(&rows).map(|hour| Hour { filtered, ..hour }).map_err(|error| error.judgement())
    }

    /// The oldest open row of the newest run of failures, where that run has no quiet hour in it and
    /// goes on: its newest row is less than an hour old. Looks back 24 h.
    ///
    /// # Errors
    /// The judgement of a check that could not look.
    pub async fn start(
        &mut self,
        session: &mut Session,
    ) -> Result<Option<DateTime<Utc>>, Judgement> {
        let (rows, _) = self.ask(session, START_SQL, &["attempted_at", "status"]).await?;
        only(&rows).and_then(|row| row.time("start")).map_err(|error| error.judgement())
    }

    /// The rows, and whether row security hides some. A table that was found locked is not tried
    /// again: the next question would wait as long for the same answer.
    async fn ask(
        &mut self,
        session: &mut Session,
        template: &'static str,
        needed: &[&str],
    ) -> Result<(Vec<Row>, bool), Judgement> {
        let look = self.look.as_ref().map_err(Clone::clone)?;
        if let Some(refusal) = look.refusal(self.table, needed) {
            return Err(refusal);
        }
        let filtered = look.filtered;
        let sql = self.sql(template, look);
        match session.read(&sql).await {
            Ok(rows) => Ok((rows, filtered)),
            Err(error) => {
                let judgement = error.judgement();
                if error.kind() == PgErrorKind::LockTimeout {
                    let text = format!("not tried: something holds a lock on {}", self.table);
                    let again = Judgement::unknown(ReasonCode::Locked, text).reach(Reach::Reached);
                    self.look = Err(again);
                }
                Err(judgement)
            }
        }
    }

    /// The channel is only evidence, so the table may lack it.
    fn sql(&self, template: &'static str, look: &Look) -> Sql {
        let channel =
            if look.reads("channel") { Quoted::ident("channel") } else { Quoted::literal("") };
        let open = self.table.open_status.iter().map(String::as_str);
        Sql::fill(
            template,
            &[
                ("relation", &Quoted::table(&self.table.schema, &self.table.table)),
                ("open", &Quoted::list(open)),
                ("channel", &channel),
            ],
        )
    }
}

fn only(rows: &[Row]) -> Result<&Row, PgError> {
    rows.first().ok_or_else(PgError::no_row)
}

fn span(row: &Row) -> Result<Span, PgError> {
    Ok(Span { first_at: row.time("first_at")?, last_at: row.time("last_at")? })
}

fn read_p0(rows: &[Row]) -> Result<P0, PgError> {
    let row = only(rows)?;
    Ok(P0 {
        untold: row.count("untold")?,
        told: row.count("told")?,
        untold_older: row.count("untold_older")?,
        told_older: row.count("told_older")?,
        span: span(row)?,
        filtered: false,
    })
}

fn read_day(rows: &[Row]) -> Result<Day, PgError> {
    let row = only(rows)?;
    Ok(Day {
        rows: row.count("all_rows")?,
        open: row.count("open")?,
        p0_untold: row.count("p0_untold")?,
        p0_told: row.count("p0_told")?,
        by_channel: row.json("by_channel")?.unwrap_or_default(),
        by_severity: row.json("by_severity")?.unwrap_or_default(),
        span: span(row)?,
        filtered: false,
    })
}

fn read_hour(rows: &[Row]) -> Result<Hour, PgError> {
    let mut hour = Hour::default();
    for row in rows {
        let Span { first_at, last_at } = span(row)?;
        let known = hour.span.first_at.into_iter().chain(first_at).min();
        hour.span = Span { first_at: known, last_at: hour.span.last_at.max(last_at) };
        hour.tallies.push(Tally {
            http_status: row.text("http_status")?,
            open: row.count("open")?,
            rows: row.count("all_rows")?,
        });
    }
    Ok(hour)
}
