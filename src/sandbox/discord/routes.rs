//! Which path answers what, who is let in at all, and how an answer looks.

use std::sync::Arc;

use axum::Extension;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use serde_json::Value;

use super::guild::{Guild, Moment};
use super::limits::{Key, Rate, Room, Route};
use super::refusal::{LimitScope, Refusal, TooMany, Version};
use super::{Discord, bot, webhooks};
use crate::sandbox::server::Credential;

/// Where version 10 begins.
pub(super) const ROOT: &str = "/api/v10";
/// Where the version begins that a URL means which names none.
pub(super) const UNNAMED: &str = "/api";

pub(super) fn router(discord: &Arc<Discord>) -> Router {
    Router::new()
        .nest(ROOT, api(discord, Version::Ten))
        .nest(UNNAMED, api(discord, Version::Unnamed))
        .fallback(async || refused(&Refusal::NO_ROUTE, Version::Ten))
        .with_state(discord.clone())
}

fn api(discord: &Arc<Discord>, version: Version) -> Router<Arc<Discord>> {
    let message = "/channels/{channel}/messages/{message}";
    let as_bot = Router::new()
        .route("/users/@me", get(bot::whoami))
        .route("/channels/{channel}", get(bot::channel))
        .route("/channels/{channel}/messages", get(bot::history).post(bot::create))
        .route(message, get(bot::message))
        .route(&format!("{message}/threads"), post(bot::start_thread))
        .route(&format!("{message}/reactions/{{emoji}}"), get(bot::reactions))
        .route(&format!("{message}/reactions/{{emoji}}/@me"), put(bot::react))
        .layer(middleware::from_fn_with_state(discord.clone(), bot_only));
    let own = get(webhooks::own).patch(webhooks::edit).delete(webhooks::delete);
    Router::new()
        .route("/webhooks/{id}/{token}", get(webhooks::look).post(webhooks::post))
        .route("/webhooks/{id}/{token}/messages/{message}", own)
        .merge(as_bot)
        .fallback(async move || refused(&Refusal::NO_ROUTE, version))
        .method_not_allowed_fallback(async move || refused(&Refusal::WRONG_METHOD, version))
        .layer(middleware::from_fn_with_state(discord.clone(), guard))
        .layer(Extension(version))
}

/// What stands before everything: the proxy, and the limits of a whole address or bot.
async fn guard(
    State(discord): State<Arc<Discord>>,
    Extension(version): Extension<Version>,
    request: Request,
    next: Next,
) -> Response {
    let as_bot = request.headers().contains_key(header::AUTHORIZATION);
    let browser = agent(request.headers()).is_none_or(|agent| agent.starts_with("Mozilla/"));
    let admitted = discord.with(|guild, now| {
        if guild.limits.invalid.is_some_and(|rate| shut_out(guild, rate, now)) {
            return Err(Refusal::Banned);
        }
        if browser {
            return Err(Refusal::NETWORK);
        }
        let Some(rate) = guild.limits.global else { return Ok(()) };
        let key = if as_bot { Key::Bot } else { Key::Address };
        let taken = guild.windows.take(key, rate, now.instant).map(|_| ());
        taken.map_err(|wait| TooMany { wait, scope: LimitScope::Global }.into())
    });
    let mut response = match admitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => refused(&refusal, version),
    };
    let at = discord.with(|guild, now| {
        count(guild, &response, now);
        now.at
    });
    // One clock with the times of resets, as with the real one.
    set(&mut response, "date", &at.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    response
}

fn shut_out(guild: &mut Guild, rate: Rate, now: Moment) -> bool {
    guild.windows.full(Key::Invalid, rate, now.instant).is_some()
}

fn agent(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::USER_AGENT)?.to_str().ok().filter(|agent| !agent.trim().is_empty())
}

/// Counts what was answered, as Discord counts against an address.
fn count(guild: &mut Guild, response: &Response, now: Moment) {
    let scope = response.headers().get("x-ratelimit-scope").and_then(|scope| scope.to_str().ok());
    let scopes = [LimitScope::User, LimitScope::Global, LimitScope::Shared];
    if let Some(scope) = scopes.into_iter().find(|known| Some(known.word()) == scope) {
        guild.limited.count(scope);
    }
    if matches!(response.status().as_u16(), 401 | 403 | 429) && scope != Some("shared") {
        guild.invalid += 1;
        if let Some(rate) = guild.limits.invalid {
            // Full is what the next request finds.
            let _ = guild.windows.take(Key::Invalid, rate, now.instant);
        }
    }
}

async fn bot_only(
    State(discord): State<Arc<Discord>>,
    Extension(version): Extension<Version>,
    request: Request,
    next: Next,
) -> Response {
    let scheme = request.headers().get(header::AUTHORIZATION).and_then(|given| given.to_str().ok());
    let right = request.extensions().get() == Some(&Credential::Right)
        && scheme.is_some_and(|given| given.starts_with("Bot "));
    if right && !discord.with(|guild, _| guild.bot_refused) {
        next.run(request).await
    } else {
        refused(&Refusal::UNAUTHORIZED, version)
    }
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

fn set(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

fn refused(refusal: &Refusal, version: Version) -> Response {
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
