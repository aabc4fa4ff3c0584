//! How long a lane takes at least.

use std::time::Duration;

use super::rate::Allowance;

/// The time from now until the last of `rows` posts into one channel may leave, where every answer
/// comes at once and nobody else posts. `earlier` tells how long ago each post before was made.
pub fn estimate(rows: usize, earlier: &[Duration], allowance: Allowance) -> Duration {
    // Times are measured from the earliest post that can still count.
    let span = allowance.per_channel.1.max(allowance.per_webhook.1);
    let mut times: Vec<Duration> =
        earlier.iter().filter(|ago| **ago < span).map(|ago| span.saturating_sub(*ago)).collect();
    times.sort_unstable();
    let mut last = span;
    for _ in 0..rows {
        for (count, window) in [allowance.per_webhook, allowance.per_channel] {
            let count = usize::try_from(count.max(1)).unwrap_or(usize::MAX);
            let first = times.len().checked_sub(count).and_then(|at| times.get(at));
            last = last.max(first.map_or(Duration::ZERO, |first| *first + window));
        }
        times.push(last);
    }
    last.saturating_sub(span)
}
