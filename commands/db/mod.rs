//! `parky-ops db`: first aid for the database.
//!
//! Everything but `kill` reads only.

mod connections;
mod health;
mod kill;
mod locks;
mod migrations;
mod ping;
mod queries;

use std::time::Duration;

use parky_ops::checks::World;
use parky_ops::database::{Aid, AidError};
use parky_ops::domain::Caveat;
use tokio::time::Instant;

use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::{self, Signals};
use crate::ui::Ui;

/// First aid for the database: who blocks whom, what runs, who holds the connections
#[derive(clap::Subcommand, Debug)]
pub(crate) enum DbCommand {
    Connections(connections::ConnectionsArgs),
    Health(health::HealthArgs),
    Kill(kill::KillArgs),
    Locks(locks::LocksArgs),
    Migrations(migrations::MigrationsArgs),
    Ping(ping::PingArgs),
    Queries(queries::QueriesArgs),
}

pub(crate) fn run(command: &DbCommand, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    match command {
        DbCommand::Connections(args) => interruptible(connections::run(args, ctx, ui)),
        DbCommand::Health(args) => signals::block_on(health::run(args, ctx, ui)),
        DbCommand::Kill(args) => signals::block_on(kill::run(args, ctx, ui)),
        DbCommand::Locks(args) => interruptible(locks::run(args, ctx, ui)),
        DbCommand::Migrations(args) => interruptible(migrations::run(args, ctx, ui)),
        DbCommand::Ping(args) => interruptible(ping::run(args, ctx, ui)),
        DbCommand::Queries(args) => interruptible(queries::run(args, ctx, ui)),
    }
}

/// Deadline of the whole command, where `--timeout` does not say otherwise.
const LIMIT: Duration = Duration::from_secs(30);

/// A read that a signal ends: there is nothing half done to tell of.
fn interruptible(work: impl Future<Output = anyhow::Result<Outcome>>) -> anyhow::Result<Outcome> {
    signals::block_on(async {
        let mut signals = Signals::listen()?;
        tokio::select! {
            biased;
            outcome = signals.next() => Ok(outcome),
            done = work => done,
        }
    })
}

/// The world, and when this run has to be over.
fn world(ctx: &Context, ui: &Ui) -> anyhow::Result<(World, Instant)> {
    let limit = ctx.globals.timeout.unwrap_or(LIMIT);
    let world = ctx.world(limit)?;
    ctx.announce(ui, &world.config);
    let deadline = world.deadline(limit);
    Ok((world, deadline))
}

/// An open session for a read.
async fn open(ctx: &Context, ui: &Ui) -> anyhow::Result<(World, Aid)> {
    let (world, deadline) = world(ctx, ui)?;
    let aid = parky_ops::database::open(&world, deadline).await?;
    Ok((world, aid))
}

/// What the reader has to know of the way to the answer, and of our role.
fn caveats(world: &World, limited: Option<Caveat>) -> Vec<Caveat> {
    world.caveats().into_iter().chain(limited).collect()
}

/// An error of a read, in the one form that the report knows.
fn failed(error: parky_ops::postgres::PgError) -> anyhow::Error {
    AidError::from(error).into()
}

/// So many seconds in two units; a dash where they may not be seen.
fn seconds(seconds: Option<f64>) -> String {
    let span = |seconds: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "ages of sessions, rounded down")]
        let seconds = chrono::TimeDelta::seconds(seconds as i64);
        parky_ops::domain::clock::span(seconds)
    };
    seconds.map_or_else(|| "-".to_owned(), span)
}

/// A word of the server's; a dash where it may not be seen or is empty.
fn word(word: Option<&str>) -> &str {
    word.filter(|word| !word.is_empty()).unwrap_or("-")
}
