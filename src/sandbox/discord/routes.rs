//! Which path answers what, and who is let in at all.

use std::sync::Arc;

use axum::Extension;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post, put};

use super::guild::{Guild, Moment};
use super::limits::{Key, Rate};
use super::refusal::{LimitScope, Refusal, TooMany, Version};
use super::reply::{refused, set};
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
