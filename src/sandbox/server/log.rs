//! What arrived at a stand-in, for tests to look at.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{header, request::Parts};

/// The oldest requests go when there are more; a sandbox may stay up for days.
const KEPT: usize = 10_000;
/// Longer bodies are kept up to here, in bytes.
const BODY: usize = 64 << 10;

/// How a request identified itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// With nothing.
    Missing,
    /// With a header that is no token of a bearer or bot.
    Malformed,
    /// With a token that is not the stand-in's.
    Wrong,
    /// With the stand-in's token.
    Right,
}

/// A request that arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The method, in capitals.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers; the value of `authorization` is `***`.
    pub headers: Vec<(String, String)>,
    /// What the `authorization` header was worth.
    pub credential: Credential,
    /// The body, up to 64 KiB of it.
    pub body: String,
}

impl Arrived {
    pub(super) fn new(parts: &Parts, credential: Credential, body: &[u8]) -> Self {
        let headers = parts.headers.iter().map(|(name, value)| {
            let shown = match *name {
                header::AUTHORIZATION => "***".to_owned(),
                _ => String::from_utf8_lossy(value.as_bytes()).into_owned(),
            };
            (name.as_str().to_owned(), shown)
        });
        Self {
            method: parts.method.to_string(),
            path: parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            headers: headers.collect(),
            credential,
            body: String::from_utf8_lossy(&body[..body.len().min(BODY)]).into_owned(),
        }
    }

    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The requests of one stand-in, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<VecDeque<Arrived>>);

impl Log {
    pub(super) fn add(&self, arrived: Arrived) {
        let mut held = self.held();
        if held.len() == KEPT {
            held.pop_front();
        }
        held.push_back(arrived);
    }

    pub(super) fn all(&self) -> Vec<Arrived> {
        self.held().iter().cloned().collect()
    }

    pub(super) fn clear(&self) {
        self.held().clear();
    }

    fn held(&self) -> MutexGuard<'_, VecDeque<Arrived>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
