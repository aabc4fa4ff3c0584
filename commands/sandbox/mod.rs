//! `parky-ops sandbox`, and the stage that `--sandbox` puts under any other command: stand-ins for
//! every service, for trying out, drills and tests.
//!
//! The commands are always there; a binary built without the cargo feature `sandbox` says so.

#[cfg(feature = "sandbox")]
mod scenarios;
#[cfg(feature = "sandbox")]
mod stage;
#[cfg(feature = "sandbox")]
mod up;

use std::path::PathBuf;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::Ui;

#[cfg(feature = "sandbox")]
pub(crate) use self::stage::Stage;

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
    #[arg(long, value_name = "SCENARIO")]
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
pub(crate) use self::absent::{Stage, run};

/// What stands here in the production binary.
#[cfg(not(feature = "sandbox"))]
mod absent {
    use std::path::Path;

    use parky_ops::config::Vars;
    use parky_ops::domain::Clock;

    use super::{Context, Outcome, SandboxCommand, Ui};
    use crate::report::Usage;

    const HINT: &str = "cargo run --release --locked --features sandbox -- triage --sandbox";

    fn absent() -> anyhow::Error {
        let text = "this binary was built without the cargo feature 'sandbox'";
        Usage::new(text.to_owned(), HINT).into()
    }

    pub(crate) fn run(_: &SandboxCommand, _: &Context, _: &Ui) -> anyhow::Result<Outcome> {
        Err(absent())
    }

    /// Never made.
    pub(crate) enum Stage {}

    impl Stage {
        pub(crate) fn raise(_: &str, _: &Vars, _: Clock, _: &Ui) -> anyhow::Result<(Self, Vars)> {
            Err(absent())
        }

        pub(crate) fn home(&self) -> &Path {
            match *self {}
        }
    }
}
