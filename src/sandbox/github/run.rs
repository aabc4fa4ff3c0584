//! Repositories, workflows, runs and their attempts.

use axum::body::Bytes;
use chrono::{DateTime, TimeDelta, Utc};

use super::job::Job;

/// A workflow file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The file below `.github/workflows`.
    pub file: String,
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repo {
    /// `owner/name`.
    pub name: String,
    /// Names that it had before: whoever asks for one is sent to its number.
    pub formerly: Vec<String>,
    /// Its numeric id.
    pub id: u64,
    /// Its workflows.
    pub workflows: Vec<Workflow>,
    /// Its runs, in any order.
    pub runs: Vec<Run>,
}

/// What the archive of a run's logs is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Archive {
    /// Made of the jobs' logs.
    OfJobs,
    /// These bytes.
    Bytes(Bytes),
    /// Past its retention: 410.
    Gone,
}

/// A run of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: u64,
    /// Its number within the workflow.
    pub number: u64,
    /// The workflow's id; one that the repository does not list is an organisation's.
    pub workflow_id: u64,
    /// The workflow's name.
    pub workflow: String,
    /// The file.
    pub path: String,
    /// What is shown.
    pub title: String,
    /// The branch; `None` for some events.
    pub branch: Option<String>,
    /// What triggered it.
    pub event: &'static str,
    /// Who triggered it.
    pub actor: String,
    /// The commit.
    pub sha: String,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Its attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// A conclusion without any job: `startup_failure`, `action_required`.
    pub verdict: Option<&'static str>,
    /// The archive of its logs.
    pub archive: Archive,
    /// What reviewers said.
    pub reviews: Vec<Review>,
}

/// One attempt of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it was started.
    pub started: DateTime<Utc>,
    /// Its jobs; those that it did not run again belong to an earlier attempt.
    pub jobs: Vec<Job>,
}

/// A reviewer's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The environment.
    pub environment: String,
    /// `approved` or `rejected`.
    pub state: String,
    /// The comment.
    pub comment: String,
}

impl Repo {
    /// A repository without runs.
    pub fn new(name: &str, id: u64, workflows: Vec<Workflow>) -> Self {
        Self { name: name.to_owned(), formerly: Vec::new(), id, workflows, runs: Vec::new() }
    }

    pub(super) fn is(&self, owner: &str, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(&format!("{owner}/{name}"))
    }

    /// Whether it was called so before.
    pub(super) fn was(&self, owner: &str, name: &str) -> bool {
        let asked = format!("{owner}/{name}");
        self.formerly.iter().any(|known| known.eq_ignore_ascii_case(&asked))
    }

    pub(super) fn run(&mut self, id: u64) -> Option<&mut Run> {
        self.runs.iter_mut().find(|run| run.id == id)
    }

    /// The run and the place of the job with this id: its newest home.
    pub(super) fn job(&self, id: u64) -> Option<(&Run, &Job)> {
        self.runs.iter().find_map(|run| {
            let mut jobs = run.attempts.iter().rev().flat_map(|attempt| &attempt.jobs);
            jobs.find(|job| job.id == id).map(|job| (run, job))
        })
    }

    /// The workflow with this id or file name.
    pub(super) fn workflow(&self, word: &str) -> Option<&Workflow> {
        self.workflows.iter().find(|known| known.file == word || known.id.to_string() == word)
    }
}

impl Workflow {
    /// A workflow in `file`.
    pub fn new(id: u64, name: &str, file: &str) -> Self {
        Self { id, name: name.to_owned(), file: file.to_owned() }
    }

    /// A run of it by a push to `main`, with these jobs.
    pub fn run(&self, id: u64, title: &str, created: DateTime<Utc>, jobs: Vec<Job>) -> Run {
        Run {
            id,
            number: id % 10_000,
            workflow_id: self.id,
            workflow: self.name.clone(),
            path: format!(".github/workflows/{}", self.file),
            title: title.to_owned(),
            branch: Some("main".to_owned()),
            event: "push",
            actor: "mori".to_owned(),
            sha: format!("{}{}", super::fake::hex(&id.to_string(), 32), "0badc0de"),
            created,
            attempts: vec![Attempt { started: created, jobs }],
            verdict: None,
            archive: Archive::OfJobs,
            reviews: Vec::new(),
        }
    }
}

impl Run {
    /// The same on this branch by this event.
    pub fn on(self, branch: Option<&str>, event: &'static str) -> Self {
        Self { branch: branch.map(str::to_owned), event, ..self }
    }

    /// The newest attempt's number and itself.
    pub(super) fn latest(&self) -> (u64, Option<&Attempt>) {
        (self.attempts.len() as u64, self.attempts.last())
    }

    pub(super) fn attempt(&self, number: u64) -> Option<&Attempt> {
        self.attempts.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// Status and conclusion of an attempt.
    pub(super) fn state(
        &self,
        attempt: &Attempt,
        now: DateTime<Utc>,
    ) -> (&'static str, Option<&'static str>) {
        if let Some(verdict) = self.verdict {
            return ("completed", Some(verdict));
        }
        let seen: Vec<_> = attempt.jobs.iter().map(|job| job.seen(now)).collect();
        let any = |status| seen.iter().any(|job| job.status == status);
        let ended = |word| seen.iter().any(|job| job.conclusion == Some(word));
        if any("in_progress") {
            return ("in_progress", None);
        }
        if any("queued") {
            let begun = seen.iter().any(|job| job.status == "completed");
            return (if begun { "in_progress" } else { "queued" }, None);
        }
        if any("waiting") {
            return ("waiting", None);
        }
        let bad = ["failure", "timed_out"].into_iter().find(|word| ended(word));
        let conclusion = bad.or(ended("cancelled").then_some("cancelled")).unwrap_or("success");
        let conclusion = if bad.is_some() { "failure" } else { conclusion };
        ("completed", Some(conclusion))
    }

    /// When an attempt was last touched.
    pub(super) fn updated(attempt: &Attempt, now: DateTime<Utc>) -> DateTime<Utc> {
        let ends = attempt.jobs.iter().filter_map(Job::ends).filter(|end| *end <= now);
        ends.max().unwrap_or(attempt.started).max(attempt.started)
    }

    /// Begins another attempt with the jobs that `again` picks; the others stay as they are.
    pub(super) fn rerun(
        &mut self,
        now: DateTime<Utc>,
        mut next_id: impl FnMut() -> u64,
        again: impl Fn(&Job) -> bool,
    ) {
        let number = self.attempts.len() as u64 + 1;
        let last = self.attempts.last().map(|attempt| attempt.jobs.clone()).unwrap_or_default();
        let jobs = last.into_iter().map(|job| {
            if !again(&job) {
                return job;
            }
            let lasts = job.steps.iter().map(|step| step.lasts_s.min(1));
            let steps = job.steps.iter().zip(lasts);
            Job {
                id: next_id(),
                attempt: number,
                starts: Some(now + TimeDelta::milliseconds(500)),
                cancelled: None,
                steps: steps.map(|(step, lasts_s)| mended(step, lasts_s)).collect(),
                conclusion: "success",
                annotations: Vec::new(),
                ..job
            }
        });
        let jobs = jobs.collect();
        self.attempts.push(Attempt { started: now, jobs });
    }
}

/// The step as it goes in the next attempt: what failed was a flake.
fn mended(step: &super::job::Step, lasts_s: i64) -> super::job::Step {
    let mut step = super::job::Step { lasts_s, ..step.clone() };
    if step.conclusion != "skipped" {
        step.conclusion = "success";
        step.lines.retain(|line| !line.starts_with("##[error]"));
    }
    step
}
