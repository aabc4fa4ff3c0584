//! The line below the events on a terminal: how many a second, how many errors, how long since the last.

use std::time::{Duration, Instant};

use super::desk::{Counts, Desk};
use crate::ui::{Tone, paint};

/// How often it is drawn anew.
pub(super) const EVERY: Duration = Duration::from_millis(500);

/// Counts what came since the last time.
pub(super) struct Status {
    since: Instant,
    events: u64,
    rate: f64,
}

impl Status {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), events: 0, rate: 0.0 }
    }

    /// The line as it is now.
    pub(super) fn line(&mut self, desk: &Desk<'_>) -> String {
        let Counts { events, errors, last, gaps, lost, .. } = &desk.counts;
        let passed = self.since.elapsed().as_secs_f64();
        if passed >= 1.0 {
            self.rate = (events - self.events) as f64 / passed;
            (self.since, self.events) = (Instant::now(), *events);
        }
        let last = last.map_or_else(
            || "no event yet".to_owned(),
            |last| format!("last event {} s ago", last.elapsed().as_secs()),
        );
        let mut line = format!("{:.1} events/s · ", self.rate);
        let error = format!("{errors} errors");
        line += &if *errors > 0 { paint(Tone::Bad, &error) } else { error };
        line += &format!(" · {last} · ");
        line += &if desk.is_sampled() {
            paint(Tone::Warn, "sampled")
        } else {
            "not sampled".to_owned()
        };
        if *gaps > 0 {
            line += &format!(" · {gaps} gaps");
        }
        if *lost > 0 {
            line += &paint(Tone::Bad, &format!(" · {lost} lines lost"));
        }
        line
    }
}
