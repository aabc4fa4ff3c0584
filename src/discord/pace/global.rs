//! The pace of all lanes together: Discord's cap for one bot, or one address, and its global waits.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::jitter::Jitter;
use super::rate::Allowance;
use super::window::room;
use super::{LONGEST_WAIT, Slot, WaitReason, after};

const SECOND: Duration = Duration::from_secs(1);

/// The pace of all lanes together. Ask and tell it without another lane between the two.
#[derive(Debug, Clone)]
pub struct Global {
    per_s: u32,
    sent: VecDeque<Instant>,
    pause: Option<(Duration, Instant)>,
    jitter: Jitter,
}

impl Global {
    /// At most what `allowance` gives to all lanes.
    pub fn new(allowance: Allowance) -> Self {
        let per_s = allowance.global_per_s.max(1);
        Self { per_s, sent: VecDeque::new(), pause: None, jitter: Jitter(1) }
    }

    /// With another spread of the waits after a 429 than that of other programs.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.jitter = Jitter(seed);
        self
    }

    /// When the next request of any lane may leave.
    pub fn next(&self, now: Instant) -> Slot {
        let pause = match self.pause {
            Some((wait, until)) if until > now && wait > LONGEST_WAIT => {
                Slot::Absurd { wait, until }
            }
            Some((_, until)) => Slot::at(Some(until), WaitReason::Limited, now),
            None => Slot::Now,
        };
        pause.later(Slot::at(room(&self.sent, (self.per_s, SECOND)), WaitReason::Global, now))
    }

    /// A request leaves.
    pub fn sent(&mut self, now: Instant) {
        self.sent.push_back(now);
        while self.sent.len() > usize::try_from(self.per_s).unwrap_or(usize::MAX) {
            self.sent.pop_front();
        }
    }

    /// Discord answered 429 and wants everyone to wait.
    pub fn limited(&mut self, now: Instant, wait: Duration) {
        let until = after(now, wait.saturating_add(self.jitter.next()));
        if self.pause.is_none_or(|(_, earlier)| earlier < until) {
            self.pause = Some((wait, until));
        }
    }
}
