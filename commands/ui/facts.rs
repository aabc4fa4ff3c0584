//! Lines of `Label   text`, the text wrapped beside its label.

use std::fmt::{self, Write};

use super::{Page, Tone, paint};

/// Columns of the labels.
const LABEL: usize = 10;

/// Writes one fact; each further line of it stands below without the label.
pub(crate) fn fact(
    out: &mut dyn Write,
    page: &Page,
    label: &str,
    lines: &[impl AsRef<str>],
) -> fmt::Result {
    let width = page.width.map_or(usize::MAX, |width| usize::from(width).max(2 * LABEL + 4));
    let indent = " ".repeat(LABEL);
    let options = textwrap::Options::new(width)
        .initial_indent(&indent)
        .subsequent_indent(&indent)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    for (n, line) in lines.iter().enumerate() {
        let label = paint(Tone::Dim, &format!("{:<LABEL$}", if n == 0 { label } else { "" }));
        let text = textwrap::fill(line.as_ref(), &options);
        writeln!(out, "{label}{}", text.trim_start())?;
    }
    Ok(())
}
