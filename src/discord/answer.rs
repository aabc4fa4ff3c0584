//! What became of one request, in the one respect that matters for sending: was it stored?

use std::fmt;
use std::time::Duration;

use super::bucket::Bucket;

/// What Discord, or the way to it, made of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What it means for the request and for those behind it.
    pub class: Class,
    /// The HTTP status, where an answer came.
    pub http_status: Option<u16>,
    /// Discord's own code.
    pub code: Option<i64>,
    /// Its words, or what kept it from answering: one line, redacted, of bounded length.
    pub said: String,
    /// The limit that the answer showed; `None` after a shared 429, which may show another one's.
    pub bucket: Option<Bucket>,
    /// Whether Discord counts it among the invalid requests that lead to a ban: 401, 403 and 429,
    /// unless that one is shared.
    pub invalid: bool,
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// Stored, or, for other requests than posts, done.
    Delivered {
        /// The message's id: the receipt.
        message_id: Option<String>,
        /// The channel, or thread, that it is in.
        channel_id: Option<String>,
    },
    /// Not stored, and never will be as it is.
    Rejected,
    /// Not stored: this webhook, or this bot in this channel, cannot be used. No further call.
    LaneDead,
    /// Not stored: to be sent again after this time. The second says who has to wait.
    Wait(Duration, WaitScope),
    /// Not stored: this address is banned, for this long where that was said. Stop the run.
    Banned(Option<Duration>),
    /// Not stored: something before Discord's API stopped it, such as its firewall, which wants to
    /// know the caller by its user agent, or a proxy on the way. Stop the run.
    WrongAgent,
    /// No byte of it left, or the server vouches that it did not begin with it.
    NotSent,
    /// Perhaps stored: never to be sent again by itself. For a request that only reads: no answer.
    Unsure,
}

/// Who has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitScope {
    /// The lane of this request.
    Lane,
    /// Every lane.
    Global,
}

impl Answer {
    /// Of a request that was not even made, and why.
    pub(super) fn not_sent(why: &str) -> Self {
        Self {
            class: Class::NotSent,
            http_status: None,
            code: None,
            said: why.to_owned(),
            bucket: None,
            invalid: false,
        }
    }

    /// Whether the request was stored, or done.
    pub fn is_delivered(&self) -> bool {
        matches!(self.class, Class::Delivered { .. })
    }
}

impl fmt::Display for Answer {
    /// `HTTP 400, code 50035: Invalid Form Body: embeds.0.title: BASE_TYPE_MAX_LENGTH`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        parts.extend(self.http_status.map(|status| format!("HTTP {status}")));
        parts.extend(self.code.map(|code| format!("code {code}")));
        let head = parts.join(", ");
        match (head.is_empty(), self.said.is_empty()) {
            (true, _) => f.write_str(&self.said),
            (_, true) => f.write_str(&head),
            _ => write!(f, "{head}: {}", self.said),
        }
    }
}
