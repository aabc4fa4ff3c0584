//! `parky-ops db health`: every check that `triage` makes of the database, but for the dead letters.
//!
//! Reads only.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use parky_ops::checks::gather;
use parky_ops::domain::{Caveat, Source};
use serde::Serialize;

use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{Checks, Page, Progress, Ui, View};

/// Check connect, query, read-only mode, long statements, slots, transaction ids, connections, locks
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops db health
  parky-ops db health --json --fail-on yellow")]
pub(crate) struct HealthArgs {}

const SOURCES: [Source; 3] = [Source::Database, Source::Connections, Source::Locks];

pub(super) async fn run(_: &HealthArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let limit = ctx.globals.timeout.unwrap_or(super::LIMIT);
    let world = ctx.world(limit)?;
    ctx.announce(ui, &world.config);
    let wanted = BTreeSet::from(SOURCES);
    let mut signal = None;
    let stop = async { signal = Some(signals.next().await) };
    let mut progress = Progress::new(&ui.look, &SOURCES);
    let watch = |source, name: &str, state| progress.seen(source, name, state);
    let mut gathered = gather(&world, &wanted, limit, stop, watch).await;
    drop(progress);
    gathered.checks.retain(|check| wanted.contains(&check.source));
    gathered.caveats.extend(world.caveats());
    let answer = Health(Checks::new(gathered.checks, gathered.caveats));
    ui.show(&answer, ctx.clock.now())?;
    let fail_on_yellow = ctx.globals.fail_on.is_some();
    Ok(signal.unwrap_or_else(|| Outcome::of_checks(&answer.0.checks, fail_on_yellow)))
}

#[derive(Debug, Serialize)]
struct Health(Checks);

impl View for Health {
    const COMMAND: &'static str = "db health";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        self.0.table(out, page)
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.0.caveats.clone()
    }
}
