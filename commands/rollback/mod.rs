//! `parky-ops rollback`: the way back of workers and Pages projects, and plans of it.

mod book;
mod card;
mod carry_out;
mod db;
mod job;
mod own_tail;
mod pages;
mod plan;
mod planned;
mod report;
mod telling;
mod worker;

use std::time::Duration;

use parky_ops::checks::World;
use parky_ops::checks::access::Cloudflare;
use tokio::time::Instant;

use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::Stopped;
use crate::signals::Signals;
use crate::ui::Ui;

/// Put an earlier version back, and show that it serves
#[derive(clap::Subcommand, Debug)]
pub(crate) enum RollbackCommand {
    Worker(worker::WorkerArgs),
    Pages(pages::PagesArgs),
    Plan(plan::PlanArgs),
    Db(db::DbArgs),
}

/// How long looking may take, where `--timeout` does not say otherwise.
const LOOK: Duration = Duration::from_secs(30);
/// The whole has no deadline of its own: this only bounds what asks for one.
const LIMIT: Duration = Duration::from_secs(3600);

pub(crate) async fn run(
    command: &RollbackCommand,
    ctx: &Context,
    ui: &Ui,
) -> anyhow::Result<Outcome> {
    match command {
        RollbackCommand::Worker(args) => Box::pin(worker::run(args, ctx, ui)).await,
        RollbackCommand::Pages(args) => Box::pin(pages::run(args, ctx, ui)).await,
        RollbackCommand::Plan(args) => unless_stopped(Box::pin(plan::run(args, ctx, ui))).await?,
        RollbackCommand::Db(args) => db::run(args, ctx, ui).await,
    }
}

/// Looking ends with a signal; later the signals have to be waited for where something was sent.
async fn unless_stopped<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        biased;
        outcome = signals.next() => Err(Stopped(outcome).into()),
        done = work => {
            signals.hand_on();
            Ok(done)
        }
    }
}

/// Configuration, Cloudflare, and until when looking may take.
pub(crate) async fn reach(ctx: &Context, ui: &Ui) -> anyhow::Result<(World, Cloudflare, Instant)> {
    let world = ctx.world(ctx.globals.timeout.unwrap_or(LIMIT))?;
    ctx.announce(ui, &world.config);
    let deadline = Instant::now() + LOOK.min(ctx.globals.timeout.unwrap_or(LOOK));
    let access = world.cloudflare(deadline).await?;
    Ok((world, access, deadline))
}

/// `--verify`: a span, or 0 for none.
fn window(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let span = parky_ops::domain::parse_span(text).and_then(|span| span.to_std().ok());
    span.ok_or_else(|| "use a span such as 2m or 30s, or 0 for none".to_owned())
}
