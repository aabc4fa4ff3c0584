//! `parky-ops dlq`: the alerts that Discord did not take.

mod desk;
mod digest;
mod discard;
mod embed;
mod init;
mod list;
mod p0;
mod replay;
mod resolve;
mod row;
mod runs;
mod show;
mod site;
mod stats;
mod unsure;

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Outcome;
use crate::signals;
use crate::ui::Ui;

/// List, explain and deliver the alerts that Discord did not take
#[derive(Subcommand, Debug)]
pub(crate) enum DlqCommand {
    Digest(Box<digest::DigestArgs>),
    Discard(Box<discard::DiscardArgs>),
    Init(init::InitArgs),
    List(Box<list::ListArgs>),
    P0(p0::P0Args),
    Replay(Box<replay::ReplayArgs>),
    Resolve(resolve::ResolveArgs),
    Runs(runs::RunsArgs),
    Show(show::ShowArgs),
    Stats(stats::StatsArgs),
    Unsure(unsure::UnsureArgs),
}

pub(crate) fn run(command: &DlqCommand, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    match command {
        DlqCommand::Digest(args) => signals::block_on(digest::run(args, ctx, ui)),
        DlqCommand::Discard(args) => signals::block_on(discard::run(args, ctx, ui)),
        DlqCommand::Init(args) => signals::block_on(init::run(args, ctx, ui)),
        DlqCommand::List(args) => signals::block_on(list::run(args, ctx, ui)),
        DlqCommand::P0(args) => signals::block_on(p0::run(args, ctx, ui)),
        DlqCommand::Replay(args) => signals::block_on(replay::run(args, ctx, ui)),
        DlqCommand::Resolve(args) => signals::block_on(resolve::run(args, ctx, ui)),
        DlqCommand::Runs(args) => signals::block_on(runs::run(args, ctx, ui)),
        DlqCommand::Show(args) => signals::block_on(show::run(args, ctx, ui)),
        DlqCommand::Stats(args) => signals::block_on(stats::run(args, ctx, ui)),
        DlqCommand::Unsure(args) => signals::block_on(unsure::run(args, ctx, ui)),
    }
}
