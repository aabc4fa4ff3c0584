//! Opening, listing and deleting tails.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{VIEWERS, chosen};
use crate::sandbox::cloudflare::Account;
use crate::sandbox::cloudflare::envelope::{Answer, Enveloped, Refusal};

/// Below a script.
pub(in crate::sandbox::cloudflare) fn routes() -> Router<Arc<Account>> {
    Router::new().route("/tails", get(list).post(open)).route("/tails/{id}", delete(end))
}

type InScript = Path<(String, String)>;
type InScriptId = Path<(String, String, String)>;

async fn open(
    State(account): State<Arc<Account>>,
    Path((_, name)): InScript,
    body: String,
) -> Response {
    let now = account.now();
    let mut response = Enveloped(opened(&account, &name, &body, now)).into_response();
    // The present of the stand-in, by which the end of the tail is told.
    let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::try_from(date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

fn opened(account: &Account, script: &str, body: &str, now: DateTime<Utc>) -> Answer {
    known(account, script)?;
    let body: Value = match body.trim() {
        "" => json!({}),
        body => serde_json::from_str(body).map_err(|error| Refusal::invalid(error.to_string()))?,
    };
    let filters = body.get("filters").cloned().unwrap_or_else(|| json!([]));
    if let Some(complaint) = chosen::complaint(&filters) {
        return Err(Refusal::invalid(complaint));
    }
    let (id, url, lifetime) = account
        .tails
        .make(script, filters)
        .ok_or_else(|| Refusal::invalid(format!("this Worker has {VIEWERS} viewers already")))?;
    let expires = (now + lifetime).to_rfc3339_opts(SecondsFormat::Millis, true);
    Ok(json!({ "id": id, "url": url, "expires_at": expires }))
}

async fn list(State(account): State<Arc<Account>>, Path((_, name)): InScript) -> Enveloped {
    Enveloped(known(&account, &name).map(|()| {
        let held = account.tails.held();
        let open = held.tails.iter().filter(|kept| kept.is_open() && kept.seen.script == name);
        open.map(|kept| json!({ "id": kept.seen.id })).collect()
    }))
}

async fn end(
    State(account): State<Arc<Account>>,
    Path((_, name, id)): InScriptId,
    uri: Uri,
) -> Enveloped {
    Enveloped(known(&account, &name).and_then(|()| {
        let deleted = account.tails.delete(&name, &id);
        if deleted { Ok(Value::Null) } else { Err(Refusal::no_route(uri.path())) }
    }))
}

fn known(account: &Account, script: &str) -> Result<(), Refusal> {
    account.with(script, |_| ()).ok_or_else(Refusal::no_such_worker)
}
