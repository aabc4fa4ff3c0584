//! Words from outside (commit messages, authors, error texts) inside a message's content. Pure.
//!
//! They stand in a code span, in which Discord knows neither Markdown nor links nor mentions; the signs
//! that could end the span, or that other readers of the text (a bridge, a log, a ping in a quoted
//! copy) could take for more than text, are replaced by their look-alikes. That nobody is pinged does
//! not rest on this: `allowed_mentions` of every message say it.

use crate::domain::text::{one_line, shorten};

/// `text` as a code span of at most `most` characters, its ticks not counted; empty where there is
/// nothing to show.
///
/// ```
/// # use parky_ops::discord::quoted;
/// assert_eq!(quoted("@everyone [x](http://y) `z`", 80), "`＠everyone [x] (http://y) ˋzˋ`");
/// ```
pub fn quoted(text: &str, most: usize) -> String {
    let line = one_line(text);
    let line = line.trim();
    if line.is_empty() {
        return String::new();
    }
    let mut inert = String::with_capacity(line.len() + 8);
    for (at, c) in line.char_indices() {
        match c {
            '`' => inert.push('ˋ'),
            '<' => inert.push('＜'),
            '@' if pings(&line[at + 1..]) => inert.push('＠'),
            '(' if inert.ends_with(']') => inert.push_str(" ("),
            c => inert.push(c),
        }
    }
    format!("`{}`", shorten(&inert, most))
}

/// Whether an `@` before `rest` would be a ping of everybody.
fn pings(rest: &str) -> bool {
    let begins =
        |word: &str| rest.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    begins("everyone") || begins("here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_takes_effect() {
        for (text, shown) in [
            ("feat: 予約APIをv2に (#1291)", "`feat: 予約APIをv2に (#1291)`"),
            ("a@Here b@HERE. c@heron", "`a＠Here b＠HERE. c@heron`"),
            ("<@123> <@&4> <#5> <t:6:R> </x:7>", "`＜@123> ＜@&4> ＜#5> ＜t:6:R> ＜/x:7>`"),
            ("[a](b)[c] (d)", "`[a] (b)[c] (d)`"),
            ("```\nsh\u{1b}[2J\u{202e}", "`ˋˋˋ sh\\u{1b}[2J\\u{202e}`"),
            ("deploy@parky.co.jp", "`deploy@parky.co.jp`"),
            (" \n ", ""),
        ] {
            assert_eq!(quoted(text, 100), shown);
        }
        assert_eq!(quoted(&"あ".repeat(50), 5), "`ああああ…`");
        // A cut leaves nothing half open.
        assert_eq!(quoted("ab`cd", 4), "`abˋ…`");
    }
}
