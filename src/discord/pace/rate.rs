//! How much of Discord's limits a run may use.

use std::time::Duration;

/// What a webhook is allowed in all. From the field.
pub(super) const WEBHOOK: (u32, Duration) = (5, Duration::from_secs(2));
/// What a channel is allowed in all, over its webhooks. From the field (Discord's staff).
pub(super) const CHANNEL: (u32, Duration) = (30, Duration::from_secs(60));

/// How much of the limits to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rate {
    /// Leaves room for alerts that go out meanwhile.
    #[default]
    Polite,
    /// All of it.
    Full,
}

/// What a lane, and all lanes together, may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// At most so many posts of one webhook in so long.
    pub per_webhook: (u32, Duration),
    /// At most so many posts into one channel in so long.
    pub per_channel: (u32, Duration),
    /// At most so many requests a second over all lanes, and over all runs that know of each other;
    /// Discord allows an address 50.
    pub global_per_s: u32,
}

impl Rate {
    /// The word of the option.
    pub fn word(self) -> &'static str {
        match self {
            Rate::Polite => "polite",
            Rate::Full => "full",
        }
    }

    /// What this rate allows.
    pub fn allowance(self) -> Allowance {
        match self {
            Rate::Polite => Allowance {
                per_webhook: (3, WEBHOOK.1),
                per_channel: (20, CHANNEL.1),
                global_per_s: 25,
            },
            Rate::Full => {
                Allowance { per_webhook: WEBHOOK, per_channel: CHANNEL, global_per_s: 40 }
            }
        }
    }
}

impl Allowance {
    /// Half of it for one lane; at least one of everything.
    pub(super) fn halved(self) -> Self {
        let half = |(count, window): (u32, Duration)| ((count / 2).max(1), window);
        Self { per_webhook: half(self.per_webhook), per_channel: half(self.per_channel), ..self }
    }
}
