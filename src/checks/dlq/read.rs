//! The questions to the table, each bounded in what it brings back.
//!
//! What the replays' ledger has settled is not open: its keys go along with each question.

use chrono::{DateTime, Utc};

use super::facts::{ByLedger, Day, Hour, P0, Span, Tally};
use crate::config::DlqTable;
use crate::dlq::settled::{LocalPlace, settled_beside, unread};
use crate::dlq::table::look::{Look, look};
use crate::dlq::table::{Key, row_security};
use crate::domain::{Caveat, Judgement, Reach, ReasonCode};
use crate::postgres::{PgError, PgErrorKind, Quoted, Row, Session, Sql};

/// All open P0, whatever their age.
const P0_SQL: &str = "
    SELECT count(*) FILTER (WHERE open AND recent AND NOT told)::int8 AS untold,
           count(*) FILTER (WHERE open AND recent AND told)::int8 AS told,
           count(*) FILTER (WHERE open AND NOT recent AND NOT told)::int8 AS untold_older,
           count(*) FILTER (WHERE open AND NOT recent AND told)::int8 AS told_older,
           count(*) FILTER (WHERE NOT open)::int8 AS settled,
           to_char(min(at) FILTER (WHERE open) AT TIME ZONE 'UTC',
                   'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS first_at,
           to_char(max(at) FILTER (WHERE open) AT TIME ZONE 'UTC',
                   'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS last_at
    FROM (SELECT attempted_at::timestamptz AS at,
                 coalesce(attempted_at >= now() - interval '24 hours', false) AS recent,
                 coalesce(fallback_email_sent, false) AS told, {unsettled} AS open
          FROM {relation} AS letters
          WHERE severity::text IN ('P0', 'p0') AND status::text IN {open}) p0";

/// The rows are grouped before anything else is done with them, so that many cost little more than
/// few.
const DAY_SQL: &str = "
    WITH raw AS (
      SELECT {channel} AS channel, severity, status, fallback_email_sent AS told,
             {unsettled} AS unsettled, count(*) AS n,
             min(attempted_at) AS first_at, max(attempted_at) AS last_at
      FROM {relation} AS letters
      WHERE attempted_at >= now() - interval '24 hours' GROUP BY 1, 2, 3, 4, 5
    ), kinds AS (
      SELECT left(coalesce(ltrim(btrim(channel::text), '#'), ''), 100) AS channel,
             left(coalesce(upper(severity::text), ''), 100) AS severity,
             coalesce(status::text IN {open}, false) AND unsettled AS open,
             coalesce(status::text IN {open}, false) AND NOT unsettled AS settled,
             coalesce(told, false) AS told,
             n, first_at::timestamptz AS first_at, last_at::timestamptz AS last_at
      FROM raw
    )
    SELECT coalesce(sum(n), 0)::int8 AS all_rows,
           coalesce(sum(n) FILTER (WHERE open), 0)::int8 AS open,
           coalesce(sum(n) FILTER (WHERE settled), 0)::int8 AS settled,
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
      FROM {relation} AS letters
      WHERE attempted_at >= now() - interval '24 hours' AND attempted_at <= now()
        AND status::text IN {open} AND {unsettled}
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
           count(*) FILTER (WHERE status::text IN {open} AND {unsettled})::int8 AS open,
           count(*) FILTER (WHERE status::text IN {open} AND NOT {unsettled})::int8 AS settled,
           to_char(min(attempted_at::timestamptz) AT TIME ZONE 'UTC',
                   'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS first_at,
           to_char(max(attempted_at::timestamptz) AT TIME ZONE 'UTC',
                   'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS last_at
    FROM {relation} AS letters WHERE attempted_at >= now() - interval '1 hour'
    GROUP BY 1 ORDER BY open DESC, all_rows DESC LIMIT 1000";

/// Reads the table, as far as the look at it allowed.
#[derive(Debug)]
pub struct Reader<'a> {
    table: &'a DlqTable,
    look: Result<Look, Judgement>,
    /// Not one of the rows that the ledger has settled.
    unsettled: Quoted,
    only_delivered: bool,
    caveats: Vec<Caveat>,
}

impl<'a> Reader<'a> {
    /// Looks at the table first, and at what the replays' ledger has settled.
    pub async fn look(session: &mut Session, table: &'a DlqTable, ledger: &LocalPlace<'_>) -> Self {
        let look = if table.open_status.is_empty() {
            let text = "dlq.open_status names no word, so nothing can count as open";
            Err(Judgement::unknown(ReasonCode::BadConfig, text))
        } else {
            look(session, table).await.map_err(|error| error.judgement())
        };
        let mut reader = Self {
            table,
            look,
            unsettled: Quoted::bool(true),
            only_delivered: true,
            caveats: Vec::new(),
        };
        reader.settle(session, ledger).await;
        reader
    }

    async fn settle(&mut self, session: &mut Session, ledger: &LocalPlace<'_>) {
        let Ok(look) = &self.look else { return };
        if !look.table_exists {
            return;
        }
        self.caveats.extend(look.filtered.then(|| row_security(self.table)));
        let (settled, caveats) = settled_beside(session, look, ledger).await;
        self.caveats.extend(caveats);
        if settled.ids.is_empty() {
            return;
        }
        match Key::find(self.table, look) {
            Ok(key) => {
                let any = key.is_any(&settled.ids);
                self.unsettled = Quoted::piece("(({any}) IS NOT TRUE)", &[("any", &any)]);
                self.only_delivered = settled.only_delivered;
            }
            Err(error) => self.caveats.push(unread(&error.to_string())),
        }
    }

    /// What the reader of the answers has to know.
    pub fn caveats(&self) -> impl Iterator<Item = Caveat> {
        self.caveats.iter().cloned()
    }

    fn by_ledger(&self, rows: u64) -> ByLedger {
        ByLedger { rows, only_delivered: self.only_delivered }
    }

    /// All open P0.
    ///
    /// # Errors
    /// The judgement of a check that could not look.
    pub async fn p0(&mut self, session: &mut Session) -> Result<P0, Judgement> {
        let needed = ["attempted_at", "severity", "status", "fallback_email_sent"];
        let (rows, filtered) = self.ask(session, P0_SQL, &needed).await?;
        let p0 = read_p0(&rows).map_err(|error| error.judgement())?;
        Ok(P0 { filtered, by_ledger: self.by_ledger(p0.by_ledger.rows), ..p0 })
    }

    /// The last 24 h.
    ///
    /// # Errors
    /// The judgement of a check that could not look.
    pub async fn day(&mut self, session: &mut Session) -> Result<Day, Judgement> {
        let needed = ["attempted_at", "severity", "status", "fallback_email_sent"];
        let (rows, filtered) = self.ask(session, DAY_SQL, &needed).await?;
        let day = read_day(&rows).map_err(|error| error.judgement())?;
        Ok(Day { filtered, by_ledger: self.by_ledger(day.by_ledger.rows), ..day })
    }

    /// The last hour.
    ///
    /// # Errors
    /// The judgement of a check that could not look.
    pub async fn hour(&mut self, session: &mut Session) -> Result<Hour, Judgement> {
        let needed = ["attempted_at", "status", "http_status"];
        let (rows, filtered) = self.ask(session, HOUR_SQL, &needed).await?;
        let hour = read_hour(&rows).map_err(|error| error.judgement())?;
        Ok(Hour { filtered, by_ledger: self.by_ledger(hour.by_ledger.rows), ..hour })
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
                ("unsettled", &self.unsettled),
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

fn settled(row: &Row) -> Result<ByLedger, PgError> {
    Ok(ByLedger { rows: row.count("settled")?, only_delivered: true })
}

fn read_p0(rows: &[Row]) -> Result<P0, PgError> {
    let row = only(rows)?;
    Ok(P0 {
        untold: row.count("untold")?,
        told: row.count("told")?,
        untold_older: row.count("untold_older")?,
        told_older: row.count("told_older")?,
        by_ledger: settled(row)?,
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
        by_ledger: settled(row)?,
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
        hour.by_ledger.rows += settled(row)?.rows;
        hour.tallies.push(Tally {
            http_status: row.text("http_status")?,
            open: row.count("open")?,
            rows: row.count("all_rows")?,
        });
    }
    Ok(hour)
}
