//! `parky-ops runs logs ID|URL`: what the failed steps wrote.
//!
//! Reads only. Each job's log is fetched by the job's id and streamed; where many are wanted, the
//! archive of the run is. Nothing is left out in silence: each wanted job prints a log or the reason why
//! there is none, and then the exit code is 7.

mod choose;
mod print;
mod source;

use std::path::PathBuf;

use anyhow::Context as _;
use parky_ops::domain::Caveat;
use parky_ops::github::Run;

use self::choose::Wanted;
use self::print::Printer;
use self::source::Source;
use super::place::{Found, Place, RunArgs};
use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::Refusal;
use crate::signals::Signals;
use crate::ui::{Format, Ui};

/// Print logs: of the failed steps, or of everything
///
/// On a terminal the lines around each error; --full prints everything. Elsewhere whole logs, as
/// JOB, STEP and LINE with tabs between. Exit: 7 if the log of a job is missing.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops runs logs 17400000060
  parky-ops runs logs 17400000060 --all --json
  parky-ops runs logs 17400000060 --job typecheck --tail 50")]
pub(crate) struct LogsArgs {
    #[command(flatten)]
    target: RunArgs,

    /// Only the failed steps [the default]
    #[arg(long, conflicts_with = "all")]
    failed: bool,

    /// Every job and step
    #[arg(long)]
    all: bool,

    /// Only this job: its id, its name or a part of it
    #[arg(long)]
    job: Option<String>,

    /// Only this step: its number, its name or a part of it
    #[arg(long)]
    step: Option<String>,

    /// Only the last lines of each
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    tail: Option<u16>,

    /// Everything, on a terminal too
    #[arg(long, conflicts_with = "tail")]
    full: bool,

    /// This attempt [default: the newest]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    attempt: Option<u64>,
}

pub(super) async fn run(args: &LogsArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let place = Place::of_run(&args.target, ctx, ui).await?;
    let limit = async {
        match ctx.globals.timeout {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        outcome = signals.next() => Ok(outcome),
        () = limit => {
            let text = "out of time: the logs are not whole".to_owned();
            Err(Refusal::unreachable(text, "raise --timeout, or leave it out").into())
        }
        outcome = print(args, &place, ctx, ui) => outcome,
    }
}

async fn print(args: &LogsArgs, place: &Place, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut target = args.target.run.clone();
    target.attempt = args.attempt.or(target.attempt);
    let found = place.find(&target).await?;
    let jobs = found.jobs(target.attempt, target.job, place.deadline).await;
    let jobs = jobs.context("reading its jobs")?;
    let Found { client, run } = found;
    let wanted = Wanted::of(args, target.job, &jobs)?;
    let runner = ctx.vars.get("GITHUB_ACTIONS") == Some("true");
    let mut printer = Printer::new(args, ui, runner, ctx.clock.now())?;
    if jobs.is_empty() {
        printer.missing(None, no_jobs(&run))?;
    } else if wanted.is_empty() {
        ui.note(&format!("no job of run {} failed; --all prints every log", run.id));
    }
    let folder = ctx.vars.path("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp"));
    let mut source = Source::open(&client, &run, &wanted, &jobs, &folder).await;
    if let Some(why) = source.without_archive() {
        let text =
            format!("the archive of the run was no use, each log was fetched by itself: {why}");
        printer.note(Caveat::new("no-archive", text));
    }
    for one in wanted {
        printer.job(one, &mut source).await?;
    }
    let outcome = printer.end()?;
    ui.say_caveats(&if ui.look.format == Format::Text { place.caveats() } else { Vec::new() });
    Ok(outcome)
}

/// Why a run has no jobs at all.
fn no_jobs(run: &Run) -> &'static str {
    match run.conclusion.as_deref() {
        Some("startup_failure") => {
            "GitHub could not start the run: the workflow file is broken, and there is no log"
        }
        Some("action_required") => "the run awaits an approval on its page: it has not begun",
        _ => "the run has no jobs: there is no log",
    }
}
