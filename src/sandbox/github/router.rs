//! Which path answers what.

use std::sync::Arc;

use axum::http::Uri;
use axum::routing::{get, post};
use axum::{Router, middleware};

use super::answer::Refusal;
use super::{World, guard, links, lists, reads, writes};

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
