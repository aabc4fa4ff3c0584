//! How long lanes take at least, where every answer comes at once and nobody else posts.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use super::rate::Allowance;

const SECOND: Duration = Duration::from_secs(1);

/// The time from now until the last of `rows` posts into one channel may leave. `earlier` tells how long
/// ago each post before was made.
pub fn estimate(rows: usize, earlier: &[Duration], allowance: Allowance) -> Duration {
    // Times are measured from the earliest post that can still count.
    let span = allowance.per_channel.1.max(allowance.per_webhook.1);
    let mut times: Vec<Duration> =
        earlier.iter().filter(|ago| **ago < span).map(|ago| span.saturating_sub(*ago)).collect();
    times.sort_unstable();
    let mut lane = Posts { times, allowance };
    let mut last = span;
    for _ in 0..rows {
        last = last.max(lane.next());
        lane.times.push(last);
    }
    last.saturating_sub(span)
}

/// The time until the last post of several channels may leave, each with its rows and what it may send,
/// at most `per_s` a second together.
pub fn estimate_together(
    lanes: impl IntoIterator<Item = (usize, Allowance)>,
    per_s: u32,
) -> Duration {
    let lanes = lanes.into_iter().filter(|(rows, _)| *rows > 0);
    let mut lanes: Vec<_> =
        lanes.map(|(rows, allowance)| (rows, Posts { times: Vec::new(), allowance })).collect();
    // Who may post waits in the order of asking, as the lanes of a replay do.
    let mut asked = lanes.len();
    let mut ready: BinaryHeap<_> =
        (0..asked).map(|lane| Reverse((Duration::ZERO, lane, lane))).collect();
    let cap = usize::try_from(per_s.max(1)).unwrap_or(usize::MAX);
    let (mut second, mut last) = (VecDeque::new(), Duration::ZERO);
    while let Some(Reverse((at, _, lane))) = ready.pop() {
        let Some((left, posts)) = lanes.get_mut(lane) else { continue };
        last = last.max(at);
        if second.len() == cap {
            last = last.max(second.pop_front().unwrap_or_default() + SECOND);
        }
        second.push_back(last);
        posts.times.push(last);
        *left -= 1;
        if *left > 0 {
            asked += 1;
            ready.push(Reverse((posts.next().max(last), asked, lane)));
        }
    }
    last
}

/// When posts into one channel were made, oldest first.
struct Posts {
    times: Vec<Duration>,
    allowance: Allowance,
}

impl Posts {
    /// The earliest time at which the next one may be made.
    fn next(&self) -> Duration {
        let windows = [self.allowance.per_webhook, self.allowance.per_channel];
        let free = windows.map(|(count, window)| {
            let count = usize::try_from(count.max(1)).unwrap_or(usize::MAX);
            let first = self.times.len().checked_sub(count).and_then(|at| self.times.get(at));
            first.map_or(Duration::ZERO, |first| *first + window)
        });
        free.into_iter().max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::super::Rate;
    use super::*;

    #[test]
    fn together_lanes_take_what_the_slowest_takes_and_what_the_cap_allows() {
        let full = Rate::Full.allowance();
        for (lanes, cap, seconds) in [
            (vec![], 40, 0),
            (vec![(0, full)], 40, 0),
            (vec![(200, full)], 40, 366),
            (vec![(200, full), (3, Rate::Polite.allowance())], 40, 366),
            // Forty posts at once, and forty a second later.
            (vec![(1, full); 80], 40, 1),
            // Six windows of a minute, and the last 1,000 posts at 40 a second.
            (vec![(200, full); 50], 40, 384),
            // The cap alone.
            (vec![(20, full); 100], 10, 199),
        ] {
            let told = estimate_together(lanes, cap);
            assert_eq!(told, Duration::from_secs(seconds));
        }
    }

    proptest! {
        #[test]
        fn one_lane_below_the_cap_takes_together_what_it_takes_alone(rows in 0_usize..300) {
            let full = Rate::Full.allowance();
            prop_assert_eq!(estimate_together([(rows, full)], 40), estimate(rows, &[], full));
        }
    }
}
