//! Which path answers what, and who may ask.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderValue, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::{ACCOUNT_ID, Script, Version};
use super::deploy::deploy;
use super::envelope::{Answer, Enveloped, Refusal};
use super::{Account, ROOT, TokenKind, held, pages};
use crate::sandbox::fake;
use crate::sandbox::server::Credential;

/// Requests in five minutes; more are refused by the real one, and counted by this one.
const LIMIT: u32 = 1200;
/// As many deployments are listed.
const LISTED: usize = 10;

pub(super) fn router(account: Arc<Account>) -> Router {
    let script = Router::new()
        .route("/deployments", get(deployments).post(post_deployment))
        .route("/deployments/{id}", get(deployment))
        .route("/versions", get(versions))
        .route("/versions/{id}", get(version))
        .merge(super::tails::routes());
    let api = Router::new()
        .route("/user/tokens/verify", get(verify_user))
        .route("/accounts/{account}/tokens/verify", get(verify_account))
        .route("/accounts/{account}", get(account_itself))
        .route("/accounts/{account}/workers/scripts", get(scripts))
        .nest("/accounts/{account}/workers/scripts/{script}", script)
        .nest("/accounts/{account}/pages/projects", pages::router());
    Router::new()
        .nest(ROOT, api)
        .fallback(async |uri: Uri| Enveloped(Err(Refusal::no_route(uri.path()))))
        .method_not_allowed_fallback(async |uri: Uri| Enveloped(Err(Refusal::no_route(uri.path()))))
        .layer(middleware::from_fn_with_state(account.clone(), guard))
        .with_state(account)
}

/// Checks the token first, as Cloudflare does, and stamps every answer.
async fn guard(State(account): State<Arc<Account>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let credential = request.extensions().get().copied().unwrap_or(Credential::Missing);
    let mut response = match admit(&account, credential, path) {
        Ok(()) => next.run(request).await,
        Err(refusal) => Enveloped(Err(refusal)).into_response(),
    };
    stamp(&account, &mut response);
    response
}

fn admit(account: &Account, credential: Credential, path: &str) -> Result<(), Refusal> {
    let verifying = path.ends_with("/tokens/verify");
    match credential {
        Credential::Missing => Err(Refusal::no_credentials()),
        Credential::Malformed => Err(Refusal::malformed_credentials()),
        Credential::Right if account.token != TokenKind::Revoked => named_account(path),
        _ if verifying => Err(Refusal::invalid_token()),
        _ => Err(Refusal::not_authenticated()),
    }
}

/// An id that is none cannot be routed; one of somebody else is refused.
fn named_account(path: &str) -> Result<(), Refusal> {
    let rest = path.strip_prefix(ROOT).and_then(|path| path.strip_prefix("/accounts/"));
    let Some(rest) = rest else { return Ok(()) };
    let (id, below) = rest.split_once('/').unwrap_or((rest, ""));
    match id {
        ACCOUNT_ID => Ok(()),
        id if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Err(Refusal::no_route(path))
        }
        _ if below.is_empty() => Err(Refusal::no_access()),
        _ => Err(Refusal::not_permitted()),
    }
}

fn stamp(account: &Account, response: &mut Response) {
    let nth = account.answered.fetch_add(1, Ordering::Relaxed);
    let reset = (account.now() + TimeDelta::minutes(5)).format("%a, %d %b %Y %H:%M:%S GMT");
    let values = [
        ("cf-ray", format!("{}-NRT", fake::hex(&format!("ray {nth}"), 16))),
        ("x-ratelimit-limit", LIMIT.to_string()),
        ("x-ratelimit-remaining", LIMIT.saturating_sub(nth + 1).to_string()),
        ("x-ratelimit-reset", reset.to_string()),
    ];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
}

type InScript = Path<(String, String)>;
type InScriptId = Path<(String, String, String)>;

async fn verify_user(State(account): State<Arc<Account>>) -> Enveloped {
    Enveloped(verified(account.token == TokenKind::User))
}

async fn verify_account(State(account): State<Arc<Account>>) -> Enveloped {
    Enveloped(verified(account.token == TokenKind::Account))
}

fn verified(here: bool) -> Answer {
    let active = || json!({ "id": fake::hex("token", 32), "status": "active" });
    here.then(active).ok_or_else(Refusal::invalid_token)
}

async fn account_itself() -> Enveloped {
    Enveloped(Ok(json!({
        "id": ACCOUNT_ID,
        "name": "Parky (sandbox)",
        "type": "standard",
        "settings": { "enforce_twofactor": true },
        "created_on": "2024-04-01T00:00:00.000000Z",
    })))
}

/// All scripts, as little of each as tells one from another.
async fn scripts(State(account): State<Arc<Account>>) -> Enveloped {
    let all = held(&account.scripts);
    let script = |script: &Script| json!({ "id": script.name, "usage_model": "standard" });
    Enveloped(Ok(all.iter().map(script).collect()))
}

async fn deployments(State(account): State<Arc<Account>>, Path((_, name)): InScript) -> Enveloped {
    account.listing(&name);
    Enveloped(on(&account, &name, |script| {
        let listed = script.deployments.iter().take(LISTED);
        Ok(json!({ "deployments": listed.map(super::account::Deployed::json).collect::<Vec<_>>() }))
    }))
}

async fn deployment(
    State(account): State<Arc<Account>>,
    Path((_, name, id)): InScriptId,
    uri: Uri,
) -> Enveloped {
    Enveloped(on(&account, &name, |script| {
        let found = script.deployments.iter().find(|deployment| deployment.id == id);
        found.map(super::account::Deployed::json).ok_or_else(|| Refusal::no_route(uri.path()))
    }))
}

#[derive(Deserialize)]
struct Forced {
    #[serde(default)]
    force: bool,
}

async fn post_deployment(
    State(account): State<Arc<Account>>,
    Path((_, name)): InScript,
    Query(Forced { force }): Query<Forced>,
    body: String,
) -> Enveloped {
    let now = account.now();
    let made =
        on(&account, &name, |script| deploy(script, &body, force, now, "oncall@parky.co.jp"));
    account.changed(&name);
    Enveloped(made)
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    deployable: bool,
    page: Option<usize>,
    per_page: Option<usize>,
}

async fn versions(
    State(account): State<Arc<Account>>,
    Path((_, name)): InScript,
    Query(page): Query<Page>,
) -> Enveloped {
    Enveloped(on(&account, &name, |script| Ok(list(&script.versions, &page))))
}

/// `deployable=true` gives everything at once and ignores paging; without it there are pages.
fn list(versions: &[Version], page: &Page) -> Value {
    if page.deployable {
        let items: Vec<_> = versions.iter().take(100).map(Version::brief).collect();
        return json!({ "items": items });
    }
    let (number, size) = (page.page.unwrap_or(1).max(1), page.per_page.unwrap_or(10).clamp(1, 100));
    let first = (number - 1).saturating_mul(size);
    let items: Vec<_> = versions.iter().skip(first).take(size).map(Version::brief).collect();
    let info = json!({
        "page": number,
        "per_page": size,
        "count": items.len(),
        "total_count": versions.len(),
        "total_pages": versions.len().div_ceil(size),
    });
    let mut whole = super::envelope::success(&json!({ "items": items }));
    whole["result_info"] = info;
    whole
}

async fn version(
    State(account): State<Arc<Account>>,
    Path((_, name, id)): InScriptId,
    uri: Uri,
) -> Enveloped {
    Enveloped(on(&account, &name, |script| {
        let found = script.version(&id).map(|version| version.whole(&script.name));
        found.ok_or_else(|| Refusal::no_route(uri.path()))
    }))
}

fn on(account: &Account, script: &str, work: impl FnOnce(&mut Script) -> Answer) -> Answer {
    account.with(script, work).unwrap_or_else(|| Err(Refusal::no_such_worker()))
}
