//! What every answer of the API has in common: the token is judged first, each request counts, an
//! answer that did not change is a 304 and does not count.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use secrecy::ExposeSecret as _;

use super::World;
use super::answer::Refusal;
use crate::sandbox::fake;

/// JSON answers are never longer.
const LONGEST: usize = 64 << 20;

pub(super) async fn guard(
    State(world): State<Arc<World>>,
    request: Request,
    next: Next,
) -> Response {
    // The vendor's own client reaches the storage through the same socket.
    let host = header_of(&request, header::HOST).to_owned();
    if world.storage().strip_prefix("http://") == Some(&host) {
        return super::storage::answer(State(world), request).await;
    }
    let (path, wanted) =
        (request.uri().path().to_owned(), header_of(&request, header::IF_NONE_MATCH));
    let wanted = wanted.to_owned();
    let token = header_of(&request, header::AUTHORIZATION).to_owned();
    let mut response = match admit(&world, &request).and_then(|()| stayed(&world, &request)) {
        Ok(()) => unless_known(next.run(request).await, &token, &wanted, &world).await,
        Err(refusal) => refusal.into_response(),
    };
    if path == "/rate_limit" {
        world.state().limits.give_back();
    }
    let headers = response.headers_mut();
    world.state().limits.stamp(headers, world.now);
    let id = fake::hex(&format!("{path} {:?}", world.started.elapsed()), 24).to_uppercase();
    if let Ok(id) = HeaderValue::try_from(format!("{}:{}", &id[..4], &id[4..])) {
        headers.insert("x-github-request-id", id);
    }
    headers.insert("x-github-media-type", HeaderValue::from_static("github.v3; format=json"));
    response
}

fn header_of(request: &Request, name: header::HeaderName) -> &str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// `Bearer` and `token` are both taken; without a user agent nothing is.
fn admit(world: &World, request: &Request) -> Result<(), Refusal> {
    if header_of(request, header::USER_AGENT).is_empty() {
        let why = "Request forbidden by administrative rules. Please make sure your request has a \
                   User-Agent header.";
        return Err(Refusal::new(403, why));
    }
    let given = header_of(request, header::AUTHORIZATION);
    let given = given.strip_prefix("Bearer ").or_else(|| given.strip_prefix("token "));
    let right = world.token.as_ref().is_some_and(|t| Some(t.expose_secret()) == given);
    if !right {
        let why = if given.is_some() { "Bad credentials" } else { "Requires authentication" };
        return Err(Refusal::new(401, why));
    }
    if !world.state().limits.take() {
        let why = format!("API rate limit exceeded for user {}.", super::LOGIN);
        return Err(Refusal::new(403, &why));
    }
    Ok(())
}

/// Sends whoever asks for a repository by a name that it had before to its number.
fn stayed(world: &World, request: &Request) -> Result<(), Refusal> {
    let mut parts = request.uri().path().trim_start_matches('/').splitn(4, '/');
    let mut part = || parts.next().unwrap_or_default();
    let (root, owner, name, rest) = (part(), part(), part(), part());
    let state = world.state();
    let gone = state.repos.iter().find(|repo| root == "repos" && repo.was(owner, name));
    let Some(repo) = gone else { return Ok(()) };
    let base = super::asked::base(request.headers());
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    Err(Refusal::moved(&format!("{base}/repositories/{}/{rest}{query}", repo.id)))
}

/// Gives a good answer its tag, or leaves it out where the client has it.
async fn unless_known(response: Response, token: &str, wanted: &str, world: &World) -> Response {
    if response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, LONGEST).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let tag = fake::hex(&format!("{token} {}", String::from_utf8_lossy(&body)), 32);
    let tag = format!("W/\"{tag}\"");
    if let Ok(value) = HeaderValue::try_from(tag.as_str()) {
        parts.headers.insert(header::ETAG, value);
    }
    if wanted == tag {
        world.state().limits.give_back();
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(body))
}
