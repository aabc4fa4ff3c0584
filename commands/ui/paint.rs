//! Colour that cannot be forged and does not disturb the layout.
//!
//! Views mark words with invisible operators (U+2061 to U+2064, of display width 0). When a page is
//! printed, and only then, [`finish`] turns the marks into terminal colours or drops them, and makes
//! every other control character visible. So no text from outside can reach the terminal as an
//! escape, and tables measure the width that people see.

use std::fmt::Write as _;

use parky_ops::domain::State;
use parky_ops::domain::text::{first_suspect, is_deceptive};

/// What a stretch of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Warn,
    Bad,
    Unsure,
    Dim,
    Strong,
    /// One of several that are told apart by colour alone as well as by name.
    Hue(u8),
}

/// How many hues there are.
pub(crate) const HUES: u8 = 6;

/// The terminal colour of each tone; its place in this list is what a mark encodes.
const COLOURS: [(Tone, &str); 12] = [
    (Tone::Good, "\x1b[32m"),
    (Tone::Warn, "\x1b[33m"),
    (Tone::Bad, "\x1b[1;31m"),
    (Tone::Unsure, "\x1b[35m"),
    (Tone::Dim, "\x1b[2m"),
    (Tone::Strong, "\x1b[1m"),
    (Tone::Hue(0), "\x1b[36m"),
    (Tone::Hue(1), "\x1b[34m"),
    (Tone::Hue(2), "\x1b[95m"),
    (Tone::Hue(3), "\x1b[94m"),
    (Tone::Hue(4), "\x1b[96m"),
    (Tone::Hue(5), "\x1b[92m"),
];

// A mark is OPEN, as many STEPs as the tone's place in the list, and BEGIN; CLOSE ends the stretch.
const OPEN: char = '\u{2061}';
const STEP: char = '\u{2062}';
const BEGIN: char = '\u{2063}';
const CLOSE: char = '\u{2064}';

/// `text` in a tone.
pub(crate) fn paint(tone: Tone, text: &str) -> String {
    let mut painted = String::with_capacity(text.len() + 24);
    paint_into(&mut painted, tone, text);
    painted
}

/// Appends `text` in a tone.
pub(crate) fn paint_into(out: &mut String, tone: Tone, text: &str) {
    let steps = COLOURS.iter().position(|colour| colour.0 == tone).unwrap_or(0);
    out.push(OPEN);
    out.extend(std::iter::repeat_n(STEP, steps));
    out.push(BEGIN);
    out.push_str(text);
    out.push(CLOSE);
}

/// The tone of a state.
pub(crate) fn tone(state: State) -> Tone {
    match state {
        State::Green => Tone::Good,
        State::Yellow => Tone::Warn,
        State::Red => Tone::Bad,
        State::Unknown => Tone::Unsure,
        State::Skipped => Tone::Dim,
    }
}

/// A state as glyph and word; the word carries the meaning where there is no colour.
pub(crate) fn state(state: State) -> String {
    let glyph = match state {
        State::Green => '✓',
        State::Yellow => '!',
        State::Red => '✗',
        State::Unknown => '?',
        State::Skipped => '-',
    };
    paint(tone(state), &format!("{glyph} {}", state.word()))
}

/// A page ready for the stream: marks become colours or vanish, everything else that could drive a
/// terminal becomes visible.
pub(crate) fn finish(page: &str, colour: bool) -> String {
    let mut out = String::with_capacity(page.len() + 64);
    let mut rest = page;
    while let Some(at) = first_suspect(rest.as_bytes()) {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = tail.chars();
        match chars.next() {
            Some(OPEN) => {
                let steps = chars.as_str();
                chars = steps.trim_start_matches(STEP).chars();
                let steps = (steps.len() - chars.as_str().len()) / STEP.len_utf8();
                if let Some(begun) = chars.as_str().strip_prefix(BEGIN) {
                    chars = begun.chars();
                    if let Some((_, sgr)) = COLOURS.get(steps).filter(|_| colour) {
                        out.push_str(sgr);
                    }
                }
            }
            Some(CLOSE) if colour => out.push_str("\x1b[0m"),
            Some(STEP | BEGIN | CLOSE) | None => {}
            Some('\n') => out.push('\n'),
            Some(c) if is_deceptive(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            Some(c) => out.push(c),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_take_no_room_and_vanish_without_colour() {
        let marked = format!("a {} b", paint(Tone::Bad, "red"));
        assert_eq!(unicode_width::UnicodeWidthStr::width(marked.as_str()), "a red b".len());
        assert_eq!(finish(&marked, false), "a red b");
        assert_eq!(finish(&marked, true), "a \x1b[1;31mred\x1b[0m b");
    }

    #[test]
    fn escapes_from_outside_become_visible_in_both_modes() {
        for colour in [false, true] {
            let page = finish("x\x1b[2J\u{9b}1m\u{202e}\u{7}\ny", colour);
            assert_eq!(page, "x\\u{1b}[2J\\u{9b}1m\\u{202e}\\u{7}\ny");
        }
    }
}
