//! `parky-ops rollback db`: what a way back of the database would take. Reads only: no SQL of it is
//! ever run by this program.

use std::fmt::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use parky_ops::domain::Caveat;
use parky_ops::rollback::database::{DatabasePlan, Step, plan};
use serde::{Serialize, Serializer};
use tokio::time::Instant;

use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{self, Page, Tone, Ui, paint};

/// Show what a way back of the database would take; never runs SQL of it
///
/// The newest migrations, the files in the checkout that undo them, the strong locks that those would
/// take, and who holds locks now.
#[derive(clap::Args, Debug)]
pub(crate) struct DbArgs {
    /// The checkout, or a directory in it [default: the working directory]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

const LIMIT: Duration = Duration::from_secs(15);

pub(super) async fn run(args: &DbArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let limit = ctx.globals.timeout.unwrap_or(LIMIT);
    let world = ctx.world(limit)?;
    ctx.announce(ui, &world.config);
    let directory = args.dir.as_ref().map_or_else(|| ctx.cwd.clone(), |dir| ctx.cwd.join(dir));
    let found = tokio::select! {
        outcome = signals.next() => return Ok(outcome),
        found = plan(&world, &directory, Instant::now() + limit) => found,
    };
    let whole = found.waiting.is_some();
    ui.show(&View { plan: found, caveats: world.caveats() }, ctx.clock.now())?;
    Ok(if whole { Outcome::Done } else { Outcome::Partly })
}

struct View {
    plan: DatabasePlan,
    caveats: Vec<Caveat>,
}

impl Serialize for View {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.plan.serialize(serializer)
    }
}

impl ui::View for View {
    const COMMAND: &'static str = "rollback db";

    fn text(&self, out: &mut dyn Write, _: &Page) -> fmt::Result {
        let DatabasePlan { folder, steps, waiting, blocker, .. } = &self.plan;
        match folder {
            Some(folder) => writeln!(out, "{} {folder}", paint(Tone::Strong, "migrations of"))?,
            None => writeln!(out, "{}", paint(Tone::Strong, "migrations"))?,
        }
        for step in steps {
            show(out, step)?;
        }
        match waiting {
            Some(0) => writeln!(out, "no session waits for a lock now")?,
            Some(n) => {
                let behind =
                    blocker.as_ref().map(|who| format!(", behind {who}")).unwrap_or_default();
                writeln!(
                    out,
                    "{} {n} sessions wait for locks now{behind}",
                    paint(Tone::Warn, "!")
                )?;
            }
            None => {}
        }
        writeln!(
            out,
            "nothing has been run: have a second person read the file, then run it by hand"
        )
    }

    fn caveats(&self) -> Vec<Caveat> {
        let gaps = self.plan.gaps.iter().map(|gap| Caveat::new("not-looked-at", gap));
        gaps.chain(self.caveats.iter().cloned()).collect()
    }
}

fn show(out: &mut dyn Write, step: &Step) -> fmt::Result {
    let applied = match step.applied {
        Some(true) => "applied",
        Some(false) => "not applied",
        None => "unknown whether applied",
    };
    writeln!(out, "  {} {} ({applied})", step.version, step.name)?;
    match (&step.down, &step.file) {
        (Some(down), _) => writeln!(out, "    undone by {down}")?,
        (None, Some(_)) => writeln!(out, "    no file that undoes it")?,
        (None, None) => writeln!(out, "    not in this checkout")?,
    }
    for lock in &step.locks {
        writeln!(
            out,
            "    {} {} ({}): {}",
            paint(Tone::Warn, "!"),
            lock.lock,
            lock.note,
            lock.statement
        )?;
    }
    Ok(())
}
