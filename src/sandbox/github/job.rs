//! A job of a run: when it runs, what its steps do, and what its log is.

use axum::body::Bytes;
use chrono::{DateTime, TimeDelta, Utc};

/// A step of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// GitHub's number; post steps leave gaps.
    pub number: u64,
    /// Its name.
    pub name: String,
    /// How long it takes, in seconds.
    pub lasts_s: i64,
    /// How it ends.
    pub conclusion: &'static str,
    /// What it writes, without time stamps.
    pub lines: Vec<String>,
}

/// A note that a job left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// `notice`, `warning` or `failure`.
    pub level: &'static str,
    /// The file; `.github` for the runner's own words.
    pub path: String,
    /// The line in it.
    pub line: u64,
    /// What it says.
    pub message: String,
}

/// The log of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Log {
    /// What its steps write.
    Steps,
    /// These bytes.
    Bytes(Bytes),
    /// So many MiB of lines by the step with this number, made as they are sent.
    Filler {
        /// The step.
        step: u64,
        /// The size.
        mib: usize,
    },
    /// One line of so many MiB by the step with this number.
    LongLine {
        /// The step.
        step: u64,
        /// The size.
        mib: usize,
    },
    /// Past its retention: 410.
    Gone,
    /// There is none: 404.
    Absent,
}

/// A job of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The attempt in which it ran.
    pub attempt: u64,
    /// When it starts; `None` while something holds it back.
    pub starts: Option<DateTime<Utc>>,
    /// How it ends.
    pub conclusion: &'static str,
    /// The environment whose reviewers hold it back, or did.
    pub gate: Option<String>,
    /// When it was cancelled.
    pub cancelled: Option<DateTime<Utc>>,
    /// Its steps.
    pub steps: Vec<Step>,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
    /// Its log.
    pub log: Log,
}

/// A job as it is at one moment.
pub(super) struct Seen {
    pub(super) status: &'static str,
    pub(super) conclusion: Option<&'static str>,
    pub(super) completed: Option<DateTime<Utc>>,
}

impl Step {
    /// A step that succeeds within `lasts_s` seconds.
    pub fn new(number: u64, name: &str, lasts_s: i64) -> Self {
        let lines = vec![format!("##[group]Run {name}"), "##[endgroup]".to_owned()];
        Self { number, name: name.to_owned(), lasts_s, conclusion: "success", lines }
    }

    /// The same, writing these lines as well.
    pub fn writes(mut self, lines: &[&str]) -> Self {
        self.lines.extend(lines.iter().map(|line| (*line).to_owned()));
        self
    }

    /// The same, failing with exit code 1.
    pub fn fails(mut self) -> Self {
        self.conclusion = "failure";
        self.lines.push("##[error]Process completed with exit code 1.".to_owned());
        self
    }

    /// The same, ending like this and writing nothing.
    pub fn ends(self, conclusion: &'static str) -> Self {
        let lines = if conclusion == "skipped" { Vec::new() } else { self.lines };
        Self { conclusion, lines, ..self }
    }
}

impl Job {
    /// A job that checks out, works and tidies up, and succeeds.
    pub fn new(id: u64, name: &str, starts: DateTime<Utc>, works_s: i64) -> Self {
        let steps = vec![
            Step::new(1, "Set up job", 1),
            Step::new(2, "actions/checkout@v5", 1),
            Step::new(3, "npm test", works_s).writes(&["> parky test", "ok"]),
            Step::new(7, "Complete job", 0),
        ];
        Self {
            id,
            name: name.to_owned(),
            attempt: 1,
            starts: Some(starts),
            conclusion: "success",
            gate: None,
            cancelled: None,
            steps,
            annotations: Vec::new(),
            log: Log::Steps,
        }
    }

    /// The same, its work failing with these last words.
    pub fn fails(mut self, lines: &[&str]) -> Self {
        self.conclusion = "failure";
        self.steps = self
            .steps
            .into_iter()
            .map(|step| if step.number == 3 { step.writes(lines).fails() } else { step })
            .collect();
        self.annotations.push(Annotation {
            level: "failure",
            path: ".github".to_owned(),
            line: 1,
            message: "Process completed with exit code 1.".to_owned(),
        });
        self
    }

    /// The same, with its work named like this.
    pub fn work(mut self, name: &str) -> Self {
        if let Some(step) = self.steps.iter_mut().find(|step| step.number == 3) {
            name.clone_into(&mut step.name);
            if let Some(first) = step.lines.first_mut() {
                *first = format!("##[group]Run {name}");
            }
        }
        self
    }

    /// The same, never run.
    pub fn skipped(self) -> Self {
        let log = Log::Absent;
        Self { conclusion: "skipped", steps: Vec::new(), log, ..self }
    }

    /// The same, held back by the reviewers of `environment`.
    pub fn waits_for(self, environment: &str) -> Self {
        Self { starts: None, gate: Some(environment.to_owned()), ..self }
    }

    /// The same with this log.
    pub fn with_log(self, log: Log) -> Self {
        Self { log, ..self }
    }

    pub(super) fn lasts(&self) -> TimeDelta {
        TimeDelta::seconds(self.steps.iter().map(|step| step.lasts_s).sum())
    }

    /// The moment at which it ends or ended, once it has started.
    pub(super) fn ends(&self) -> Option<DateTime<Utc>> {
        let end = self.starts.map(|starts| starts + self.lasts());
        match (end, self.cancelled) {
            (Some(end), Some(cancelled)) => Some(end.min(cancelled)),
            (end, cancelled) => end.or(cancelled),
        }
    }

    pub(super) fn seen(&self, now: DateTime<Utc>) -> Seen {
        let unfinished = |status| Seen { status, conclusion: None, completed: None };
        let completed = self.ends();
        if completed.is_some_and(|end| end <= now) {
            let whole = self.starts.map(|starts| starts + self.lasts());
            let cut = self.cancelled.is_some_and(|at| whole.is_none_or(|whole| at < whole));
            let conclusion = if cut { "cancelled" } else { self.conclusion };
            return Seen { status: "completed", conclusion: Some(conclusion), completed };
        }
        match self.starts {
            Some(starts) if starts <= now => unfinished("in_progress"),
            None if self.gate.is_some() => unfinished("waiting"),
            _ => unfinished("queued"),
        }
    }

    /// When each step begins and ends; those after a cancellation never do.
    pub(super) fn step_times(&self) -> Vec<(&Step, DateTime<Utc>, DateTime<Utc>)> {
        let Some(mut at) = self.starts else { return Vec::new() };
        let mut times = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let end = at + TimeDelta::seconds(step.lasts_s);
            if self.cancelled.is_none_or(|cancelled| at < cancelled) {
                times.push((step, at, end));
            }
            at = end;
        }
        times
    }
}
