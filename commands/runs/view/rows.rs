//! The parts of a run as they stand in JSON.

use chrono::{DateTime, Utc};
use parky_ops::domain::clock::span;
use parky_ops::domain::text::one_line;
use parky_ops::github::{Annotation, Gate, Job, State};
use serde::Serialize;

/// A job in JSON.
#[derive(Debug, Serialize)]
pub(super) struct JobRow {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) conclusion: Option<String>,
    pub(super) attempt: u64,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) completed_at: Option<DateTime<Utc>>,
    pub(super) elapsed_s: Option<i64>,
    pub(super) url: String,
    pub(super) steps: Vec<StepRow>,
    #[serde(skip)]
    pub(super) state: State,
}

#[derive(Debug, Serialize)]
pub(super) struct StepRow {
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) conclusion: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Failed {
    pub(super) job_id: u64,
    pub(super) job: String,
    /// `None`: the job itself, such as one that ran into its time limit.
    pub(super) step: Option<String>,
    pub(super) conclusion: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Noted {
    pub(super) job_id: u64,
    pub(super) job: String,
    pub(super) level: String,
    pub(super) path: String,
    pub(super) line: Option<u64>,
    pub(super) title: Option<String>,
    pub(super) message: String,
}

/// A gate in JSON.
#[derive(Debug, Clone, Serialize)]
pub(in super::super) struct GateRow {
    pub(super) id: u64,
    pub(in super::super) environment: String,
    pub(super) may_approve: bool,
    pub(super) wait_minutes: u64,
    pub(super) since: Option<DateTime<Utc>>,
    pub(super) reviewers: Vec<String>,
}

impl From<&Gate> for GateRow {
    fn from(gate: &Gate) -> Self {
        Self {
            id: gate.id,
            environment: gate.environment.clone(),
            may_approve: gate.may_approve,
            wait_minutes: gate.wait_minutes,
            since: gate.since,
            reviewers: gate.reviewers.clone(),
        }
    }
}

impl GateRow {
    /// Who has to act, and since when.
    pub(in super::super) fn text(&self, now: DateTime<Utc>) -> String {
        let since = self.since.map(|at| format!(", {} so far", span(now - at))).unwrap_or_default();
        let who = match self.reviewers.as_slice() {
            [] => String::new(),
            names => format!("; may approve: {}", names.join(", ")),
        };
        let timer = match self.wait_minutes {
            0 => String::new(),
            minutes => format!("; a timer of {minutes} min runs, which no approval shortens"),
        };
        let you = if self.may_approve { "" } else { " (not this token's owner)" };
        one_line(&format!("{}: waits{since}{who}{you}{timer}", self.environment))
    }
}

pub(super) fn job_row(job: &Job, now: DateTime<Utc>) -> JobRow {
    let step = |step: &parky_ops::github::Step| StepRow {
        number: step.number,
        name: step.name.clone(),
        status: step.status.clone(),
        conclusion: step.conclusion.clone(),
    };
    JobRow {
        id: job.id,
        name: job.name.clone(),
        status: job.status.clone(),
        conclusion: job.conclusion.clone(),
        attempt: job.attempt,
        started_at: job.started_at,
        completed_at: job.completed_at,
        elapsed_s: job.elapsed(now).map(|elapsed| elapsed.num_seconds()),
        url: job.url.clone(),
        steps: job.steps.iter().map(step).collect(),
        state: job.state(),
    }
}

pub(super) fn failed(job: &Job) -> Vec<Failed> {
    let of = |step: Option<String>, conclusion: Option<String>| Failed {
        job_id: job.id,
        job: job.name.clone(),
        step,
        conclusion,
    };
    let bad = job.steps.iter().filter(|step| step.state().is_bad());
    let steps: Vec<_> =
        bad.map(|step| of(Some(step.name.clone()), step.conclusion.clone())).collect();
    if steps.is_empty() { vec![of(None, job.conclusion.clone())] } else { steps }
}

pub(super) fn noted(job: &Job, notes: Vec<Annotation>) -> Vec<Noted> {
    let noted = notes.into_iter().map(|note| Noted {
        job_id: job.id,
        job: job.name.clone(),
        level: note.level,
        path: note.path,
        line: note.line,
        title: note.title,
        message: note.message,
    });
    noted.collect()
}
