//! Which path answers what.

use std::sync::Arc;

use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use serde_json::{Value, json};

use super::{World, guard, links, lists, reads, writes};

/// A refusal in GitHub's form.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: String,
    /// Where to ask instead.
    elsewhere: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: u16, message: &str) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, message: message.to_owned(), elsewhere: None }
    }

    /// What is asked for is at `url` now.
    pub(super) fn moved(url: &str) -> Self {
        Self { elsewhere: Some(url.to_owned()), ..Self::new(301, "Moved Permanently") }
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({
            "message": self.message,
            "documentation_url": "https://docs.github.com/rest",
            "status": self.status.as_str(),
        });
        let mut body = body;
        body["url"] = json!(self.elsewhere);
        let mut response = (self.status, Json(body)).into_response();
        if let Some(Ok(url)) = self.elsewhere.map(|url| url.parse()) {
            response.headers_mut().insert(header::LOCATION, url);
        }
        response
    }
}

/// JSON with GitHub's content type.
pub(super) struct Json(pub(super) Value);

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
        (kind, self.0.to_string()).into_response()
    }
}

/// What a handler gives.
pub(super) type Answer = Result<Response, Refusal>;

pub(super) fn router(world: Arc<World>) -> Router {
    let runs = Router::new()
        .route("/runs", get(lists::runs))
        .route("/runs/{run}", get(reads::run))
        .route("/runs/{run}/attempts/{attempt}", get(reads::attempt))
        .route("/runs/{run}/jobs", get(reads::jobs))
        .route("/runs/{run}/attempts/{attempt}/jobs", get(reads::attempt_jobs))
        .route("/runs/{run}/logs", get(links::run_logs))
        .route("/runs/{run}/attempts/{attempt}/logs", get(links::attempt_logs))
        .route("/runs/{run}/artifacts", get(reads::artifacts))
        .route("/runs/{run}/approvals", get(reads::approvals))
        .route("/runs/{run}/pending_deployments", get(reads::pending).post(writes::review))
        .route("/runs/{run}/rerun", post(writes::rerun))
        .route("/runs/{run}/rerun-failed-jobs", post(writes::rerun_failed))
        .route("/runs/{run}/cancel", post(writes::cancel))
        .route("/runs/{run}/force-cancel", post(writes::cancel))
        .route("/jobs/{job}", get(reads::job))
        .route("/jobs/{job}/logs", get(links::job_logs))
        .route("/jobs/{job}/rerun", post(writes::rerun_job))
        .route("/workflows", get(reads::workflows))
        .route("/workflows/{workflow}", get(reads::workflow))
        .route("/workflows/{workflow}/runs", get(lists::workflow_runs));
    let repo = Router::new()
        .route("/", get(reads::repo))
        .route("/check-runs/{job}/annotations", get(reads::annotations))
        .route("/check-suites/{suite}/check-runs", get(reads::check_runs))
        .nest("/actions", runs);
    Router::new()
        .route("/user", get(reads::user))
        .route("/rate_limit", get(reads::rate_limit))
        .route("/graphql", post(reads::graphql))
        .route("/repositories/{id}", get(reads::repo_by_id))
        .nest("/repos/{owner}/{name}", repo)
        .fallback(async |_: Uri| Refusal::not_found())
        .method_not_allowed_fallback(async || Refusal::not_found())
        .layer(middleware::from_fn_with_state(world.clone(), guard::guard))
        .with_state(world)
}
