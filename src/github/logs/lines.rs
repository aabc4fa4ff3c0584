//! Lines out of bytes, without ever holding a long one: it comes in pieces. Pure.

use memchr::memchr;

/// A piece is at least so long, in bytes, unless its line ends before; so the first one holds
/// everything by which a line is judged.
const PIECE: usize = 64 << 10;
/// Length of a time stamp and the blank after it, as runners write them.
pub const STAMP: usize = 29;

/// A line, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The bytes, without the line's end.
    pub bytes: &'a [u8],
    /// Whether the line begins here.
    pub begins: bool,
    /// Whether it ends here.
    pub ends: bool,
}

/// Collects bytes and gives lines.
#[derive(Debug, Default)]
pub struct Lines {
    held: Vec<u8>,
    /// Whether the held bytes go on with a line of which a piece was given.
    inside: bool,
    /// Whether anything was given: a byte order mark is dropped at the very beginning only.
    begun: bool,
}

impl Lines {
    /// Takes `bytes` and gives `take` every piece that is complete.
    ///
    /// # Errors
    /// Whatever `take` says.
    pub fn push<E>(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = bytes;
        if !self.held.is_empty() || self.inside || !self.begun {
            // What is held is joined with the end of its line.
            let end = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            let (line, further) = rest.split_at(end);
            self.held.extend_from_slice(line);
            rest = further;
            self.drain(&mut take)?;
            if self.held.last() != Some(&b'\n') && rest.is_empty() {
                return Ok(());
            }
        }
        while let Some(end) = memchr(b'\n', rest) {
            let (line, further) = rest.split_at(end);
            self.give(line, true, &mut take)?;
            rest = further.get(1..).unwrap_or_default();
        }
        self.held.extend_from_slice(rest);
        self.drain(&mut take)
    }

    /// Gives the last line, where it has no end.
    ///
    /// # Errors
    /// Whatever `take` says.
    pub fn finish<E>(mut self, mut take: impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        let held = std::mem::take(&mut self.held);
        if held.is_empty() && !self.inside {
            return Ok(());
        }
        self.give(&held, true, &mut take)
    }

    /// Gives what is held: a whole line, or a long part of one.
    fn drain<E>(&mut self, take: &mut impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        if self.held.last() == Some(&b'\n') {
            let mut line = std::mem::take(&mut self.held);
            line.pop();
            self.give(&line, true, take)?;
            line.clear();
            self.held = line;
            self.held.shrink_to(4 * PIECE);
            return Ok(());
        }
        if self.held.len() < PIECE {
            return Ok(());
        }
        // Neither a character nor a line's end is cut in two.
        let keep = self.held.len() - whole(&self.held);
        let tail = self.held.split_off(self.held.len() - keep);
        let part = std::mem::replace(&mut self.held, tail);
        self.give(&part, false, take)
    }

    fn give<E>(
        &mut self,
        line: &[u8],
        ends: bool,
        take: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let begins = !self.inside;
        let mut bytes = if ends { line.strip_suffix(b"\r").unwrap_or(line) } else { line };
        if !self.begun {
            bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        }
        self.begun = true;
        self.inside = !ends;
        take(Piece { bytes, begins, ends })
    }
}

/// How many bytes of a part may go: up to a carriage return, or an unfinished character, at its end.
fn whole(part: &[u8]) -> usize {
    if part.last() == Some(&b'\r') {
        return part.len() - 1;
    }
    let tail = part.len().saturating_sub(4);
    let lead = (tail..part.len()).rev().find(|at| part.get(*at).is_some_and(|b| b & 0xc0 != 0x80));
    let Some(lead) = lead else { return part.len() };
    let wanted = match part.get(lead) {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        _ => 1,
    };
    if part.len() - lead < wanted { lead } else { part.len() }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// The lines of `bytes`, pushed in chunks of these sizes, and the longest piece.
    fn lines(bytes: &[u8], chunk: usize) -> (Vec<Vec<u8>>, usize) {
        let (mut all, mut longest) = (Vec::new(), 0);
        let mut take = |piece: Piece<'_>| {
            if piece.begins {
                all.push(Vec::new());
            }
            all.last_mut().unwrap().extend_from_slice(piece.bytes);
            longest = longest.max(piece.bytes.len());
            Ok::<_, Infallible>(())
        };
        let mut lines = Lines::default();
        for chunk in bytes.chunks(chunk.max(1)) {
            lines.push(chunk, &mut take).unwrap();
        }
        lines.finish(&mut take).unwrap();
        (all, longest)
    }

    #[test]
    fn marks_and_ends_of_lines_are_dropped_and_nothing_else() {
        let text = "\u{feff}one\r\n\n\u{feff}two\rthree\nfour".as_bytes();
        let expected: [&[u8]; 4] = [b"one", b"", "\u{feff}two\rthree".as_bytes(), b"four"];
        for chunk in 1..text.len() {
            assert_eq!(lines(text, chunk).0, expected, "{chunk}");
        }
        assert_eq!(lines(b"", 9).0, Vec::<Vec<u8>>::new());
        assert_eq!(lines(b"end\n", 9).0, [b"end"]);
    }

    #[test]
    fn a_long_line_comes_in_pieces_of_whole_characters() {
        let text = format!("a{}\nb", "決".repeat(500_000));
        let mut lines = Lines::default();
        let mut pieces = 0;
        let mut held = 0;
        for chunk in text.as_bytes().chunks(10_007) {
            let take = |piece: Piece<'_>| {
                assert!(std::str::from_utf8(piece.bytes).is_ok());
                pieces += 1;
                Ok::<_, Infallible>(())
            };
            lines.push(chunk, take).unwrap();
            held = held.max(lines.held.capacity());
        }
        assert!(pieces > 10 && held < 5 * PIECE, "{pieces} {held}");
    }

    proptest! {
        #[test]
        fn the_chunks_do_not_matter(text in "[a-c\r\n決]{0,200}", chunk in 1usize..50) {
            let whole = lines(text.as_bytes(), usize::MAX).0;
            prop_assert_eq!(lines(text.as_bytes(), chunk).0, whole);
        }
    }
}
