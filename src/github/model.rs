//! Runs, jobs and what hangs on them, as the rest of the program sees them. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::repo::RepoName;

/// How a run, a job or a step stands. Words that GitHub adds are kept elsewhere and count as
/// [`State::Bad`] where the thing is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// `success`, `neutral`.
    Good,
    /// `skipped`.
    Skipped,
    /// `failure`, `timed_out`, `startup_failure`, `action_required`, `stale`, and words unknown to us.
    Bad,
    /// `cancelled`: by a push, a person, or a job's time limit.
    Cancelled,
    /// Held back until a person or a timer lets it go.
    Waiting,
    /// Not complete.
    Running,
}

impl State {
    /// The state that GitHub's two words mean.
    pub fn of(status: &str, conclusion: Option<&str>) -> Self {
        match (status, conclusion) {
            ("completed", Some("success" | "neutral")) => State::Good,
            ("completed", Some("skipped")) => State::Skipped,
            ("completed", Some("cancelled")) => State::Cancelled,
            ("completed", _) => State::Bad,
            ("waiting", _) => State::Waiting,
            _ => State::Running,
        }
    }

    /// Whether somebody has to look at it: failed, or cancelled, which is how a job ends that ran
    /// into its time limit.
    pub fn is_bad(self) -> bool {
        matches!(self, State::Bad | State::Cancelled)
    }
}

/// A run of a workflow, in one of its attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The repository.
    pub repo: RepoName,
    /// Its id.
    pub id: u64,
    /// What is shown: the pull request's or the commit's title.
    pub title: String,
    /// The workflow's name.
    pub workflow: String,
    /// The workflow's file.
    pub path: String,
    /// The workflow's id.
    pub workflow_id: Option<u64>,
    /// The branch; `None` for some events.
    pub branch: Option<String>,
    /// What triggered it.
    pub event: String,
    /// GitHub's word.
    pub status: String,
    /// GitHub's word, once it is complete.
    pub conclusion: Option<String>,
    /// The attempt, counted from 1.
    pub attempt: u64,
    /// The commit.
    pub sha: String,
    /// Who triggered it at first; a re-run is often somebody else's.
    pub actor: Option<String>,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// When this attempt was started.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was last touched.
    pub updated_at: Option<DateTime<Utc>>,
    /// Its page.
    pub url: String,
    /// The suite that its check runs are in.
    pub check_suite: Option<u64>,
}

/// A job of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id, which is its check run's too.
    pub id: u64,
    /// The run.
    pub run: u64,
    /// The attempt in which it ran; earlier than the run's where it was not run again.
    pub attempt: u64,
    /// Its name as GitHub has it; several jobs may share one.
    pub name: String,
    /// GitHub's word.
    pub status: String,
    /// GitHub's word, once it is complete.
    pub conclusion: Option<String>,
    /// When it started, or is thought to.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// Its steps in order; a skipped job has none.
    pub steps: Vec<Step>,
    /// Its page.
    pub url: String,
}

/// A step of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// GitHub's number; there are gaps.
    pub number: u64,
    /// Its name.
    pub name: String,
    /// GitHub's word.
    pub status: String,
    /// GitHub's word, once it is complete.
    pub conclusion: Option<String>,
    /// When it started.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
}

/// A note that a job left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// `notice`, `warning` or `failure`.
    pub level: String,
    /// The file; `.github` for the runner's own words.
    pub path: String,
    /// The line, from 1.
    pub line: Option<u64>,
    /// The title, where there is one.
    pub title: Option<String>,
    /// What it says.
    pub message: String,
}

/// An environment that holds a run back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// The environment's id.
    pub id: u64,
    /// The environment.
    pub environment: String,
    /// Whether the token's owner may let it go.
    pub may_approve: bool,
    /// Minutes that it waits in any case.
    pub wait_minutes: u64,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
    /// Who may let it go.
    pub reviewers: Vec<String>,
}

/// What a reviewer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// `approved` or `rejected`.
    pub state: String,
    /// Who.
    pub user: Option<String>,
    /// Why.
    pub comment: String,
    /// On which environments.
    pub environments: Vec<String>,
}

impl Run {
    /// How it stands.
    pub fn state(&self) -> State {
        State::of(&self.status, self.conclusion.as_deref())
    }

    /// Whether it is complete.
    pub fn is_complete(&self) -> bool {
        self.status == "completed"
    }

    /// How long this attempt took, or has been going on at `now`.
    pub fn elapsed(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let end = if self.is_complete() { self.updated_at? } else { now };
        Some((end - self.started_at.or(self.created_at)?).max(TimeDelta::zero()))
    }
}

impl Job {
    /// How it stands.
    pub fn state(&self) -> State {
        State::of(&self.status, self.conclusion.as_deref())
    }

    /// How long it took, or has been going on at `now`; nothing where it has not started.
    pub fn elapsed(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        // A job in the queue may carry a start.
        let end = match self.status.as_str() {
            "completed" => self.completed_at?,
            "in_progress" => now,
            _ => return None,
        };
        Some((end - self.started_at?).max(TimeDelta::zero()))
    }
}

impl Step {
    /// How it stands.
    pub fn state(&self) -> State {
        State::of(&self.status, self.conclusion.as_deref())
    }
}
