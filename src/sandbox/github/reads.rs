//! Everything that is read.

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse as _;
use serde_json::{Value, json};

use super::LOGIN;
use super::answer::{Answer, Json, Refusal};
use super::asked::{InAttempt, InRepo, InRun, Shared, base, in_repo};
use super::lists::{Wanted, paged};
use super::render::{self, Links};

fn json(value: Result<Value, Refusal>) -> Answer {
    value.map(|value| Json(value).into_response())
}

pub(super) async fn run(
    State(world): Shared,
    Path((owner, name, id)): InRun,
    headers: HeaderMap,
) -> Answer {
    json(in_repo(&world, (&owner, &name), &headers, |repo, links, now| {
        let run = repo.runs.iter().find(|run| run.id == id)?;
        let (number, attempt) = run.latest();
        Some(render::run((repo, run), (number, attempt?), links, now))
    }))
}

pub(super) async fn attempt(
    State(world): Shared,
    Path((owner, name, id, number)): InAttempt,
    headers: HeaderMap,
) -> Answer {
    json(in_repo(&world, (&owner, &name), &headers, |repo, links, now| {
        let run = repo.runs.iter().find(|run| run.id == id)?;
        Some(render::run((repo, run), (number, run.attempt(number)?), links, now))
    }))
}

pub(super) async fn jobs(
    world: Shared,
    Path((owner, name, id)): InRun,
    wanted: Query<Wanted>,
    headers: HeaderMap,
) -> Answer {
    list_jobs(world, (owner, name, id, None), wanted, &headers)
}

pub(super) async fn attempt_jobs(
    world: Shared,
    Path((owner, name, id, number)): InAttempt,
    wanted: Query<Wanted>,
    headers: HeaderMap,
) -> Answer {
    list_jobs(world, (owner, name, id, Some(number)), wanted, &headers)
}

fn list_jobs(
    State(world): Shared,
    (owner, name, id, number): (String, String, u64, Option<u64>),
    Query(wanted): Query<Wanted>,
    headers: &HeaderMap,
) -> Answer {
    in_repo(&world, (&owner, &name), headers, |repo, links, now| {
        let (repo_id, run) = (repo.id, repo.run(id)?);
        let attempt = match number {
            Some(number) => run.attempt(number),
            None => run.latest().1,
        };
        let jobs = attempt?.jobs.iter().filter(|_| run.verdict.is_none());
        let all: Vec<_> = jobs.map(|job| render::job(run, job, links, now)).collect();
        let next = format!("{}/repositories/{repo_id}/actions/runs/{id}/jobs", links.base);
        Some(paged(&all, Some("jobs"), &wanted, 30, &next))
    })
}

pub(super) async fn job(
    State(world): Shared,
    Path((owner, name, id)): InRun,
    headers: HeaderMap,
) -> Answer {
    json(in_repo(&world, (&owner, &name), &headers, |repo, links, now| {
        repo.job(id).map(|(run, job)| render::job(run, job, links, now))
    }))
}

pub(super) async fn annotations(
    State(world): Shared,
    Path((owner, name, id)): InRun,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Answer {
    in_repo(&world, (&owner, &name), &headers, |repo, links, now| {
        let all = render::annotations(repo.job(id)?.1, now);
        let next = format!("{}/repositories/{}/check-runs/{id}/annotations", links.base, repo.id);
        Some(paged(&all, None, &wanted, 30, &next))
    })
}

/// A check suite is a run here; its check runs are the jobs.
pub(super) async fn check_runs(
    State(world): Shared,
    Path((owner, name, id)): InRun,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Answer {
    in_repo(&world, (&owner, &name), &headers, |repo, links, now| {
        let (repo_id, run) = (repo.id, repo.run(id)?);
        let jobs = run.latest().1?.jobs.iter();
        let all: Vec<_> = jobs
            .map(|job| {
                let count = render::annotations(job, now).len();
                json!({ "id": job.id, "name": job.name, "output": { "annotations_count": count } })
            })
            .collect();
        let next = format!("{}/repositories/{repo_id}/check-suites/{id}/check-runs", links.base);
        Some(paged(&all, Some("check_runs"), &wanted, 30, &next))
    })
}

pub(super) async fn artifacts() -> Answer {
    json(Ok(json!({ "total_count": 0, "artifacts": [] })))
}

pub(super) async fn pending(
    State(world): Shared,
    Path((owner, name, id)): InRun,
    headers: HeaderMap,
) -> Answer {
    json(in_repo(&world, (&owner, &name), &headers, |repo, links, now| {
        Some(Value::from(render::pending(repo.run(id)?.latest().1?, now, links)))
    }))
}

pub(super) async fn approvals(
    State(world): Shared,
    Path((owner, name, id)): InRun,
    headers: HeaderMap,
) -> Answer {
    json(in_repo(&world, (&owner, &name), &headers, |repo, _, _| {
        let reviews = repo.run(id)?.reviews.iter().map(|review| {
            json!({
                "state": review.state,
                "comment": review.comment,
                "user": { "login": LOGIN },
                "environments": [{
                    "id": render::environment_id(&review.environment),
                    "name": review.environment,
                }],
            })
        });
        Some(reviews.collect())
    }))
}

pub(super) async fn workflows(
    State(world): Shared,
    Path((owner, name)): InRepo,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Answer {
    in_repo(&world, (&owner, &name), &headers, |repo, links, _| {
        let all: Vec<_> =
            repo.workflows.iter().map(|known| render::workflow(known, links)).collect();
        let next = format!("{}/repositories/{}/actions/workflows", links.base, repo.id);
        Some(paged(&all, Some("workflows"), &wanted, 30, &next))
    })
}

pub(super) async fn workflow(
    State(world): Shared,
    Path((owner, name, word)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Answer {
    json(in_repo(&world, (&owner, &name), &headers, |repo, links, _| {
        repo.workflow(&word).map(|known| render::workflow(known, links))
    }))
}

pub(super) async fn repo(
    State(world): Shared,
    Path((owner, name)): InRepo,
    headers: HeaderMap,
) -> Answer {
    json(in_repo(&world, (&owner, &name), &headers, |repo, links, _| {
        Some(render::repo(repo, links))
    }))
}

pub(super) async fn repo_by_id(
    State(world): Shared,
    Path(id): Path<u64>,
    headers: HeaderMap,
) -> Answer {
    let base = base(&headers);
    let state = world.state();
    let repo = state.repos.iter().find(|repo| repo.id == id).ok_or_else(Refusal::not_found)?;
    json(Ok(render::repo(repo, Links { base: &base, repo: &repo.name })))
}

pub(super) async fn user() -> Answer {
    json(Ok(json!({ "login": LOGIN, "id": 4242, "type": "User", "name": "On call" })))
}

pub(super) async fn rate_limit(State(world): Shared) -> Answer {
    let limits = world.state().limits.clone();
    let reset = (world.now + limits.reset_in).timestamp();
    let core = json!({
        "limit": limits.limit,
        "remaining": limits.remaining,
        "used": limits.limit - limits.remaining.min(limits.limit),
        "reset": reset,
    });
    json(Ok(json!({ "resources": { "core": core }, "rate": core })))
}

/// The vendor's client asks for the pull request of a run; there is none here.
pub(super) async fn graphql(_: Extension<crate::sandbox::server::Credential>) -> Answer {
    json(Ok(json!({ "data": { "repository": { "pullRequests": { "nodes": [] } } } })))
}
