//! Classification and messages by table, the client over real sockets, the bad cases first.

mod bot;
mod classify;
mod client;
mod message;

use std::time::Duration;

use chrono::DateTime;
use serde_json::json;
use tokio::time::Instant;

use super::{Discord, Mentions, Message, WebhookUrl};
use crate::domain::{Agreement, Clock, Consent, Redactor};
use crate::http::stub::Stub;
use crate::http::{Client, Roots};

const TOKEN: &str = "abcDEF-ghi_0123456789";
const BOT: &str = "bot-token-0123456789";

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

#[expect(clippy::disallowed_methods, reason = "there is no operator in a test")]
fn consent() -> Consent {
    Consent::given("post", "test", Agreement::Yes, DateTime::UNIX_EPOCH)
}

fn discord_at(base: url::Url, bot: Option<&str>) -> Discord {
    let http = Client::new(Roots::system(), Redactor::default(), Clock::system(), None);
    Discord::new(&http, base, bot.map(Into::into))
}

fn discord(stub: &Stub) -> Discord {
    discord_at(stub.url().join("api/v10").unwrap(), Some(BOT))
}

fn webhook(query: &str) -> WebhookUrl {
    let base = "https://discord.com/api/v10".parse().unwrap();
    let text = format!("https://discord.com/api/webhooks/1400000000000000001/{TOKEN}{query}");
    WebhookUrl::parse(&text, &base).unwrap()
}

fn message() -> Message {
    let body = json!({"content": "@everyone 決済", "allowed_mentions": {"parse": ["everyone"]}});
    Message::check(body, Mentions::Nobody).unwrap()
}

/// The body of a request that a [`Stub`] has seen.
fn body(request: &str) -> serde_json::Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}
