//! The rate limits, as the headers of each answer tell them.

use axum::http::{HeaderMap, HeaderValue};
use chrono::{DateTime, TimeDelta, Utc};

/// The primary limit of the one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Requests an hour.
    pub limit: u64,
    /// How many are left.
    pub remaining: u64,
    /// When the count begins anew, from the start of the stand-in.
    pub reset_in: TimeDelta,
}

impl Default for Limits {
    fn default() -> Self {
        Self { limit: 5000, remaining: 5000, reset_in: TimeDelta::minutes(47) }
    }
}

impl Limits {
    /// Counts one request; false where none was left.
    pub(super) fn take(&mut self) -> bool {
        let left = self.remaining.checked_sub(1);
        self.remaining = left.unwrap_or(0);
        left.is_some()
    }

    /// Gives one back: an answer that is not counted.
    pub(super) fn give_back(&mut self) {
        self.remaining = (self.remaining + 1).min(self.limit);
    }

    /// The headers of an answer.
    pub(super) fn stamp(&self, headers: &mut HeaderMap, started: DateTime<Utc>) {
        let reset = started + self.reset_in;
        let values = [
            ("x-ratelimit-limit", self.limit.to_string()),
            ("x-ratelimit-remaining", self.remaining.to_string()),
            ("x-ratelimit-used", (self.limit - self.remaining.min(self.limit)).to_string()),
            ("x-ratelimit-reset", reset.timestamp().to_string()),
            ("x-ratelimit-resource", "core".to_owned()),
        ];
        for (name, value) in values {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }
}
