//! Words from outside (log lines, titles, authors, error messages) made safe to show on one line.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a terminal or a reader could be misled by this character: C0, DEL and C1 controls, and
/// the invisible format characters (bidi overrides, zero-width signs, tags) that reorder or hide text.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The place of the first byte with which a deceptive character may begin. Plain words go by in
/// blocks, and Japanese ones are not stopped at: this is what a fast stream can afford.
pub fn first_suspect(bytes: &[u8]) -> Option<usize> {
    const AT_ONCE: usize = 32;
    let mut at = 0;
    for block in bytes.chunks(AT_ONCE) {
        if block.iter().fold(false, |any, byte| any | !(0x20..0x7f).contains(byte))
            && let Some(found) = block.iter().position(|byte| leads(*byte))
        {
            return Some(at + found);
        }
        at += block.len();
    }
    None
}

/// Whether a deceptive character can begin with this byte. The leads of Japanese are not among them.
fn leads(byte: u8) -> bool {
    byte < 0x20 || matches!(byte, 0x7f | 0xc2 | 0xd8 | 0xe1 | 0xe2 | 0xef | 0xf0 | 0xf3)
}

/// Whether anything deceptive is in `s`.
fn is_deceiving(s: &str) -> bool {
    let mut rest = s;
    while let Some(at) = first_suspect(rest.as_bytes()) {
        let mut chars = rest.get(at..).unwrap_or_default().chars();
        if chars.next().is_some_and(is_deceptive) {
            return true;
        }
        rest = chars.as_str();
    }
    false
}

/// The same words on one line: line breaks and tabs become a blank, every other deceptive
/// character becomes its visible `\u{…}` form.
///
/// ```
/// # use parky_ops::domain::text::one_line;
/// assert_eq!(one_line("a\nb\u{1b}[2Jc"), "a b\\u{1b}[2Jc");
/// ```
pub fn one_line(s: &str) -> String {
    in_one_line(s).into_owned()
}

/// [`one_line`] for a fast stream: words that are on one line already are not copied.
pub fn in_one_line(s: &str) -> Cow<'_, str> {
    if !is_deceiving(s) {
        return Cow::Borrowed(s);
    }
    let mut out = String::with_capacity(s.len() + 8);
    for c in s.chars() {
        match c {
            '\r' => {}
            '\n' | '\t' | '\u{2028}' | '\u{2029}' | '\u{85}' => out.push(' '),
            c if is_deceptive(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// At most `max` characters of `s`, with an ellipsis where something was cut.
pub fn shorten(s: &str, max: usize) -> String {
    if s.chars().count() <= max {
        return s.to_owned();
    }
    let mut out: String = s.chars().take(max.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// The one of `words` that was most likely meant by `given`, if any comes close.
pub fn nearest<'a>(given: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    words
        .into_iter()
        .map(|word| (strsim::jaro_winkler(given, word), word))
        .filter(|(likeness, _)| *likeness > 0.78)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

/// A count with its noun: `1 row`, `2 rows`.
pub fn counted(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_bidi_and_zero_width_signs_become_visible() {
        assert_eq!(one_line("\u{202e}evil"), "\\u{202e}evil");
        assert_eq!(one_line("zero\u{200b}width"), "zero\\u{200b}width");
        assert_eq!(one_line("c1\u{9b}31m"), "c1\\u{9b}31m");
        assert_eq!(one_line("two\r\nlines"), "two lines");
        assert_eq!(one_line("決済APIが応答しません"), "決済APIが応答しません");
    }

    #[test]
    fn every_deceptive_character_is_found() {
        for c in (0..=0x0010_ffff).filter_map(char::from_u32).filter(|c| is_deceptive(*c)) {
            let text = format!("決済{}{c}", "a".repeat(40));
            assert_eq!(first_suspect(text.as_bytes()), Some(46), "{c:?}");
        }
        assert_eq!(first_suspect("決済APIが応答しません ~".as_bytes()), None);
    }

    #[test]
    fn a_cut_is_visible() {
        assert_eq!(shorten("abcdef", 4), "abc…");
        assert_eq!(shorten("abcd", 4), "abcd");
    }

    #[test]
    fn a_near_miss_is_suggested_and_a_far_one_is_not() {
        assert_eq!(nearest("hots", ["hosts", "pages"]), Some("hosts"));
        assert_eq!(nearest("zzz", ["hosts", "pages"]), None);
    }
}
