//! Discord's rate limits: buckets that are shown in headers, and the one of a channel that is not.
//!
//! A bucket is a window that its first request opens; when it is over, the whole room is back.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// So many requests in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub requests: u32,
    /// In how long.
    pub per: Duration,
}

impl Rate {
    /// `requests` in `seconds`.
    pub const fn new(requests: u32, seconds: u64) -> Self {
        Self { requests, per: Duration::from_secs(seconds) }
    }
}

/// What is limited, and how; `None` is not limited at all. The default is what the real one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Posts of one webhook (5 in 2 s), told in headers.
    pub webhook: Option<Rate>,
    /// Posts into one channel by all its webhooks (30 in 60 s), told only when it is hit.
    pub channel: Option<Rate>,
    /// Posts of the bot into one channel (5 in 5 s), told in headers.
    pub bot: Option<Rate>,
    /// The bot's own reactions in one channel (1 in 250 ms), told in headers.
    pub reaction: Option<Rate>,
    /// Requests of one bot, or without one of one address (50 in 1 s).
    pub global: Option<Rate>,
    /// Answers of 401, 403 and 429 to one address (10,000 in 10 min), before it is shut out.
    pub invalid: Option<Rate>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            webhook: Some(Rate::new(5, 2)),
            channel: Some(Rate::new(30, 60)),
            bot: Some(Rate::new(5, 5)),
            reaction: Some(Rate { requests: 1, per: Duration::from_millis(250) }),
            global: Some(Rate::new(50, 1)),
            invalid: Some(Rate::new(10_000, 600)),
        }
    }
}

/// Which route a bucket belongs to; its name is the same for every webhook and channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Route {
    WebhookPost,
    WebhookRead,
    WebhookMessage,
    BotPost,
    BotRead,
    Thread,
    Reaction,
}

impl Route {
    /// As `X-RateLimit-Bucket` says it.
    pub(super) fn bucket(self) -> String {
        crate::sandbox::fake::hex(&format!("bucket {self:?}"), 32)
    }
}

/// Whose window it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// A route on one webhook or channel.
    Route(Route, u64),
    /// A channel over all its webhooks.
    Channel(u64),
    /// The bot.
    Bot,
    /// The address of everybody else.
    Address,
    /// Invalid requests.
    Invalid,
}

/// What is left in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// Until the window is over.
    pub(super) reset_after: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    opened: Instant,
    used: u32,
}

/// The windows that were opened.
#[derive(Debug, Default)]
pub(super) struct Windows(HashMap<Key, Window>);

impl Windows {
    /// Takes one request out of the window of `key`: what is left then, or how long there is none.
    pub(super) fn take(&mut self, key: Key, rate: Rate, now: Instant) -> Result<Room, Duration> {
        let window = self.window(key, rate, now);
        let reset_after = (window.opened + rate.per).saturating_duration_since(now);
        if window.used >= rate.requests {
            return Err(reset_after);
        }
        window.used += 1;
        Ok(Room { limit: rate.requests, remaining: rate.requests - window.used, reset_after })
    }

    /// How long the window of `key` has no room; `None`: it has.
    pub(super) fn full(&mut self, key: Key, rate: Rate, now: Instant) -> Option<Duration> {
        let window = self.window(key, rate, now);
        let over = window.opened + rate.per;
        (window.used >= rate.requests).then(|| over.saturating_duration_since(now))
    }

    /// Closes the window of `key`.
    pub(super) fn forget(&mut self, key: Key) {
        self.0.remove(&key);
    }

    fn window(&mut self, key: Key, rate: Rate, now: Instant) -> &mut Window {
        let window = self.0.entry(key).or_insert(Window { opened: now, used: 0 });
        if now.saturating_duration_since(window.opened) >= rate.per {
            *window = Window { opened: now, used: 0 };
        }
        window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_full_until_it_is_over_and_then_whole_again() {
        let (mut windows, start) = (Windows::default(), Instant::now());
        let rate = Rate::new(2, 10);
        let mut take = |key, seconds| windows.take(key, rate, start + Duration::from_secs(seconds));
        let room =
            |remaining, s| Ok(Room { limit: 2, remaining, reset_after: Duration::from_secs(s) });
        let (one, other) = (Key::Channel(1), Key::Channel(2));
        assert_eq!(take(one, 0), room(1, 10));
        assert_eq!(take(one, 4), room(0, 6));
        assert_eq!(take(one, 9), Err(Duration::from_secs(1)));
        assert_eq!(take(other, 9), room(1, 10));
        assert_eq!(take(one, 10), room(1, 10));
    }

    #[test]
    fn buckets_are_named_by_their_route_alone() {
        assert_eq!(Route::WebhookPost.bucket(), Route::WebhookPost.bucket());
        assert_ne!(Route::WebhookPost.bucket(), Route::WebhookRead.bucket());
    }
}
