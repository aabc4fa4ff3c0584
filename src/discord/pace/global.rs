//! The pace of all lanes together: Discord's cap for one address, its global waits, and what other
//! runs behind the same address leave of the cap.
//!
//! A request is counted from before it leaves until a second after its answer: whenever Discord got
//! it, at most the cap fall into any of its seconds, however slow ledger and network are.
//!
//! Runs that know of each other divide the cap. Each hears every few seconds how many others there
//! are ([`Global::heard`]), and none believes that for longer than [`FRESH`]. Whoever begins beside
//! others goes at [`CROWDED`] a second until all of them have heard of it, so that the old shares and
//! the newcomers stay below Discord's limit together.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::jitter::Jitter;
use super::rate::Allowance;
use super::window::room;
use super::{LONGEST_WAIT, Slot, WaitReason, after};

const SECOND: Duration = Duration::from_secs(1);
/// How long a number of other runs is believed.
pub const FRESH: Duration = Duration::from_secs(6);
/// Requests a second of a run that others have not heard of, or that has heard of none for long:
/// four of them beside a whole cap of 40 stay below Discord's 50.
const CROWDED: u32 = 2;

/// The pace of all lanes together. Ask and tell it without another lane between the two.
#[derive(Debug, Clone)]
pub struct Global {
    per_s: u32,
    /// Requests whose answer has not come.
    open: u32,
    /// When the answers came of those that may still count, oldest first.
    answered: VecDeque<Instant>,
    heard: Option<Heard>,
    pause: Option<(Duration, Instant)>,
    jitter: Jitter,
}

#[derive(Debug, Clone, Copy)]
struct Heard {
    others: u32,
    at: Instant,
    /// From when on the others have heard of this run.
    known_from: Instant,
}

impl Global {
    /// At most what `allowance` gives to all lanes.
    pub fn new(allowance: Allowance) -> Self {
        Self {
            per_s: allowance.global_per_s.max(1),
            open: 0,
            answered: VecDeque::new(),
            heard: None,
            pause: None,
            jitter: Jitter(1),
        }
    }

    /// With another spread of the waits after a 429 than that of other programs.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.jitter = Jitter(seed);
        self
    }

    /// So many other runs were under way, this one being on record, at `now`.
    pub fn heard(&mut self, now: Instant, others: u32) {
        let fresh = self.heard.filter(|heard| now < heard.at + FRESH);
        let known_from = match fresh {
            Some(heard) => heard.known_from,
            // Nobody is there who would have to hear of it.
            None if others == 0 => now,
            // The others believe their old number for so long, and a second of theirs has to pass.
            None => now + FRESH + SECOND,
        };
        self.heard = Some(Heard { others, at: now, known_from });
    }

    /// This run's share of the cap, a second.
    pub fn share(&self, now: Instant) -> u32 {
        match self.heard {
            Some(heard) if now < heard.at + FRESH && now >= heard.known_from => {
                (self.per_s / heard.others.saturating_add(1)).max(1)
            }
            _ => CROWDED.min(self.per_s),
        }
    }

    /// When the next request of any lane may leave. Where that depends on answers that have not come,
    /// it is a little later, to be asked again.
    pub fn next(&self, now: Instant) -> Slot {
        const AGAIN: Duration = Duration::from_millis(20);
        let pause = match self.pause {
            Some((wait, until)) if until > now && wait > LONGEST_WAIT => {
                Slot::Absurd { wait, until }
            }
            Some((_, until)) => Slot::at(Some(until), WaitReason::Limited, now),
            None => Slot::Now,
        };
        let share = self.share(now);
        let free = match share.checked_sub(self.open) {
            None | Some(0) => Some(now + AGAIN),
            Some(places) => room(&self.answered, (places, SECOND)),
        };
        pause.later(Slot::at(free, WaitReason::Global, now))
    }

    /// A request is about to leave; [`Global::done`] has to follow.
    pub fn take(&mut self) {
        self.open += 1;
    }

    /// It is over: its answer came, or will not. `left`: it may have reached Discord.
    pub fn done(&mut self, now: Instant, left: bool) {
        self.open = self.open.saturating_sub(1);
        if left {
            self.answered.push_back(now);
        }
        while self.answered.len() > usize::try_from(self.per_s).unwrap_or(usize::MAX) {
            self.answered.pop_front();
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
