//! How each column is read, whatever its type: times as UTC in RFC 3339, numbers that may be texts,
//! long texts cut with a visible sign.

use chrono::{DateTime, SecondsFormat, Utc};

use super::look::Look;
use super::{Key, TableError};
use crate::config::DlqTable;
use crate::dlq::{Letter, lane_of};
use crate::postgres::{PgError, Quoted, Row};

/// The column that lists are sorted by.
pub(super) const TIME: &str = "attempted_at";

/// What every question of this module needs; the payload and the key are looked for apart.
pub(super) const NEEDED: [&str; 9] = [
    TIME,
    "channel",
    "severity",
    "title",
    "http_status",
    "retry_count",
    "error_message",
    "fallback_email_sent",
    "status",
];

/// The columns as this table has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    time: Time,
    /// The HTTP status as a number or null.
    pub(super) http: Quoted,
}

/// The type of `attempted_at`. Without a zone it is taken as UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    WithZone,
    Without,
    Day,
}

/// Whether somebody was told, be it a boolean, a number or a word.
pub(super) const TOLD: &str =
    "coalesce(lower(fallback_email_sent::text) IN ('true', 't', '1', 'yes', 'y', 'on'), false)";
/// The channel as people name it; blanks and `#` as `lane_of` has it.
pub(super) const LANE: &str = "ltrim(btrim(coalesce(channel::text, ''), E' \\t\\r\\n'), '#')";
/// A time that RFC 3339 can say. Null, infinity and years beyond sort behind all others.
pub(super) const DATED: &str = "attempted_at >= {least} AND attempted_at < {most}";
/// The others.
pub(super) const UNDATED: &str =
    "(attempted_at IS NULL OR attempted_at < {least} OR attempted_at >= {most})";

impl Columns {
    pub(super) fn of(table: &DlqTable, look: &Look) -> Result<Self, TableError> {
        let kind = |name: &str| look.columns.get(name).map_or("", |column| column.kind.as_str());
        let time = match kind("attempted_at") {
            "timestamptz" => Time::WithZone,
            "timestamp" => Time::Without,
            "date" => Time::Day,
            other => {
                let text = format!("attempted_at of {table} is of type {other}, which is no time");
                return Err(TableError::Config(text));
            }
        };
        // Some clients note "no answer" as 0 instead of null.
        let http = match kind("http_status") {
            "int2" | "int4" | "int8" => "nullif(http_status, 0)",
            _ => {
                "CASE WHEN http_status::text ~ '^\\s*0*[1-9][0-9]{0,3}\\s*$' \
                 THEN btrim(http_status::text)::int4 END"
            }
        };
        Ok(Self { time, http: Quoted::piece(http, &[]) })
    }

    /// A time as a value that `attempted_at` is compared with, by its index.
    pub(super) fn at(&self, at: DateTime<Utc>) -> Quoted {
        let text = at.to_rfc3339_opts(SecondsFormat::Micros, true);
        self.literal(&text)
    }

    fn literal(&self, text: &str) -> Quoted {
        let (template, text) = match self.time {
            Time::WithZone => ("{v}::timestamptz", text),
            Time::Without | Time::Day => ("{v}::timestamp", text.trim_end_matches('Z')),
        };
        Quoted::piece(template, &[("v", &Quoted::literal(text))])
    }

    /// [`DATED`] or [`UNDATED`], with its bounds.
    pub(super) fn bounded(&self, template: &'static str) -> Quoted {
        let least = self.literal("0001-01-01T00:00:00Z");
        let most = self.literal("10000-01-01T00:00:00Z");
        Quoted::piece(template, &[("least", &least), ("most", &most)])
    }

    /// Everything that a [`Letter`] holds.
    pub(super) fn select(&self, key: Option<&Key>, payload: Option<&Quoted>) -> Quoted {
        let at = match self.time {
            Time::WithZone => "attempted_at AT TIME ZONE 'UTC'",
            Time::Without | Time::Day => "attempted_at::timestamp",
        };
        let at = Quoted::piece(at, &[]);
        let cut = |column: &'static str, most: i64| {
            let values = [("c", &Quoted::ident(column)), ("most", &Quoted::int(most))];
            Quoted::piece(
                "CASE WHEN char_length({c}::text) > {most} THEN left({c}::text, {most} - 1) || '…' \
                 ELSE {c}::text END AS {c}",
                &values,
            )
        };
        let mut parts = vec![
            Quoted::piece(
                "CASE WHEN {dated} THEN to_char({at}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') END AS at",
                &[("dated", &self.bounded(DATED)), ("at", &at)],
            ),
            Quoted::piece("channel::text AS channel", &[]),
            Quoted::piece("severity::text AS severity", &[]),
            cut("title", TITLE),
            Quoted::piece("({http})::text AS http", &[("http", &self.http)]),
            Quoted::piece("retry_count::text AS retries", &[]),
            cut("error_message", ERROR),
            Quoted::piece("{told} AS told", &[("told", &Quoted::piece(TOLD, &[]))]),
            Quoted::piece("status::text AS status", &[]),
        ];
        parts.extend(key.map(Key::select));
        parts.extend(payload.map(|column| Quoted::piece("{c}::text AS payload", &[("c", column)])));
        Quoted::joined(parts, ", ")
    }
}

/// Most characters of a title and of an error that are read: one row must not fill the memory.
const TITLE: i64 = 1000;
const ERROR: i64 = 4000;

/// A row as [`Columns::select`] brought it.
pub(super) fn letter(row: &Row, key: Option<&Key>, payload: bool) -> Result<Letter, PgError> {
    let text = |column| Ok::<_, PgError>(row.text(column)?.unwrap_or_default());
    let number = |column| {
        let text = row.text(column)?;
        Ok::<_, PgError>(text.and_then(|text| text.trim().parse::<i32>().ok()))
    };
    Ok(Letter {
        id: key.map(|key| key.read(row)).transpose()?.flatten(),
        attempted_at: row.time("at")?,
        channel: lane_of(&text("channel")?).to_owned(),
        severity: text("severity")?,
        title: text("title")?,
        http_status: number("http")?,
        retry_count: number("retries")?.unwrap_or_default(),
        error: text("error_message")?,
        fallback_email_sent: row.bool("told")?.unwrap_or_default(),
        status: text("status")?,
        payload: if payload { row.text("payload")? } else { None },
    })
}
