//! `parky-ops help [TOPIC | COMMAND..]`: what cannot be found under a single command.

use std::fmt::Write as _;
use std::io::Write as _;

use parky_ops::config::{self, KeyHelp};
use parky_ops::domain::ReasonCode;
use parky_ops::domain::text::nearest;
use serde::Serialize;

use crate::context::Context;
use crate::exit::{CODES, Outcome};
use crate::refusal::Usage;
use crate::signals;
use crate::ui::{Row, RowStream, Ui};

/// Explain a topic (exit-codes, reasons, environment, config) or a command
#[derive(clap::Args, Debug)]
pub(crate) struct HelpArgs {
    /// A topic, or the words of a command
    #[arg(value_name = "TOPIC")]
    words: Vec<String>,
}

/// What is explained besides the commands.
const TOPICS: [&str; 4] = ["exit-codes", "reasons", "environment", "config"];

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
        ["environment"] => list(Topic::environment(), ctx, ui)?,
        ["config"] => {
            signals::block_on(ui.list(Keys(config::reference().into_iter()), ctx.clock.now()))?;
            ui.note("of the command of this name: parky-ops config --help");
        }
        words => ui.show_raw(&of_command(words, cli)?)?,
    }
    Ok(Outcome::Done)
}

fn list(topic: Topic, ctx: &Context, ui: &Ui) -> anyhow::Result<()> {
    signals::block_on(ui.list(topic, ctx.clock.now()))
}

/// What people look for first; those of them that are commands of this version are shown.
const MOST_USED: [&str; 6] = ["triage", "health", "tail", "dlq", "runs", "rollback"];

/// `parky-ops` alone: the most used commands, for somebody who has just been woken up.
pub(crate) fn most_used(mut cli: clap::Command) -> Outcome {
    cli.build();
    let known = MOST_USED.iter().filter_map(|name| cli.find_subcommand(name));
    let mut text = String::new();
    for command in known {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(text, "  parky-ops {:<10} {about}", command.get_name());
    }
    let _ = writeln!(
        text,
        "\nAll commands: parky-ops help. Without credentials: parky-ops --sandbox triage"
    );
    // A closed pipe is a quiet end.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    Outcome::Done
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

impl Topic {
    fn environment() -> Self {
        let entries = config::environment().map(|variable| {
            let word = variable.name.to_owned();
            Entry { word, means: variable.about }
        });
        Self { heading: "VARIABLE", entries: entries.collect::<Vec<_>>().into_iter() }
    }
}

/// The keys of the configuration.
struct Keys(std::vec::IntoIter<KeyHelp>);

#[derive(Serialize)]
struct Key {
    word: &'static str,
    built_in: Option<String>,
    own: bool,
    expected: String,
    means: &'static str,
}

impl Row<4> for Key {
    fn cells(&self) -> [String; 4] {
        let own = if self.own { "own" } else { "any" };
        let built_in = self.built_in.clone().unwrap_or_else(|| "-".to_owned());
        [self.word.to_owned(), own.to_owned(), built_in, self.means.to_owned()]
    }
}

impl RowStream<4> for Keys {
    const COMMAND: &'static str = "help";
    type Row = Key;

    fn columns(&self) -> [&'static str; 4] {
        ["KEY", "FILE", "BUILT IN", "MEANS"]
    }

    async fn next(&mut self) -> anyhow::Result<Option<Key>> {
        Ok(self.0.next().map(|key| {
            let KeyHelp { key, about, expected, built_in, own } = key;
            Key { word: key, built_in, own, expected, means: about }
        }))
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
    let near = nearest(word, names.chain(TOPICS));
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
        let _ = writeln!(text, "\nTopics (parky-ops help TOPIC): {}", TOPICS.join(", "));
    }
    Ok(text)
}
