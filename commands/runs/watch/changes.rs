//! What changed since the last look, on the screen or as events: a line a change, and on a terminal
//! one line below that tells what runs now.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use parky_ops::domain::text::{one_line, shorten};
use parky_ops::domain::{Clock, Invocation};
use parky_ops::github::{Job, Run, State};
use serde::Serialize;

use super::super::glyph;
use super::End;
use super::poll::Patience;
use crate::ui::{Format, Stream, Tone, Ui, paint};

pub(super) struct Screen<'a> {
    ui: &'a Ui,
    clock: Clock,
    json: bool,
    /// What was last told of each job.
    told: HashMap<u64, (String, Option<String>)>,
    waits: bool,
    below: Option<ProgressBar>,
}

#[derive(Serialize)]
struct JobEvent<'a> {
    id: u64,
    name: &'a str,
    status: &'a str,
    conclusion: Option<&'a str>,
    step: Option<&'a str>,
    elapsed_s: Option<i64>,
    url: &'a str,
}

#[derive(Serialize)]
struct RetryEvent<'a> {
    why: &'a str,
    seconds: f64,
}

impl<'a> Screen<'a> {
    pub(super) fn new(ui: &'a Ui, clock: Clock) -> io::Result<Self> {
        let json = ui.look.format == Format::Json;
        if json {
            Stream::start(ui, "runs watch", clock.now())?;
        }
        let below = (!json && ui.look.animate && !ui.look.quiet).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Ok(Self { ui, clock, json, told: HashMap::new(), waits: false, below })
    }

    pub(super) fn heading(&self, run: &Run) -> io::Result<()> {
        let title = shorten(&one_line(&run.title), 100);
        let branch = run.branch.as_deref().unwrap_or("no branch");
        let line = format!("{} · {branch} · {} · attempt {}", run.workflow, run.id, run.attempt);
        self.line(&format!("{}  {}", paint(Tone::Strong, &title), one_line(&line)))
    }

    /// Tells each job whose state is not the one that was told.
    pub(super) fn jobs(&mut self, jobs: &[Job]) -> io::Result<()> {
        for job in jobs {
            let state = (job.status.clone(), job.conclusion.clone());
            if self.told.get(&job.id) == Some(&state) {
                continue;
            }
            self.told.insert(job.id, state);
            self.job(job)?;
        }
        if let Some(below) = &self.below {
            let running = jobs.iter().filter(|job| job.status == "in_progress");
            let now: Vec<String> = running.map(now_running).collect();
            below.set_message(now.join(" · "));
        }
        Ok(())
    }

    fn job(&self, job: &Job) -> io::Result<()> {
        let elapsed = job.elapsed(self.clock.now());
        if self.json {
            let running = job.steps.iter().find(|step| step.status == "in_progress");
            let event = JobEvent {
                id: job.id,
                name: &job.name,
                status: &job.status,
                conclusion: job.conclusion.as_deref(),
                step: running.map(|step| step.name.as_str()),
                elapsed_s: elapsed.map(|elapsed| elapsed.num_seconds()),
                url: &job.url,
            };
            return Stream::resume(self.ui).event("job", &event);
        }
        let state = glyph::state(job.state(), &job.status, job.conclusion.as_deref());
        let failed = job.steps.iter().find(|step| step.state() == State::Bad);
        let step = failed.map(|step| format!(" › {}", step.name)).unwrap_or_default();
        let took = match job.status.as_str() {
            "completed" => format!("  {}", glyph::took(elapsed)),
            _ => String::new(),
        };
        self.line(&format!("{state}  {}{took}", one_line(&format!("{}{step}", job.name))))
    }

    /// Says once that a person has to act.
    pub(super) fn gate(&mut self, run: &Run, invocation: &Invocation) -> io::Result<()> {
        let waits = run.state() == State::Waiting;
        if waits && !self.waits && !self.json {
            let (id, repo) = (run.id.to_string(), run.repo.to_string());
            let approve = invocation.own(["runs", "approve", &id, "--repo", &repo]);
            self.note(&format!("it waits for an approval: {approve}"));
        }
        self.waits = waits;
        Ok(())
    }

    pub(super) fn retry(&self, patience: &Patience, wait: Duration) -> io::Result<()> {
        if self.json {
            let event = RetryEvent { why: &patience.why, seconds: wait.as_secs_f64() };
            return Stream::resume(self.ui).event("retry", &event);
        }
        self.note(&format!("again in {:.1} s: {}", wait.as_secs_f64(), patience.why));
        Ok(())
    }

    pub(super) fn end(&mut self, run: &Run, failed: Option<&str>, end: &End<'_>) -> io::Result<()> {
        if let Some(below) = self.below.take() {
            below.finish_and_clear();
        }
        if self.json {
            return Stream::resume(self.ui).event("end", end);
        }
        let state = glyph::state(run.state(), &run.status, run.conclusion.as_deref());
        let took = glyph::took(run.elapsed(self.clock.now()));
        let why = failed.map(|job| format!(" (stopped watching: {} failed)", one_line(job)));
        self.line(&format!("{state}  {took}{}  {}", why.unwrap_or_default(), one_line(&run.url)))
    }

    fn line(&self, line: &str) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        self.around(|| self.ui.write_text(&format!("{line}\n")))
    }

    fn note(&self, line: &str) {
        self.around(|| self.ui.note(line));
    }

    /// Writes while the line below is out of the way.
    fn around<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.below {
            Some(below) => below.suspend(write),
            None => write(),
        }
    }
}

/// A job and its current step.
fn now_running(job: &Job) -> String {
    let step = job.steps.iter().find(|step| step.status == "in_progress");
    let step = step.map(|step| format!(" › {}", step.name)).unwrap_or_default();
    shorten(&one_line(&format!("{}{step}", job.name)), 60)
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        if let Some(below) = &self.below {
            below.finish_and_clear();
        }
    }
}
