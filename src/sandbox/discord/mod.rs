//! Discord as far as alerts go: webhooks, a bot, their limits, and what they refuse.
//!
//! ```no_run
//! use parky_ops::sandbox::discord::{DiscordFacts, DiscordStandIn, Mishap};
//! use parky_ops::sandbox::server::Stage;
//!
//! # fn example(now: chrono::DateTime<chrono::Utc>) -> Result<(), Box<dyn std::error::Error>> {
//! let discord = DiscordStandIn::start(&Stage::start()?, &DiscordFacts::new(now))?;
//! let channel = discord.channel("p0-alerts").ok_or("no such channel")?;
//! channel.meet(&Mishap::ResetAfterAccept, 1);
//! // … the program under test posts to channel.webhook_url() …
//! assert_eq!(discord.messages("p0-alerts").len(), 1);
//! assert!(discord.all_messages().iter().all(|posted| posted.pinged.is_empty()));
//! # Ok(())
//! # }
//! ```
//!
//! State lives in memory. Its times are the scenario's: `now`, and what has gone by since.

mod bot;
mod channel;
mod draft;
mod guild;
mod limits;
mod mentions;
mod mishap;
mod refusal;
mod reply;
mod routes;
mod webhooks;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};

use super::fake;
use super::server::{Server, Stage};
pub use channel::{ChannelStandIn, Posted};
pub use guild::{BotRights, RateLimited};
use guild::{Channel, FIRST_ID, Guild, Moment, Webhook};
pub use limits::{Limits, Rate};
pub use mishap::{Mishap, Odd};
pub use refusal::{LimitScope, TooMany};

/// The guild's id.
pub const GUILD_ID: &str = "1400000000000000000";
/// The channels that Parky has.
pub const CHANNELS: [&str; 5] =
    ["p0-alerts", "p1-ops", "p2-deploys", "p3-insights", "biz-payments"];

/// The name of the webhook that others post through.
const OTHER_NAME: &str = "Somebody Else";

/// What the stand-in begins with.
#[derive(Debug, Clone)]
pub struct DiscordFacts {
    /// The present; a message is as much later as was waited.
    pub now: DateTime<Utc>,
    /// Its channels, each with a webhook.
    pub channels: Vec<String>,
    /// How much it takes.
    pub limits: Limits,
    /// Whether the bot's token is refused and every webhook is gone.
    pub revoked: bool,
}

impl DiscordFacts {
    /// The usual channels and limits.
    pub fn new(now: DateTime<Utc>) -> Self {
        let channels = CHANNELS.map(str::to_owned).into();
        Self { now, channels, limits: Limits::default(), revoked: false }
    }
}

/// Discord's API.
#[derive(Debug, Clone)]
pub struct DiscordStandIn {
    server: Server,
    token: SecretString,
    state: Arc<Discord>,
    channels: Arc<[Named]>,
}

/// What belongs to a channel's name.
#[derive(Debug)]
struct Named {
    name: String,
    channel: u64,
    webhook: u64,
    /// Through which others post.
    other: u64,
}

impl DiscordStandIn {
    /// Starts it with tokens that nobody has used before.
    pub fn start(stage: &Arc<Stage>, facts: &DiscordFacts) -> io::Result<Self> {
        let token = fake::secret("", 72)?;
        let mut guild = Guild::new(FIRST_ID, facts.limits);
        guild.bot_refused = facts.revoked;
        let mut channels = Vec::new();
        for (nth, name) in (1..).zip(&facts.channels) {
            let named = Named {
                name: name.clone(),
                channel: FIRST_ID + nth,
                webhook: FIRST_ID + 100_000 + nth,
                other: FIRST_ID + 200_000 + nth,
            };
            let (id, guild_id) = (named.channel, guild.id);
            let channel = Channel { id, guild: guild_id, name: name.clone(), parent: None };
            guild.channels.push(channel);
            for (id, name) in [(named.webhook, "Parky Alerts"), (named.other, OTHER_NAME)] {
                let webhook = Webhook {
                    id,
                    token: fake::secret("", 68)?,
                    name: name.to_owned(),
                    channel: named.channel,
                    alive: !facts.revoked,
                    uses_dead: 0,
                };
                guild.webhooks.insert(id, webhook);
            }
            channels.push(named);
        }
        let started = Instant::now();
        let state = Arc::new(Discord { started, now: facts.now, guild: Mutex::new(guild) });
        let server = Server::start(stage, routes::router(&state), Some(token.clone()))?;
        Ok(Self { server, token, state, channels: channels.into() })
    }

    /// The API's base URL, with `/api/v10`.
    pub fn url(&self) -> String {
        self.server.url(routes::ROOT)
    }

    /// The bot's token.
    pub fn token(&self) -> &SecretString {
        &self.token
    }

    /// The server behind it, for faults (paths begin with `/api/v10`) and what arrived.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Its channels with their names, in the order in which they were asked for.
    pub fn channels(&self) -> impl Iterator<Item = (&str, ChannelStandIn<'_>)> {
        self.channels.iter().map(|named| (named.name.as_str(), ChannelStandIn::new(self, named)))
    }

    /// The channel of this name, to change what happens there.
    pub fn channel(&self, name: &str) -> Option<ChannelStandIn<'_>> {
        self.channels().find(|(known, _)| *known == name).map(|(_, channel)| channel)
    }

    /// What is in the channel of this name and in its threads, oldest first.
    pub fn messages(&self, channel: &str) -> Vec<Posted> {
        self.all_messages().into_iter().filter(|posted| posted.channel == channel).collect()
    }

    /// Everything that was posted, oldest first.
    pub fn all_messages(&self) -> Vec<Posted> {
        self.state.with(|guild, _| channel::posted(guild))
    }

    /// How often its limits were hit. What a [`Mishap`] answers is not among them.
    pub fn rate_limited(&self) -> RateLimited {
        self.state.with(|guild, _| guild.limited)
    }

    /// Answers of 401, 403, and 429 but for shared ones, as they count against an address.
    pub fn invalid_requests(&self) -> u32 {
        self.state.with(|guild, _| guild.invalid)
    }

    /// Changes what it takes; windows that are open stay open.
    pub fn set_limits(&self, limits: Limits) {
        self.state.with(|guild, _| guild.limits = limits);
    }

    /// Changes what the bot may do.
    pub fn set_bot(&self, rights: BotRights) {
        self.state.with(|guild, _| guild.bot = rights);
    }

    /// Refuses the bot's token from now on.
    pub fn revoke_bot(&self) {
        self.state.with(|guild, _| guild.bot_refused = true);
    }

    /// Somebody reacts to a message, as a person does in the client; whether there is such a one.
    pub fn react(&self, message: &str, emoji: &str, user: u64) -> bool {
        let Ok(message) = message.parse() else { return false };
        self.state.with(|guild, _| {
            let name = format!("user{user}");
            let emoji = emoji.to_owned();
            guild.react(message, guild::Reaction { emoji, user, name, bot: false, burst: false });
            guild.messages.contains_key(&message)
        })
    }

    fn webhook_url(&self, id: u64) -> SecretString {
        let token = self.state.with(|guild, _| {
            guild.webhooks.get(&id).map(|webhook| webhook.token.clone()).unwrap_or_default()
        });
        let path = format!("{}/webhooks/{id}/{}", routes::UNNAMED, token.expose_secret());
        self.server.url(&path).into()
    }
}

/// What the server and the tests share.
#[derive(Debug)]
struct Discord {
    started: Instant,
    now: DateTime<Utc>,
    guild: Mutex<Guild>,
}

impl Discord {
    fn with<T>(&self, work: impl FnOnce(&mut Guild, Moment) -> T) -> T {
        let mut guild = self.guild.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock: the limits see time go one way.
        let instant = Instant::now();
        let gone = TimeDelta::from_std(instant.saturating_duration_since(self.started));
        work(&mut guild, Moment { at: self.now + gone.unwrap_or_default(), instant })
    }
}

#[cfg(test)]
mod tests;
