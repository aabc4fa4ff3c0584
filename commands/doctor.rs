//! `parky-ops doctor`: is every wire alive: configuration, credentials, reachability?
//!
//! Reads only. Works where the configuration is broken, and says how.

use std::fmt::{self, Write};
use std::time::{Duration, Instant};

use parky_ops::checks::{World, offline};
use parky_ops::config::ConfigError;
use parky_ops::doctor::examine;
use parky_ops::domain::check::Times;
use parky_ops::domain::{Caveat, Check, Judgement, ReasonCode, Source, Verdict};
use serde::Serialize;

use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{self, Page, Table, Ui, View};

/// Tell where each credential came from, and whether it works
///
/// Each is proved by one harmless call. The right to change something cannot be measured that way
/// and is said to be so.
#[derive(clap::Args, Debug)]
pub(crate) struct DoctorArgs {}

/// Deadline of the whole command, where `--timeout` does not say otherwise.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// Every call ends by itself at the deadline; this is for the unforeseen.
const GRACE: Duration = Duration::from_millis(300);

pub(crate) async fn run(_: &DoctorArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let begun = Instant::now();
    let limit = ctx.globals.timeout.unwrap_or(LIMIT);
    let loaded = match ctx.load() {
        Ok(loaded) => loaded,
        Err(error) => return broken(&error, begun, ctx, ui),
    };
    let files = loaded.files.clone();
    let world = ctx.world_of(loaded, limit);
    ctx.announce(ui, &world.config);
    let checks = tokio::select! {
        outcome = signals.next() => return Ok(outcome),
        checks = tokio::time::timeout(limit + GRACE, examine(&world, &files)) => {
            checks.unwrap_or_else(|_| vec![late(&world, begun, limit)])
        }
    };
    show(checks, world.caveats(), ctx, ui)
}

fn show(
    checks: Vec<Check>,
    mut caveats: Vec<Caveat>,
    ctx: &Context,
    ui: &Ui,
) -> anyhow::Result<Outcome> {
    caveats.extend(offline::doubt(&checks));
    let answer = Examination { verdict: Verdict::over(&checks), checks, caveats };
    ui.show(&answer, ctx.clock.now())?;
    Ok(Outcome::of_checks(&answer.checks, ctx.globals.fail_on.is_some()))
}

fn late(world: &World, begun: Instant, limit: Duration) -> Check {
    let text = format!("not done within {:.1} s", limit.as_secs_f64());
    let judgement = Judgement::unknown(ReasonCode::Deadline, text);
    judgement.check(Source::Config, "doctor", world.times(begun))
}

/// A broken configuration is this command's finding, not its failure.
fn broken(
    error: &anyhow::Error,
    begun: Instant,
    ctx: &Context,
    ui: &Ui,
) -> anyhow::Result<Outcome> {
    let hint = error.downcast_ref::<ConfigError>().map(ConfigError::hint).unwrap_or_default();
    let text = format!("{error:#}: {hint}");
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let times = Times { took_ms, measured_at: ctx.clock.now() };
    let judgement = Judgement::unknown(ReasonCode::BadConfig, text);
    show(vec![judgement.check(Source::Config, "configuration", times)], Vec::new(), ctx, ui)
}

#[derive(Debug, Serialize)]
struct Examination {
    verdict: Verdict,
    checks: Vec<Check>,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

impl View for Examination {
    const COMMAND: &'static str = "doctor";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let mut table = Table::new(page, ["STATE", "WHAT", "NAME", "SAYS"]);
        for check in &self.checks {
            let cells = [check.source.word(), &check.name, &check.reason.text];
            table.painted_row(&ui::state(check.state), cells);
        }
        write!(out, "{table}")
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}
