//! `--since` and `--until`.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use parky_ops::domain::{Jst, Moment};

use crate::refusal::Usage;

/// A stretch of time.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct Window {
    /// From: 2h (ago), 03:12 (JST) or RFC 3339 [default: 24h]
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<Moment>,

    /// Until, exclusive: the same forms [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<Moment>,
}

/// The two ends as points in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) since: DateTime<Utc>,
    /// `None`: no end was named, so what happens meanwhile belongs to it.
    pub(crate) until: Option<DateTime<Utc>>,
}

impl Window {
    /// Whether neither end was named.
    pub(crate) fn is_empty(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// The window, `usual` long before its end where no start is named.
    pub(crate) fn span(&self, usual: TimeDelta, now: DateTime<Utc>) -> anyhow::Result<Span> {
        let at = |moment: Option<Moment>, option| {
            let at = moment.map(|moment| moment.before(now)).transpose();
            at.map_err(|error| Usage::new(format!("{option}: {error}"), "--since 2h"))
        };
        let until = at(self.until, "--until")?;
        let since = at(self.since, "--since")?.unwrap_or_else(|| until.unwrap_or(now) - usual);
        if until.is_some_and(|until| until <= since) {
            let text = format!("--until {} is not after {}", Jst(until.unwrap_or(now)), Jst(since));
            return Err(Usage::new(text, "--since 2h --until 1h").into());
        }
        Ok(Span { since, until })
    }
}

impl Span {
    /// Both ends in JST.
    pub(crate) fn in_words(&self, now: DateTime<Utc>) -> String {
        format!("from {} to {}", Jst(self.since), Jst(self.until.unwrap_or(now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_ordered_and_the_start_is_counted_from_the_end() {
        let now: DateTime<Utc> = "2026-11-21T18:12:00Z".parse().unwrap();
        let span = |since: Option<&str>, until: Option<&str>| {
            let moment = |word: Option<&str>| word.map(|word| word.parse().unwrap());
            Window { since: moment(since), until: moment(until) }.span(TimeDelta::hours(24), now)
        };
        assert_eq!(span(None, None).unwrap().since, now - TimeDelta::hours(24));
        assert_eq!(span(None, Some("2h")).unwrap().since, now - TimeDelta::hours(26));
        assert_eq!(
            span(Some("03:00"), None).unwrap().in_words(now),
            "from 2026-11-22 03:00 JST to 2026-11-22 03:12 JST"
        );
        assert!(span(Some("1h"), Some("2h")).is_err());
        assert!(span(Some("2030-01-01T00:00:00Z"), None).is_err());
    }
}
