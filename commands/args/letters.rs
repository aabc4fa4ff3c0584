//! Which dead letters are meant: the filters that all `dlq` commands share.

use std::io::{self, Read as _};

use clap::Args;
use parky_ops::dlq::{FailureId, Filter, StatusClass, lane_of};
use parky_ops::domain::{Moment, Severity};

use super::window::{Span, Window};
use crate::completion::{self, Kind};
use crate::refusal::Usage;

/// Every part narrows the choice.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Which rows")]
pub(crate) struct Letters {
    /// This row, whatever its time; may be repeated; - reads ids from stdin, one a line
    #[arg(long = "id", value_name = "ID", add = completion::of(Kind::DeadLetter))]
    ids: Vec<String>,

    /// Severity: P0 to P3, or SEV1 to SEV3; may be repeated
    #[arg(long = "severity", value_name = "P", value_parser = severity)]
    pub(crate) severities: Vec<String>,

    /// Channel, with or without #; may be repeated
    #[arg(long = "channel", value_name = "NAME", value_parser = channel, add = completion::of(Kind::Channel))]
    pub(crate) channels: Vec<String>,

    #[command(flatten)]
    window: Window,

    /// What Discord answered: 429, 5xx, 4xx or none; may be repeated
    #[arg(long = "status-class", value_name = "CLASS", value_parser = class)]
    classes: Vec<StatusClass>,

    /// The very HTTP status that Discord answered; may be repeated
    #[arg(long = "http-status", value_name = "N", value_parser = clap::value_parser!(i32).range(100..=599))]
    http_statuses: Vec<i32>,

    /// State: open, unsure, delivered, … or a word of the table's status; may be repeated
    #[arg(long = "state", value_name = "WORD", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) states: Vec<String>,

    /// Part of the title, whatever the case
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    title: Option<String>,

    /// Fingerprint of the payload, or its first signs
    #[arg(long, value_name = "HEX", value_parser = fingerprint)]
    fingerprint: Option<String>,

    /// Only P0 of which nobody was told by mail either
    #[arg(long)]
    no_fallback: bool,
}

impl Letters {
    /// The window's two ends.
    pub(crate) fn window(&self) -> &Window {
        &self.window
    }

    /// Begins the window there.
    pub(crate) fn since(&mut self, moment: Moment) {
        self.window.since = Some(moment);
    }

    /// Whether nothing at all was chosen.
    pub(crate) fn is_empty(&self) -> bool {
        let lists = self.ids.is_empty()
            && self.severities.is_empty()
            && self.channels.is_empty()
            && self.classes.is_empty()
            && self.http_statuses.is_empty()
            && self.states.is_empty();
        let window = self.window.since.is_none() && self.window.until.is_none();
        lists && window && self.title.is_none() && self.fingerprint.is_none() && !self.no_fallback
    }

    /// The filter, but for the states, which the ledger has its word in. Reads stdin where `--id -`
    /// says so.
    pub(crate) async fn filter(&self, span: Span) -> anyhow::Result<Filter> {
        let ids = self.all_ids().await?;
        let windowed = ids.is_empty();
        Ok(Filter {
            ids,
            since: windowed.then_some(span.since),
            until: span.until.filter(|_| windowed),
            severities: self.severities.clone(),
            channels: self.channels.clone(),
            classes: self.classes.clone(),
            http_statuses: self.http_statuses.clone(),
            statuses: Vec::new(),
            title: self.title.clone(),
            fingerprint: self.fingerprint.clone(),
            no_fallback: self.no_fallback,
        })
    }

    async fn all_ids(&self) -> anyhow::Result<Vec<FailureId>> {
        let mut ids: Vec<_> = self.ids.iter().filter(|id| *id != "-").cloned().collect();
        if ids.len() < self.ids.len() {
            let text = tokio::task::spawn_blocking(read_stdin).await??;
            let before = ids.len();
            ids.extend(
                text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned),
            );
            if ids.len() == before {
                let text = "--id -: there is no id on stdin".to_owned();
                return Err(Usage::new(text, "parky-ops dlq list --id ID").into());
            }
        }
        if ids.len() > MOST_IDS {
            let text = format!("more than {MOST_IDS} ids: use a window or another filter");
            return Err(Usage::new(text, "parky-ops dlq list --since 2h").into());
        }
        let mut ids: Vec<_> = ids.into_iter().map(FailureId::new).collect();
        ids.sort();
        ids.dedup();
        Ok(ids)
    }
}

/// They stand in one statement.
const MOST_IDS: usize = 10_000;
/// More than that is no list of ids.
const MOST_BYTES: u64 = 4 << 20;

fn read_stdin() -> anyhow::Result<String> {
    let mut text = String::new();
    let read = io::stdin().lock().take(MOST_BYTES + 1).read_to_string(&mut text);
    let read = read.map_err(|error| {
        Usage::new(format!("--id -: stdin cannot be read: {error}"), "parky-ops dlq list --id ID")
    })?;
    if read as u64 > MOST_BYTES {
        let text = "--id -: stdin holds more than 4 MiB".to_owned();
        return Err(Usage::new(text, "parky-ops dlq list --since 2h").into());
    }
    Ok(text)
}

/// How many rows: a number, or `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    AtMost(u64),
    All,
}

impl Limit {
    pub(crate) fn number(self) -> Option<u64> {
        match self {
            Limit::AtMost(n) => Some(n),
            Limit::All => None,
        }
    }
}

impl std::str::FromStr for Limit {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "all" => Ok(Limit::All),
            word => match word.parse::<u64>() {
                Ok(n @ 1..=1_000_000_000) => Ok(Limit::AtMost(n)),
                Ok(0) => Err("0 rows are none: say a number from 1 on, or all".to_owned()),
                _ => Err("say a number from 1 on, or all".to_owned()),
            },
        }
    }
}

fn severity(word: &str) -> Result<String, String> {
    if word.eq_ignore_ascii_case("p3") {
        return Ok("P3".to_owned());
    }
    word.parse::<Severity>()
        .map(|severity| severity.p().to_owned())
        .map_err(|error| format!("{error}, or P3"))
}

fn channel(word: &str) -> Result<String, String> {
    let name = lane_of(word);
    if name.is_empty() { Err("a channel has a name".to_owned()) } else { Ok(name.to_owned()) }
}

fn class(word: &str) -> Result<StatusClass, String> {
    match word.to_ascii_lowercase().as_str() {
        "429" => Ok(StatusClass::Limited),
        "5xx" => Ok(StatusClass::Server),
        "4xx" => Ok(StatusClass::Client),
        "none" => Ok(StatusClass::None),
        _ => Err("use 429, 5xx, 4xx or none".to_owned()),
    }
}

fn fingerprint(word: &str) -> Result<String, String> {
    let hexadecimal = word.chars().all(|c| c.is_ascii_hexdigit());
    if hexadecimal && (4..=64).contains(&word.len()) {
        Ok(word.to_ascii_lowercase())
    } else {
        Err("use 4 to 64 hexadecimal signs".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser, Debug)]
    struct Words {
        #[command(flatten)]
        letters: Letters,
    }

    fn letters(line: &str) -> Result<Letters, clap::Error> {
        Words::try_parse_from(format!("x {line}").split_whitespace()).map(|words| words.letters)
    }

    #[test]
    fn words_are_brought_into_one_form() {
        let read = letters(
            "--severity sev1 --severity p3 --channel #p0-alerts --channel p1-ops --status-class 5XX \
             --fingerprint ABCD --no-fallback --http-status 503",
        )
        .unwrap();
        assert_eq!(read.severities, ["P0", "P3"]);
        assert_eq!(read.channels, ["p0-alerts", "p1-ops"]);
        assert_eq!(read.classes, [StatusClass::Server]);
        assert_eq!(read.fingerprint.as_deref(), Some("abcd"));
        assert!(!read.is_empty() && letters("").unwrap().is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "--severity P4",
            "--channel #",
            "--status-class 3xx",
            "--http-status 42",
            "--fingerprint xyz",
            "--fingerprint abc",
            "--since tomorrow",
        ] {
            assert!(letters(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_limit_is_a_number_from_1_on_or_all() {
        assert_eq!("all".parse(), Ok(Limit::All));
        assert_eq!("50".parse(), Ok(Limit::AtMost(50)));
        for word in ["0", "-1", "", "many", "1e3", "ALL"] {
            assert!(word.parse::<Limit>().is_err(), "{word}");
        }
    }
}
