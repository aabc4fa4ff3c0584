//! `parky-ops config`: what is configured, who says so, and where. Needs no network and no credential.

mod init;
mod path;
mod show;
mod validate;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::Ui;

/// What is configured, and who says so
#[derive(clap::Subcommand, Debug)]
pub(crate) enum ConfigCommand {
    Init(init::InitArgs),
    Path(path::PathArgs),
    Show(show::ShowArgs),
    Validate(validate::ValidateArgs),
}

pub(crate) fn run(command: &ConfigCommand, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    match command {
        ConfigCommand::Init(args) => init::run(args, ctx, ui),
        ConfigCommand::Path(_) => path::run(ctx, ui),
        ConfigCommand::Show(args) => show::run(args, ctx, ui),
        ConfigCommand::Validate(args) => validate::run(args, ctx, ui),
    }
}
