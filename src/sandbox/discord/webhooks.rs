//! What a webhook's URL can do: look, post, and read, edit and delete its own messages.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Discord;
use super::draft::{self, Draft};
use super::guild::{Author, Guild, Message, Moment, Webhook};
use super::limits::Route;
use super::mentions::Sender;
use super::refusal::{Refusal, Version};
use super::reply::{Answer, DONE, Reply, content_type, id, within};

type Url = Path<(String, String)>;
type MessageUrl = Path<(String, String, String)>;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    wait: bool,
    thread_id: Option<String>,
}

pub(super) async fn look(
    State(discord): State<Arc<Discord>>,
    Extension(version): Extension<Version>,
    Path((id, token)): Url,
) -> Response {
    discord.answer(version, |guild, now| {
        let webhook = match guild.webhook(&id, &token) {
            Ok(webhook) => webhook,
            Err(refusal) => return refusal.into(),
        };
        let rate = guild.limits.webhook;
        within(guild, now, (Route::WebhookRead, webhook.id), rate, |guild| {
            let home = guild.channel(webhook.channel).map_or(guild.id, |channel| channel.guild);
            Ok((200, webhook.json(home)))
        })
    })
}

pub(super) async fn post(
    State(discord): State<Arc<Discord>>,
    Extension(version): Extension<Version>,
    Path((id, token)): Url,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    discord.answer(version, |guild, now| {
        let webhook = match guild.webhook(&id, &token) {
            Ok(webhook) => webhook,
            Err(refusal) => return refusal.into(),
        };
        let rate = guild.limits.webhook;
        within(guild, now, (Route::WebhookPost, webhook.id), rate, |guild| {
            let draft = draft::read(&body, content_type(&headers), Sender::Webhook)?;
            let message = accept(guild, &webhook, asked.thread_id.as_deref(), draft, now)?;
            if asked.wait { Ok((200, message.json(false))) } else { DONE }
        })
    })
}

fn accept(
    guild: &mut Guild,
    webhook: &Webhook,
    thread: Option<&str>,
    draft: Draft,
    now: Moment,
) -> Result<Message, Refusal> {
    let thread = thread.map(|thread| id(thread, Refusal::UNKNOWN_CHANNEL)).transpose()?;
    guild.post(webhook, thread, draft, now)
}

pub(super) async fn own(
    State(discord): State<Arc<Discord>>,
    Extension(version): Extension<Version>,
    Path(url): MessageUrl,
    Query(asked): Query<Asked>,
) -> Response {
    with_own(&discord, version, &url, &asked, |guild, message, _| {
        let message = guild.messages.get(&message).ok_or(Refusal::UNKNOWN_MESSAGE)?;
        Ok((200, message.json(false)))
    })
}

pub(super) async fn delete(
    State(discord): State<Arc<Discord>>,
    Extension(version): Extension<Version>,
    Path(url): MessageUrl,
    Query(asked): Query<Asked>,
) -> Response {
    with_own(&discord, version, &url, &asked, |guild, message, _| {
        guild.messages.remove(&message);
        DONE
    })
}

pub(super) async fn edit(
    State(discord): State<Arc<Discord>>,
    Extension(version): Extension<Version>,
    Path(url): MessageUrl,
    Query(asked): Query<Asked>,
    body: Bytes,
) -> Response {
    with_own(&discord, version, &url, &asked, |guild, message, now| {
        let changes: Value = serde_json::from_slice(&body).map_err(|_| Refusal::NO_JSON)?;
        let message = guild.messages.get_mut(&message).ok_or(Refusal::UNKNOWN_MESSAGE)?;
        // What is not named stays; an edit pings nobody again.
        let content = json!(message.draft.content);
        let embeds = json!(message.draft.embeds);
        let after = draft::check(
            &json!({
                "content": changes.get("content").unwrap_or(&content),
                "embeds": changes.get("embeds").unwrap_or(&embeds),
                "allowed_mentions": changes.get("allowed_mentions"),
            }),
            Sender::Webhook,
        )?;
        message.draft.content = after.content;
        message.draft.embeds = after.embeds;
        message.edited = Some(now.at);
        Ok((200, message.json(false)))
    })
}

/// Runs `work` on a message that this webhook wrote, in the thread that the query names, if any.
fn with_own(
    discord: &Discord,
    version: Version,
    (webhook, token, message): &(String, String, String),
    asked: &Asked,
    work: impl FnOnce(&mut Guild, u64, Moment) -> Answer,
) -> Response {
    discord.answer(version, |guild, now| -> Reply {
        let webhook = match guild.webhook(webhook, token) {
            Ok(webhook) => webhook,
            Err(refusal) => return refusal.into(),
        };
        let rate = guild.limits.webhook;
        within(guild, now, (Route::WebhookMessage, webhook.id), rate, |guild| {
            let message = id(message, Refusal::UNKNOWN_MESSAGE)?;
            let thread = asked.thread_id.as_deref();
            let thread = thread.map(|thread| id(thread, Refusal::UNKNOWN_CHANNEL)).transpose()?;
            let place = thread.unwrap_or(webhook.channel);
            let found = guild.messages.get(&message);
            let own =
                found.filter(|m| m.author == Author::Webhook(webhook.id) && m.channel == place);
            own.ok_or(Refusal::UNKNOWN_MESSAGE)?;
            work(guild, message, now)
        })
    })
}

impl Webhook {
    fn json(&self, guild: u64) -> Value {
        use secrecy::ExposeSecret as _;
        json!({
            "id": self.id.to_string(),
            "type": 1,
            "name": self.name,
            "avatar": null,
            "channel_id": self.channel.to_string(),
            "guild_id": guild.to_string(),
            "application_id": null,
            "token": self.token.expose_secret(),
        })
    }
}
