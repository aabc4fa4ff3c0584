//! How states look: the shape alone tells, the colour repeats it.

use chrono::TimeDelta;
use parky_ops::domain::clock::span;
use parky_ops::domain::text::{one_line, shorten};
use parky_ops::github::State;

use crate::ui::{Tone, paint};

/// Glyph and GitHub's own word.
pub(super) fn state(state: State, status: &str, conclusion: Option<&str>) -> String {
    let word = shorten(&one_line(conclusion.unwrap_or(status)), 24);
    let (glyph, tone) = match state {
        State::Good => ('✓', Tone::Good),
        State::Skipped => ('-', Tone::Dim),
        State::Bad => ('✗', Tone::Bad),
        State::Cancelled => ('!', Tone::Warn),
        State::Waiting => ('?', Tone::Unsure),
        State::Running => ('*', Tone::Warn),
    };
    paint(tone, &format!("{glyph} {word}"))
}

/// `1 min`, or a dash.
pub(super) fn took(elapsed: Option<TimeDelta>) -> String {
    let Some(elapsed) = elapsed else { return "-".to_owned() };
    match elapsed.num_seconds() {
        seconds @ 60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => span(elapsed),
    }
}
