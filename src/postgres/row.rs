//! One row of an answer, read strictly: a value that is not what the query promised is an error.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{Row as _, ValueRef as _};

use super::{PgError, PgErrorKind};

/// A row in text format. A column that is null reads as `None`; one that is not there, or cannot be
/// read, is an error of the kind [`PgErrorKind::Unreadable`].
#[derive(Debug)]
pub struct Row(PgRow);

impl Row {
    pub(super) fn new(row: PgRow) -> Self {
        Self(row)
    }

    /// A text.
    pub fn text(&self, column: &str) -> Result<Option<String>, PgError> {
        Ok(self.raw(column)?.map(str::to_owned))
    }

    /// A whole number.
    pub fn int(&self, column: &str) -> Result<Option<i64>, PgError> {
        self.parse(column, "a whole number")
    }

    /// A whole number that counts something: not null and not negative.
    pub fn count(&self, column: &str) -> Result<u64, PgError> {
        let wanted = "a count";
        self.parse(column, wanted)?.ok_or_else(|| unreadable(column, wanted, "null"))
    }

    /// A number.
    pub fn float(&self, column: &str) -> Result<Option<f64>, PgError> {
        self.parse(column, "a number")
    }

    /// `t` or `f`.
    pub fn bool(&self, column: &str) -> Result<Option<bool>, PgError> {
        match self.raw(column)? {
            None => Ok(None),
            Some("t") => Ok(Some(true)),
            Some("f") => Ok(Some(false)),
            Some(other) => Err(unreadable(column, "a boolean", other)),
        }
    }

    /// A time in RFC 3339. Queries write it with `to_char(… AT TIME ZONE 'UTC', …)`: the plain text
    /// form follows `DateStyle`, which a pooler may not pass on to the server.
    pub fn time(&self, column: &str) -> Result<Option<DateTime<Utc>>, PgError> {
        self.parse(column, "a time")
    }

    /// A JSON value.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<Option<T>, PgError> {
        self.raw(column)?
            .map(|text| {
                serde_json::from_str(text).map_err(|_| unreadable(column, "the JSON wanted", text))
            })
            .transpose()
    }

    fn parse<T: FromStr>(&self, column: &str, wanted: &str) -> Result<Option<T>, PgError> {
        self.raw(column)?
            .map(|text| text.parse().map_err(|_| unreadable(column, wanted, text)))
            .transpose()
    }

    fn raw(&self, column: &str) -> Result<Option<&str>, PgError> {
        let value =
            self.0.try_get_raw(column).map_err(|_| unreadable(column, "a column", "missing"))?;
        if value.is_null() {
            return Ok(None);
        }
        value.as_str().map(Some).map_err(|_| unreadable(column, "a text", "not UTF-8"))
    }
}

impl PgError {
    /// `column` does not hold `wanted`.
    pub(crate) fn unreadable(column: &str, wanted: &str) -> Self {
        unreadable(column, wanted, "something else")
    }
}

fn unreadable(column: &str, wanted: &str, found: &str) -> PgError {
    let found = crate::domain::text::shorten(found, 40);
    let text =
        format!("the answer cannot be read: '{column}' should be {wanted}, but is '{found}'");
    PgError::new(PgErrorKind::Unreadable, text)
}
