//! What an answer of Discord means, by "was the message stored?". Pure.
//!
//! Where Discord documents nothing, doubt goes to the side on which nothing is lost or doubled:
//!
//! - 5xx and 408 came from somewhere on the way, perhaps after the message was stored: unsure. So is
//!   303, which says that the request was acted on, and every status that is no answer.
//! - Any other 3xx did not come from Discord's API, which redirects no post: the request was turned
//!   away before it was acted on, as every other one would be.
//! - 2xx is Discord's word even where its body makes no sense: delivered, without a receipt. A web
//!   page is nobody's word (a portal answers 200 as well): unsure.
//! - A refusal is the payload's fault only where Discord's own body or status says so. Otherwise the
//!   lane is dead, and what waits in it can be sent another day.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::answer::{Answer, Class, WaitScope};
use super::bucket::{duration, seconds, text};
use crate::http::{ApiError, Fault, Unreachable};

/// How long to wait after a 429 of Discord's that does not say it. A lane that meets it again
/// doubles it.
pub const UNSAID_WAIT: Duration = Duration::from_secs(60);

/// What the answer with `status`, `headers` and `body` means.
pub fn classify(status: u16, headers: &HeaderMap, body: &[u8]) -> Class {
    of_body(status, headers, &Body::read(status, headers, body))
}

/// The same of a body that was read already.
pub(super) fn of_body(status: u16, headers: &HeaderMap, body: &Body) -> Class {
    match status {
        200..=299 if body.is_page => Class::Unsure,
        200..=299 => {
            Class::Delivered { message_id: body.id("id"), channel_id: body.id("channel_id") }
        }
        303 | 408 => Class::Unsure,
        300..=399 | 407 => Class::WrongAgent,
        429 => too_many(headers, body),
        400..=499 => refused(status, body),
        _ => Class::Unsure,
    }
}

/// Whether the answer counts towards the ban of those who send too much that is invalid.
pub fn is_invalid(status: u16, headers: &HeaderMap) -> bool {
    matches!(status, 401 | 403 | 429) && !is_shared(status, headers)
}

/// Whether it is a 429 over a limit that is shared with others.
pub(super) fn is_shared(status: u16, headers: &HeaderMap) -> bool {
    status == 429 && text(headers, "x-ratelimit-scope") == Some("shared")
}

impl Answer {
    /// Of a request that brought no whole answer.
    pub(super) fn from_error(error: &ApiError) -> Self {
        Self {
            class: transport(&error.fault),
            http_status: error.status,
            code: None,
            said: error.to_string(),
            bucket: None,
            invalid: false,
        }
    }
}

/// What a request means that brought no whole answer.
pub fn transport(fault: &Fault) -> Class {
    match fault {
        Fault::NotSent(_) => Class::NotSent,
        Fault::Unreachable(why) => match why {
            Unreachable::Dns
            | Unreachable::Refused
            | Unreachable::NoRoute
            | Unreachable::Tls(_)
            | Unreachable::NotTaken
            | Unreachable::Timeout { connected: false } => Class::NotSent,
            Unreachable::Timeout { connected: true } | Unreachable::Broken => Class::Unsure,
        },
        _ => Class::Unsure,
    }
}

fn refused(status: u16, body: &Body) -> Class {
    match body.code {
        // The firewall, which says "internal network error".
        Some(40333) => return Class::WrongAgent,
        // The form, an empty message, unreadable JSON, forums, AutoMod and the link filter, too large,
        // and what is addressed inside a channel: a channel or thread, a message, an emoji.
        Some(
            50035 | 50006 | 50109 | 220_001 | 220_003 | 200_000 | 240_000 | 40005 | 10003 | 10008
            | 10014,
        ) => return Class::Rejected,
        _ => {}
    }
    match status {
        413 => Class::Rejected,
        400 | 403 if body.is_page => Class::WrongAgent,
        400 => Class::Rejected,
        401 | 403 | 404 => Class::LaneDead,
        _ if body.is_discord => Class::Rejected,
        _ => Class::LaneDead,
    }
}

fn too_many(headers: &HeaderMap, body: &Body) -> Class {
    let header = seconds(headers, "retry-after");
    let said = body.value.get("retry_after").and_then(Value::as_f64).and_then(duration);
    let is_ban = !body.is_discord || body.code == Some(0) && said.is_none();
    if is_ban {
        return Class::Banned(header);
    }
    let is_global = body.value.get("global") == Some(&Value::Bool(true))
        || text(headers, "x-ratelimit-global")
            .is_some_and(|word| word.eq_ignore_ascii_case("true"))
        || text(headers, "x-ratelimit-scope") == Some("global");
    let scope = if is_global { WaitScope::Global } else { WaitScope::Lane };
    Class::Wait(said.or(header).unwrap_or(UNSAID_WAIT), scope)
}

/// Of a message that was stored, what its receipt needs: the rest is what was sent.
fn receipt(status: u16, body: &[u8]) -> Option<Value> {
    #[derive(serde::Deserialize, serde::Serialize)]
    struct Receipt {
        id: Value,
        channel_id: Value,
        code: Option<Value>,
    }
    let is_object = matches!(status, 200..=299) && body.trim_ascii_start().starts_with(b"{");
    let receipt: Option<Receipt> = is_object.then(|| serde_json::from_slice(body).ok())?;
    serde_json::to_value(receipt?).ok()
}

/// A body, as far as it is Discord's.
pub(super) struct Body {
    pub(super) value: Value,
    pub(super) code: Option<i64>,
    /// A JSON object, as all of Discord's are.
    is_discord: bool,
    is_page: bool,
}

impl Body {
    pub(super) fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let value = receipt(status, body)
            .unwrap_or_else(|| serde_json::from_slice(body).unwrap_or_default());
        let is_html = text(headers, "content-type")
            .is_some_and(|declared| declared.to_ascii_lowercase().contains("html"));
        Self {
            code: value.get("code").and_then(|code| {
                code.as_i64().or_else(|| code.as_str().and_then(|text| text.parse().ok()))
            }),
            is_discord: value.is_object(),
            is_page: value.is_null() && (is_html || body.trim_ascii().starts_with(b"<")),
            value,
        }
    }

    /// The id under `key`.
    fn id(&self, key: &str) -> Option<String> {
        match self.value.get(key)? {
            Value::String(id) if id.parse::<super::Snowflake>().is_ok() => Some(id.clone()),
            Value::Number(id) => id.as_u64().map(|id| id.to_string()),
            _ => None,
        }
    }
}
