//! The types that a key's column may have. A text that is no value of its type is found out here,
//! before the server could take offence at it. Pure.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use uuid::Uuid;

use super::look::Column;

/// A type whose values are written, compared and sorted alike everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Uuid,
    Int2,
    Int4,
    Int8,
    Text,
    /// A part of the key of many partitioned tables.
    Timestamptz,
    Timestamp,
    Date,
    /// Any other type: compared as text, which no index serves.
    Other,
}

impl Kind {
    pub(super) fn of(column: &Column) -> Self {
        if column.schema != "pg_catalog" {
            return Self::Other;
        }
        match column.kind.as_str() {
            "uuid" => Self::Uuid,
            "int2" => Self::Int2,
            "int4" => Self::Int4,
            "int8" => Self::Int8,
            "text" | "varchar" | "bpchar" => Self::Text,
            "timestamptz" => Self::Timestamptz,
            "timestamp" => Self::Timestamp,
            "date" => Self::Date,
            _ => Self::Other,
        }
    }

    /// The text of the value in the one form that it has everywhere, behind every pooler.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Timestamptz => {
                "coalesce(to_char({c} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), \
                 {c}::text)"
            }
            Self::Timestamp => "coalesce(to_char({c}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), {c}::text)",
            Self::Date => "coalesce(to_char({c}, 'YYYY-MM-DD'), {c}::text)",
            _ => "{c}::text",
        }
    }

    /// The same value in that form; `None` where `text` is none of this type.
    pub(super) fn normal(self, text: &str) -> Option<String> {
        let is_time = matches!(self, Self::Timestamptz | Self::Timestamp | Self::Date);
        if is_time && matches!(text, "infinity" | "-infinity") {
            return Some(text.to_owned());
        }
        match self {
            Self::Uuid => Uuid::parse_str(text.trim()).ok().map(|id| id.hyphenated().to_string()),
            Self::Int2 => text.trim().parse::<i16>().ok().map(|n| n.to_string()),
            Self::Int4 => text.trim().parse::<i32>().ok().map(|n| n.to_string()),
            Self::Int8 => text.trim().parse::<i64>().ok().map(|n| n.to_string()),
            Self::Timestamptz => DateTime::parse_from_rfc3339(text)
                .ok()
                .map(|at| at.to_utc().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()),
            Self::Timestamp => NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
                .ok()
                .map(|at| at.format("%Y-%m-%dT%H:%M:%S%.6f").to_string()),
            Self::Date => text.parse::<NaiveDate>().ok().map(|day| day.to_string()),
            // No text of the server holds a NUL.
            Self::Text | Self::Other => (!text.contains('\0')).then(|| text.to_owned()),
        }
    }
}
