//! How a request is read, and how its answer looks: body or refusal, and the headers of its bucket.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::Discord;
use super::guild::{Guild, Moment};
use super::limits::{Rate, Room, Route};
use super::refusal::{Refusal, Version};

/// The content type of a request.
pub(super) fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

/// An id of a path or query that names nothing is none that we know.
pub(super) fn id(text: &str, unknown: Refusal) -> Result<u64, Refusal> {
    text.parse().map_err(|_| unknown)
}

/// Status and body of what was done; no body is 204.
pub(super) type Answer = Result<(u16, Value), Refusal>;

/// Done, and nothing to say.
pub(super) const DONE: Answer = Ok((204, Value::Null));

/// An answer, and the bucket that its request came out of.
pub(super) struct Reply {
    pub(super) answer: Answer,
    pub(super) bucket: Option<(Route, Room)>,
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self { answer: Err(refusal), bucket: None }
    }
}

/// Runs `work` if the bucket of `route` on `resource` has room.
pub(super) fn within(
    guild: &mut Guild,
    now: Moment,
    (route, resource): (Route, u64),
    rate: Option<Rate>,
    work: impl FnOnce(&mut Guild) -> Answer,
) -> Reply {
    match guild.take(route, resource, rate, now) {
        Ok(room) => Reply { answer: work(guild), bucket: room.map(|room| (route, room)) },
        Err(too_many) => {
            let full = |rate: Rate| Room {
                limit: rate.requests,
                remaining: 0,
                reset_after: too_many.wait,
            };
            Reply { answer: Err(too_many.into()), bucket: rate.map(|rate| (route, full(rate))) }
        }
    }
}

impl Discord {
    /// The answer to a request that `work` does.
    pub(super) fn answer(
        &self,
        version: Version,
        work: impl FnOnce(&mut Guild, Moment) -> Reply,
    ) -> Response {
        let (reply, now) = self.with(|guild, now| (work(guild, now), now));
        let mut response = match reply.answer {
            Ok((204, _)) => StatusCode::NO_CONTENT.into_response(),
            Ok((status, body)) => plain(status, "application/json", body.to_string()),
            Err(refusal) => refused(&refusal, version),
        };
        if let Some((route, room)) = reply.bucket {
            stamp(&mut response, route, room, now);
        }
        response
    }
}

fn stamp(response: &mut Response, route: Route, room: Room, now: Moment) {
    let after = room.reset_after.as_secs_f64();
    let reset = now.at.timestamp_millis() as f64 / 1000.0 + after;
    for (name, value) in [
        ("x-ratelimit-bucket", route.bucket()),
        ("x-ratelimit-limit", room.limit.to_string()),
        ("x-ratelimit-remaining", room.remaining.to_string()),
        ("x-ratelimit-reset", format!("{reset:.3}")),
        ("x-ratelimit-reset-after", format!("{after:.3}")),
    ] {
        set(response, name, &value);
    }
}

pub(super) fn set(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

pub(super) fn refused(refusal: &Refusal, version: Version) -> Response {
    let (kind, body) = refusal.body(version);
    let mut response = plain(refusal.status(), kind, body);
    for (name, value) in refusal.headers(version) {
        set(&mut response, name, &value);
    }
    response
}

fn plain(status: u16, kind: &'static str, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}
