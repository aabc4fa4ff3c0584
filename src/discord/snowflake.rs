//! Discord's ids: 64 bits whose upper 42 are a time. Pure.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

/// The first millisecond of 2015 (UTC), from which ids count.
const EPOCH_MS: i64 = 1_420_070_400_000;

/// An id. Greater ones were made later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Snowflake(pub u64);

/// A text that is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id of Discord is a number of up to 20 digits")]
pub struct SnowflakeError;

impl Snowflake {
    /// The smallest id that could be made at `time`: a bound for searches. Times before 2015 give 0.
    pub fn at(time: DateTime<Utc>) -> Self {
        let since = (time.timestamp_millis() - EPOCH_MS).clamp(0, (1 << 42) - 1);
        Self(since.unsigned_abs() << 22)
    }

    /// When the id was made (UTC, to the millisecond).
    pub fn time(self) -> DateTime<Utc> {
        let since = i64::try_from(self.0 >> 22).unwrap_or(0);
        DateTime::from_timestamp_millis(since + EPOCH_MS).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

impl fmt::Display for Snowflake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Snowflake {
    type Err = SnowflakeError;

    fn from_str(text: &str) -> Result<Self, SnowflakeError> {
        match text.bytes().all(|b| b.is_ascii_digit()) {
            true => text.parse().map(Self).map_err(|_| SnowflakeError),
            false => Err(SnowflakeError),
        }
    }
}

/// Where a person finds a message: opens in Discord itself.
pub fn link(guild: &str, channel: &str, message: &str) -> String {
    format!("https://discord.com/channels/{guild}/{channel}/{message}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_id() {
        for text in ["", "+1", "-1", "1 ", "x", "1.0", "18446744073709551616"] {
            assert_eq!(text.parse::<Snowflake>(), Err(SnowflakeError), "{text:?}");
        }
    }

    #[test]
    fn the_documented_example_and_back() {
        let id: Snowflake = "175928847299117063".parse().unwrap();
        assert_eq!(id.time().to_rfc3339(), "2016-04-30T11:18:25.796+00:00");
        let bound = Snowflake::at(id.time());
        assert!(bound <= id && bound.time() == id.time());
        assert_eq!(bound.to_string(), "175928847298985984");
    }

    #[test]
    fn times_out_of_range_are_held_to_it() {
        assert_eq!(Snowflake::at(DateTime::UNIX_EPOCH), Snowflake(0));
        assert!(Snowflake(u64::MAX).time() > Snowflake(0).time());
        assert_eq!(Snowflake::at(DateTime::<Utc>::MAX_UTC).0 >> 22, (1 << 42) - 1);
    }

    #[test]
    fn a_link_for_people() {
        assert_eq!(link("1", "2", "3"), "https://discord.com/channels/1/2/3");
    }
}
