//! A line of progress for each of several named things, on stderr and only on a terminal.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Look;
use super::progress::Narrowed;
use super::ticker::Ticker;

/// Lines that fit below a prompt; those of further things are not drawn.
const MOST: usize = 16;

/// The lines. Removed from the screen when dropped.
pub(crate) struct Bars {
    screen: MultiProgress,
    lines: BTreeMap<String, ProgressBar>,
    ticker: Option<Ticker>,
}

impl Bars {
    /// A line for each of `names`; nothing is drawn where stderr is not an interactive terminal.
    pub(crate) fn new<'a>(look: &Look, names: impl Iterator<Item = &'a str>) -> Self {
        let screen = MultiProgress::with_draw_target(if look.animate && !look.quiet {
            ProgressDrawTarget::term_like_with_hz(Box::new(Narrowed::stderr()), 10)
        } else {
            ProgressDrawTarget::hidden()
        });
        let style = ProgressStyle::with_template("{spinner} {prefix:16} {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner())
            .tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏·");
        let mut lines = BTreeMap::new();
        for name in names.take(MOST) {
            let line = screen.add(ProgressBar::new_spinner().with_style(style.clone()));
            line.set_prefix(parky_ops::domain::text::one_line(name));
            lines.insert(name.to_owned(), line);
        }
        let drawn = (!screen.is_hidden()).then(|| lines.values().cloned().collect());
        let ticker = drawn.map(|lines| Ticker::start(lines, Duration::from_millis(120)));
        Self { screen, lines, ticker }
    }

    /// Whether anything is drawn.
    pub(crate) fn are_drawn(&self) -> bool {
        !self.screen.is_hidden()
    }

    /// Sets the words behind a name.
    pub(crate) fn say(&self, name: &str, words: &str) {
        if let Some(line) = self.lines.get(name) {
            line.set_message(words.to_owned());
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.ticker = None;
        for line in self.lines.values() {
            line.finish_and_clear();
        }
        let _ = self.screen.clear();
    }
}
