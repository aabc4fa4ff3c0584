//! What changes something: re-runs, cancellations, reviews. Each is sent once.

use serde_json::json;
use tokio::time::Instant;

use super::client::Client;
use super::limits;
use crate::domain::Consent;
use crate::http::header::{ACCEPT, HeaderName};
use crate::http::{ApiError, Method, Request};

impl Client {
    /// Runs everything again: a new attempt.
    ///
    /// # Errors
    /// GitHub refused; or no whole answer came, and the attempt may exist all the same.
    pub async fn rerun(&self, _: &Consent, run: u64, deadline: Instant) -> Result<(), ApiError> {
        self.post(&["actions", "runs", &run.to_string(), "rerun"], None, deadline).await
    }

    /// Runs the failed jobs and those that depend on them again: a new attempt.
    ///
    /// # Errors
    /// As [`Client::rerun`].
    pub async fn rerun_failed(
        &self,
        _: &Consent,
        run: u64,
        deadline: Instant,
    ) -> Result<(), ApiError> {
        self.post(&["actions", "runs", &run.to_string(), "rerun-failed-jobs"], None, deadline).await
    }

    /// Runs one job and those that depend on it again: a new attempt.
    ///
    /// # Errors
    /// As [`Client::rerun`].
    pub async fn rerun_job(
        &self,
        _: &Consent,
        job: u64,
        deadline: Instant,
    ) -> Result<(), ApiError> {
        self.post(&["actions", "jobs", &job.to_string(), "rerun"], None, deadline).await
    }

    /// Asks a run to stop, which takes effect later; by force where it does not listen.
    ///
    /// # Errors
    /// GitHub refused (409: complete already); or no whole answer came.
    pub async fn cancel(
        &self,
        _: &Consent,
        run: u64,
        force: bool,
        deadline: Instant,
    ) -> Result<(), ApiError> {
        let word = if force { "force-cancel" } else { "cancel" };
        self.post(&["actions", "runs", &run.to_string(), word], None, deadline).await
    }

    /// Lets a run pass the gates of these environments, or fails it there.
    ///
    /// # Errors
    /// GitHub refused (422: nothing waits, or not this reviewer); or no whole answer came.
    pub async fn review(
        &self,
        _: &Consent,
        run: u64,
        environments: &[u64],
        approved: bool,
        comment: &str,
        deadline: Instant,
    ) -> Result<(), ApiError> {
        let state = if approved { "approved" } else { "rejected" };
        let body = json!({ "environment_ids": environments, "state": state, "comment": comment });
        let rest = ["actions", "runs", &run.to_string(), "pending_deployments"];
        self.post(&rest, Some(body), deadline).await
    }

    async fn post(
        &self,
        rest: &[&str],
        body: Option<serde_json::Value>,
        deadline: Instant,
    ) -> Result<(), ApiError> {
        let path = self.path(rest);
        let mut request = Request::new(Method::POST, &path)
            .header(ACCEPT, "application/vnd.github+json")
            .header(HeaderName::from_static("x-github-api-version"), "2022-11-28");
        if let Some(body) = body {
            request = request.json(&body);
        }
        let reply = self.hub.api.send(request, deadline).await?;
        limits::refusal(&reply, self.hub.clock.now()).map_or(Ok(()), Err)
    }
}
