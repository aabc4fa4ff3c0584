//! `parky-ops smoke`: the step of a pipeline that asks whether what it stands on works.
//!
//! Reads only and never posts, prompts or reads stdin. Besides the answer it can leave a JUnit report,
//! annotations for GitHub Actions, and a table in the summary of the step.

mod actions;
mod junit;
mod summary;
mod view;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use parky_ops::checks::offline;
use parky_ops::config::ConfigError;
use parky_ops::domain::check::Times;
use parky_ops::domain::{Caveat, Check, Judgement, ReasonCode, Source, Verdict};
use parky_ops::smoke::{USUAL, examine, judge};

use self::view::Smoke;
use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{Progress, Ui};

/// Ask whether what a pipeline stands on works: the CI step
///
/// Configuration, credentials, hosts, SELECT 1, dead letters readable, tokens valid. Reads only. A
/// secret that is not set is skipped, as in a fork's pull request, unless its source is required.
///
/// Exit: 0 green or yellow, 3 a required source was skipped, 7 something could not be measured, 10 red.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops smoke --env dev --json
  parky-ops smoke --require database,tokens --junit smoke.xml")]
pub(crate) struct SmokeArgs {
    /// Fail where something of this source is skipped; may be given several times
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = sources())]
    require: Vec<Source>,

    /// Write a JUnit report to this file
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

/// Every source that can be required, by its word.
fn known() -> impl Iterator<Item = Source> {
    Source::TRIAGE.into_iter().chain(USUAL.into_iter().filter(|s| !Source::TRIAGE.contains(s)))
}

fn sources() -> impl clap::builder::TypedValueParser<Value = Source> {
    let find = |word: String| known().find(|source| source.word() == word).ok_or("no such source");
    PossibleValuesParser::new(known().map(Source::word)).try_map(find)
}

/// Deadline of the whole command, where `--timeout` does not say otherwise.
const LIMIT: Duration = Duration::from_secs(60);

/// Every call ends by itself at the deadline; this is for the unforeseen.
const GRACE: Duration = Duration::from_millis(300);

pub(crate) async fn run(args: &SmokeArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    // Before anything is asked: an old report must not pass for this one.
    let report = args.junit.as_deref().map(junit::begin);
    let required = args.require.iter().copied().collect();
    let (mut checks, mut caveats) = tokio::select! {
        outcome = signals.next() => return Ok(outcome),
        found = ask(&required, ctx, ui) => found,
    };
    for check in &mut checks {
        // Before XML, Markdown or percent signs could change the form of a secret.
        check.name = ui.clean(&check.name);
        check.reason.text = ui.clean(&check.reason.text);
    }
    let fail_on_yellow = ctx.globals.fail_on.is_some();
    let mut answer = Smoke {
        verdict: Verdict::over(&checks),
        missing: judge::missing(&checks, &required),
        required,
        checks,
        fail_on_yellow,
        caveats: Vec::new(),
    };
    let now = ctx.clock.now();
    let mut unwritten = Vec::new();
    if let Some(report) = report {
        let page = junit::page(&answer, now);
        unwritten.extend(report.and_then(|report| report.finish(&page)).err());
    }
    if let Some(path) = ctx.vars.path("GITHUB_STEP_SUMMARY") {
        let page = summary::page(&answer, ui.env(), now);
        match summary::append(&path, &page) {
            Ok(full) => caveats.extend(full.map(|text| Caveat::new("summary-full", text))),
            Err(error) => unwritten.push(error),
        }
    }
    let failed = !unwritten.is_empty();
    caveats.extend(unwritten.into_iter().map(|error| Caveat::new("not-written", error)));
    caveats.extend(offline::doubt(&answer.checks));
    answer.caveats = caveats;
    ui.show(&answer, now)?;
    if ctx.vars.get("GITHUB_ACTIONS") == Some("true") {
        actions::annotate(&answer, ui);
    }
    Ok(match answer.outcome() {
        Outcome::Done | Outcome::Yellow if failed => Outcome::Failed,
        outcome => outcome,
    })
}

/// Every check there is to tell, whatever happens, and what the reader must know.
async fn ask(required: &BTreeSet<Source>, ctx: &Context, ui: &Ui) -> (Vec<Check>, Vec<Caveat>) {
    let begun = Instant::now();
    let limit = ctx.globals.timeout.unwrap_or(LIMIT);
    let loaded = match ctx.load() {
        Ok(loaded) => loaded,
        Err(error) => return (vec![broken(&error, begun, ctx)], Vec::new()),
    };
    let files = loaded.files.clone();
    let world = ctx.world_of(loaded, limit);
    ctx.announce(ui, &world.config);
    let asked: Vec<_> = known().filter(|s| USUAL.contains(s) || required.contains(s)).collect();
    let progress = RefCell::new(Progress::new(&ui.look, &asked));
    let seen = RefCell::new(Vec::new());
    let watch = |check: &Check| {
        progress.borrow_mut().seen(check.source, &check.name, check.state);
        seen.borrow_mut().push(check.clone());
    };
    let examined = Box::pin(examine(&world, &files, required, &watch));
    let all = tokio::time::timeout(limit + GRACE, examined).await;
    let checks = all.unwrap_or_else(|_| {
        // What came before is kept.
        let text = format!("not done within {:.1} s", limit.as_secs_f64());
        let late = Judgement::unknown(ReasonCode::Deadline, text);
        let late = late.check(Source::Config, "smoke", world.times(begun));
        seen.take()
            .into_iter()
            .filter_map(|check| judge::settle(check, true))
            .chain([late])
            .collect()
    });
    (checks, world.caveats())
}

/// A broken configuration is this command's finding, not its failure.
fn broken(error: &anyhow::Error, begun: Instant, ctx: &Context) -> Check {
    let hint = error.downcast_ref::<ConfigError>().map(ConfigError::hint).unwrap_or_default();
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let times = Times { took_ms, measured_at: ctx.clock.now() };
    let judgement = Judgement::unknown(ReasonCode::BadConfig, format!("{error:#}: {hint}"));
    judgement.check(Source::Config, "configuration", times)
}
