//! Which rows are meant. Pure.

use chrono::{DateTime, Utc};

use super::FailureId;

/// A choice of rows; every part narrows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// These keys; empty: any. Keys ignore the window.
    pub ids: Vec<FailureId>,
    /// Attempted at or after (UTC).
    pub since: Option<DateTime<Utc>>,
    /// Attempted before (UTC).
    pub until: Option<DateTime<Utc>>,
    /// These severities; empty: any.
    pub severities: Vec<String>,
    /// These channels, without `#`; empty: any.
    pub channels: Vec<String>,
    /// The producer's HTTP status is in one of these classes; empty: any.
    pub classes: Vec<StatusClass>,
    /// The producer's HTTP status is one of these; empty: any.
    pub http_statuses: Vec<i32>,
    /// The row's own status word is one of these; empty: any.
    pub statuses: Vec<String>,
    /// The title holds this, whatever the case.
    pub title: Option<String>,
    /// The payload's fingerprint begins with this (hexadecimal).
    pub fingerprint: Option<String>,
    /// Only P0 whose mail was not sent.
    pub no_fallback: bool,
}

/// A class of HTTP answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusClass {
    /// 429.
    Limited,
    /// 500 to 599.
    Server,
    /// 400 to 499 but 429.
    Client,
    /// No answer.
    None,
}

impl StatusClass {
    /// The word of an answer's class, as `--status-class` takes it; `other` is in none of them.
    pub fn word_of(http_status: Option<i32>) -> &'static str {
        match http_status {
            None => "none",
            Some(429) => "429",
            Some(400..=499) => "4xx",
            Some(500..=599) => "5xx",
            Some(_) => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_has_one_class() {
        for (status, word) in [
            (None, "none"),
            (Some(429), "429"),
            (Some(400), "4xx"),
            (Some(499), "4xx"),
            (Some(500), "5xx"),
            (Some(599), "5xx"),
            (Some(200), "other"),
            (Some(600), "other"),
        ] {
            assert_eq!(StatusClass::word_of(status), word);
        }
    }
}
