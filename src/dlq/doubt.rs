//! Was it delivered? A look into the channel and what it proves, and an operator's word.
//!
//! A message that was sent here carries a reference in its line; one of the producer's is told by its
//! own words. That something is absent is proven only by a history that can be read: an empty list is
//! also what a bot without the right to it gets, and empty texts are what one without the Message
//! Content intent gets.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::FailureId;
use super::plan::Proof;
use super::store::{Frozen, Store, StoreError};
use crate::discord::{Answer, Discord, Post, Snowflake};
use crate::domain::Consent;

/// The message may stand so long before the intent: clocks differ.
const BEFORE: TimeDelta = TimeDelta::seconds(60);
/// And so long after it: the whole post, and then some.
const AFTER: TimeDelta = TimeDelta::seconds(150);
/// Discord is eventually consistent: earlier than this, absence proves nothing.
const SETTLES: TimeDelta = TimeDelta::seconds(10);
/// Messages that are read of one channel at most.
const MOST: usize = 2000;
/// How long the look at one channel may take.
const LOOK: Duration = Duration::from_secs(20);

/// When a message may have arrived (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// From.
    pub from: DateTime<Utc>,
    /// To.
    pub to: DateTime<Utc>,
}

impl Window {
    /// Around an attempt.
    pub fn around(attempt: DateTime<Utc>) -> Self {
        Self { from: attempt - BEFORE, to: attempt + AFTER }
    }
}

/// By what a message is recognised.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// Sent by this program, with this reference in its text.
    Reference(String),
    /// The very message: sent verbatim, or by the producer.
    Same(Map<String, Value>),
}

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Proven either way.
    Proof(Proof),
    /// Nothing can be told, and why.
    Unknown(String),
}

/// The messages of a channel since some time.
#[derive(Debug)]
pub struct Channel {
    posts: Vec<Post>,
    /// Not read to the end.
    cut: bool,
    /// Whether any message could be seen at all.
    readable: bool,
}

impl Channel {
    /// Reads what was posted to `channel` since `from`.
    ///
    /// # Errors
    /// Discord's answer, where it is no history.
    pub async fn read(
        discord: &Discord,
        channel: &str,
        from: DateTime<Utc>,
    ) -> Result<Self, Answer> {
        let deadline = Instant::now() + LOOK;
        let history = discord.history(channel, Snowflake::at(from), MOST, deadline).await?;
        // A quiet channel and one that may not be read look alike; any older message tells them apart.
        let readable = match history.posts.is_empty() {
            false => true,
            true => {
                let any = discord.history(channel, Snowflake(0), 1, deadline).await?;
                any.posts.iter().any(has_words)
            }
        };
        Ok(Self { posts: history.posts, cut: history.more, readable })
    }

    /// Looks for `mark` in `window`.
    pub fn find(&self, mark: &Mark, window: Window, now: DateTime<Utc>) -> Found {
        let unknown = |why: &str| Found::Unknown(why.to_owned());
        let inside =
            |post: &&Post| time(post).is_some_and(|at| at >= window.from && at <= window.to);
        let posts: Vec<&Post> = self.posts.iter().filter(inside).collect();
        if let Some(post) = posts.iter().find(|post| mark.fits(post)) {
            return Found::Proof(Proof::Arrived(post.id.clone()));
        }
        if now < window.from + BEFORE + SETTLES {
            return unknown("it was sent seconds ago: look again in a moment");
        }
        if self.cut && self.posts.iter().filter_map(time).max().is_none_or(|last| last < window.to)
        {
            return unknown("the channel has too many messages since then");
        }
        if posts.iter().any(|post| post.webhook_id.is_some() && !has_words(post)) {
            return unknown("the bot may not read the words of messages (Message Content intent)");
        }
        if !self.readable {
            return unknown("the bot cannot read the channel's history, or the channel is empty");
        }
        Found::Proof(Proof::Absent)
    }
}

impl Mark {
    fn fits(&self, post: &Post) -> bool {
        match self {
            Mark::Reference(reference) => post.content.contains(&format!("ref:{reference}")),
            Mark::Same(body) => {
                has_words(post)
                    && post.content.trim() == text(body, "content")
                    && embeds(body, post)
            }
        }
    }
}

/// Whether the embeds say the same. Discord adds keys of its own, and drops empty ones.
fn embeds(body: &Map<String, Value>, post: &Post) -> bool {
    let sent = body.get("embeds").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let words = |embed: &Value| {
        let text = |key: &str| embed.get(key).and_then(Value::as_str).unwrap_or_default().trim();
        let time = embed.get("timestamp").and_then(Value::as_str);
        let time = time.and_then(|time| DateTime::parse_from_rfc3339(time).ok());
        let fields = embed.get("fields").and_then(Value::as_array).cloned().unwrap_or_default();
        let fields = fields.iter().map(|field| {
            let part =
                |key: &str| field.get(key).and_then(Value::as_str).unwrap_or_default().trim();
            (part("name").to_owned(), part("value").to_owned())
        });
        (text("title").to_owned(), text("description").to_owned(), time, fields.collect::<Vec<_>>())
    };
    sent.iter().map(words).eq(post.embeds.iter().map(words))
}

fn text<'a>(body: &'a Map<String, Value>, key: &str) -> &'a str {
    body.get(key).and_then(Value::as_str).unwrap_or_default().trim()
}

fn has_words(post: &Post) -> bool {
    !post.content.is_empty() || !post.embeds.is_empty()
}

fn time(post: &Post) -> Option<DateTime<Utc>> {
    post.id.parse().ok().map(Snowflake).map(Snowflake::time)
}

/// Puts down an operator's word on a row in doubt: delivered as this message, or not delivered.
/// `false`: it is not in doubt any more.
///
/// # Errors
/// What the store says.
pub async fn resolve<S: Store>(
    store: &mut S,
    id: &FailureId,
    delivered: Option<&str>,
    by: &str,
    _consent: &Consent,
) -> Result<bool, StoreError> {
    store.resolve(id, delivered, by).await
}

/// Settles rows with a reason; tells which were.
///
/// # Errors
/// What the store says.
pub async fn discard<S: Store>(
    store: &mut S,
    rows: &[Frozen],
    reason: &str,
    by: &str,
    _consent: &Consent,
) -> Result<Vec<FailureId>, StoreError> {
    store.discard(rows, reason, by).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(second: u32) -> DateTime<Utc> {
        "2026-11-21T18:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(second.into())
    }

    fn post(second: u32, body: &Value) -> Post {
        let mut post = json!({
            "id": Snowflake::at(at(second)).0.to_string(), "channel_id": "1", "webhook_id": "2",
            "author": {"id": "2"},
        });
        post.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        serde_json::from_value(post).unwrap()
    }

    fn channel(posts: Vec<Post>) -> Channel {
        let readable = !posts.is_empty();
        Channel { posts, cut: false, readable }
    }

    fn reference() -> Mark {
        Mark::Reference("7K3F9Q".to_owned())
    }

    fn find(channel: &Channel, mark: &Mark) -> Found {
        channel.find(mark, Window::around(at(100)), at(1000))
    }

    #[test]
    fn a_reference_proves_the_arrival_inside_the_window_only() {
        let ours = json!({"content": "【再送】発生 … ref:7K3F9Q"});
        let found = find(&channel(vec![post(101, &ours)]), &reference());
        let id = Snowflake::at(at(101)).0.to_string();
        assert_eq!(found, Found::Proof(Proof::Arrived(id)));
        for outside in [30, 260] {
            let found = find(&channel(vec![post(outside, &ours)]), &reference());
            assert_eq!(found, Found::Proof(Proof::Absent), "{outside}");
        }
    }

    #[test]
    fn absence_needs_a_history_that_can_be_read() {
        let other = json!({"content": "something else"});
        let proven = channel(vec![post(101, &other)]);
        assert_eq!(find(&proven, &reference()), Found::Proof(Proof::Absent));
        let unknown = |channel: &Channel, now| {
            let found = channel.find(&reference(), Window::around(at(100)), now);
            matches!(found, Found::Unknown(_))
        };
        assert!(unknown(&channel(Vec::new()), at(1000)));
        assert!(unknown(
            &channel(vec![post(101, &json!({"content": "", "embeds": []}))]),
            at(1000)
        ));
        assert!(unknown(&Channel { cut: true, ..channel(vec![post(101, &other)]) }, at(1000)));
        assert!(unknown(&proven, at(105)), "too early");
        // Quiet, and known to be readable.
        let quiet = Channel { readable: true, ..channel(Vec::new()) };
        assert_eq!(find(&quiet, &reference()), Found::Proof(Proof::Absent));
    }

    #[test]
    fn the_producer_s_message_is_told_by_its_words() {
        let body = json!({"content": "@here x", "embeds": [{
            "title": "[P0] 決済", "color": 1, "timestamp": "2026-11-21T18:01:40.000Z",
            "fields": [{"name": "ref", "value": "ALERT-1", "inline": true}],
        }]});
        let mut stored = body.clone();
        stored["embeds"][0]["type"] = json!("rich");
        stored["embeds"][0]["timestamp"] = json!("2026-11-21T18:01:40+00:00");
        let mark = Mark::Same(body.as_object().unwrap().clone());
        let arrived = |body: &Value| {
            matches!(find(&channel(vec![post(101, body)]), &mark), Found::Proof(Proof::Arrived(_)))
        };
        assert!(arrived(&stored));
        stored["embeds"][0]["fields"][0]["value"] = json!("ALERT-2");
        assert!(!arrived(&stored));
    }
}
