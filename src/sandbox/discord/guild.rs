//! What the stand-in holds: channels and threads, webhooks, messages, and what was counted.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::draft::{Draft, SILENT};
use super::limits::{Key, Limits, Rate, Room, Route, Windows};
use super::mentions::{Sender, pinged};
use super::refusal::{LimitScope, Refusal, TooMany};

/// Where ids begin to count, in milliseconds since 1970.
const EPOCH_MS: i64 = 1_420_070_400_000;
/// How long a nonce is remembered.
const NONCE: Duration = Duration::from_secs(180);
/// The ids of what is there from the start.
pub(super) const FIRST_ID: u64 = 1_400_000_000_000_000_000;

/// The present, for people and for limits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) at: DateTime<Utc>,
    pub(super) instant: Instant,
}

/// A channel, or a thread of one.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    pub(super) id: u64,
    pub(super) guild: u64,
    pub(super) name: String,
    /// The channel that a thread belongs to.
    pub(super) parent: Option<u64>,
}

/// A webhook, dead or alive.
#[derive(Debug, Clone)]
pub(super) struct Webhook {
    pub(super) id: u64,
    pub(super) token: SecretString,
    pub(super) name: String,
    /// Where its posts go.
    pub(super) channel: u64,
    pub(super) alive: bool,
    /// Requests since it died.
    pub(super) uses_dead: u32,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Author {
    Webhook(u64),
    Bot,
}

/// A user's reaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reaction {
    pub(super) emoji: String,
    pub(super) user: u64,
    pub(super) name: String,
    pub(super) bot: bool,
    pub(super) burst: bool,
}

/// A message that was stored.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: u64,
    /// A channel or a thread.
    pub(super) channel: u64,
    pub(super) author: Author,
    pub(super) username: String,
    pub(super) draft: Draft,
    pub(super) pinged: Vec<String>,
    pub(super) at: DateTime<Utc>,
    pub(super) edited: Option<DateTime<Utc>>,
    pub(super) reactions: Vec<Reaction>,
}

/// What the bot may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a permission of its own in Discord")]
pub struct BotRights {
    /// VIEW_CHANNEL; without it everything is 50001.
    pub view: bool,
    /// SEND_MESSAGES, and SEND_MESSAGES_IN_THREADS.
    pub send: bool,
    /// READ_MESSAGE_HISTORY; without it history is empty, and nothing says why.
    pub read_history: bool,
    /// The Message Content intent; without it what others wrote comes back empty.
    pub message_content: bool,
    /// CREATE_PUBLIC_THREADS.
    pub create_threads: bool,
    /// ADD_REACTIONS.
    pub add_reactions: bool,
    /// MENTION_EVERYONE.
    pub mention_everyone: bool,
}

impl BotRights {
    /// Everything.
    pub const ALL: Self = Self {
        view: true,
        send: true,
        read_history: true,
        message_content: true,
        create_threads: true,
        add_reactions: true,
        mention_everyone: true,
    };
}

/// How often each kind of 429 was given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimited {
    /// For a bucket of the caller's own, which the headers had told.
    pub user: u32,
    /// For the whole bot or address.
    pub global: u32,
    /// For the channel's hidden limit.
    pub shared: u32,
}

impl RateLimited {
    pub(super) fn count(&mut self, scope: LimitScope) {
        match scope {
            LimitScope::User => self.user += 1,
            LimitScope::Global => self.global += 1,
            LimitScope::Shared => self.shared += 1,
        }
    }

    /// All of them.
    pub fn total(&self) -> u32 {
        self.user + self.global + self.shared
    }
}

/// Everything.
#[derive(Debug)]
pub(super) struct Guild {
    pub(super) id: u64,
    pub(super) channels: Vec<Channel>,
    pub(super) webhooks: HashMap<u64, Webhook>,
    pub(super) messages: BTreeMap<u64, Message>,
    pub(super) bot: BotRights,
    /// Whether the bot's token is refused.
    pub(super) bot_refused: bool,
    pub(super) limits: Limits,
    pub(super) windows: Windows,
    pub(super) limited: RateLimited,
    pub(super) invalid: u32,
    nonces: HashMap<String, (u64, Instant)>,
    last_id: u64,
}

impl Guild {
    pub(super) fn new(id: u64, limits: Limits) -> Self {
        Self {
            id,
            channels: Vec::new(),
            webhooks: HashMap::new(),
            messages: BTreeMap::new(),
            bot: BotRights::ALL,
            bot_refused: false,
            limits,
            windows: Windows::default(),
            limited: RateLimited::default(),
            invalid: 0,
            nonces: HashMap::new(),
            last_id: 0,
        }
    }

    pub(super) fn channel(&self, id: u64) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    /// The webhook that a URL names, if it lives and the token is its own.
    pub(super) fn webhook(&mut self, id: &str, token: &str) -> Result<Webhook, Refusal> {
        let id: u64 = id.parse().map_err(|_| Refusal::UNKNOWN_WEBHOOK)?;
        let webhook = self.webhooks.get_mut(&id).ok_or(Refusal::UNKNOWN_WEBHOOK)?;
        if !webhook.alive {
            webhook.uses_dead += 1;
            return Err(Refusal::UNKNOWN_WEBHOOK);
        }
        if webhook.token.expose_secret() != token {
            return Err(Refusal::WRONG_TOKEN);
        }
        Ok(webhook.clone())
    }

    /// Takes one request out of a bucket that headers tell of.
    pub(super) fn take(
        &mut self,
        route: Route,
        resource: u64,
        rate: Option<Rate>,
        now: Moment,
    ) -> Result<Option<Room>, TooMany> {
        let Some(rate) = rate else { return Ok(None) };
        let taken = self.windows.take(Key::Route(route, resource), rate, now.instant);
        taken.map(Some).map_err(|wait| TooMany { wait, scope: LimitScope::User })
    }

    /// Takes one post out of the hidden window of a channel.
    pub(super) fn take_hidden(&mut self, channel: u64, now: Moment) -> Result<(), TooMany> {
        let Some(rate) = self.limits.channel else { return Ok(()) };
        let taken = self.windows.take(Key::Channel(channel), rate, now.instant);
        taken.map(|_| ()).map_err(|wait| TooMany { wait, scope: LimitScope::Shared })
    }

    /// Stores what a webhook posts, unless its channel has had enough.
    pub(super) fn post(
        &mut self,
        webhook: &Webhook,
        thread: Option<u64>,
        draft: Draft,
        now: Moment,
    ) -> Result<Message, Refusal> {
        if draft.in_new_thread {
            return Err(Refusal::NO_FORUM);
        }
        let channel = match thread {
            None => webhook.channel,
            Some(thread) => {
                let found = self.channel(thread).filter(|t| t.parent == Some(webhook.channel));
                found.ok_or(Refusal::UNKNOWN_CHANNEL)?.id
            }
        };
        self.take_hidden(webhook.channel, now)?;
        let username = draft.username.clone().unwrap_or_else(|| webhook.name.clone());
        Ok(self.store(channel, Author::Webhook(webhook.id), username, draft, now))
    }

    /// Stores what the bot posts; a nonce that is to be enforced gives the first message back.
    pub(super) fn post_as_bot(
        &mut self,
        channel: u64,
        draft: Draft,
        now: Moment,
    ) -> Result<Message, Refusal> {
        let nonce = draft.nonce.clone().and_then(|(nonce, enforced)| enforced.then_some(nonce));
        self.nonces.retain(|_, (_, since)| now.instant.saturating_duration_since(*since) < NONCE);
        if let Some((first, _)) = nonce.as_ref().and_then(|nonce| self.nonces.get(nonce)) {
            return self.messages.get(first).cloned().ok_or(Refusal::UNKNOWN_MESSAGE);
        }
        let message = self.store(channel, Author::Bot, BOT_NAME.to_owned(), draft, now);
        if let Some(nonce) = nonce {
            self.nonces.insert(nonce, (message.id, now.instant));
        }
        Ok(message)
    }

    /// Stores a message, whatever the limits.
    pub(super) fn store(
        &mut self,
        channel: u64,
        author: Author,
        username: String,
        draft: Draft,
        now: Moment,
    ) -> Message {
        let sender = if author == Author::Bot { Sender::Bot } else { Sender::Webhook };
        let mut pinged = pinged(&draft.content, draft.allowed.as_ref(), sender);
        if sender == Sender::Bot && !self.bot.mention_everyone {
            pinged.retain(|who| who.starts_with("user:"));
        }
        if draft.flags & SILENT != 0 {
            pinged.clear();
        }
        let message = Message {
            id: self.next_id(now.at),
            channel,
            author,
            username,
            draft,
            pinged,
            at: now.at,
            edited: None,
            reactions: Vec::new(),
        };
        self.messages.insert(message.id, message.clone());
        message
    }

    fn next_id(&mut self, at: DateTime<Utc>) -> u64 {
        let since = u64::try_from(at.timestamp_millis() - EPOCH_MS).unwrap_or(0);
        self.last_id = (since << 22).max(self.last_id + 1);
        self.last_id
    }
}

/// The bot's name and id.
pub(super) const BOT_NAME: &str = "parky-ops";
pub(super) const BOT_ID: u64 = FIRST_ID + 900_000;

impl Message {
    /// As the API shows it; without what was written where `hidden`.
    pub(super) fn json(&self, hidden: bool) -> Value {
        let (author, webhook) = match self.author {
            Author::Webhook(id) => (id, Some(id.to_string())),
            Author::Bot => (BOT_ID, None),
        };
        let embeds: &[Value] = if hidden { &[] } else { &self.draft.embeds };
        let everyone = self.pinged.iter().any(|who| who == "everyone" || who == "here");
        let mut message = json!({
            "id": self.id.to_string(),
            "type": 0,
            "channel_id": self.channel.to_string(),
            "content": if hidden { "" } else { self.draft.content.as_str() },
            "author": {
                "id": author.to_string(),
                "username": self.username,
                "avatar": null,
                "discriminator": "0000",
                "bot": true,
            },
            "embeds": embeds,
            "attachments": [],
            "components": [],
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": everyone,
            "pinned": false,
            "tts": false,
            "flags": self.draft.flags,
            "timestamp": stamp(self.at),
            "edited_timestamp": self.edited.map(stamp),
        });
        if let Some(webhook) = webhook {
            message["webhook_id"] = json!(webhook);
        }
        if let Some((nonce, _)) = &self.draft.nonce {
            message["nonce"] = json!(nonce);
        }
        message
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, false)
}
