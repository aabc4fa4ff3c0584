//! The only place that asks what time it is, and how times are shown to people.

use std::fmt;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

/// Where the present comes from. Cheap to copy; handed down, never global.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    fixed: Option<DateTime<Utc>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that always shows `now`, for tests and drills.
    pub fn fixed(now: DateTime<Utc>) -> Self {
        Self { fixed: Some(now) }
    }

    /// The present (UTC).
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        self.fixed.unwrap_or_else(Utc::now)
    }
}

/// A time as people on call read it: JST (UTC+9 all the year), always with the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Jst(pub DateTime<Utc>);

/// JST: no daylight saving since 1951, so a fixed offset is exact.
pub const JST: FixedOffset = match FixedOffset::east_opt(9 * 3600) {
    Some(offset) => offset,
    None => unreachable!(),
};

impl Jst {
    /// `03:12 JST`, for times whose day is beyond doubt.
    pub fn hour_minute(self) -> String {
        self.0.with_timezone(&JST).format("%H:%M JST").to_string()
    }

    /// `2026-11-22 03:12:41 JST`.
    pub fn to_the_second(self) -> String {
        self.0.with_timezone(&JST).format("%Y-%m-%d %H:%M:%S JST").to_string()
    }
}

impl fmt::Display for Jst {
    /// `2026-11-22 03:12 JST`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.with_timezone(&JST).format("%Y-%m-%d %H:%M JST"))
    }
}

/// How long something lasted or is ago, in its two largest units: `7 min`, `2 h 05 min`, `3 d 4 h`.
pub fn span(delta: TimeDelta) -> String {
    let seconds = delta.num_seconds().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match () {
        () if seconds < 60 => format!("{seconds} s"),
        () if minutes < 60 => format!("{minutes} min"),
        () if hours < 24 => format!("{hours} h {:02} min", minutes % 60),
        () => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jst_crosses_midnight() {
        let t = "2026-11-21T19:10:00Z".parse().unwrap();
        assert_eq!(Jst(t).to_string(), "2026-11-22 04:10 JST");
        assert_eq!(Jst(t).hour_minute(), "04:10 JST");
    }

    #[test]
    fn spans_keep_two_units() {
        let say = |s| span(TimeDelta::seconds(s));
        assert_eq!(
            [say(7), say(61), say(7500), say(90_000), say(-5)],
            ["7 s", "1 min", "2 h 05 min", "1 d 1 h", "0 s"]
        );
    }
}
