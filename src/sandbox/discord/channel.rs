//! One channel from the side of a test: what is in it, and what is done to it.

use axum::http::Method;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::Value;

use super::draft::Draft;
use super::guild::{Author, Channel, Guild, Message, Webhook};
use super::limits::{Key, Route};
use super::mishap::Mishap;
use super::refusal::TooMany;
use super::routes::{ROOT, UNNAMED};
use super::{DiscordStandIn, Named, OTHER_NAME};
use crate::sandbox::server::Fault;

/// A message that was stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Posted {
    /// Its id.
    pub id: String,
    /// The name of its channel; for a post in a thread, of the thread's.
    pub channel: String,
    /// The id of its thread.
    pub thread: Option<String>,
    /// The text, trimmed.
    pub content: String,
    /// The embeds, as they were given.
    pub embeds: Vec<Value>,
    /// Its flags.
    pub flags: u64,
    /// Who was pinged: `everyone`, `here`, `user:ID`, `role:ID`. Nobody by a silent message, whose
    /// mentions are only shown.
    pub pinged: Vec<String>,
    /// When, by the stand-in's clock.
    pub at: DateTime<Utc>,
    /// When it was last edited.
    pub edited: Option<DateTime<Utc>>,
    /// The webhook's id; none for the bot.
    pub webhook: Option<String>,
    /// The name that it was posted under.
    pub username: String,
    /// The emoji under it, with the ids of the users.
    pub reactions: Vec<(String, u64)>,
}

/// A channel with its webhook.
#[derive(Debug, Clone, Copy)]
pub struct ChannelStandIn<'a> {
    discord: &'a DiscordStandIn,
    named: &'a Named,
}

impl<'a> ChannelStandIn<'a> {
    pub(super) fn new(discord: &'a DiscordStandIn, named: &'a Named) -> Self {
        Self { discord, named }
    }

    /// The channel's id.
    pub fn id(&self) -> String {
        self.named.channel.to_string()
    }

    /// The webhook's id.
    pub fn webhook_id(&self) -> String {
        self.named.webhook.to_string()
    }

    /// The webhook's URL as Discord's client copies it: without a version.
    pub fn webhook_url(&self) -> SecretString {
        self.discord.webhook_url(self.named.webhook)
    }

    /// The URL of another webhook of the channel.
    pub fn other_webhook_url(&self) -> SecretString {
        self.discord.webhook_url(self.named.other)
    }

    /// Somebody deletes the webhook.
    pub fn revoke(&self) {
        self.change(|webhook| webhook.alive = false);
    }

    /// The webhook is back, with the URL that it had.
    pub fn restore(&self) {
        self.change(|webhook| webhook.alive = true);
    }

    /// Requests to the webhook since it was deleted.
    pub fn uses_of_dead(&self) -> u32 {
        self.discord.state.with(|guild, _| {
            guild.webhooks.get(&self.named.webhook).map_or(0, |webhook| webhook.uses_dead)
        })
    }

    /// Somebody points the webhook at another channel of the guild; whether there is such a one.
    pub fn point_webhook_at(&self, other: &str) -> bool {
        let other = self.discord.channel(other).map(|other| other.named.channel);
        if let Some(channel) = other {
            self.change(|webhook| webhook.channel = channel);
        }
        other.is_some()
    }

    /// The webhook turns out to be another guild's, where its channel is called `elsewhere`.
    pub fn move_webhook(&self, guild: u64) {
        self.discord.state.with(|state, _| {
            let id = guild + self.named.webhook % 100_000;
            let name = "elsewhere".to_owned();
            state.channels.push(Channel { id, guild, name, parent: None });
            if let Some(webhook) = state.webhooks.get_mut(&self.named.webhook) {
                webhook.channel = id;
            }
        });
    }

    /// Somebody posts through another webhook of the channel, within the limits that hold for it:
    /// the message's id, or how long the limit holds.
    pub fn post_as_other(&self, content: &str) -> Result<String, TooMany> {
        let Named { channel, other, .. } = *self.named;
        self.discord.state.with(|guild, now| {
            let room = guild.take(Route::WebhookPost, other, guild.limits.webhook, now);
            room.and_then(|_| guild.take_hidden(channel, now))
                .inspect_err(|too_many| guild.limited.count(too_many.scope))?;
            let draft = Draft { content: content.trim().to_owned(), ..Draft::default() };
            let author = Author::Webhook(other);
            let message = guild.store(channel, author, OTHER_NAME.to_owned(), draft, now);
            Ok(message.id.to_string())
        })
    }

    /// The hidden window of the channel is over, as if its minute had gone by.
    pub fn forget_posts(&self) {
        let (key, channel) = (Key::Channel(self.named.channel), self.named.webhook);
        self.discord.state.with(|guild, _| {
            guild.windows.forget(key);
            guild.windows.forget(Key::Route(Route::WebhookPost, channel));
        });
    }

    /// The next `times` posts through the webhook meet with this, and as many of the bot's; one that
    /// is set later comes first. A URL without a version counts apart.
    pub fn meet(&self, mishap: &Mishap, times: u32) {
        self.set(&mishap.fault().on(Method::POST).times(times));
    }

    /// Every post meets with this until [`Self::recover`].
    pub fn always_meet(&self, mishap: &Mishap) {
        self.set(&mishap.fault().on(Method::POST));
    }

    /// The next `times` looks at the webhook or its messages meet with this, and as many of the
    /// bot's at the channel's history.
    pub fn meet_when_looked_at(&self, mishap: &Mishap, times: u32) {
        self.set(&mishap.fault().on(Method::GET).times(times));
    }

    /// Posts and looks meet with nothing any more.
    pub fn recover(&self) {
        for path in self.paths() {
            self.discord.server.faults().clear(&path);
        }
    }

    fn set(&self, fault: &Fault) {
        for path in self.paths() {
            self.discord.server.faults().set(&path, fault.clone());
        }
    }

    fn paths(&self) -> [String; 3] {
        let Named { channel, webhook, .. } = self.named;
        [
            format!("{ROOT}/webhooks/{webhook}/"),
            format!("{UNNAMED}/webhooks/{webhook}/"),
            format!("{ROOT}/channels/{channel}/messages"),
        ]
    }

    fn change(&self, change: impl FnOnce(&mut Webhook)) {
        self.discord.state.with(|guild, _| {
            if let Some(webhook) = guild.webhooks.get_mut(&self.named.webhook) {
                change(webhook);
            }
        });
    }
}

/// Everything that was posted, oldest first.
pub(super) fn posted(guild: &Guild) -> Vec<Posted> {
    let name = |id: u64| guild.channel(id).map_or("", |channel| channel.name.as_str());
    let shown = |message: &Message| {
        let parent = guild.channel(message.channel).and_then(|channel| channel.parent);
        Posted {
            id: message.id.to_string(),
            channel: name(parent.unwrap_or(message.channel)).to_owned(),
            thread: parent.map(|_| message.channel.to_string()),
            content: message.draft.content.clone(),
            embeds: message.draft.embeds.clone(),
            flags: message.draft.flags,
            pinged: message.pinged.clone(),
            at: message.at,
            edited: message.edited,
            webhook: match message.author {
                Author::Webhook(id) => Some(id.to_string()),
                Author::Bot => None,
            },
            username: message.username.clone(),
            reactions: message.reactions.iter().map(|one| (one.emoji.clone(), one.user)).collect(),
        }
    };
    guild.messages.values().map(shown).collect()
}
