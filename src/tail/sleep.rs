//! Whether the machine was asleep. Pure.
//!
//! The clock that waits are counted by stands still in suspend, and a tail does not: without a look at
//! the other clock it would expire unseen.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

/// Less than this is a correction of the clock, or a busy machine.
const LEAST: Duration = Duration::from_secs(5);

/// See the module.
#[derive(Debug)]
pub(super) struct Sleep {
    wall: DateTime<Utc>,
    waking: Instant,
}

impl Sleep {
    pub(super) fn new(wall: DateTime<Utc>, waking: Instant) -> Self {
        Self { wall, waking }
    }

    /// How long the machine slept since the last call, where it did.
    pub(super) fn since(&mut self, wall: DateTime<Utc>, waking: Instant) -> Option<Duration> {
        // A clock that was set back is no sleep.
        let passed = (wall - self.wall).to_std().unwrap_or_default();
        let slept = passed.saturating_sub(waking.saturating_duration_since(self.waking));
        *self = Self::new(wall, waking);
        (slept >= LEAST).then_some(slept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_only_the_wall_clock_saw_was_slept() {
        let (wall, waking) = (DateTime::UNIX_EPOCH, Instant::now());
        let mut sleep = Sleep::new(wall, waking);
        let seconds = Duration::from_secs;
        assert_eq!(sleep.since(wall + seconds(10), waking + seconds(10)), None);
        assert_eq!(sleep.since(wall + seconds(3620), waking + seconds(20)), Some(seconds(3600)));
        assert_eq!(sleep.since(wall + seconds(3631), waking + seconds(30)), None, "told once");
        assert_eq!(sleep.since(wall, waking + seconds(40)), None, "set back");
        assert_eq!(sleep.since(wall, waking + seconds(90)), None, "stopped, not asleep");
    }
}
