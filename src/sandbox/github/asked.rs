//! What a request asks for: the repository and run in its path, and the base URL that it came by.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use chrono::{DateTime, Utc};

use super::World;
use super::answer::Refusal;
use super::render::Links;
use super::run::Repo;

pub(super) type InRepo = Path<(String, String)>;
pub(super) type InRun = Path<(String, String, u64)>;
pub(super) type InAttempt = Path<(String, String, u64, u64)>;
pub(super) type Shared = State<Arc<World>>;

/// The API as the client called it: by its real name through the socket.
pub(super) fn base(headers: &HeaderMap) -> String {
    match headers.get(header::HOST).and_then(|host| host.to_str().ok()) {
        Some("api.github.com") => "https://api.github.com".to_owned(),
        host => format!("http://{}", host.unwrap_or_default()),
    }
}

/// Runs `work` on a repository.
pub(super) fn in_repo<T>(
    world: &World,
    (owner, name): (&str, &str),
    headers: &HeaderMap,
    work: impl FnOnce(&mut Repo, Links<'_>, DateTime<Utc>) -> Option<T>,
) -> Result<T, Refusal> {
    let (now, base) = (world.now(), base(headers));
    let mut state = world.state();
    let repo = state.repo(owner, name).ok_or_else(Refusal::not_found)?;
    let full = repo.name.clone();
    work(repo, Links { base: &base, repo: &full }, now).ok_or_else(Refusal::not_found)
}
