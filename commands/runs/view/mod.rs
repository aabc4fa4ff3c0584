//! `parky-ops runs view ID|URL`: the jobs of a run, what failed and why, who has to approve.
//!
//! Reads only. The run and its jobs are asked for at once, then the notes of the bad jobs and the
//! gates: two round trips, whatever the number of jobs.

mod page;
mod rows;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt as _};
use parky_ops::domain::Caveat;
use parky_ops::github::{Annotation, Client, Gate, Job, Run, State};
use parky_ops::http::{ApiError, Fault};
use serde::Serialize;
use tokio::time::Instant;

pub(super) use self::rows::GateRow;
use self::rows::{Failed, JobRow, Noted, failed, job_row, noted};
use super::list::RunRow;
use super::place::{Found, Place, RunArgs};
use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::Ui;

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
/// So many notes of a job are asked for.
const MOST_NOTES: usize = 100;
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
            if jobs.is_empty() {
                // Of an earlier attempt: the address is older than a re-run.
                let job = client.job(only, place.deadline).await;
                jobs.push(job.context("reading the job")?);
            }
        }
        let notes = notes(&client, &jobs, place.deadline);
        let gates = gates(&client, &run, &jobs, place.deadline);
        let (notes, gates) = tokio::join!(notes, gates);
        anyhow::Ok((run, jobs, notes, gates))
    };
    let (run, jobs, notes, gates) = tokio::select! {
        outcome = signals.next() => return Ok(outcome),
        gathered = gathered => gathered?,
    };
    let own = |words: &[&str]| ctx.invocation(&place.world.config.env).own(words.iter().copied());
    let (gates, untold) = match gates {
        Ok(gates) => (gates, None),
        Err(error) => (Vec::new(), Some(unread_gates(&error))),
    };
    let mut whole = Whole::of(&run, &jobs, notes, &gates, &own, ctx.clock.now());
    whole.caveats.extend(untold);
    whole.caveats.extend(place.caveats());
    ui.show(&whole, ctx.clock.now())?;
    Ok(Outcome::Done)
}

/// What the bad jobs noted, and what the reader must know of that; a refusal is told once.
async fn notes(
    client: &Client,
    jobs: &[Job],
    deadline: Instant,
) -> (Vec<(Job, Vec<Annotation>)>, Vec<Caveat>) {
    let bad: Vec<&Job> = jobs.iter().filter(|job| job.state().is_bad()).collect();
    let asked = bad.iter().take(NOTED);
    let asked =
        asked.map(async |job| (Job::clone(job), client.annotations(job.id, deadline).await));
    let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let (mut refused, mut cut) = (None, bad.len() > NOTED);
    let mut found = Vec::new();
    for (job, answer) in answers {
        match answer {
            Ok(notes) => {
                cut |= notes.len() >= MOST_NOTES;
                found.push((job, notes));
            }
            Err(error) => refused = Some(error),
        }
    }
    let cut = cut.then(|| {
        let text = format!(
            "annotations are those of the first {NOTED} bad jobs, {MOST_NOTES} of each at most"
        );
        Caveat::new("annotations-cut", text)
    });
    (found, refused.iter().map(note_of).chain(cut).collect())
}

/// What holds it back, where anything does; some of its jobs may go on meanwhile.
async fn gates(
    client: &Client,
    run: &Run,
    jobs: &[Job],
    deadline: Instant,
) -> Result<Vec<Gate>, ApiError> {
    let waits = |state| state == State::Waiting;
    match waits(run.state()) || jobs.iter().any(|job| waits(job.state())) {
        true => client.gates(run.id, deadline).await,
        false => Ok(Vec::new()),
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

impl Whole {
    fn of(
        run: &Run,
        jobs: &[Job],
        (notes, mut caveats): (Vec<(Job, Vec<Annotation>)>, Vec<Caveat>),
        gates: &[Gate],
        own: &dyn Fn(&[&str]) -> String,
        now: DateTime<Utc>,
    ) -> Self {
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

fn unread_gates(error: &ApiError) -> Caveat {
    Caveat::new("approvals", format!("what it waits for could not be read: {error}"))
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
