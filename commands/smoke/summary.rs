//! The answer as a Markdown table, appended to the summary of a GitHub Actions step.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use parky_ops::domain::text::{one_line, shorten};
use parky_ops::domain::{Jst, State};
use parky_ops::smoke::Standing;

use super::view::Smoke;

/// A step's summary of more than so many bytes is dropped whole (GitHub's docs).
const MOST: u64 = 1 << 20;
/// What this command takes of it.
const ROOM: usize = 256 * 1024;
/// Characters of one reason.
const REASON: usize = 400;

/// The text.
pub(super) fn page(answer: &Smoke, env: &str, now: DateTime<Utc>) -> String {
    let mut out = String::new();
    let verdict = answer.verdict.state();
    let (sign, word) = (sign(verdict), verdict.word());
    let _ = writeln!(out, "### {sign} parky-ops smoke: {word} ({}, {})\n", inert(env), Jst(now));
    if !answer.missing.is_empty() {
        let _ = writeln!(out, "**{}**\n", answer.missing_said());
    }
    out.push_str("| State | What | Name | Says |\n| --- | --- | --- | --- |\n");
    for (row, check) in answer.checks.iter().enumerate() {
        if out.len() > ROOM {
            let _ = writeln!(out, "\n{} more", answer.checks.len() - row);
            break;
        }
        let required = if answer.standing(check) == Standing::Missing { " (required)" } else { "" };
        let _ = writeln!(
            out,
            "| {} {}{required} | {} | {} | {} |",
            self::sign(check.state),
            check.state.word(),
            check.source,
            inert(&shorten(&check.name, REASON)),
            inert(&shorten(&check.reason.text, REASON)),
        );
    }
    out.push('\n');
    out
}

/// Adds the text to the file. What would not fit is left out, and said: GitHub would drop all of it,
/// what others wrote too.
pub(super) fn append(path: &Path, page: &str) -> Result<Option<String>, String> {
    let unwritten = |error| format!("the summary {} was not written: {error}", path.display());
    let file = OpenOptions::new().append(true).create(true).open(path);
    let mut file = file.map_err(unwritten)?;
    let held = file.metadata().map_err(unwritten)?.len();
    if held + page.len() as u64 > MOST {
        return Ok(Some(format!(
            "the summary of this step is full ({held} bytes): the table is left out"
        )));
    }
    file.write_all(page.as_bytes()).map_err(unwritten)?;
    Ok(None)
}

fn sign(state: State) -> &'static str {
    match state {
        State::Green => "✅",
        State::Yellow => "⚠️",
        State::Red => "❌",
        State::Unknown => "❓",
        State::Skipped => "⏭️",
    }
}

/// Text in which nothing formats, links, mentions, or ends its cell.
fn inert(text: &str) -> String {
    let text = one_line(text);
    let mut out = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        match c {
            '&' | '<' | '>' | '@' | '#' | '|' | '`' | '*' | '_' | '~' | '[' | ']' | '\\' | '$' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            ':' if text[at..].starts_with("://") => out.push_str("&#58;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_formats_links_or_ends_its_cell() {
        let hostile = "a | b\n<img src=x> @team #12 [x](https://evil.example) `c` **d** $e$ \\";
        let text = inert(hostile);
        assert!(
            !text.contains(['|', '\n', '<', '>', '@', '[', ']', '`', '*', '$', '\\']),
            "{text}"
        );
        assert!(!text.contains("://") && text.starts_with("a &#124; b &#60;img"), "{text}");
        assert_eq!(inert("502: bad (3 of 3)"), "502: bad (3 of 3)");
    }
}
