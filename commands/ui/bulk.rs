//! Text in bulk that strangers wrote: logs. Redacted and made harmless like everything else, but a
//! block at a time, and without ever holding more than a few of them.
//!
//! On a terminal the colours of a log pass (SGR sequences only); elsewhere they are dropped. Everything
//! else that could drive a terminal becomes visible. On a runner of GitHub Actions the old command mark
//! is broken, so that no log line becomes a command.

use std::fmt::Write as _;
use std::io;

use parky_ops::domain::text::is_deceptive;

use super::{Ui, json};

/// Written when so many bytes are held.
const BLOCK: usize = 64 << 10;
/// Room in which a secret of a line without an end may lie across two blocks, in bytes.
const STRADDLE: usize = 4 << 10;
/// How runners used to take commands, anywhere in a line.
const OLD_MARK: &str = "##[";

/// Text on its way to stdout.
pub(crate) struct Bulk<'a> {
    ui: &'a Ui,
    held: String,
    /// Whether output may become a command of the runner that this runs on.
    runner: bool,
    coloured: bool,
}

impl<'a> Bulk<'a> {
    pub(crate) fn new(ui: &'a Ui, runner: bool) -> Self {
        Self { ui, held: String::with_capacity(2 * BLOCK), runner, coloured: false }
    }

    /// Adds our own words, as they are.
    pub(crate) fn own(&mut self, words: &str) {
        self.held.push_str(words);
    }

    /// Words from outside as [`Bulk::outside`] would add them, to be added again and again.
    pub(crate) fn harmless(&self, words: &str) -> String {
        let mut alone = Self::new(self.ui, self.runner);
        alone.outside(words.as_bytes());
        std::mem::take(&mut alone.held)
    }

    /// Adds words from outside.
    pub(crate) fn outside(&mut self, bytes: &[u8]) {
        let from = self.held.len();
        if is_all(bytes, |byte| matches!(byte, b' '..=b'~' | b'\t')) {
            // Checked above: ASCII.
            self.held.push_str(&String::from_utf8_lossy(bytes));
        } else {
            self.odd(&String::from_utf8_lossy(bytes));
        }
        if self.runner && self.held.get(from..).is_some_and(|new| new.contains(OLD_MARK)) {
            let broken = self.held.split_off(from).replace(OLD_MARK, "## [");
            self.held.push_str(&broken);
        }
    }

    /// Words with signs that are more than letters.
    fn odd(&mut self, words: &str) {
        let mut rest = words;
        while let Some(at) = rest.find(|c| is_deceptive(c) && c != '\t') {
            let (plain, tail) = rest.split_at(at);
            self.held.push_str(plain);
            if let Some(length) = sgr(tail) {
                let (sequence, further) = tail.split_at(length);
                if self.ui.look.colour_out {
                    self.held.push_str(sequence);
                    self.coloured = true;
                }
                rest = further;
                continue;
            }
            let mut chars = tail.chars();
            if let Some(c) = chars.next() {
                let _ = write!(self.held, "\\u{{{:x}}}", u32::from(c));
            }
            rest = chars.as_str();
        }
        self.held.push_str(rest);
    }

    /// Ends a line; a colour does not reach beyond it.
    pub(crate) fn end_line(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.coloured) {
            self.held.push_str("\x1b[0m");
        }
        self.held.push('\n');
        self.write_if_full()
    }

    /// Begins a JSON string.
    pub(crate) fn json_begin(&mut self) {
        self.held.push('"');
    }

    /// Adds a part of a JSON string, its value unchanged.
    pub(crate) fn json_part(&mut self, bytes: &[u8]) -> io::Result<()> {
        let plain = |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        let from = self.held.len();
        if is_all(bytes, plain) {
            self.held.push_str(&String::from_utf8_lossy(bytes));
        } else {
            let quoted = json::to_string(String::from_utf8_lossy(bytes).as_ref())?;
            self.held.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
        }
        if self.runner && self.held.get(from..).is_some_and(|new| new.contains(OLD_MARK)) {
            let broken = self.held.split_off(from).replace(OLD_MARK, "\\u0023#[");
            self.held.push_str(&broken);
        }
        self.write_if_full()
    }

    /// Ends a JSON string.
    pub(crate) fn json_end(&mut self) {
        self.held.push('"');
    }

    /// Writes what is held, up to the last line's end; of a line without one all but its tail.
    pub(crate) fn write_if_full(&mut self) -> io::Result<()> {
        if self.held.len() < BLOCK {
            return Ok(());
        }
        if let Some(end) = self.held.rfind('\n') {
            let (block, _) = self.held.split_at(end + 1);
            let written = self.ui.write_out(block);
            // The room stays: it is filled again at once.
            self.held.drain(..=end);
            return written;
        }
        let mut cut = self.held.len() - STRADDLE;
        while cut > STRADDLE {
            while !self.held.is_char_boundary(cut) {
                cut -= 1;
            }
            let (head, tail) = self.held.split_at(cut);
            let (whole, apart) = (self.ui.redactor.clean(&self.held), self.ui.redactor.clean(tail));
            // Where no secret lies across the cut, the parts say what the whole says.
            let alike = whole.strip_suffix(apart.as_ref()) == Some(&self.ui.redactor.clean(head));
            if alike {
                let written = self.ui.write_out(head);
                self.held.drain(..cut);
                return written;
            }
            cut -= STRADDLE;
        }
        Ok(())
    }

    /// Writes everything.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let written = self.ui.write_out(&self.held);
        self.held.clear();
        written
    }
}

/// Whether `fits` holds for every byte; looked at in chunks, which the processor does at once.
fn is_all(bytes: &[u8], fits: impl Fn(u8) -> bool) -> bool {
    bytes.chunks(64).all(|chunk| chunk.iter().fold(true, |all, byte| all & fits(*byte)))
}

/// Length of the colour sequence at the beginning of `text`: ESC, `[`, numbers, `m`.
fn sgr(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("\x1b[")?;
    let digits = rest.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b';')).count();
    (digits <= 24 && rest.as_bytes().get(digits) == Some(&b'm')).then_some(digits + 3)
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::*;

    fn held(colour: bool, runner: bool, bytes: &[u8]) -> String {
        let mut ui = Ui::plain(Format::Text);
        ui.look.colour_out = colour;
        let mut bulk = Bulk::new(&ui, runner);
        bulk.outside(bytes);
        std::mem::take(&mut bulk.held)
    }

    #[test]
    fn colours_pass_on_a_terminal_and_nothing_else_does() {
        let text = "\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b[2J\ta\rb\u{9b}1m\u{202e}決済".as_bytes();
        let rest = "\\u{1b}]0;title\\u{7}\\u{1b}[2J\ta\\u{d}b\\u{9b}1m\\u{202e}決済";
        assert_eq!(held(true, false, text), format!("\x1b[31mred\x1b[0m{rest}"));
        assert_eq!(held(false, false, text), format!("red{rest}"));
        assert_eq!(held(false, false, b"\xff\xfe x"), "\u{fffd}\u{fffd} x");
    }

    #[test]
    fn no_line_is_a_command_of_the_runner() {
        assert_eq!(held(false, true, b"x ##[add-mask]y"), "x ## [add-mask]y");
        assert_eq!(held(false, false, b"x ##[error]y"), "x ##[error]y");
        let ui = Ui::plain(Format::Json);
        let mut bulk = Bulk::new(&ui, true);
        bulk.json_begin();
        bulk.json_part(b"##[add-mask]\"\x1b").unwrap();
        bulk.json_end();
        assert!(!bulk.held.contains(OLD_MARK));
        let value: String = serde_json::from_str(&bulk.held).unwrap();
        assert_eq!(value, "##[add-mask]\"\u{1b}");
    }
}
