//! `parky-ops runs view ID|URL`: the jobs of a run, what failed and why, who has to approve.
//!
//! Reads only. The run and its jobs are asked for at once, then the notes of the bad jobs and the
//! gates: two round trips, whatever the number of jobs.

use std::fmt::{self, Write};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt as _};
use parky_ops::domain::text::{one_line, shorten};
use parky_ops::domain::{Caveat, Jst, clock::span};
use parky_ops::github::{Annotation, Client, Gate, Job, Run, State};
use parky_ops::http::{ApiError, Fault};
use serde::Serialize;
use tokio::time::Instant;

use super::glyph;
use super::list::RunRow;
use super::place::{Found, Place, RunArgs};
use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{Page, Table, Tone, Ui, View, paint};

/// Show a run: its jobs, the failed steps and why, and who has to approve
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops runs view 17400000060
  parky-ops runs view https://github.com/parky/parky/actions/runs/17400000060/attempts/1")]
pub(crate) struct ViewArgs {
    #[command(flatten)]
    target: RunArgs,

    /// This attempt [default: the newest]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    attempt: Option<u64>,
}

/// Notes are asked for of so many bad jobs, so many at once.
const NOTED: usize = 30;
const AT_ONCE: usize = 6;

pub(super) async fn run(args: &ViewArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let place = Place::of_run(&args.target, ctx, ui).await?;
    let mut wanted = args.target.run.clone();
    wanted.attempt = args.attempt.or(wanted.attempt);
    let gathered = async {
        let found = match (place.repos.as_slice(), wanted.run) {
            // The usual case: everything that the address tells is asked at once.
            ([_], Some(id)) => {
                let client = place.clients().remove(0);
                let (run, jobs) = tokio::join!(
                    client.run(id, wanted.attempt, place.deadline),
                    client.jobs(id, wanted.attempt, place.deadline)
                );
                (Found { run: run.context("reading the run")?, client }, jobs)
            }
            _ => {
                let found = place.find(&wanted).await?;
                let jobs = found.client.jobs(found.run.id, wanted.attempt, place.deadline).await;
                (found, jobs)
            }
        };
        let (Found { client, run }, jobs) = found;
        let mut jobs = jobs.context("reading its jobs")?;
        if let Some(only) = wanted.job {
            jobs.retain(|job| job.id == only);
        }
        let notes = notes(&client, &jobs, place.deadline);
        let gates = gates(&client, &run, place.deadline);
        let (notes, gates) = tokio::join!(notes, gates);
        anyhow::Ok((run, jobs, notes, gates.context("reading what it waits for")?))
    };
    let (run, jobs, notes, gates) = tokio::select! {
        outcome = signals.next() => return Ok(outcome),
        gathered = gathered => gathered?,
    };
    let own = |words: &[&str]| ctx.invocation(&place.world.config.env).own(words.iter().copied());
    let mut whole = Whole::of(&run, &jobs, notes, &gates, &own, ctx.clock.now());
    whole.caveats.extend(place.caveats());
    ui.show(&whole, ctx.clock.now())?;
    Ok(Outcome::Done)
}

/// What the bad jobs noted; a refusal is told once.
async fn notes(
    client: &Client,
    jobs: &[Job],
    deadline: Instant,
) -> (Vec<(Job, Vec<Annotation>)>, Option<ApiError>) {
    let bad = jobs.iter().filter(|job| job.state().is_bad()).take(NOTED);
    let asked = bad.map(async |job| (job.clone(), client.annotations(job.id, deadline).await));
    let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let mut refused = None;
    let mut found = Vec::new();
    for (job, answer) in answers {
        match answer {
            Ok(notes) => found.push((job, notes)),
            Err(error) => refused = Some(error),
        }
    }
    (found, refused)
}

pub(super) async fn gates(
    client: &Client,
    run: &Run,
    deadline: Instant,
) -> Result<Vec<Gate>, ApiError> {
    match run.state() {
        State::Waiting => client.gates(run.id, deadline).await,
        _ => Ok(Vec::new()),
    }
}

#[derive(Debug, Serialize)]
struct Whole {
    run: RunRow,
    jobs: Vec<JobRow>,
    failed: Vec<Failed>,
    annotations: Vec<Noted>,
    approvals: Vec<GateRow>,
    next: Vec<String>,
    #[serde(skip)]
    head: Run,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

/// A job in JSON.
#[derive(Debug, Serialize)]
struct JobRow {
    id: u64,
    name: String,
    status: String,
    conclusion: Option<String>,
    attempt: u64,
    started_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    elapsed_s: Option<i64>,
    url: String,
    steps: Vec<StepRow>,
    #[serde(skip)]
    state: State,
}

#[derive(Debug, Serialize)]
struct StepRow {
    number: u64,
    name: String,
    status: String,
    conclusion: Option<String>,
}

#[derive(Debug, Serialize)]
struct Failed {
    job_id: u64,
    job: String,
    /// `None`: the job itself, such as one that ran into its time limit.
    step: Option<String>,
    conclusion: Option<String>,
}

#[derive(Debug, Serialize)]
struct Noted {
    job_id: u64,
    job: String,
    level: String,
    path: String,
    line: Option<u64>,
    title: Option<String>,
    message: String,
}

/// A gate in JSON.
#[derive(Debug, Clone, Serialize)]
pub(super) struct GateRow {
    id: u64,
    pub(super) environment: String,
    may_approve: bool,
    wait_minutes: u64,
    since: Option<DateTime<Utc>>,
    reviewers: Vec<String>,
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
    pub(super) fn text(&self, now: DateTime<Utc>) -> String {
        let since = self.since.map(|at| format!(" for {}", span(now - at))).unwrap_or_default();
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

impl Whole {
    fn of(
        run: &Run,
        jobs: &[Job],
        (notes, refused): (Vec<(Job, Vec<Annotation>)>, Option<ApiError>),
        gates: &[Gate],
        own: &dyn Fn(&[&str]) -> String,
        now: DateTime<Utc>,
    ) -> Self {
        let mut caveats: Vec<Caveat> = refused.iter().map(note_of).collect();
        caveats.extend(about(run, jobs));
        let approvals: Vec<_> = gates.iter().map(GateRow::from).collect();
        let (id, repo) = (run.id.to_string(), run.repo.to_string());
        let mut next = Vec::new();
        let words = |verb: &'static str| ["runs", verb, &id, "--repo", &repo].map(str::to_owned);
        let mut say = |words: &[String]| {
            next.push(own(&words.iter().map(String::as_str).collect::<Vec<_>>()));
        };
        if jobs.iter().any(|job| job.state().is_bad()) {
            say(&words("logs"));
        }
        for gate in &approvals {
            let gate = ["--environment".to_owned(), gate.environment.clone()];
            say(&[&words("approve")[..], &gate].concat());
        }
        match run.is_complete() {
            false => say(&words("watch")),
            true if run.state().is_bad() && !jobs.is_empty() => {
                say(&[&words("rerun")[..], &["--failed".to_owned()]].concat());
            }
            true => {}
        }
        Self {
            run: RunRow::of(run, now),
            jobs: jobs.iter().map(|job| job_row(job, now)).collect(),
            failed: jobs.iter().filter(|job| job.state().is_bad()).flat_map(failed).collect(),
            annotations: notes.into_iter().flat_map(|(job, notes)| noted(&job, notes)).collect(),
            approvals,
            next,
            head: run.clone(),
            caveats,
        }
    }
}

fn note_of(error: &ApiError) -> Caveat {
    let text = match error.fault {
        Fault::Forbidden => format!(
            "annotations are not shown: the token may not read checks, which personal tokens often may not ({error})"
        ),
        _ => format!("annotations are not shown: {error}"),
    };
    Caveat::new("annotations", text)
}

/// What a run's words mean that do not speak for themselves.
fn about(run: &Run, jobs: &[Job]) -> Option<Caveat> {
    let (code, text) = match run.conclusion.as_deref() {
        Some("startup_failure") => (
            "startup-failure",
            "GitHub could not start it: the workflow file is broken. There are no jobs, no logs and no re-run",
        ),
        Some("action_required") => {
            ("action-required", "a fork's run that somebody has to approve on its page first")
        }
        Some("stale") => ("stale-run", "GitHub gave up on it after 14 days without a sign of life"),
        _ if jobs.iter().any(|job| job.state() == State::Cancelled) => (
            "cancelled",
            "a cancelled job: by a newer push, a person, another job's failure, or its own time limit",
        ),
        _ => return None,
    };
    Some(Caveat::new(code, text))
}

fn job_row(job: &Job, now: DateTime<Utc>) -> JobRow {
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

fn failed(job: &Job) -> Vec<Failed> {
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

fn noted(job: &Job, notes: Vec<Annotation>) -> Vec<Noted> {
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

impl View for Whole {
    const COMMAND: &'static str = "runs view";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        self.heading(out, page)?;
        if !self.jobs.is_empty() {
            let mut table = Table::new(page, ["STATE", "ID", "TRY", "TOOK", "JOB"]).lead(2);
            for job in &self.jobs {
                let state = glyph::state(job.state, &job.status, job.conclusion.as_deref());
                let elapsed = job.elapsed_s.and_then(chrono::TimeDelta::try_seconds);
                let cells = [
                    &job.id.to_string(),
                    &job.attempt.to_string(),
                    &glyph::took(elapsed),
                    job.name.as_str(),
                ];
                table.painted_row(&state, cells);
            }
            write!(out, "\n{table}")?;
        }
        self.failures(out)?;
        if !self.approvals.is_empty() {
            writeln!(out, "\n{}", paint(Tone::Strong, "WAITS FOR APPROVAL"))?;
            for gate in &self.approvals {
                writeln!(out, "  {}", gate.text(page.now))?;
            }
        }
        if !self.next.is_empty() {
            writeln!(out, "\n{}", paint(Tone::Strong, "NEXT"))?;
            self.next.iter().try_for_each(|command| writeln!(out, "  {command}"))?;
        }
        Ok(())
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}

impl Whole {
    fn heading(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let run = &self.head;
        let state = glyph::state(run.state(), &run.status, run.conclusion.as_deref());
        let title = shorten(&one_line(&run.title), 200);
        writeln!(out, "{state}  {}", paint(Tone::Strong, &title))?;
        let branch = run.branch.as_deref().unwrap_or("no branch");
        let by = run.actor.as_deref().map(|who| format!(" by {who}")).unwrap_or_default();
        let sha: String = run.sha.chars().take(8).collect();
        let line = format!(
            "{} · {} · {branch} · {sha} · {}{by} · attempt {} · {}",
            run.repo, run.workflow, run.event, run.attempt, run.id
        );
        writeln!(out, "{}", one_line(&line))?;
        if let Some(at) = run.started_at.or(run.created_at) {
            let took = glyph::took(run.elapsed(page.now));
            let word = if run.is_complete() { "took" } else { "going on for" };
            writeln!(out, "started {} ({} ago), {word} {took}", Jst(at), span(page.now - at))?;
        }
        writeln!(out, "{}", one_line(&run.url))
    }

    fn failures(&self, out: &mut dyn Write) -> fmt::Result {
        if self.failed.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", paint(Tone::Strong, "FAILED"))?;
        let mut told = None;
        for failed in &self.failed {
            let step = failed.step.as_deref().unwrap_or("(no step of it failed)");
            let line = format!("{} › {step}", one_line(&failed.job));
            writeln!(out, "  {}", paint(Tone::Bad, &one_line(&line)))?;
            if told == Some(failed.job_id) {
                continue;
            }
            told = Some(failed.job_id);
            for note in self.annotations.iter().filter(|note| note.job_id == failed.job_id) {
                let at = match (note.path.as_str(), note.line) {
                    (".github" | "", _) => String::new(),
                    (path, Some(line)) => format!("{path}:{line} "),
                    (path, None) => format!("{path} "),
                };
                let text = format!("{} {at}{}", note.level, note.message);
                writeln!(out, "    {}", shorten(&one_line(&text), 300))?;
            }
        }
        Ok(())
    }
}
