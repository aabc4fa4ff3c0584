//! A line per source on stderr while they are being asked; only on a terminal, never under CI.

use std::collections::HashMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use parky_ops::domain::{Source, State};

use super::Look;

/// The lines, one for each source that is being asked. Removed from the screen when dropped.
pub(crate) struct Progress {
    screen: MultiProgress,
    lines: HashMap<Source, (ProgressBar, State)>,
}

impl Progress {
    /// Lines for `sources`; draws nothing where stderr is not an interactive terminal.
    pub(crate) fn new(look: &Look, sources: &[Source]) -> Self {
        let screen = MultiProgress::new();
        if !look.animate || look.quiet {
            screen.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        let style = ProgressStyle::with_template("{spinner} {prefix:13} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner())
            .tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏·");
        let mut lines = HashMap::new();
        for source in sources {
            let line = screen.add(ProgressBar::new_spinner().with_style(style.clone()));
            line.set_prefix(source.word());
            line.set_message("asking");
            line.enable_steady_tick(Duration::from_millis(90));
            lines.insert(*source, (line, State::Skipped));
        }
        Self { screen, lines }
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

impl Drop for Progress {
    fn drop(&mut self) {
        for (line, _) in self.lines.values() {
            line.finish_and_clear();
        }
        let _ = self.screen.clear();
    }
}
