//! The answers as Discord sends them: only what is used.

use serde::Deserialize;
use serde_json::Value;

use crate::http::lenient::{list, null_is_default};

/// A webhook, as Discord describes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WebhookInfo {
    /// Its id.
    pub id: String,
    /// The channel that it posts to.
    pub channel_id: String,
    /// The server (guild) of that channel.
    pub guild_id: Option<String>,
    /// The name that people gave it.
    pub name: Option<String>,
}

/// A message in a channel. Texts are as their author wrote them: clean them before showing.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Post {
    /// Its id.
    pub id: String,
    /// The channel, or thread, that it is in.
    pub channel_id: String,
    /// The webhook that posted it.
    pub webhook_id: Option<String>,
    /// Who posted it.
    pub author: User,
    /// Empty for others' messages where the bot lacks the Message Content intent.
    #[serde(default, deserialize_with = "null_is_default")]
    pub content: String,
    /// As `content`.
    #[serde(default, deserialize_with = "list")]
    pub embeds: Vec<Value>,
    /// When, in RFC 3339.
    pub timestamp: Option<String>,
    /// The nonce that it was posted with, a text or a number.
    pub nonce: Option<Value>,
}

/// A user, a bot or a webhook's face.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default, deserialize_with = "null_is_default")]
    pub username: String,
    /// Whether it is no person.
    #[serde(default, deserialize_with = "null_is_default")]
    pub bot: bool,
}
