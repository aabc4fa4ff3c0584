//! The command line: one line per command, and the options that all of them share.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ColorChoice, Parser, Subcommand};
use parky_ops::domain::{EnvName, parse_span};

use crate::ui::Format;
use crate::{completions, config, doctor, health, help, sandbox, triage};

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
    Doctor(doctor::DoctorArgs),
    Health(health::HealthArgs),
    Help(help::HelpArgs),
    #[command(subcommand)]
    Sandbox(sandbox::SandboxCommand),
    Triage(triage::TriageArgs),
}

impl Command {
    /// Whether it looks at the world, so that `--sandbox` has to put stand-ins under it.
    pub(crate) fn is_staged(&self) -> bool {
        !matches!(self, Command::Completions(_) | Command::Help(_) | Command::Sandbox(_))
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

/// Options that mean the same everywhere.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    #[arg(long, global = true, value_name = "ENV")]
    pub(crate) env: Option<EnvName>,

    /// Configuration file instead of the usual one
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// How to print the answer
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Short for --format json
    #[arg(long, global = true)]
    json: bool,

    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto)]
    pub(crate) color: ColorChoice,

    /// Never ask anything
    #[arg(long, global = true)]
    pub(crate) no_input: bool,

    /// Deadline of the whole command, such as 15s or 2m
    #[arg(long, global = true, value_name = "SPAN", value_parser = limit)]
    pub(crate) timeout: Option<Duration>,

    /// Exit 11 where the verdict is yellow
    #[arg(long, global = true, value_name = "yellow", value_parser = ["yellow"])]
    pub(crate) fail_on: Option<String>,

    /// Say only what was asked for
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    /// Say more; twice: every request, without secrets, on stderr
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,

    /// Run against stand-ins for every service [scenario: bad-deploy]
    #[arg(
        long,
        global = true,
        value_name = "SCENARIO",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "bad-deploy"
    )]
    pub(crate) sandbox: Option<String>,
}

impl Globals {
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

fn limit(s: &str) -> Result<Duration, String> {
    let span = match s.strip_suffix("ms").and_then(|n| n.parse::<u64>().ok()) {
        Some(ms) => Some(Duration::from_millis(ms)),
        None => parse_span(s).and_then(|span| span.to_std().ok()),
    };
    span.filter(|span| !span.is_zero()).ok_or_else(|| "use a span such as 15s or 2m".to_owned())
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

    #[test]
    fn limits_are_spans() {
        assert_eq!(limit("15s"), Ok(Duration::from_secs(15)));
        assert_eq!(limit("250ms"), Ok(Duration::from_millis(250)));
        assert!(limit("0s").is_err() && limit("soon").is_err());
    }
}
