//! A sliding window over times in order. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// When one more is allowed after `times` (oldest first) with at most `count` in any `window`.
/// `None` where there is room whatever the time.
pub(super) fn room(times: &VecDeque<Instant>, (count, window): (u32, Duration)) -> Option<Instant> {
    let count = usize::try_from(count.max(1)).ok()?;
    let before = times.len().checked_sub(count)?;
    times.get(before).map(|first| *first + window)
}

/// Whether the last `count` of `times` lie within `window` before `now`.
pub(super) fn is_full(times: &VecDeque<Instant>, limit: (u32, Duration), now: Instant) -> bool {
    room(times, limit).is_some_and(|at| at > now)
}
