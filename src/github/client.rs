//! One repository, asked: with the cache in between, and limits waited out where that is worth it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};
use url::Url;

use super::cache::{Cache, Kept};
use super::model::{Annotation, Gate, Job, Review, Run};
use super::repo::RepoName;
use super::{limits, wire};
use crate::domain::Clock;
use crate::http::header::{ACCEPT, HeaderName, IF_NONE_MATCH};
use crate::http::{Api, ApiError, Fault, Links, Method, Reply, Request};

/// The version of the API that this program was written for.
const VERSION: (HeaderName, &str) = (HeaderName::from_static("x-github-api-version"), "2022-11-28");
const JSON: &str = "application/vnd.github+json";
/// Runs carry two copies of their repository: a hundred of them are about a megabyte.
const MAX_BODY: usize = 16 << 20;
/// A longer wait for a limit than this is not sat through; its end is told instead.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a limit is waited for in one request.
const WAITS: u32 = 3;

/// GitHub, seen through one token. Clones share connections and the cache.
#[derive(Debug, Clone)]
pub struct Hub {
    pub(super) api: Api,
    pub(super) links: Links,
    base: Url,
    cache: Arc<Cache>,
    pub(super) clock: Clock,
}

/// One repository.
#[derive(Debug, Clone)]
pub struct Client {
    pub(super) hub: Hub,
    /// Which one.
    pub repo: RepoName,
}

impl Hub {
    /// GitHub at `base`.
    pub fn new(api: Api, links: Links, base: Url, cache: Cache, clock: Clock) -> Self {
        Self { api: api.max_body(MAX_BODY), links, base, cache: Arc::new(cache), clock }
    }

    /// A repository.
    pub fn repo(&self, repo: RepoName) -> Client {
        Client { hub: self.clone(), repo }
    }

    /// Reads, and waits out a limit that passes before `deadline`.
    async fn patient(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        tag: Option<&str>,
        deadline: Instant,
    ) -> Result<Reply, ApiError> {
        let mut waits = 0;
        loop {
            let mut request = Request::new(Method::GET, path).query(query);
            request = request.header(ACCEPT, JSON).header(VERSION.0, VERSION.1);
            if let Some(tag) = tag {
                request = request.header(IF_NONE_MATCH, tag);
            }
            let reply = self.api.read(request, deadline).await?;
            let now = self.clock.now();
            let Some(over) = limits::over(&reply, now) else { return Ok(reply) };
            let wait = limits::wait(over, now) * 2u32.pow(waits);
            waits += 1;
            let left = deadline.saturating_duration_since(Instant::now());
            if waits > WAITS || wait > PATIENCE || wait >= left {
                return Ok(reply);
            }
            sleep(wait).await;
        }
    }

    /// Reads through the cache. Any status is a reply.
    pub(super) async fn read(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        deadline: Instant,
    ) -> Result<Reply, ApiError> {
        let url = self.address(path, query);
        let kept = self.cache.get(&url);
        let tag = kept.as_ref().map(|kept| kept.tag.as_str());
        let mut reply = self.patient(path, query, tag, deadline).await?;
        match (reply.status, kept) {
            (304, Some(kept)) => {
                reply.status = 200;
                reply.body = kept.body;
                if let (false, Ok(link)) = (kept.link.is_empty(), kept.link.parse()) {
                    reply.headers.insert("link", link);
                }
            }
            (200, _) => {
                if let Some(tag) = reply.header("etag") {
                    let link = reply.header("link").unwrap_or_default().to_owned();
                    let kept = Kept { tag: tag.to_owned(), link, body: reply.body.clone() };
                    self.cache.put(&url, &kept);
                }
            }
            _ => {}
        }
        Ok(reply)
    }

    /// Where the cache files an answer.
    fn address(&self, path: &[&str], query: &[(&str, &str)]) -> String {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url.into()
    }

    /// The answer as `T`.
    pub(super) fn parse<T: DeserializeOwned>(&self, reply: &Reply) -> Result<T, ApiError> {
        match limits::refusal(reply, self.clock.now()) {
            Some(refusal) => Err(refusal),
            None => reply.parse(),
        }
    }
}

impl Client {
    /// `repos/O/R` and these segments.
    pub(super) fn path<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        let mut path = vec!["repos", &self.repo.owner, &self.repo.name];
        path.extend(rest);
        path
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        rest: &[&str],
        query: &[(&str, &str)],
        deadline: Instant,
    ) -> Result<T, ApiError> {
        let reply = self.hub.read(&self.path(rest), query, deadline).await?;
        self.hub.parse(&reply)
    }

    /// A run, in its newest attempt or in this one.
    ///
    /// # Errors
    /// No answer, a refusal, or no such run (or no access: GitHub does not tell the two apart).
    pub async fn run(
        &self,
        id: u64,
        attempt: Option<u64>,
        deadline: Instant,
    ) -> Result<Run, ApiError> {
        let (id, number) = (id.to_string(), attempt.map(|attempt| attempt.to_string()));
        let mut rest = vec!["actions", "runs", &id];
        rest.extend(number.iter().flat_map(|number| ["attempts", number]));
        let query = [("exclude_pull_requests", "true")];
        let found: wire::Run = self.get(&rest, &query, deadline).await?;
        Ok(found.of(&self.repo))
    }

    /// The jobs of a run, all pages, in its newest attempt or in this one.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn jobs(
        &self,
        run: u64,
        attempt: Option<u64>,
        deadline: Instant,
    ) -> Result<Vec<Job>, ApiError> {
        let (run, number) = (run.to_string(), attempt.map(|attempt| attempt.to_string()));
        let mut rest = vec!["actions", "runs", &run];
        rest.extend(number.iter().flat_map(|number| ["attempts", number]));
        rest.push("jobs");
        let counted = |page: &wire::Jobs| (page.jobs.len() as u64, page.total_count);
        let pages = self.all_pages(&rest, counted, deadline).await?;
        let jobs = pages.into_iter().flat_map(|page| page.jobs).map(wire::Job::of);
        // A job that comes up while pages are read moves others to the next one.
        let mut seen = HashSet::new();
        Ok(jobs.filter(|job| seen.insert(job.id)).collect())
    }

    /// A job by its id.
    ///
    /// # Errors
    /// No answer, a refusal, or no such job.
    pub async fn job(&self, id: u64, deadline: Instant) -> Result<Job, ApiError> {
        let found: wire::Job =
            self.get(&["actions", "jobs", &id.to_string()], &[], deadline).await?;
        Ok(found.of())
    }

    /// What a job noted, the first hundred. None where it noted nothing.
    ///
    /// # Errors
    /// No answer, or a refusal: personal tokens often lack the right to read checks.
    pub async fn annotations(
        &self,
        job: u64,
        deadline: Instant,
    ) -> Result<Vec<Annotation>, ApiError> {
        let id = job.to_string();
        let rest = self.path(&["check-runs", &id, "annotations"]);
        let reply = self.hub.read(&rest, &[("per_page", "100")], deadline).await?;
        if reply.status == 404 {
            return Ok(Vec::new());
        }
        let found: Vec<wire::Annotation> = self.hub.parse(&reply)?;
        Ok(found.into_iter().map(wire::Annotation::of).collect())
    }

    /// The environments that hold a run back.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn gates(&self, run: u64, deadline: Instant) -> Result<Vec<Gate>, ApiError> {
        let run = run.to_string();
        let rest = ["actions", "runs", &run, "pending_deployments"];
        let found: Vec<wire::Pending> = self.get(&rest, &[], deadline).await?;
        Ok(found.into_iter().filter_map(wire::Pending::of).collect())
    }

    /// What reviewers have said about a run.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn reviews(&self, run: u64, deadline: Instant) -> Result<Vec<Review>, ApiError> {
        let run = run.to_string();
        let rest = ["actions", "runs", &run, "approvals"];
        let found: Vec<wire::Approval> = self.get(&rest, &[], deadline).await?;
        Ok(found.into_iter().map(wire::Approval::of).collect())
    }

    /// A redirect to where a log is, not followed. An answer of another kind is an error.
    pub(super) async fn link(&self, rest: &[&str], deadline: Instant) -> Result<Reply, ApiError> {
        let reply = self.hub.patient(&self.path(rest), &[], None, deadline).await?;
        match reply.status {
            300..=399 => Ok(reply),
            // A server in between may have followed it for us; that is not expected, nor trusted.
            200..=299 => Err(reply.wrong_shape("a log without a link to it")),
            _ => Err(limits::refusal(&reply, self.hub.clock.now())
                .unwrap_or_else(|| reply.error(Fault::Refused, None))),
        }
    }
}
