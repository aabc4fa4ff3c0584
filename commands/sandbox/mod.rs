//! `parky-ops sandbox`: stand-ins for every service, for trying out, drills and tests.
//!
//! The commands are always there; a binary built without the cargo feature `sandbox` says so.

#[cfg(feature = "sandbox")]
mod scenarios;
#[cfg(feature = "sandbox")]
mod up;

use std::path::PathBuf;

use crate::completion::{self, Kind};
use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::Ui;

/// Stand-ins for every service, for trying out, drills and tests
#[derive(clap::Subcommand, Debug)]
pub(crate) enum SandboxCommand {
    /// List the scenarios
    Scenarios,
    Up(UpArgs),
}

/// Keep a sandbox running until Ctrl-C
///
/// When ready it prints lines that point this program, wrangler and psql at it, to be pasted into
/// another shell.
#[derive(clap::Args, Debug)]
pub(crate) struct UpArgs {
    /// Where its configuration and state are kept; a new or empty directory, or one of an earlier sandbox
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// What has gone wrong [default: bad-deploy]
    #[arg(long, value_name = "SCENARIO", add = completion::of(Kind::Scenario))]
    scenario: Option<String>,
}

#[cfg(feature = "sandbox")]
pub(crate) fn run(command: &SandboxCommand, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    match command {
        SandboxCommand::Scenarios => crate::signals::block_on(scenarios::run(ctx, ui)),
        SandboxCommand::Up(args) => up::run(args, ctx, ui),
    }
}

#[cfg(not(feature = "sandbox"))]
pub(crate) fn run(_: &SandboxCommand, _: &Context, _: &Ui) -> anyhow::Result<Outcome> {
    Err(crate::stage::absent())
}
