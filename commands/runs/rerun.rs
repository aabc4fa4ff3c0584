//! `parky-ops runs rerun`: a new attempt of a run, of its failed jobs, or of one job.
//!
//! Writes: one request, after a yes. GitHub shows the new attempt a little later, so it is looked for
//! before anything is said; a request whose answer was lost is never repeated.

use anyhow::Context as _;
use parky_ops::domain::Consent;
use parky_ops::domain::text::one_line;
use parky_ops::github::Job;

use super::change::{self, Change};
use super::place::{Found, Place, RunArgs};
use crate::args::consent::ConsentArgs;
use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::{Refusal, Usage};
use crate::ui::Ui;

/// Run a run again: all of it, its failed jobs, or one job
///
/// Exit: 6 without a yes, 7 where it is not known whether it worked.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops runs rerun 17400000060 --failed
  parky-ops runs rerun 17400000060 --job typecheck --yes")]
pub(crate) struct RerunArgs {
    #[command(flatten)]
    target: RunArgs,

    /// Only the failed jobs and those that depend on them
    #[arg(long, conflicts_with = "job")]
    failed: bool,

    /// Only this job and those that depend on it: its id or its name
    #[arg(long)]
    job: Option<String>,

    #[command(flatten)]
    consent: ConsentArgs,
}

/// What is run again.
enum Part {
    All,
    Failed,
    One(Box<Job>),
}

pub(super) async fn run(args: &RerunArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let place = Place::of_run(&args.target, ctx, ui).await?;
    let found = place.find(&args.target.run).await?;
    let jobs = found.jobs(None, args.target.run.job, place.deadline).await;
    let jobs = jobs.context("reading its jobs")?;
    let part = args.part(&found, &jobs)?;
    let change = plan(&part, &found, &jobs, &place)?;
    let consent = match change::agree(&change, &place, &found.run, &args.consent, ctx, ui).await? {
        Ok(consent) => consent,
        Err(outcome) => return Ok(outcome),
    };
    let posted = change::posted(send(&consent, &part, &found).await)?;
    let before = found.run.attempt;
    let seen = change::look(&found.client, found.run.id, |run| run.attempt > before).await;
    let next = ctx.invocation(&place.world.config.env);
    let (id, repo) = (found.run.id.to_string(), found.run.repo.to_string());
    let watch = next.own(["runs", "watch", &id, "--repo", &repo]);
    let done = format!("attempt {} is under way; watch it with: {watch}", before + 1);
    let pending = format!("GitHub took it; the new attempt does not show yet: {watch}");
    let (run, held) = seen;
    change::told(&change, &place, posted, (&found, run), (held, &done, &pending), (ctx, ui))
}

async fn send(
    consent: &Consent,
    part: &Part,
    found: &Found,
) -> Result<(), parky_ops::http::ApiError> {
    let Found { client, run } = found;
    match part {
        Part::All => client.rerun(consent, run.id, Place::soon()).await,
        Part::Failed => client.rerun_failed(consent, run.id, Place::soon()).await,
        Part::One(job) => client.rerun_job(consent, job.id, Place::soon()).await,
    }
}

impl RerunArgs {
    fn part(&self, found: &Found, jobs: &[Job]) -> anyhow::Result<Part> {
        let pasted = self.target.run.job.map(|id| id.to_string());
        let Some(word) = self.job.as_ref().or(pasted.as_ref()) else {
            return Ok(if self.failed { Part::Failed } else { Part::All });
        };
        let by_id = jobs.iter().find(|job| job.id.to_string() == *word);
        let mut by_name = jobs.iter().filter(|job| job.name.eq_ignore_ascii_case(word));
        match (by_id, by_name.next(), by_name.next()) {
            (Some(job), ..) | (None, Some(job), None) => Ok(Part::One(Box::new(job.clone()))),
            (None, Some(_), Some(_)) => {
                let text =
                    format!("several jobs are called '{}': name one by its id", one_line(word));
                Err(Usage::new(text, &format!("parky-ops runs view {}", found.run.id)).into())
            }
            (None, None, _) => {
                let text = format!("no job '{}' in run {}", one_line(word), found.run.id);
                let hint = format!("parky-ops runs view {}", found.run.id);
                Err(Refusal::not_found(text, &hint).into())
            }
        }
    }
}

fn plan(part: &Part, found: &Found, jobs: &[Job], place: &Place) -> anyhow::Result<Change> {
    let run = &found.run;
    let name = change::name(run);
    if !run.is_complete() {
        anyhow::bail!("{name} is still going on: GitHub runs it again once it is complete");
    }
    let bad: Vec<&Job> = jobs.iter().filter(|job| job.state().is_bad()).collect();
    let (act, changes) = match part {
        Part::All => (format!("re-run {name}"), vec![format!("all {} jobs run again", jobs.len())]),
        Part::Failed if bad.is_empty() => {
            anyhow::bail!("no job of {name} failed: there is nothing to run again")
        }
        Part::Failed => (
            format!("re-run the failed jobs of {name}"),
            bad.iter().map(|job| format!("runs again: {}", job.name)).collect(),
        ),
        Part::One(job) => (
            format!("re-run the job {} of {name}", job.id),
            vec![format!("runs again: {}, and the jobs that depend on it", job.name)],
        ),
    };
    let attempt = format!("attempt {} follows attempt {}", run.attempt + 1, run.attempt);
    Ok(Change {
        command: "runs rerun",
        act,
        changes: std::iter::once(attempt).chain(changes).collect(),
        warnings: change::deploys(run, place).into_iter().collect(),
        names: Vec::new(),
    })
}
