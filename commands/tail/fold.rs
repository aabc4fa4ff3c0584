//! Long rows on a terminal: broken where the terminal would break them, so that the rest is indented.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// In front of everything below an event's line.
pub(super) const INDENT: &str = "    ";
/// On a terminal a single line of a log is cut after so many signs.
const LONGEST: usize = 8_000;

/// `line`, cut where it is endless.
pub(super) fn shortened(line: &str) -> Cow<'_, str> {
    let Some((end, _)) = line.char_indices().nth(LONGEST) else { return Cow::Borrowed(line) };
    let (begin, signs) = (line.get(..end).unwrap_or_default(), line.chars().count());
    Cow::Owned(format!("{begin}… ({signs} signs; --json shows all)"))
}

/// `line` with breaks where the terminal would make them, each followed by an indent: at a blank in the
/// second half of the row, else anywhere, as in a long URL.
pub(super) fn folded(line: &str, columns: usize, mut used: usize) -> String {
    let indent = 2 * INDENT.len();
    if columns <= indent + 8 {
        return line.to_owned();
    }
    let mut out = String::with_capacity(line.len() + line.len() / 8);
    // Behind the last blank of this row: its place in `out`, and the columns before it.
    let mut blank: Option<(usize, usize)> = None;
    let mut fresh = false;
    for c in line.chars() {
        if fresh && c == ' ' {
            continue;
        }
        fresh = false;
        let wide = c.width().unwrap_or(0);
        if used + wide > columns {
            let rest = match blank.take().filter(|(_, before)| *before > columns / 2) {
                Some((at, _)) if c != ' ' => out.split_off(at),
                _ => String::new(),
            };
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.push_str(INDENT);
            out.push_str(INDENT);
            out.push_str(&rest);
            used = indent + width(&rest);
            if c == ' ' {
                fresh = true;
                continue;
            }
        }
        out.push(c);
        used += wide;
        if c == ' ' {
            blank = Some((out.len(), used));
        }
    }
    out
}

/// The columns that `text` takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().filter_map(UnicodeWidthChar::width).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_break_at_blanks_where_they_can() {
        let fold = |line: &str, columns| folded(line, columns, 4);
        assert_eq!(
            fold("GET https://x/yy  662 ms  NRT", 24),
            "GET https://x/yy\n        662 ms  NRT"
        );
        assert_eq!(fold("https://x/abcdefghijklmnop", 20), "https://x/abcdef\n        ghijklmnop");
        assert_eq!(fold("aaaaaaaaaaaaaaaa bbb", 20), "aaaaaaaaaaaaaaaa\n        bbb");
        assert_eq!(fold("short", 20), "short");
        assert_eq!(
            fold("予約APIv2が応答しません x=1", 24),
            "予約APIv2が応答しま\n        せん x=1"
        );
    }
}
