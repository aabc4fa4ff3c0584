//! `parky-ops runs cancel`: asks a run to stop.
//!
//! Writes: one request, after a yes. It takes effect later, so the run is looked at before anything is
//! said.

use super::change::{self, Change};
use super::place::{Place, RunArgs};
use crate::args::consent::ConsentArgs;
use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::Ui;

/// Stop a run
///
/// Exit: 6 without a yes, 7 where it is not known whether it worked.
#[derive(clap::Args, Debug)]
pub(crate) struct CancelArgs {
    #[command(flatten)]
    target: RunArgs,

    /// Skip steps that insist on running; only where it does not stop otherwise
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    consent: ConsentArgs,
}

pub(super) async fn run(args: &CancelArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let place = Place::of_run(&args.target, ctx, ui).await?;
    let found = place.find(&args.target.run).await?;
    let name = change::name(&found.run);
    if found.run.is_complete() {
        let conclusion = found.run.conclusion.as_deref().unwrap_or("complete");
        anyhow::bail!("{name} is complete ({conclusion}): there is nothing to cancel");
    }
    let force = if args.force { " by force" } else { "" };
    let forced = "steps that always run, such as clean-ups, are skipped".to_owned();
    let change = Change {
        command: "runs cancel",
        act: format!("cancel {name}{force}"),
        changes: vec!["jobs that are going on or waiting end as cancelled".to_owned()],
        warnings: args.force.then_some(forced).into_iter().collect(),
        names: Vec::new(),
    };
    let consent = match change::agree(&change, &place, &found.run, &args.consent, ctx, ui).await? {
        Ok(consent) => consent,
        Err(outcome) => return Ok(outcome),
    };
    let answer = found.client.cancel(&consent, found.run.id, args.force, Place::soon()).await;
    let posted = change::posted(answer)?;
    let (run, held) =
        change::look(&found.client, found.run.id, parky_ops::github::Run::is_complete).await;
    let done = match run.as_ref().and_then(|run| run.conclusion.as_deref()) {
        Some("cancelled") => "it is cancelled".to_owned(),
        other => format!("it ended as {} before it was cancelled", other.unwrap_or("complete")),
    };
    let pending = "GitHub took it; the run has not stopped yet: --force skips steps that insist";
    change::told(&change, &place, posted, (&found, run), (held, &done, pending), (ctx, ui))
}
