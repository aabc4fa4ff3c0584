//! The API as a client meets it, and as its documentation and its users tell it.

mod bot;
mod limits;
mod mishaps;
mod webhooks;

use serde_json::{Value, json};

use super::*;
use crate::sandbox::plain_client::{Reply, send};

const AGENT: &str = "user-agent: DiscordBot (https://parky.example, 1)\r\n";
const JSON: &str = "content-type: application/json\r\n";
const P0: &str = "p0-alerts";

/// Limits that no test meets by accident.
const LOOSE: Limits =
    Limits { webhook: None, channel: None, bot: None, reaction: None, global: None, invalid: None };

fn now() -> DateTime<Utc> {
    "2026-11-21T18:12:00Z".parse().unwrap()
}

fn start_with(limits: Limits) -> DiscordStandIn {
    let facts = DiscordFacts { limits, ..DiscordFacts::new(now()) };
    DiscordStandIn::start(&Stage::start().unwrap(), &facts).unwrap()
}

fn start() -> DiscordStandIn {
    start_with(LOOSE)
}

impl DiscordStandIn {
    fn p0(&self) -> ChannelStandIn<'_> {
        self.channel(P0).unwrap()
    }

    fn bot(&self, method: &str, path: &str, body: &Value) -> Reply {
        let token = self.token().expose_secret();
        let headers = format!("authorization: Bot {token}\r\n{AGENT}{JSON}");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        send(method, &format!("{}{path}", self.url()), &headers, &body).unwrap()
    }
}

impl ChannelStandIn<'_> {
    /// The webhook's URL, in v10.
    fn hook(&self) -> String {
        self.webhook_url().expose_secret().replace("/api/", "/api/v10/")
    }

    fn try_post(&self, body: &Value) -> std::io::Result<Reply> {
        let url = format!("{}?wait=true", self.hook());
        send("POST", &url, &format!("{AGENT}{JSON}"), &body.to_string())
    }

    fn post(&self, body: &Value) -> Reply {
        self.try_post(body).unwrap()
    }

    fn say(&self, content: &str) -> Reply {
        self.post(&json!({ "content": content }))
    }

    /// A request to the webhook's own URL and `path`.
    fn ask(&self, method: &str, path: &str, body: &str) -> Reply {
        let url = format!("{}{path}", self.hook());
        send(method, &url, &format!("{AGENT}{JSON}"), body).unwrap()
    }
}

/// Status and Discord's code.
fn code(reply: &Reply) -> (u16, i64) {
    (reply.status, reply.json()["code"].as_i64().unwrap_or(-1))
}
