//! `parky-ops runs watch [ID|URL]`: follows a run to its end.
//!
//! Reads only, with conditional requests, so that waiting costs no quota. A server that fails for a
//! while, or a network that does, is told and waited for. Each change of a job is one line; the exit
//! code says how the run ended.

mod changes;
mod poll;

use std::time::Duration;

use anyhow::Context as _;
use parky_ops::domain::parse_span;
use parky_ops::github::{Job, RepoName, Run, RunQuery, RunRef};
use parky_ops::http::ApiError;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use self::changes::Screen;
use self::poll::Patience;
use super::place::{Found, Place, RunArgs};
use crate::completion::{self, Kind};
use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::Refusal;
use crate::signals::Signals;
use crate::ui::Ui;

/// Follow a run to its end
///
/// Exit: 0 if it succeeded, 10 if it failed, was cancelled or needs an action, 5 if GitHub could not
/// be reached for too long.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops runs watch 17400000065
  parky-ops runs watch --wait-start 2m --commit 0badc0de --fail-fast")]
pub(crate) struct WatchArgs {
    /// The run: its id, or its pasted address [default: the newest that is not complete]
    #[arg(value_name = "ID|URL", add = completion::of(Kind::Run))]
    run: Option<RunRef>,

    /// The repository, as owner/name [default: of the address, $GH_REPO, the configuration, the checkout]
    #[arg(long, value_name = "REPO")]
    repo: Option<RepoName>,

    /// Stop at the first job that fails
    #[arg(long)]
    fail_fast: bool,

    /// Without a run: wait so long for one to start
    #[arg(long, value_name = "SPAN", value_parser = span, conflicts_with = "run")]
    wait_start: Option<Duration>,

    /// Without a run: only runs of this commit, or of its first digits
    #[arg(long, value_name = "SHA", conflicts_with = "run")]
    commit: Option<String>,

    /// Without a run: only runs of this branch
    #[arg(long, conflicts_with = "run")]
    branch: Option<String>,

    /// Between two looks
    #[arg(long, value_name = "SPAN", default_value = "3s", value_parser = span)]
    interval: Duration,

    /// Give up when GitHub could not be reached for so long
    #[arg(long, value_name = "SPAN", default_value = "5m", value_parser = span)]
    give_up: Duration,
}

fn span(text: &str) -> Result<Duration, String> {
    let millis = text.strip_suffix("ms").and_then(|n| n.parse::<u64>().ok());
    let span = match millis {
        Some(millis) => Some(Duration::from_millis(millis)),
        None => parse_span(text).and_then(|span| span.to_std().ok()),
    };
    span.filter(|span| !span.is_zero()).ok_or_else(|| "use a span such as 3s or 2m".to_owned())
}

#[derive(Serialize)]
struct End<'a> {
    conclusion: Option<&'a str>,
    run: u64,
    attempt: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_job: Option<&'a str>,
}

pub(super) async fn run(args: &WatchArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let limit = async {
        match ctx.globals.timeout {
            Some(limit) => sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        outcome = signals.next() => Ok(outcome),
        () = limit => {
            let text = "out of time: the run goes on".to_owned();
            Err(Refusal::unreachable(text, "raise --timeout, or leave it out").into())
        }
        outcome = Box::pin(watch(args, ctx, ui)) => outcome,
    }
}

async fn watch(args: &WatchArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut screen = None;
    let mut patience = Patience::new(args.give_up);
    let (place, found) = match &args.run {
        Some(run) => {
            let target = RunArgs { run: run.clone(), repo: args.repo.clone() };
            let mut place = Place::of_run(&target, ctx, ui).await?;
            let found = loop {
                place.deadline = Instant::now() + poll::ONE_LOOK;
                let error = match place.find(run).await {
                    Ok(found) => break found,
                    Err(error) => error,
                };
                let Some(failed) = error.downcast_ref::<ApiError>() else { return Err(error) };
                let wait = patience.after(failed.clone(), ctx.clock.now());
                let wait = wait.context("reading the run")?;
                opened(&mut screen, ctx, ui)?.retry(&patience, wait)?;
                sleep(wait).await;
            };
            (place, found)
        }
        None => {
            let repos: Vec<_> = args.repo.iter().cloned().collect();
            let place = Place::open(&repos, ctx, ui).await?;
            let found = args.starting(&place).await?;
            (place, found)
        }
    };
    ui.say_caveats(&if ui.look.quiet { Vec::new() } else { place.caveats() });
    let invocation = ctx.invocation(&place.world.config.env);
    let Found { client, mut run } = found;
    patience.reset();
    let screen = opened(&mut screen, ctx, ui)?;
    screen.heading(&run)?;
    let attempt = args.run.as_ref().and_then(|run| run.attempt);
    loop {
        let deadline = Instant::now() + poll::ONE_LOOK;
        let (seen, jobs) = tokio::join!(
            client.run(run.id, attempt, deadline),
            client.jobs(run.id, attempt, deadline)
        );
        let both: Result<(Run, Vec<Job>), ApiError> = seen.and_then(|seen| Ok((seen, jobs?)));
        let (seen, jobs) = match both {
            Ok(both) => both,
            Err(error) => {
                let wait = patience.after(error, ctx.clock.now())?;
                screen.retry(&patience, wait)?;
                sleep(wait).await;
                continue;
            }
        };
        patience.reset();
        run = seen;
        screen.jobs(&jobs)?;
        screen.gate(&run, &invocation)?;
        let failed = jobs.iter().find(|job| args.fail_fast && job.state().is_bad());
        if run.is_complete() || failed.is_some() {
            return end(&run, failed, screen);
        }
        sleep(args.interval).await;
    }
}

/// The screen, which begins with the first thing that there is to tell: an error alone leaves none.
fn opened<'a, 'u>(
    screen: &'a mut Option<Screen<'u>>,
    ctx: &Context,
    ui: &'u Ui,
) -> anyhow::Result<&'a mut Screen<'u>> {
    if screen.is_none() {
        *screen = Some(Screen::new(ui, ctx.clock)?);
    }
    screen.as_mut().context("a screen")
}

fn end(run: &Run, failed: Option<&Job>, screen: &mut Screen<'_>) -> anyhow::Result<Outcome> {
    let failed = failed.filter(|_| !run.is_complete()).map(|job| job.name.as_str());
    let conclusion = run.conclusion.as_deref().filter(|_| run.is_complete());
    let end = End { conclusion, run: run.id, attempt: run.attempt, failed_job: failed };
    screen.end(run, failed, &end)?;
    let red = match conclusion {
        Some("failure" | "timed_out" | "startup_failure" | "cancelled" | "action_required") => true,
        _ => failed.is_some(),
    };
    Ok(if red { Outcome::Red } else { Outcome::Done })
}

impl WatchArgs {
    /// The newest run that is not complete; one that starts meanwhile, where that is waited for.
    async fn starting(&self, place: &Place) -> anyhow::Result<Found> {
        let until = Instant::now() + self.wait_start.unwrap_or_default();
        let query = RunQuery { branch: self.branch.clone(), limit: 50, ..RunQuery::default() };
        let mut patience = Patience::new(self.give_up);
        loop {
            for client in place.clients() {
                match client.runs(&query, Instant::now() + poll::ONE_LOOK).await {
                    Ok(listed) => {
                        patience.reset();
                        let mut runs = listed.runs.into_iter();
                        if let Some(run) = runs.find(|run| self.is_meant(run)) {
                            return Ok(Found { client, run });
                        }
                    }
                    Err(error) => {
                        patience.after(error, place.world.clock.now())?;
                    }
                }
            }
            if Instant::now() >= until {
                let of = self.commit.as_deref().map(|sha| format!(" of {sha}")).unwrap_or_default();
                let text = format!("no run{of} is going on");
                let hint = "a new run takes a moment to appear: --wait-start 2m";
                return Err(Refusal::not_found(text, hint).into());
            }
            sleep(self.interval.min(Duration::from_secs(3))).await;
        }
    }

    /// Whoever names a commit wants its run even where that was quick.
    fn is_meant(&self, run: &Run) -> bool {
        match &self.commit {
            Some(sha) => run.sha.starts_with(&sha.to_ascii_lowercase()),
            None => !run.is_complete(),
        }
    }
}
