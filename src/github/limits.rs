//! What a refusal means: a limit that passes, a right that is missing, an organisation that wants the
//! token to be authorised. Pure.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use crate::http::{ApiError, Fault, Reply};

/// A secondary limit without a word on how long is waited out for so long at first (GitHub's docs).
const SECONDARY: TimeDelta = TimeDelta::seconds(60);

#[derive(Debug, Default, Deserialize)]
struct Body {
    #[serde(default)]
    message: Option<String>,
}

fn message(reply: &Reply) -> String {
    serde_json::from_slice::<Body>(&reply.body).ok().and_then(|b| b.message).unwrap_or_default()
}

/// When the limit that `reply` speaks of is over; `None` where it speaks of none.
pub(super) fn over(reply: &Reply, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if !matches!(reply.status, 403 | 429) {
        return None;
    }
    if let Some(at) = reply.retry_at() {
        return Some(at);
    }
    if reply.header("x-ratelimit-remaining") == Some("0") {
        let reset = reply.header("x-ratelimit-reset")?.trim().parse().ok()?;
        return DateTime::from_timestamp(reset, 0);
    }
    let words = message(reply).to_ascii_lowercase();
    let secondary = words.contains("secondary rate limit") || words.contains("abuse detection");
    (secondary || reply.status == 429).then(|| now + SECONDARY)
}

/// How long to wait for a limit to pass, a moment longer than asked: clocks differ.
pub(super) fn wait(over: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (over - now).to_std().unwrap_or_default() + Duration::from_millis(200)
}

/// The error of an answer that is no success, with what it means and what to do about it.
pub(super) fn refusal(reply: &Reply, now: DateTime<Utc>) -> Option<ApiError> {
    let mut fault = reply.status_fault()?;
    let mut words = message(reply);
    if let Some(at) = over(reply, now) {
        fault = Fault::RateLimited { retry_at: Some(at) };
    } else if let Some(note) = note(reply) {
        words = if words.is_empty() { note } else { format!("{words}; {note}") };
    }
    let said = (!words.is_empty()).then(|| reply.said(None, &words));
    Some(reply.error(fault, said))
}

fn note(reply: &Reply) -> Option<String> {
    if let Some(sso) = reply.header("x-github-sso").filter(|_| reply.status == 403) {
        let url = sso.split(';').find_map(|part| part.trim().strip_prefix("url="));
        let url = url.unwrap_or("https://github.com/settings/tokens");
        return Some(format!("the organisation wants this token authorised (SAML): {url}"));
    }
    if reply.status == 403 {
        let needs = reply.header("x-accepted-github-permissions").filter(|p| !p.is_empty());
        let scopes = reply.header("x-accepted-oauth-scopes").filter(|p| !p.is_empty());
        return needs.map(|needs| format!("the token needs {needs}")).or_else(|| {
            scopes.map(|scopes| format!("the token needs one of the scopes {scopes}"))
        });
    }
    (reply.status == 404)
        .then(|| "GitHub answers the same where the token has no access".to_owned())
}
