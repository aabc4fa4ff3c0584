//! The pace of one channel. One request at a time: ask [`Lane::next`], tell [`Lane::sent`], then one of
//! [`Lane::answered`], [`Lane::limited`] and [`Lane::lost`].

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::jitter::Jitter;
use super::rate::{Allowance, CHANNEL, WEBHOOK};
use super::window::{is_full, room};
use super::{LONGEST_WAIT, Slot, WaitReason, after};
use crate::discord::Bucket;
use crate::discord::classify::UNSAID_WAIT;

/// Headers give milliseconds, perhaps rounded down.
const ROUNDING: Duration = Duration::from_millis(5);
/// How long a lane stays slowed down at first; each time it happens again, twice as long.
const SLOW_FOR: Duration = Duration::from_secs(120);

/// Whether this lane's own posts explain that Discord answered 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Explained {
    /// They fill a limit.
    Yes,
    /// They do not: others post there, or the limits have changed. The lane goes at half its rate for
    /// some minutes.
    No,
}

/// The pace of one channel, over all its webhooks.
#[derive(Debug, Clone)]
pub struct Lane {
    allowance: Allowance,
    /// The posts that Discord may still count, oldest first; each at the latest moment at which
    /// Discord can have got it: when its answer came.
    posts: VecDeque<Instant>,
    /// Whether the last of them has no answer yet.
    open: bool,
    bucket: Option<Pause>,
    limited: Option<Pause>,
    slow_until: Option<Instant>,
    slow_for: Duration,
    /// How often in a row Discord has answered 429 without saying how long.
    unsaid: u32,
    jitter: Jitter,
}

/// A time before which Discord does not want to hear from this lane.
#[derive(Debug, Clone, Copy)]
struct Pause {
    wait: Duration,
    until: Instant,
}

impl Lane {
    /// A lane that may use `allowance`, into which posts went at the times `earlier`, by whomever.
    pub fn new(allowance: Allowance, earlier: &[Instant]) -> Self {
        let mut posts: VecDeque<Instant> = earlier.to_vec().into();
        posts.make_contiguous().sort_unstable();
        Self {
            allowance,
            posts,
            open: false,
            bucket: None,
            limited: None,
            slow_until: None,
            slow_for: SLOW_FOR,
            unsaid: 0,
            jitter: Jitter(0),
        }
    }

    /// With another spread of the waits after a 429 than that of other lanes.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.jitter = Jitter(seed);
        self
    }

    /// When the next post may leave.
    pub fn next(&mut self, now: Instant) -> Slot {
        self.settle(now);
        let allowed = self.allowed(now);
        let share = |limit, reason| Slot::at(room(&self.posts, limit), reason, now);
        [(self.limited, WaitReason::Limited), (self.bucket, WaitReason::Bucket)]
            .into_iter()
            .filter_map(|(pause, reason)| Some(pause?.slot(reason, now)))
            .fold(Slot::Now, Slot::later)
            .later(share(allowed.per_channel, WaitReason::Channel))
            .later(share(allowed.per_webhook, WaitReason::Webhook))
    }

    /// A post leaves.
    pub fn sent(&mut self, now: Instant) {
        self.settle(now);
        self.posts.push_back(now);
        self.open = true;
        let most = self.allowance.per_channel.0.max(CHANNEL.0).max(self.allowance.per_webhook.0);
        while self.posts.len() > usize::try_from(most).unwrap_or(usize::MAX) {
            self.posts.pop_front();
        }
    }

    /// Its answer came, other than 429; `bucket` is what its headers showed.
    pub fn answered<'a>(&mut self, now: Instant, bucket: impl Into<Option<&'a Bucket>>) {
        self.settle(now);
        self.unsaid = 0;
        self.bucket =
            bucket.into().filter(|bucket| bucket.remaining <= self.reserve(now)).map(|b| Pause {
                wait: b.reset_after,
                until: after(now, b.reset_after.saturating_add(ROUNDING)),
            });
    }

    /// No answer came, or none that tells.
    pub fn lost(&mut self, now: Instant) {
        self.settle(now);
    }

    /// Discord answered 429 and wants this lane to wait. The post was not stored, and is not counted.
    pub fn limited(&mut self, now: Instant, wait: Duration) -> Explained {
        let was_open = self.open;
        self.settle(now);
        let full = is_full(&self.posts, WEBHOOK, now) || is_full(&self.posts, CHANNEL, now);
        if was_open {
            self.posts.pop_back();
        }
        let mut wait = wait;
        if wait == UNSAID_WAIT {
            wait = wait.saturating_mul(1 << self.unsaid.min(3));
            self.unsaid += 1;
        }
        let until = after(now, wait.saturating_add(self.jitter.next()));
        self.limited = Some(Pause { wait, until });
        if full {
            return Explained::Yes;
        }
        self.slow_until = Some(after(until, self.slow_for));
        self.slow_for = self.slow_for.saturating_mul(2);
        Explained::No
    }

    /// Others posted into the channel at `at`.
    pub fn noticed(&mut self, at: Instant) {
        // A post that is under way stays the last one.
        let settled = self.posts.len() - usize::from(self.open);
        let before = self.posts.iter().take(settled).filter(|post| **post <= at).count();
        self.posts.insert(before, at);
    }

    /// Whether the lane goes at half its rate.
    pub fn is_slow(&self, now: Instant) -> bool {
        self.slow_until.is_some_and(|until| until > now)
    }

    /// How many posts went into the channel in the last `span`, as far as this lane knows.
    pub fn posted_within(&self, span: Duration, now: Instant) -> usize {
        self.posts.iter().filter(|at| **at + span > now).count()
    }

    /// Discord has got the last post by now, if it ever did.
    fn settle(&mut self, now: Instant) {
        if std::mem::take(&mut self.open)
            && let Some(last) = self.posts.back_mut()
        {
            *last = now;
        }
    }

    fn allowed(&self, now: Instant) -> Allowance {
        if self.is_slow(now) { self.allowance.halved() } else { self.allowance }
    }

    /// How many of a webhook's posts are left to others.
    fn reserve(&self, now: Instant) -> u32 {
        WEBHOOK.0.saturating_sub(self.allowed(now).per_webhook.0)
    }
}

impl Pause {
    fn slot(self, reason: WaitReason, now: Instant) -> Slot {
        match self.until > now {
            true if self.wait > LONGEST_WAIT => Slot::Absurd { wait: self.wait, until: self.until },
            true => Slot::At(self.until, reason),
            false => Slot::Now,
        }
    }
}
