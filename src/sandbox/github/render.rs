//! Runs, jobs and what hangs on them, as GitHub writes them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::job::{Job, Step};
use super::run::{Attempt, Repo, Run, Workflow};

/// Where links lead: the API as the client called it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Links<'a> {
    pub(super) base: &'a str,
    pub(super) repo: &'a str,
}

impl Links<'_> {
    fn api(&self, rest: &str) -> String {
        format!("{}/repos/{}/{rest}", self.base, self.repo)
    }

    fn page(&self, rest: &str) -> String {
        format!("https://github.com/{}/{rest}", self.repo)
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn user(login: &str) -> Value {
    json!({ "login": login, "id": 4242, "type": "User" })
}

fn repository(repo: &Repo, links: Links<'_>) -> Value {
    let (owner, name) = repo.name.split_once('/').unwrap_or_default();
    json!({
        "id": repo.id,
        "name": name,
        "full_name": repo.name,
        "private": true,
        "owner": user(owner),
        "html_url": format!("https://github.com/{}", repo.name),
        "url": format!("{}/repos/{}", links.base, repo.name),
        "default_branch": "main",
    })
}

pub(super) fn repo(repo: &Repo, links: Links<'_>) -> Value {
    repository(repo, links)
}

/// The run as it is in its attempt `number`.
pub(super) fn run(
    (repo, run): (&Repo, &Run),
    (number, attempt): (u64, &Attempt),
    links: Links<'_>,
    now: DateTime<Utc>,
) -> Value {
    let (status, conclusion) = run.state(attempt, now);
    let actions = format!("actions/runs/{}", run.id);
    let previous = (number > 1).then(|| links.api(&format!("{actions}/attempts/{}", number - 1)));
    json!({
        "id": run.id,
        "name": run.workflow,
        "node_id": format!("WFR_{}", run.id),
        "head_branch": run.branch,
        "head_sha": run.sha,
        "path": run.path,
        "display_title": run.title,
        "run_number": run.number,
        "event": run.event,
        "status": status,
        "conclusion": conclusion,
        "workflow_id": run.workflow_id,
        "check_suite_id": run.id,
        "url": links.api(&actions),
        "html_url": links.page(&actions),
        "pull_requests": [],
        "created_at": time(run.created),
        "updated_at": time(Run::updated(attempt, now)),
        "actor": user(&run.actor),
        "run_attempt": number,
        "referenced_workflows": [],
        "run_started_at": time(attempt.started),
        "triggering_actor": user(&run.actor),
        "jobs_url": links.api(&format!("{actions}/jobs")),
        "logs_url": links.api(&format!("{actions}/logs")),
        "check_suite_url": links.api(&format!("check-suites/{}", run.id)),
        "artifacts_url": links.api(&format!("{actions}/artifacts")),
        "cancel_url": links.api(&format!("{actions}/cancel")),
        "rerun_url": links.api(&format!("{actions}/rerun")),
        "previous_attempt_url": previous,
        "workflow_url": links.api(&format!("actions/workflows/{}", run.workflow_id)),
        "head_commit": {
            "id": run.sha,
            "message": run.title,
            "timestamp": time(run.created),
            "author": { "name": run.actor, "email": format!("{}@parky.co.jp", run.actor) },
        },
        "repository": repository(repo, links),
        "head_repository": repository(repo, links),
    })
}

pub(super) fn job(run: &Run, job: &Job, links: Links<'_>, now: DateTime<Utc>) -> Value {
    let seen = job.seen(now);
    let begun = job.starts.filter(|starts| *starts <= now);
    let steps: Vec<_> = job
        .step_times()
        .into_iter()
        .filter(|_| begun.is_some())
        .map(|(step, from, to)| self::step(job, step, (from, to), now))
        .collect();
    json!({
        "id": job.id,
        "run_id": run.id,
        "workflow_name": run.workflow,
        "head_branch": run.branch,
        "run_url": links.api(&format!("actions/runs/{}", run.id)),
        "run_attempt": job.attempt,
        "head_sha": run.sha,
        "url": links.api(&format!("actions/jobs/{}", job.id)),
        "html_url": links.page(&format!("actions/runs/{}/job/{}", run.id, job.id)),
        "status": seen.status,
        "conclusion": seen.conclusion,
        "created_at": time(run.created),
        // A job that waits carries a start all the same.
        "started_at": time(job.starts.unwrap_or(now)),
        "completed_at": seen.completed.map(time),
        "name": job.name,
        "steps": steps,
        "check_run_url": links.api(&format!("check-runs/{}", job.id)),
        "labels": ["ubuntu-24.04"],
        "runner_name": begun.map(|_| "GitHub Actions 12"),
        "runner_group_name": begun.map(|_| "GitHub Actions"),
    })
}

fn step(
    job: &Job,
    step: &Step,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Value {
    let cut = job.cancelled.is_some_and(|at| at < to);
    let end = if cut { job.cancelled.unwrap_or(to) } else { to };
    let (status, conclusion) = match () {
        () if end <= now => ("completed", Some(if cut { "cancelled" } else { step.conclusion })),
        () if from <= now => ("in_progress", None),
        () => ("queued", None),
    };
    json!({
        "name": step.name,
        "status": status,
        "conclusion": conclusion,
        "number": step.number,
        "started_at": (from <= now).then(|| time(from)),
        "completed_at": (end <= now).then(|| time(end)),
    })
}

pub(super) fn annotations(job: &Job, now: DateTime<Utc>) -> Vec<Value> {
    if job.seen(now).status != "completed" {
        return Vec::new();
    }
    let notes = job.annotations.iter().map(|note| {
        json!({
            "path": note.path,
            "start_line": note.line,
            "end_line": note.line,
            "start_column": null,
            "end_column": null,
            "annotation_level": note.level,
            "title": "",
            "message": note.message,
            "raw_details": null,
        })
    });
    notes.collect()
}

pub(super) fn workflow(workflow: &Workflow, links: Links<'_>) -> Value {
    json!({
        "id": workflow.id,
        "name": workflow.name,
        "path": format!(".github/workflows/{}", workflow.file),
        "state": "active",
        "url": links.api(&format!("actions/workflows/{}", workflow.id)),
    })
}

/// The environments that hold back jobs of an attempt, each once.
pub(super) fn pending(attempt: &Attempt, now: DateTime<Utc>, links: Links<'_>) -> Vec<Value> {
    let mut names: Vec<&str> = Vec::new();
    for job in attempt.jobs.iter().filter(|job| job.seen(now).status == "waiting") {
        names.extend(job.gate.as_deref().filter(|gate| !names.contains(gate)));
    }
    let entry = |name: &&str| {
        json!({
            "environment": {
                "id": environment_id(name),
                "name": name,
                "html_url": links.page("deployments"),
            },
            "wait_timer": 0,
            "wait_timer_started_at": time(attempt.started),
            "current_user_can_approve": true,
            "reviewers": [{ "type": "User", "reviewer": user(super::LOGIN) }],
        })
    };
    names.iter().map(entry).collect()
}

/// The id of an environment: the same in every sandbox.
pub(super) fn environment_id(name: &str) -> u64 {
    name.bytes().fold(7_000_000, |id, byte| id + u64::from(byte) * 31)
}
