//! Questions to the person at the terminal, and the only maker of a [`Consent`].
//!
//! Answers are typed as a line with Enter, the terminal staying in its ordinary mode: Ctrl-C at a
//! question ends the program with the cursor shown and echo on, whatever else is going on.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use dialoguer::Input;
use parky_ops::domain::{Agreement, Consent};

/// Whether a question can be asked at all.
pub(crate) fn possible(no_input: bool) -> bool {
    !no_input && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// One of `choices`, typed as a word or its first letters; Enter takes the default.
pub(crate) async fn choose(
    question: &'static str,
    choices: &'static [&'static str],
    default: &'static str,
) -> anyhow::Result<&'static str> {
    let ask = move || {
        let prompt = format!("{question} [{}]", choices.join("/"));
        let unique = move |typed: &str| {
            let mut fits = choices.iter().filter(|choice| choice.starts_with(typed));
            fits.next().filter(|_| fits.next().is_none() && !typed.is_empty()).copied()
        };
        let typed: String = Input::new()
            .with_prompt(prompt)
            .default(default.to_owned())
            .validate_with(|typed: &String| match unique(typed.trim()) {
                Some(_) => Ok(()),
                None => Err(format!("one of {}", choices.join(", "))),
            })
            .interact()?;
        anyhow::Ok(unique(typed.trim()).unwrap_or(default))
    };
    tokio::task::spawn_blocking(ask).await.context("asking on the terminal")?
}

/// A line of text; empty is an answer.
pub(crate) fn line(question: &str) -> anyhow::Result<String> {
    let typed: String = Input::new()
        .with_prompt(question)
        .allow_empty(true)
        .interact()
        .context("asking on the terminal")?;
    Ok(typed.trim().to_owned())
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
        let typed: String = Input::new()
            .with_prompt(format!("{act}? [y/N]"))
            .allow_empty(true)
            .interact()
            .context("asking on the terminal")?;
        if !matches!(typed.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
            return Ok(None);
        }
        Agreement::Answered
    };
    #[expect(clippy::disallowed_methods, reason = "this is the prompt")]
    Ok(Some(Consent::given(act, operator, agreement, now)))
}
