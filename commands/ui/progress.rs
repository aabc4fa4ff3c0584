//! A line per source on stderr while they are being asked; only on a terminal, never under CI.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use parky_ops::domain::{Source, State};

use super::Look;
use super::ticker::Ticker;

/// The lines, one for each source that is being asked. Removed from the screen when dropped.
pub(crate) struct Progress {
    screen: MultiProgress,
    lines: HashMap<Source, (ProgressBar, State)>,
    ticker: Option<Ticker>,
}

impl Progress {
    /// Lines for `sources`; draws nothing where stderr is not an interactive terminal.
    pub(crate) fn new(look: &Look, sources: &[Source]) -> Self {
        let screen = MultiProgress::with_draw_target(if look.animate && !look.quiet {
            ProgressDrawTarget::term_like_with_hz(Box::new(Narrowed::stderr()), 20)
        } else {
            ProgressDrawTarget::hidden()
        });
        let style = ProgressStyle::with_template("{spinner} {prefix:13} {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner())
            .tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏·");
        let mut lines = HashMap::new();
        for source in sources {
            let line = screen.add(ProgressBar::new_spinner().with_style(style.clone()));
            line.set_prefix(source.word());
            line.set_message("asking");
            lines.insert(*source, (line, State::Skipped));
        }
        let drawn =
            (!screen.is_hidden()).then(|| lines.values().map(|(line, _)| line.clone()).collect());
        let ticker = drawn.map(|lines| Ticker::start(lines, Duration::from_millis(90)));
        Self { screen, lines, ticker }
    }

    /// Shows the worst state that `source` has had so far.
    pub(crate) fn seen(&mut self, source: Source, name: &str, state: State) {
        if let Some((line, worst)) = self.lines.get_mut(&source)
            && state.rank() >= worst.rank()
        {
            *worst = state;
            let name = parky_ops::domain::text::one_line(name);
            line.set_message(format!("{} {name}", state.word()));
        }
    }
}

/// A terminal that seems a little narrower than it is. The lines are filled up to its end, and the
/// `^C` that a terminal shows there would else begin a new line, from which too little is cleared.
///
/// The drawing library counts on a full line to wrap by itself, which here it does not: what follows a
/// full line is begun on the next one.
#[derive(Debug)]
pub(super) struct Narrowed {
    term: Term,
    /// Columns that are filled on the current line.
    filled: AtomicUsize,
}

impl Narrowed {
    /// Standard error.
    pub(super) fn stderr() -> Self {
        Self { term: Term::stderr(), filled: AtomicUsize::new(0) }
    }

    fn at_line_start(&self, moved: io::Result<()>) -> io::Result<()> {
        self.filled.store(0, Ordering::Relaxed);
        moved
    }
}

impl TermLike for Narrowed {
    fn width(&self) -> u16 {
        TermLike::width(&self.term).saturating_sub(8).max(1)
    }

    fn height(&self) -> u16 {
        TermLike::height(&self.term)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.term.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.term.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.term.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.term.move_cursor_left(n)
    }

    fn write_line(&self, s: &str) -> io::Result<()> {
        self.at_line_start(self.term.write_line(s))
    }

    fn write_str(&self, s: &str) -> io::Result<()> {
        let new = console::measure_text_width(s);
        let filled = self.filled.load(Ordering::Relaxed);
        if s == "\r" {
            return self.at_line_start(self.term.write_str(s));
        }
        let full = new > 0 && filled >= usize::from(self.width());
        if full {
            self.term.write_str("\r\n")?;
        }
        self.filled.store(if full { new } else { filled + new }, Ordering::Relaxed);
        self.term.write_str(s)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.at_line_start(self.term.clear_line())
    }

    fn flush(&self) -> io::Result<()> {
        self.term.flush()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.ticker = None;
        for (line, _) in self.lines.values() {
            line.finish_and_clear();
        }
        let _ = self.screen.clear();
    }
}
