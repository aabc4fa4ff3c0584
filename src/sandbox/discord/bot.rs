//! What the bot can do: write, read history, start threads, react and see who reacted.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Discord;
use super::draft;
use super::guild::{Author, BOT_ID, BOT_NAME, Channel, Guild, Message, Moment, Reaction};
use super::limits::Route;
use super::mentions::Sender;
use super::refusal::{Refusal, Version};
use super::reply::{Answer, DONE, Reply, content_type, id, within};

/// Minutes after which a silent thread may be put away.
const ARCHIVE_AFTER: [u64; 4] = [60, 1440, 4320, 10_080];
/// What is listed at most, and by default of reactions and of messages.
const LISTED: (usize, usize, usize) = (100, 25, 50);

type OfChannel = Path<String>;
type OfMessage = Path<(String, String)>;
type OfEmoji = Path<(String, String, String)>;

pub(super) async fn whoami(
    State(discord): State<Arc<Discord>>,
    Extension(version): Extension<Version>,
) -> Response {
    let me = json!({
        "id": BOT_ID.to_string(),
        "username": BOT_NAME,
        "discriminator": "0000",
        "bot": true,
        "verified": true,
    });
    discord.answer(version, |_, _| Reply { answer: Ok((200, me)), bucket: None })
}

pub(super) async fn channel(
    State(discord): State<Arc<Discord>>,
    Extension(version): Extension<Version>,
    Path(channel): OfChannel,
) -> Response {
    in_channel(&discord, version, Route::BotRead, &channel, |_, channel, _| {
        Ok((200, channel.json()))
    })
}

pub(super) async fn create(
    State(discord): State<Arc<Discord>>,
    Extension(version): Extension<Version>,
    Path(channel): OfChannel,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    in_channel(&discord, version, Route::BotPost, &channel, |guild, channel, now| {
        if !guild.bot.send {
            return Err(Refusal::MISSING_PERMISSIONS);
        }
        let draft = draft::read(&body, content_type(&headers), Sender::Bot)?;
        let message = guild.post_as_bot(channel.id, draft, now)?;
        Ok((200, message.json(false)))
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct Span {
    after: Option<String>,
    before: Option<String>,
    limit: Option<usize>,
}

/// Newest first; but with `after`, it is the oldest ones behind it that are given.
pub(super) async fn history(
    State(discord): State<Arc<Discord>>,
    Extension(version): Extension<Version>,
    Path(channel): OfChannel,
    Query(span): Query<Span>,
) -> Response {
    in_channel(&discord, version, Route::BotRead, &channel, |guild, channel, _| {
        let (most, _, usual) = LISTED;
        let limit = limit(span.limit, most, usual)?;
        if !guild.bot.read_history {
            return Ok((200, json!([])));
        }
        let bound = |given: &Option<String>| {
            given.as_deref().map(|given| id(given, not_a_snowflake())).transpose()
        };
        let (after, before) = (bound(&span.after)?, bound(&span.before)?);
        let from = after.map_or(0, |after| after.saturating_add(1));
        let to = before.unwrap_or(u64::MAX).max(from);
        let there = guild.messages.range(from..to).map(|(_, message)| message);
        let there = there.filter(|message| message.channel == channel.id);
        let mut page: Vec<&Message> = match after {
            Some(_) => there.take(limit).collect(),
            None => there.rev().take(limit).collect(),
        };
        page.sort_by_key(|message| std::cmp::Reverse(message.id));
        Ok((200, page.into_iter().map(|message| seen(guild, message)).collect()))
    })
}

pub(super) async fn message(
    State(discord): State<Arc<Discord>>,
    Extension(version): Extension<Version>,
    Path((channel, message)): OfMessage,
) -> Response {
    in_channel(&discord, version, Route::BotRead, &channel, |guild, channel, _| {
        if !guild.bot.read_history {
            return Err(Refusal::MISSING_PERMISSIONS);
        }
        let message = find(guild, channel, &message)?;
        Ok((200, seen(guild, message)))
    })
}

pub(super) async fn start_thread(
    State(discord): State<Arc<Discord>>,
    Extension(version): Extension<Version>,
    Path((channel, message)): OfMessage,
    body: Bytes,
) -> Response {
    in_channel(&discord, version, Route::Thread, &channel, |guild, channel, _| {
        if !guild.bot.create_threads {
            return Err(Refusal::MISSING_PERMISSIONS);
        }
        let id = find(guild, channel, &message)?.id;
        let asked: Value = serde_json::from_slice(&body).map_err(|_| Refusal::NO_JSON)?;
        let name = asked.get("name").and_then(Value::as_str).unwrap_or_default().trim();
        if !(1..=100).contains(&name.chars().count()) {
            let said = "Must be between 1 and 100 in length.";
            return Err(Refusal::form(&["name"], "BASE_TYPE_BAD_LENGTH", said));
        }
        let minutes = asked.get("auto_archive_duration").filter(|given| !given.is_null());
        if minutes.is_some_and(|given| !ARCHIVE_AFTER.iter().any(|known| given == known)) {
            let said = "Value must be one of (60, 1440, 4320, 10080).";
            return Err(Refusal::form(&["auto_archive_duration"], "BASE_TYPE_CHOICES", said));
        }
        if guild.channel(id).is_some() {
            return Err(Refusal::HAS_THREAD);
        }
        let parent = Some(channel.id);
        let thread = Channel { id, guild: channel.guild, name: name.to_owned(), parent };
        let answer = thread.json();
        guild.channels.push(thread);
        Ok((201, answer))
    })
}

pub(super) async fn react(
    State(discord): State<Arc<Discord>>,
    Extension(version): Extension<Version>,
    Path((channel, message, emoji)): OfEmoji,
) -> Response {
    in_channel(&discord, version, Route::Reaction, &channel, |guild, channel, _| {
        let known = find(guild, channel, &message)?;
        let (id, used) = (known.id, known.reactions.iter().any(|one| one.emoji == emoji));
        check_emoji(&emoji)?;
        // Joining in on what somebody used before needs no permission.
        if !guild.bot.read_history || !(used || guild.bot.add_reactions) {
            return Err(Refusal::MISSING_PERMISSIONS);
        }
        let name = BOT_NAME.to_owned();
        guild.react(id, Reaction { emoji, user: BOT_ID, name, bot: true, burst: false });
        DONE
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct Who {
    after: Option<String>,
    limit: Option<usize>,
    #[serde(rename = "type")]
    kind: Option<u8>,
}

pub(super) async fn reactions(
    State(discord): State<Arc<Discord>>,
    Extension(version): Extension<Version>,
    Path((channel, message, emoji)): OfEmoji,
    Query(who): Query<Who>,
) -> Response {
    in_channel(&discord, version, Route::BotRead, &channel, |guild, channel, _| {
        let (most, usual, _) = LISTED;
        let limit = limit(who.limit, most, usual)?;
        check_emoji(&emoji)?;
        if !guild.bot.read_history {
            return Err(Refusal::MISSING_PERMISSIONS);
        }
        let after = who.after.as_deref().map(|after| id(after, not_a_snowflake())).transpose()?;
        let burst = who.kind == Some(1);
        let mut users: Vec<&Reaction> = find(guild, channel, &message)?
            .reactions
            .iter()
            .filter(|one| one.emoji == emoji && one.burst == burst)
            .filter(|one| after.is_none_or(|after| one.user > after))
            .collect();
        users.sort_by_key(|one| one.user);
        let users = users
            .into_iter()
            .take(limit)
            .map(|one| json!({ "id": one.user.to_string(), "username": one.name, "bot": one.bot }));
        Ok((200, users.collect()))
    })
}

/// Runs `work` on a channel or thread that the bot can see, within its bucket.
fn in_channel(
    discord: &Discord,
    version: Version,
    route: Route,
    channel: &str,
    work: impl FnOnce(&mut Guild, &Channel, Moment) -> Answer,
) -> Response {
    discord.answer(version, |guild, now| {
        let known = id(channel, Refusal::UNKNOWN_CHANNEL);
        let known = known.and_then(|id| guild.channel(id).ok_or(Refusal::UNKNOWN_CHANNEL));
        let known = match known.cloned() {
            Ok(known) => known,
            Err(refusal) => return refusal.into(),
        };
        if !guild.bot.view || known.guild != guild.id {
            return Refusal::MISSING_ACCESS.into();
        }
        let rate = match route {
            Route::BotPost => guild.limits.bot,
            Route::Reaction => guild.limits.reaction,
            _ => None,
        };
        within(guild, now, (route, known.id), rate, |guild| work(guild, &known, now))
    })
}

fn find<'a>(guild: &'a Guild, channel: &Channel, message: &str) -> Result<&'a Message, Refusal> {
    let message = guild.messages.get(&id(message, Refusal::UNKNOWN_MESSAGE)?);
    message.filter(|message| message.channel == channel.id).ok_or(Refusal::UNKNOWN_MESSAGE)
}

/// A message as the bot sees it: what others wrote needs an intent.
fn seen(guild: &Guild, message: &Message) -> Value {
    message.json(message.author != Author::Bot && !guild.bot.message_content)
}

fn limit(given: Option<usize>, most: usize, usual: usize) -> Result<usize, Refusal> {
    match given {
        None => Ok(usual),
        Some(given) if (1..=most).contains(&given) => Ok(given),
        Some(0) => {
            let said = "int value should be greater than or equal to 1.";
            Err(Refusal::form(&["limit"], "NUMBER_TYPE_MIN", said))
        }
        Some(_) => {
            let said = format!("int value should be less than or equal to {most}.");
            Err(Refusal::form(&["limit"], "NUMBER_TYPE_MAX", said))
        }
    }
}

fn not_a_snowflake() -> Refusal {
    Refusal::form(&["after"], "NUMBER_TYPE_COERCE", "Value is not snowflake.")
}

/// A sign of Unicode, or `name:id` of the guild's own; `:eyes:` is neither.
fn check_emoji(emoji: &str) -> Result<(), Refusal> {
    let own = emoji.split_once(':').is_some_and(|(name, id)| {
        !name.is_empty() && !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
    });
    let sign = emoji.chars().next().is_some_and(|first| !first.is_ascii());
    if own || sign { Ok(()) } else { Err(Refusal::UNKNOWN_EMOJI) }
}

impl Guild {
    /// Adds a reaction, once for each user.
    pub(super) fn react(&mut self, message: u64, reaction: Reaction) {
        let Some(message) = self.messages.get_mut(&message) else { return };
        let same = |one: &Reaction| one.user == reaction.user && one.emoji == reaction.emoji;
        if !message.reactions.iter().any(same) {
            message.reactions.push(reaction);
        }
    }
}

impl Channel {
    fn json(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "type": if self.parent.is_some() { 11 } else { 0 },
            "guild_id": self.guild.to_string(),
            "name": self.name,
            "parent_id": self.parent.map(|parent| parent.to_string()),
        })
    }
}
