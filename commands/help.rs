//! `parky-ops help [TOPIC | COMMAND..]`: what cannot be found under a single command.

use std::fmt::{self, Write as _};

use clap::CommandFactory as _;
use parky_ops::domain::ReasonCode;
use parky_ops::domain::text::nearest;
use serde::Serialize;

use crate::cli::Cli;
use crate::context::Context;
use crate::exit::{CODES, Outcome};
use crate::report::Usage;
use crate::ui::{Page, Table, Ui, View};

/// Explain a topic (exit-codes, reasons) or a command
#[derive(clap::Args, Debug)]
pub(crate) struct HelpArgs {
    /// A topic, or the words of a command
    #[arg(value_name = "TOPIC")]
    words: Vec<String>,
}

pub(crate) fn run(args: &HelpArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let words: Vec<_> = args.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["exit-codes"] => ui.show(&Topic::exit_codes(), ctx.clock.now())?,
        ["reasons"] => ui.show(&Topic::reasons(), ctx.clock.now())?,
        words => ui.show_raw(&of_command(words)?)?,
    }
    Ok(Outcome::Done)
}

/// A table of words and what they mean.
#[derive(Serialize)]
struct Topic {
    #[serde(skip)]
    heading: &'static str,
    rows: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    word: String,
    means: &'static str,
}

impl Topic {
    fn exit_codes() -> Self {
        let rows = CODES.iter().map(|(code, means)| Entry { word: code.to_string(), means });
        Self { heading: "EXIT", rows: rows.collect() }
    }

    fn reasons() -> Self {
        let rows = ReasonCode::ALL
            .iter()
            .map(|code| Entry { word: code.word().to_owned(), means: code.means() });
        Self { heading: "REASON", rows: rows.collect() }
    }
}

impl View for Topic {
    const COMMAND: &'static str = "help";

    fn text(&self, out: &mut dyn fmt::Write, page: &Page) -> fmt::Result {
        let mut table = Table::new(page, [self.heading, "MEANS"]);
        for entry in &self.rows {
            table.row([&entry.word, entry.means]);
        }
        write!(out, "{table}")
    }
}

/// Made before the look-up, which keeps the tree borrowed.
fn unknown(at: &clap::Command, word: &str) -> Usage {
    let names = at.get_subcommands().map(clap::Command::get_name);
    let near = nearest(word, names.chain(["exit-codes", "reasons"]));
    let near = near.map(|near| format!(", did you mean '{near}'?")).unwrap_or_default();
    Usage::new(format!("no topic or command '{word}'{near}"), "parky-ops help")
}

fn of_command(words: &[&str]) -> anyhow::Result<String> {
    let mut command = Cli::command();
    command.build();
    let mut at = &mut command;
    for word in words {
        let unknown = unknown(at, word);
        at = at.find_subcommand_mut(word).ok_or(unknown)?;
    }
    let mut text = String::new();
    write!(text, "{}", at.render_long_help())?;
    if words.is_empty() {
        text.push_str("\nTopics: parky-ops help exit-codes, parky-ops help reasons\n");
    }
    Ok(text)
}
