//! Answers as GitHub writes them. Every field but an id may be missing or null, and words may be new.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::model;
use super::repo::RepoName;
use crate::http::lenient::{list, null_is_default, time};

#[derive(Debug, Default, Deserialize)]
pub(super) struct Runs {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) total_count: u64,
    #[serde(default, deserialize_with = "list")]
    pub(super) workflow_runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Run {
    id: u64,
    name: Option<String>,
    display_title: Option<String>,
    run_attempt: Option<u64>,
    event: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    path: Option<String>,
    workflow_id: Option<u64>,
    head_branch: Option<String>,
    head_sha: Option<String>,
    head_commit: Option<Commit>,
    html_url: Option<String>,
    created_at: Option<String>,
    run_started_at: Option<String>,
    updated_at: Option<String>,
    actor: Option<User>,
    triggering_actor: Option<User>,
    check_suite_id: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Commit {
    message: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct User {
    login: Option<String>,
    name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Jobs {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) total_count: u64,
    #[serde(default, deserialize_with = "list")]
    pub(super) jobs: Vec<Job>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Job {
    id: u64,
    run_id: Option<u64>,
    run_attempt: Option<u64>,
    name: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    started_at: Option<String>,
    completed_at: Option<String>,
    #[serde(default, deserialize_with = "list")]
    steps: Vec<Step>,
    html_url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Step {
    number: Option<u64>,
    name: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    started_at: Option<String>,
    completed_at: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Annotation {
    annotation_level: Option<String>,
    path: Option<String>,
    start_line: Option<u64>,
    title: Option<String>,
    message: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pending {
    environment: Option<Environment>,
    wait_timer: Option<u64>,
    wait_timer_started_at: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    current_user_can_approve: bool,
    #[serde(default, deserialize_with = "list")]
    reviewers: Vec<Reviewer>,
}

#[derive(Debug, Deserialize)]
struct Environment {
    id: Option<u64>,
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Reviewer {
    reviewer: Option<User>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Approval {
    state: Option<String>,
    user: Option<User>,
    comment: Option<String>,
    #[serde(default, deserialize_with = "list")]
    environments: Vec<Environment>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Workflows {
    #[serde(default, deserialize_with = "list")]
    pub(super) workflows: Vec<Workflow>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Workflow {
    pub(super) id: u64,
    pub(super) name: Option<String>,
    pub(super) path: Option<String>,
}

/// Unset times are written as the year 1.
fn at(text: Option<&String>) -> Option<DateTime<Utc>> {
    time(text?).filter(|at| at.timestamp() > 0)
}

/// Running things may have an empty conclusion instead of none.
fn word(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

impl User {
    fn name(self) -> Option<String> {
        self.login.or(self.name)
    }
}

impl Run {
    pub(super) fn of(self, repo: &RepoName) -> model::Run {
        let sha = self.head_sha.unwrap_or_default();
        let subject = || {
            let message = self.head_commit.and_then(|commit| commit.message)?;
            message.lines().next().map(str::to_owned)
        };
        let short = || sha.chars().take(8).collect();
        let path = self.path.unwrap_or_default();
        model::Run {
            repo: repo.clone(),
            id: self.id,
            title: word(self.display_title).or_else(subject).unwrap_or_else(short),
            workflow: word(self.name).unwrap_or_else(|| path.clone()),
            path,
            workflow_id: self.workflow_id,
            branch: self.head_branch,
            event: self.event.unwrap_or_default(),
            status: self.status.unwrap_or_default(),
            conclusion: word(self.conclusion),
            attempt: self.run_attempt.unwrap_or(1),
            sha,
            actor: self.actor.or(self.triggering_actor).and_then(User::name),
            created_at: at(self.created_at.as_ref()),
            started_at: at(self.run_started_at.as_ref()),
            updated_at: at(self.updated_at.as_ref()),
            url: self.html_url.unwrap_or_default(),
            check_suite: self.check_suite_id,
        }
    }
}

impl Job {
    pub(super) fn of(self) -> model::Job {
        model::Job {
            id: self.id,
            run: self.run_id.unwrap_or_default(),
            attempt: self.run_attempt.unwrap_or(1),
            name: self.name.unwrap_or_default(),
            status: self.status.unwrap_or_default(),
            conclusion: word(self.conclusion),
            started_at: at(self.started_at.as_ref()),
            completed_at: at(self.completed_at.as_ref()),
            steps: self.steps.into_iter().map(Step::of).collect(),
            url: self.html_url.unwrap_or_default(),
        }
    }
}

impl Step {
    fn of(self) -> model::Step {
        model::Step {
            number: self.number.unwrap_or_default(),
            name: self.name.unwrap_or_default(),
            status: self.status.unwrap_or_default(),
            conclusion: word(self.conclusion),
            started_at: at(self.started_at.as_ref()),
            completed_at: at(self.completed_at.as_ref()),
        }
    }
}

impl Annotation {
    pub(super) fn of(self) -> model::Annotation {
        model::Annotation {
            level: self.annotation_level.unwrap_or_default(),
            path: self.path.unwrap_or_default(),
            line: self.start_line.filter(|line| *line > 0),
            title: word(self.title),
            message: self.message.unwrap_or_default(),
        }
    }
}

impl Pending {
    pub(super) fn of(self) -> Option<model::Gate> {
        let environment = self.environment?;
        Some(model::Gate {
            id: environment.id?,
            environment: environment.name.unwrap_or_default(),
            may_approve: self.current_user_can_approve,
            wait_minutes: self.wait_timer.unwrap_or(0),
            since: at(self.wait_timer_started_at.as_ref()),
            reviewers: self.reviewers.into_iter().filter_map(|r| r.reviewer?.name()).collect(),
        })
    }
}

impl Approval {
    pub(super) fn of(self) -> model::Review {
        model::Review {
            state: self.state.unwrap_or_default(),
            user: self.user.and_then(User::name),
            comment: self.comment.unwrap_or_default(),
            environments: self.environments.into_iter().filter_map(|e| e.name).collect(),
        }
    }
}
