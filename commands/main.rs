//! The binary: parse, build the context, run the one command, report.

mod args;
mod cli;
mod completion;
mod completions;
mod config;
mod context;
mod db;
mod dlq;
mod doctor;
mod exit;
mod health;
mod help;
mod man;
mod pages;
mod refusal;
mod report;
mod rollback;
mod runs;
mod sandbox;
mod severity;
mod signals;
mod smoke;
mod stage;
mod tail;
mod triage;
mod ui;
mod vendors;
mod workers;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use clap_complete::CompleteEnv;
use parky_ops::config::Vars;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::Ui;

fn main() -> ExitCode {
    forget_postgres_variables();
    // Returns at once unless a shell asks for completions.
    let asks = CompleteEnv::with_factory(Cli::command).var(completion::VARIABLE);
    asks.shells(completion::SHELLS).complete();
    if std::env::args_os().len() <= 1 {
        return help::most_used(Cli::command()).into();
    }
    let vars = Vars::of_the_process();
    let command = Cli::command().color(cli::colour(std::env::args_os()));
    let cli = match command.try_get_matches().and_then(|m| Cli::from_arg_matches(&m)) {
        Ok(cli) => cli,
        Err(error) => return report::usage(&error, std::env::args_os()).into(),
    };
    let started = Context::new(cli.globals, vars, cli.command.is_staged());
    let (ctx, ui) = match started {
        Ok(started) => started,
        Err((error, ui)) => return report::failure(&error, &ui).into(),
    };
    match dispatch(&cli.command, &ctx, &ui) {
        Ok(outcome) => outcome.into(),
        Err(error) => report::failure(&error, &ui).into(),
    }
}

fn dispatch(command: &Command, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    match command {
        Command::Completions(args) => completions::run(args, Cli::command(), ui),
        Command::Config(command) => config::run(command, ctx, ui),
        Command::Db(command) => db::run(command, ctx, ui),
        Command::Dlq(command) => dlq::run(command, ctx, ui),
        Command::Doctor(args) => signals::block_on(doctor::run(args, ctx, ui)),
        Command::Health(args) => signals::block_on(health::run(args, ctx, ui)),
        Command::Help(args) => help::run(args, Cli::command(), ctx, ui),
        Command::Man(args) => man::run(args, Cli::command(), ctx, ui),
        Command::Pages(command) => signals::block_on(pages::run(command, ctx, ui)),
        Command::Rollback(command) => signals::block_on(rollback::run(command, ctx, ui)),
        Command::Runs(command) => signals::block_on(runs::run(command, ctx, ui)),
        Command::Sandbox(command) => sandbox::run(command, ctx, ui),
        Command::Severity(command) => severity::run(command, ctx, ui),
        Command::Smoke(args) => signals::block_on(smoke::run(args, ctx, ui)),
        Command::Tail(args) => signals::block_on(tail::run(args, ctx, ui)),
        Command::Triage(args) => signals::block_on(triage::run(args, ctx, ui)),
        Command::Vendors(args) => signals::block_on(vendors::run(args, ctx, ui)),
        Command::Workers(command) => signals::block_on(workers::run(command, ctx, ui)),
    }
}

/// The database driver reads `PG*` variables by itself, and one of them (`PGOPTIONS`) it cannot be
/// told to ignore. They belong to psql and must not steer this program.
fn forget_postgres_variables() {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("PG")) {
            #[expect(unsafe_code, reason = "no other thread exists yet")]
            // SAFETY: the first statement of main; nothing else can read the environment meanwhile.
            unsafe {
                std::env::remove_var(name);
            }
        }
    }
}
