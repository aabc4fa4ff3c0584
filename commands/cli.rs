//! The command line: one line per command.

use clap::{ColorChoice, Parser, Subcommand};
use std::ffi::OsString;

use crate::args::globals::Globals;
use crate::{
    completions, config, db, dlq, doctor, health, help, man, pages, rollback, runs, sandbox,
    severity, smoke, tail, triage, vendors, workers,
};

/// The on-call runbook of Parky as one fast program
///
/// `parky-ops triage` asks everything at once and says what is broken, since when, what changed just
/// before, whether anyone was told, and what to type next.
#[derive(Parser, Debug)]
#[command(
    name = "parky-ops",
    version,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Try it without any credential: parky-ops --sandbox triage"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Completions(completions::CompletionsArgs),
    #[command(subcommand)]
    Config(config::ConfigCommand),
    #[command(subcommand)]
    Db(db::DbCommand),
    #[command(subcommand)]
    Dlq(dlq::DlqCommand),
    Doctor(doctor::DoctorArgs),
    Health(health::HealthArgs),
    Help(help::HelpArgs),
    Man(man::ManArgs),
    #[command(subcommand)]
    Pages(pages::PagesCommand),
    #[command(subcommand)]
    Rollback(rollback::RollbackCommand),
    #[command(subcommand)]
    Runs(runs::RunsCommand),
    #[command(subcommand)]
    Sandbox(sandbox::SandboxCommand),
    #[command(subcommand)]
    Severity(severity::SeverityCommand),
    Smoke(smoke::SmokeArgs),
    Tail(Box<tail::TailArgs>),
    Triage(triage::TriageArgs),
    Vendors(vendors::VendorsArgs),
    #[command(subcommand)]
    Workers(workers::WorkersCommand),
}

impl Command {
    /// Whether it looks at the world, so that `--sandbox` has to put stand-ins under it.
    pub(crate) fn is_staged(&self) -> bool {
        !matches!(
            self,
            Command::Completions(_) | Command::Help(_) | Command::Man(_) | Command::Sandbox(_)
        )
    }
}

/// When to use colour, by the words of the command line: for help and errors, which come before the
/// words are understood.
pub(crate) fn colour(words: impl Iterator<Item = OsString>) -> ColorChoice {
    let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let pairs = words.windows(2).filter(|pair| pair[0] == "--color").map(|pair| pair[1].as_str());
    let joined = words.iter().filter_map(|word| word.strip_prefix("--color="));
    let choice = pairs.chain(joined).find_map(|word| word.parse().ok());
    choice.unwrap_or(ColorChoice::Auto)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_tree_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_sandbox_takes_a_scenario_only_behind_an_equals_sign() {
        let scenario = |line: &str| {
            Cli::try_parse_from(line.split(' ')).map(|cli| cli.globals.sandbox).unwrap_or_default()
        };
        assert_eq!(scenario("parky-ops triage --sandbox").as_deref(), Some("bad-deploy"));
        assert_eq!(scenario("parky-ops --sandbox triage").as_deref(), Some("bad-deploy"));
        assert_eq!(scenario("parky-ops --sandbox=healthy triage").as_deref(), Some("healthy"));
        assert_eq!(scenario("parky-ops triage"), None);
    }
}
