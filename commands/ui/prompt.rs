//! Questions to the person at the terminal, and the only maker of a [`Consent`].
//!
//! Answers are typed as a line with Enter and the terminal stays in its ordinary mode, so that
//! whatever ends the program at a question leaves the cursor shown and echo on.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use parky_ops::domain::{Agreement, Consent};

use super::paint;
use crate::exit::Outcome;
use crate::report::Stopped;
use crate::signals::{self, Signals};

/// Whether a question can be asked at all.
pub(crate) fn possible(no_input: bool) -> bool {
    !no_input && io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// One of `choices`, typed as a word or its first letters; Enter, or the end of the input, takes the
/// default.
pub(crate) async fn choose(
    question: &str,
    choices: &[&'static str],
    default: &'static str,
) -> anyhow::Result<&'static str> {
    loop {
        let typed = answer(format!("{question} {} [{default}]:", choices.join("/"))).await?;
        match typed.as_deref() {
            None | Some("") => return Ok(default),
            Some(typed) => {
                let mut fits = choices.iter().filter(|choice| choice.starts_with(typed));
                if let (Some(choice), None) = (fits.next(), fits.next()) {
                    return Ok(choice);
                }
            }
        }
    }
}

/// A line of text; empty is an answer.
pub(crate) fn line(question: &str) -> anyhow::Result<String> {
    Ok(answer_or_signal(format!("{question}:"))?.unwrap_or_default())
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
        let typed = answer_or_signal(format!("{act}? [y/N]:"))?.unwrap_or_default();
        if !matches!(typed.to_ascii_lowercase().as_str(), "y" | "yes") {
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

/// What was typed; `None` at the end of the input.
async fn answer(question: String) -> anyhow::Result<Option<String>> {
    let typed = tokio::task::spawn_blocking(move || ask(&question)).await;
    typed.context("asking on the terminal")?.context("asking on the terminal")
}

/// The same for commands that have no runtime; a signal ends question and command.
fn answer_or_signal(question: String) -> anyhow::Result<Option<String>> {
    signals::block_on(async {
        let mut signals = Signals::listen()?;
        tokio::select! {
            outcome = signals.next() => Err(Stopped(abandon(outcome)).into()),
            typed = answer(question) => typed,
        }
    })
}

fn ask(question: &str) -> io::Result<Option<String>> {
    let mut err = io::stderr().lock();
    write!(err, "{} ", paint::finish(question, false))?;
    err.flush()?;
    drop(err);
    let mut typed = String::new();
    let read = io::stdin().read_line(&mut typed)?;
    Ok((read > 0).then(|| typed.trim().to_owned()))
}
