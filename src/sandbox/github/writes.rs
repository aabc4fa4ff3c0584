//! Everything that is changed: re-runs, cancellations, reviews.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::json;

use super::World;
use super::answer::{Answer, Json, Refusal};
use super::job::Job;
use super::render;
use super::run::{Review, Run};

type InRun = Path<(String, String, u64)>;
type Shared = State<Arc<World>>;

/// A run older than this cannot be run again.
const OLDEST: TimeDelta = TimeDelta::days(30);

fn done(status: StatusCode) -> Answer {
    Ok((status, Json(json!({}))).into_response())
}

fn in_run<T>(
    world: &World,
    (owner, name, id): (&str, &str, u64),
    work: impl FnOnce(&mut Run, DateTime<Utc>, &mut dyn FnMut() -> u64) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let now = world.now();
    let mut state = world.state();
    // Ids are taken ahead: the state is borrowed while the run changes.
    let mut ids: Vec<u64> = (0..64).map(|_| state.next_id()).rev().collect();
    let run = state.repo(owner, name).and_then(|repo| repo.run(id));
    let run = run.ok_or_else(Refusal::not_found)?;
    work(run, now, &mut || ids.pop().unwrap_or_default())
}

fn again(
    world: &World,
    at: (&str, &str, u64),
    picks: impl Fn(&Job, DateTime<Utc>) -> bool,
) -> Answer {
    in_run(world, at, |run, now, next_id| {
        let complete =
            run.latest().1.is_some_and(|attempt| run.state(attempt, now).0 == "completed");
        if !complete {
            return Err(Refusal::new(403, "This workflow is already running"));
        }
        if run.verdict.is_some() {
            let why = "This workflow run cannot be retried: its workflow file may be broken.";
            return Err(Refusal::new(403, why));
        }
        if now - run.created > OLDEST {
            let why = "Unable to retry this workflow run because it was created over a month ago";
            return Err(Refusal::new(403, why));
        }
        run.rerun(now, next_id, |job| picks(job, now));
        Ok(())
    })?;
    done(StatusCode::CREATED)
}

pub(super) async fn rerun(State(world): Shared, Path((owner, name, id)): InRun) -> Answer {
    again(&world, (&owner, &name, id), |_, _| true)
}

fn bad(job: &Job, now: DateTime<Utc>) -> bool {
    !matches!(job.seen(now).conclusion, Some("success" | "neutral" | "skipped"))
}

pub(super) async fn rerun_failed(State(world): Shared, Path((owner, name, id)): InRun) -> Answer {
    again(&world, (&owner, &name, id), bad)
}

pub(super) async fn rerun_job(State(world): Shared, Path((owner, name, id)): InRun) -> Answer {
    let run = {
        let mut state = world.state();
        let repo = state.repo(&owner, &name).ok_or_else(Refusal::not_found)?;
        repo.job(id).map(|(run, _)| run.id).ok_or_else(Refusal::not_found)?
    };
    again(&world, (&owner, &name, run), |job, _| job.id == id)
}

pub(super) async fn cancel(State(world): Shared, Path((owner, name, id)): InRun) -> Answer {
    in_run(&world, (&owner, &name, id), |run, now, _| {
        let complete =
            run.latest().1.is_some_and(|attempt| run.state(attempt, now).0 == "completed");
        if complete {
            let why = "Cannot cancel a workflow run that is completed.";
            return Err(Refusal::new(409, why));
        }
        // It takes effect a little later.
        let at = now + TimeDelta::milliseconds(400);
        let jobs = run.attempts.last_mut().map(|attempt| &mut attempt.jobs).into_iter().flatten();
        for job in jobs.filter(|job| job.seen(now).status != "completed") {
            job.cancelled = Some(at);
        }
        Ok(())
    })?;
    done(StatusCode::ACCEPTED)
}

#[derive(Deserialize)]
struct Word {
    environment_ids: Vec<u64>,
    state: String,
    comment: String,
}

pub(super) async fn review(
    State(world): Shared,
    Path((owner, name, id)): InRun,
    headers: HeaderMap,
    body: String,
) -> Answer {
    let word: Word = serde_json::from_str(&body)
        .map_err(|_| Refusal::new(422, "environment_ids, state and comment are required"))?;
    if !matches!(word.state.as_str(), "approved" | "rejected") {
        return Err(Refusal::new(422, "state is neither approved nor rejected"));
    }
    let base = super::asked::base(&headers);
    let full = format!("{owner}/{name}");
    let names = in_run(&world, (&owner, &name, id), |run, now, _| {
        let links = render::Links { base: &base, repo: &full };
        let waiting = run.latest().1.map(|attempt| render::pending(attempt, now, links));
        let waiting: Vec<_> = waiting.unwrap_or_default();
        let names: Vec<String> = waiting
            .iter()
            .map(|gate| &gate["environment"])
            .filter(|env| env["id"].as_u64().is_some_and(|id| word.environment_ids.contains(&id)))
            .filter_map(|env| env["name"].as_str().map(str::to_owned))
            .collect();
        if names.is_empty() || names.len() != word.environment_ids.len() {
            let why = "There are no pending deployment requests to approve or reject";
            return Err(Refusal::new(422, why));
        }
        settle(run, &names, &word, now);
        Ok(names)
    })?;
    let made: Vec<_> = names.iter().map(|name| json!({ "environment": name })).collect();
    Ok(Json(json!(made)).into_response())
}

/// An approved job starts; a rejected one fails.
fn settle(run: &mut Run, names: &[String], word: &Word, now: DateTime<Utc>) {
    let jobs = run.attempts.last_mut().map(|attempt| &mut attempt.jobs).into_iter().flatten();
    for job in jobs.filter(|job| job.seen(now).status == "waiting") {
        if !job.gate.as_ref().is_some_and(|gate| names.contains(gate)) {
            continue;
        }
        job.starts = Some(now);
        if word.state == "rejected" {
            job.conclusion = "failure";
            job.steps.clear();
        }
    }
    run.reviews.extend(names.iter().map(|name| Review {
        environment: name.clone(),
        state: word.state.clone(),
        comment: word.comment.clone(),
    }));
}
