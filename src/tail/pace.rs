//! How long a tail waits for what. The usual figures are Cloudflare's and wrangler's; tests are faster.

use std::time::Duration;

use chrono::TimeDelta;

/// See the module.
#[derive(Debug, Clone)]
pub struct Pace {
    /// From one ping to the next, by which the answer must have come.
    pub ping: Duration,
    /// For opening a tail, and again for its line.
    pub connect: Duration,
    /// The next line is opened so long before the tail expires.
    pub lead: Duration,
    /// Two lines overlap so long.
    pub overlap: Duration,
    /// A tail is not used for longer, whatever it says of its end.
    pub longest: Duration,
    /// A tail that does not say when it ends, or says it ended before it began.
    pub unknown: Duration,
    /// Waits before each further try to get a lost line back.
    pub backoff: Vec<Duration>,
    /// Tries to get the first line are given up sooner.
    pub first_tries: usize,
    /// A line that lived so long starts the count of tries anew.
    pub settled: Duration,
    /// For deleting the tails at the end.
    pub farewell: Duration,
    /// From one look for a newer deployment to the next.
    pub look: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            ping: seconds(10),
            connect: seconds(10),
            lead: seconds(40),
            overlap: seconds(5),
            longest: seconds(45 * 60),
            unknown: seconds(10 * 60),
            backoff: [250, 1000, 2000, 4000, 8000, 16_000].map(Duration::from_millis).into(),
            first_tries: 3,
            settled: seconds(60),
            farewell: Duration::from_millis(1800),
            look: seconds(30),
        }
    }
}

impl Pace {
    /// How long a tail of this lifetime is used before the next one is opened.
    pub(super) fn use_for(&self, lifetime: Option<TimeDelta>) -> Duration {
        let lifetime = lifetime.and_then(|lifetime| lifetime.to_std().ok());
        match lifetime {
            // A short one is renewed after most of it.
            Some(lifetime) => {
                lifetime.saturating_sub(self.lead.min(lifetime / 3)).min(self.longest)
            }
            None => self.unknown,
        }
    }

    /// When a tail of this lifetime has surely gone silent; `None` where that is not known.
    pub(super) fn expiry(lifetime: Option<TimeDelta>) -> Option<Duration> {
        lifetime.and_then(|lifetime| lifetime.to_std().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_renewed_before_its_end_and_never_trusted_for_too_long() {
        let pace = Pace::default();
        let used = |seconds| pace.use_for(Some(TimeDelta::seconds(seconds))).as_secs();
        assert_eq!(used(1800), 1760);
        assert_eq!(used(30), 20, "a short one");
        assert_eq!(used(7200), 2700, "the clock may be wrong");
        assert_eq!(used(-3600), 600, "the clock is wrong");
        assert_eq!(pace.use_for(None).as_secs(), 600);
    }
}
