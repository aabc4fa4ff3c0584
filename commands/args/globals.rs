//! The options that every command has.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ColorChoice};
use parky_ops::domain::{EnvName, parse_span};

use crate::completion::{self, Kind};
use crate::ui::Format;

/// Options that mean the same everywhere.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    #[arg(long, global = true, value_name = "ENV", add = completion::of(Kind::Env))]
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

    /// Tell each green check too; twice: every request, without secrets, on stderr
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,

    /// Run against stand-ins for every service [scenario: bad-deploy]
    #[arg(
        long,
        global = true,
        value_name = "SCENARIO",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "bad-deploy",
        add = completion::of(Kind::Scenario)
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
    use super::*;

    #[test]
    fn limits_are_spans() {
        assert_eq!(limit("15s"), Ok(Duration::from_secs(15)));
        assert_eq!(limit("250ms"), Ok(Duration::from_millis(250)));
        assert!(limit("0s").is_err() && limit("soon").is_err());
    }
}
