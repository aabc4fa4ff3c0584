//! Where logs are kept: another server, which knows signed links alone and refuses a token.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, StreamExt as _};
use secrecy::ExposeSecret as _;

use super::World;
use super::logs::Part;
use crate::sandbox::fake;

/// A link is good for so long.
const LASTS: TimeDelta = TimeDelta::minutes(1);

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// The text of a job.
    Job { repo: String, job: u64 },
    /// The archive of an attempt.
    Archive { repo: String, run: u64, attempt: u64 },
}

/// The links that were given out.
#[derive(Debug, Default)]
pub(super) struct Links {
    open: HashMap<String, (DateTime<Utc>, Target)>,
    expire: u32,
    /// Archives that were made: the same bytes each time.
    made: HashMap<Target, axum::body::Bytes>,
}

impl Links {
    pub(super) fn expire_next(&mut self, times: u32) {
        self.expire = times;
    }

    /// A new link to `target` on the storage at `root`.
    pub(super) fn sign(&mut self, root: &str, target: Target, now: DateTime<Utc>) -> String {
        let signature = fake::secret("", 43).map(|secret| secret.expose_secret().to_owned());
        let signature = signature.unwrap_or_default();
        let expires = if self.expire > 0 { now - TimeDelta::seconds(1) } else { now + LASTS };
        self.expire = self.expire.saturating_sub(1);
        let path = match &target {
            Target::Job { job, .. } => format!("job-logs/{job}.txt"),
            Target::Archive { run, attempt, .. } => format!("run-logs/{run}-{attempt}.zip"),
        };
        self.open.retain(|_, (until, _)| *until > now - LASTS);
        self.open.insert(signature.clone(), (expires, target));
        format!("{root}/{path}?se={}&sig={signature}", expires.timestamp())
    }
}

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new().fallback(answer).with_state(world)
}

/// Answers a request for a signed link.
pub(super) async fn answer(State(world): State<Arc<World>>, request: Request) -> Response<Body> {
    if request.headers().contains_key(header::AUTHORIZATION) {
        let why = "Authentication information is not given in the correct format.";
        return xml(StatusCode::BAD_REQUEST, "InvalidAuthenticationInfo", why);
    }
    let query = request.uri().query().unwrap_or_default();
    let signature = url::form_urlencoded::parse(query.as_bytes())
        .find_map(|(name, value)| (name == "sig").then(|| value.into_owned()));
    let now = world.now();
    let target = {
        let state = world.state();
        let known = signature.and_then(|signature| state.links.open.get(&signature).cloned());
        known.filter(|(until, _)| *until > now).map(|(_, target)| target)
    };
    let Some(target) = target else {
        let why = "Server failed to authenticate the request. Signature not valid in this time.";
        return xml(StatusCode::FORBIDDEN, "AuthenticationFailed", why);
    };
    match target {
        Target::Job { repo, job } => text(&world, &repo, job),
        target @ Target::Archive { .. } => archive(&world, target).await,
    }
}

fn text(world: &World, repo: &str, job: u64) -> Response<Body> {
    let parts = {
        let state = world.state();
        let repo = state.repos.iter().find(|known| known.name == repo);
        repo.and_then(|repo| super::logs::of_job(repo.job(job)?.1))
    };
    let Some(parts) = parts else {
        return xml(StatusCode::NOT_FOUND, "BlobNotFound", "The specified blob does not exist.");
    };
    let length: usize = parts.iter().map(Part::len).sum();
    let blocks = parts.into_iter().flat_map(Part::blocks);
    let blocks = stream::iter(blocks).map(Ok::<_, std::convert::Infallible>);
    let mut response = typed(Response::new(Body::from_stream(blocks)), "text/plain");
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    response
}

async fn archive(world: &World, target: Target) -> Response<Body> {
    let Target::Archive { repo, run, attempt } = &target else { return Response::default() };
    let found = {
        let mut state = world.state();
        let made = state.links.made.get(&target).cloned();
        let repo = state.repos.iter_mut().find(|known| known.name == *repo);
        let run = repo.and_then(|repo| repo.run(*run));
        run.map(|run| {
            let jobs = run.attempt(*attempt).map(|attempt| attempt.jobs.clone());
            (made, run.archive.clone(), jobs.unwrap_or_default())
        })
    };
    let bytes = match found {
        Some((_, super::Archive::Bytes(bytes), _)) => Some(bytes),
        Some((Some(made), _, _)) => Some(made),
        Some((None, _, jobs)) => {
            let attempt = *attempt;
            let making = tokio::task::spawn_blocking(move || super::archive::of(&jobs, attempt));
            let made = making.await.ok().and_then(Result::ok).map(axum::body::Bytes::from);
            if let Some(made) = &made {
                world.state().links.made.insert(target, made.clone());
            }
            made
        }
        None => None,
    };
    match bytes {
        Some(bytes) => typed(Response::new(Body::from(bytes)), "application/zip"),
        None => xml(StatusCode::NOT_FOUND, "BlobNotFound", "The specified blob does not exist."),
    }
}

fn typed(mut response: Response<Body>, kind: &'static str) -> Response<Body> {
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn xml(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let body = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code>\
         <Message>{message}</Message></Error>"
    );
    let mut response = typed(Response::new(Body::from(body)), "application/xml");
    *response.status_mut() = status;
    response
}
