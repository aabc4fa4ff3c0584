//! Logs are answered with a signed link to the storage.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;

use super::World;
use super::answer::{Answer, Refusal};
use super::asked::{InAttempt, InRun, Shared, in_repo};
use super::job::Log;
use super::run::Archive;
use super::storage::Target;

pub(super) async fn job_logs(
    State(world): Shared,
    Path((owner, name, id)): InRun,
    headers: HeaderMap,
) -> Answer {
    let repo = in_repo(&world, (&owner, &name), &headers, |repo, _, now| {
        let (_, job) = repo.job(id)?;
        match &job.log {
            Log::Gone => Some(Err(Refusal::new(410, "Server Error"))),
            Log::Absent => None,
            _ if job.seen(now).status != "completed" => None,
            _ => Some(Ok(repo.name.clone())),
        }
    })??;
    Ok(redirect(&world, Target::Job { repo, job: id }))
}

pub(super) async fn run_logs(
    world: Shared,
    Path((owner, name, id)): InRun,
    headers: HeaderMap,
) -> Answer {
    logs(world, (owner, name, id, None), &headers)
}

pub(super) async fn attempt_logs(
    world: Shared,
    Path((owner, name, id, number)): InAttempt,
    headers: HeaderMap,
) -> Answer {
    logs(world, (owner, name, id, Some(number)), &headers)
}

fn logs(
    State(world): Shared,
    (owner, name, id, number): (String, String, u64, Option<u64>),
    headers: &HeaderMap,
) -> Answer {
    let target = in_repo(&world, (&owner, &name), headers, |repo, _, now| {
        let full = repo.name.clone();
        let run = repo.run(id)?;
        let number = number.unwrap_or(run.attempts.len() as u64);
        let attempt = run.attempt(number)?;
        let complete = run.state(attempt, now).0 == "completed" && run.verdict.is_none();
        match run.archive {
            Archive::Gone => Some(Err(Refusal::new(410, "Server Error"))),
            _ if !complete => None,
            _ => Some(Ok(Target::Archive { repo: full, run: id, attempt: number })),
        }
    })??;
    Ok(redirect(&world, target))
}

fn redirect(world: &World, target: Target) -> axum::response::Response {
    let (root, now) = (world.storage(), world.now());
    let link = world.state().links.sign(&root, target, now);
    (StatusCode::FOUND, [(header::LOCATION, link)]).into_response()
}
