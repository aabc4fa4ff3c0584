//! `parky-ops dlq`: the alerts that Discord did not take.

mod desk;
mod embed;
mod list;
mod p0;
mod replay;
mod row;
mod show;
mod site;
mod stats;

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Outcome;
use crate::signals;
use crate::ui::Ui;

/// List, explain and deliver the alerts that Discord did not take
#[derive(Subcommand, Debug)]
pub(crate) enum DlqCommand {
    List(list::ListArgs),
    P0(p0::P0Args),
    Replay(replay::ReplayArgs),
    Show(show::ShowArgs),
    Stats(stats::StatsArgs),
}

pub(crate) fn run(command: &DlqCommand, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    match command {
        DlqCommand::List(args) => signals::block_on(list::run(args, ctx, ui)),
        DlqCommand::P0(args) => signals::block_on(p0::run(args, ctx, ui)),
        DlqCommand::Replay(args) => signals::block_on(replay::run(args, ctx, ui)),
        DlqCommand::Show(args) => signals::block_on(show::run(args, ctx, ui)),
        DlqCommand::Stats(args) => signals::block_on(stats::run(args, ctx, ui)),
    }
}
