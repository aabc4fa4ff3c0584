//! `parky-ops help [TOPIC | COMMAND..]`: what cannot be found under a single command.

use std::fmt::Write as _;

use parky_ops::domain::ReasonCode;
use parky_ops::domain::text::nearest;
use serde::Serialize;

use crate::context::Context;
use crate::exit::{CODES, Outcome};
use crate::report::Usage;
use crate::signals;
use crate::ui::{Row, RowStream, Ui};

/// Explain a topic (exit-codes, reasons) or a command
#[derive(clap::Args, Debug)]
pub(crate) struct HelpArgs {
    /// A topic, or the words of a command
    #[arg(value_name = "TOPIC")]
    words: Vec<String>,
}

/// `cli` is the whole command tree.
pub(crate) fn run(
    args: &HelpArgs,
    cli: clap::Command,
    ctx: &Context,
    ui: &Ui,
) -> anyhow::Result<Outcome> {
    let words: Vec<_> = args.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["exit-codes"] => list(Topic::exit_codes(), ctx, ui)?,
        ["reasons"] => list(Topic::reasons(), ctx, ui)?,
        words => ui.show_raw(&of_command(words, cli)?)?,
    }
    Ok(Outcome::Done)
}

fn list(topic: Topic, ctx: &Context, ui: &Ui) -> anyhow::Result<()> {
    signals::block_on(ui.list(topic, ctx.clock.now()))
}

/// Words and what they mean.
struct Topic {
    heading: &'static str,
    entries: std::vec::IntoIter<Entry>,
}

#[derive(Serialize)]
struct Entry {
    word: String,
    means: &'static str,
}

impl Topic {
    fn exit_codes() -> Self {
        let entries = CODES.iter().map(|(code, means)| Entry { word: code.to_string(), means });
        Self { heading: "EXIT", entries: entries.collect::<Vec<_>>().into_iter() }
    }

    fn reasons() -> Self {
        let entries = ReasonCode::ALL
            .iter()
            .map(|code| Entry { word: code.word().to_owned(), means: code.means() });
        Self { heading: "REASON", entries: entries.collect::<Vec<_>>().into_iter() }
    }
}

impl Row<2> for Entry {
    fn cells(&self) -> [String; 2] {
        [self.word.clone(), self.means.to_owned()]
    }
}

impl RowStream<2> for Topic {
    const COMMAND: &'static str = "help";
    type Row = Entry;

    fn columns(&self) -> [&'static str; 2] {
        [self.heading, "MEANS"]
    }

    async fn next(&mut self) -> anyhow::Result<Option<Entry>> {
        Ok(self.entries.next())
    }
}

/// Made before the look-up, which keeps the tree borrowed.
fn unknown(at: &clap::Command, word: &str) -> Usage {
    let names = at.get_subcommands().map(clap::Command::get_name);
    let near = nearest(word, names.chain(["exit-codes", "reasons"]));
    let near = near.map(|near| format!(", did you mean '{near}'?")).unwrap_or_default();
    Usage::new(format!("no topic or command '{word}'{near}"), "parky-ops help")
}

fn of_command(words: &[&str], mut cli: clap::Command) -> anyhow::Result<String> {
    cli.build();
    let mut at = &mut cli;
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
