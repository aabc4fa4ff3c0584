//! How fast Discord may be sent to: a lane for each channel, a cap over all of them, an estimate. Pure:
//! the time is handed in.
//!
//! Discord's headers rule; the figures here are where to start. Known from the field, not documented:
//! 5 posts in 2 s for a webhook, and 30 in 60 s for a channel over all its webhooks, which no header
//! shows before it is hit. Documented: 50 requests a second in all, and a ban for those who send
//! 10,000 invalid requests in 10 minutes.

mod estimate;
mod global;
mod invalid;
mod jitter;
mod lane;
mod rate;
#[cfg(test)]
mod tests;
mod window;

pub use estimate::{estimate, estimate_together};
pub use global::{FRESH, Global};
pub use invalid::Invalid;
pub use lane::{Explained, Lane};
pub use rate::{Allowance, Rate};

use std::time::Duration;

use tokio::time::Instant;

/// A longer wait is a mix-up of units or a ban: it is shown to a person, not slept through.
pub const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// When the next request may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// At once.
    Now,
    /// Then, and what it waits for.
    At(Instant, WaitReason),
    /// Discord asked for a wait that is not to be believed.
    Absurd {
        /// What it asked for.
        wait: Duration,
        /// When that would be over.
        until: Instant,
    },
}

/// What a lane waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitReason {
    /// This lane's own share of a webhook's limit (2 s).
    Webhook,
    /// This lane's own share of the channel's hidden limit (60 s).
    Channel,
    /// Discord's headers say that the limit is used up, by us or by others.
    Bucket,
    /// Discord answered 429.
    Limited,
    /// The cap over all lanes.
    Global,
}

impl std::fmt::Display for WaitReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            WaitReason::Webhook => "the webhook's share of 2 s is used",
            WaitReason::Channel => "the channel's share of 60 s is used",
            WaitReason::Bucket => "Discord says that its limit is used up",
            WaitReason::Limited => "Discord asks to wait",
            WaitReason::Global => "the share of all channels together is used",
        })
    }
}

impl Slot {
    /// The slot at `at`, seen from `now`.
    fn at(at: Option<Instant>, reason: WaitReason, now: Instant) -> Self {
        match at {
            Some(at) if at > now => Slot::At(at, reason),
            _ => Slot::Now,
        }
    }

    /// The later one of two slots, both of which have to be waited for.
    #[must_use]
    pub fn later(self, other: Slot) -> Slot {
        match (self, other) {
            (Slot::Absurd { .. }, _) | (_, Slot::Now) => self,
            (Slot::At(one, _), Slot::At(two, _)) if one >= two => self,
            _ => other,
        }
    }
}

/// `now` and `wait`, or some years where that is too long to add.
fn after(now: Instant, wait: Duration) -> Instant {
    const YEARS: Duration = Duration::from_secs(10 * 365 * 86_400);
    now + wait.min(YEARS)
}
