//! Questions to the person at the terminal, and the only maker of a [`Consent`].
//!
//! Whatever ends the program at a question, the terminal is given back as it was found.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use dialoguer::{Input, Select};
use parky_ops::domain::{Agreement, Consent};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use super::paint;
use crate::args::consent::ConsentArgs;
use crate::exit::Outcome;
use crate::refusal::Stopped;
use crate::signals::{self, Signals};

/// Whether a question can be asked at all.
pub(crate) fn possible(no_input: bool) -> bool {
    !no_input && io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// One of `choices`, by the arrow keys and Enter; Escape takes the default.
pub(crate) async fn choose(
    question: &'static str,
    choices: &'static [&'static str],
    default: &'static str,
) -> anyhow::Result<&'static str> {
    let _mode = Mode::keep();
    let select = move || {
        let start = choices.iter().position(|choice| *choice == default).unwrap_or(0);
        let select = Select::new().with_prompt(question).items(choices).default(start);
        select.interact_opt().map(|chosen| chosen.map_or(default, |at| choices[at]))
    };
    let chosen = tokio::task::spawn_blocking(select).await.context("asking on the terminal")?;
    chosen.map_err(refused)
}

/// A line of text; empty is an answer.
pub(crate) fn line(question: &str) -> anyhow::Result<String> {
    signals::block_on(answer_or_signal(question))
}

/// The same inside a runtime.
pub(crate) async fn ask(question: &str) -> anyhow::Result<String> {
    answer_or_signal(question).await
}

/// Who is asked, and when.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Whether a question can be asked at all.
    pub(crate) can_ask: bool,
    /// For the audit line.
    pub(crate) operator: String,
    /// The present (UTC).
    pub(crate) now: DateTime<Utc>,
}

/// Asks for `act`. A normal act (no `names`) is agreed to by y, `--yes` or any `--confirm`; a severe
/// one by each of its names, typed or behind `--confirm`: `--yes` alone does not count. `None` is no.
pub(crate) async fn agree(
    act: &str,
    names: &[String],
    args: &ConsentArgs,
    asked: &Asked,
) -> anyhow::Result<Option<Consent>> {
    let missing: Vec<_> = names.iter().filter(|name| !args.confirm.contains(name)).collect();
    let agreement = if names.is_empty() && (args.yes || !args.confirm.is_empty()) {
        Agreement::Yes
    } else if missing.is_empty() && !names.is_empty() {
        Agreement::Named(names.join(", "))
    } else if !asked.can_ask {
        return Ok(None);
    } else if names.is_empty() {
        let typed = answer_or_signal(&format!("{act}? [y/N]")).await?;
        if !is_yes(&typed) {
            return Ok(None);
        }
        Agreement::Answered
    } else {
        for name in missing {
            let typed = answer_or_signal(&format!("{act}: type '{name}' to go on")).await?;
            if typed != *name {
                return Ok(None);
            }
        }
        Agreement::Named(names.join(", "))
    };
    #[expect(clippy::disallowed_methods, reason = "this is the prompt")]
    Ok(Some(Consent::given(act, &asked.operator, agreement, asked.now)))
}

fn is_yes(typed: &str) -> bool {
    matches!(typed.to_ascii_lowercase().as_str(), "y" | "yes")
}

/// Asks for a normal act: y/N, N being the default. `None` is no.
pub(crate) fn consent(
    act: &str,
    yes: bool,
    can_ask: bool,
    operator: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<Consent>> {
    let agreement = if yes {
        Agreement::Yes
    } else if !can_ask {
        return Ok(None);
    } else {
        let typed = line(&format!("{act}? [y/N]"))?;
        if !is_yes(&typed) {
            return Ok(None);
        }
        Agreement::Answered
    };
    #[expect(clippy::disallowed_methods, reason = "this is the prompt")]
    Ok(Some(Consent::given(act, operator, agreement, now)))
}

/// Ends the line on which a question was left without an answer.
pub(crate) fn abandon(outcome: Outcome) -> Outcome {
    let _ = writeln!(io::stderr().lock());
    outcome
}

/// What was typed; empty is an answer. A signal ends question and command.
async fn answer_or_signal(question: &str) -> anyhow::Result<String> {
    let _mode = Mode::keep();
    let mut signals = Signals::listen()?;
    let question = paint::finish(question, false);
    let ask = move || Input::<String>::new().with_prompt(question).allow_empty(true).interact();
    tokio::select! {
        biased;
        outcome = signals.next() => Err(Stopped(abandon(outcome)).into()),
        typed = tokio::task::spawn_blocking(ask) => {
            let typed = typed.context("asking on the terminal")?.map_err(refused)?;
            Ok(typed.trim().to_owned())
        }
    }
}

/// A question that broke off: by Ctrl-C, which may be seen here before the signal is, or for good.
fn refused(error: dialoguer::Error) -> anyhow::Error {
    let dialoguer::Error::IO(error) = error;
    match error.kind() {
        io::ErrorKind::Interrupted => Stopped(abandon(Outcome::Interrupted)).into(),
        _ => anyhow::Error::new(error).context("asking on the terminal"),
    }
}

/// The terminal's settings as they were before a question. A question that a signal ends leaves a
/// thread behind that still reads keys one by one; dropping this gives the shell its echo, its line
/// mode and its cursor back.
struct Mode(Option<Termios>);

impl Mode {
    fn keep() -> Self {
        Self(tcgetattr(io::stdin()).ok())
    }
}

impl Drop for Mode {
    fn drop(&mut self) {
        if let Some(settings) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, settings);
        }
        let _ = console::Term::stderr().show_cursor();
    }
}
