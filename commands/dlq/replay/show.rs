//! What a replay shows while it runs: events for scripts, a line per channel on a terminal, a line
//! now and then elsewhere.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use parky_ops::dlq::replay::{EndState, RowEnd, Tally, Watch};
use parky_ops::domain::text::one_line;
use serde::Serialize;

use crate::ui::{Bars, Stream, Ui};

/// How often a line is printed where nothing can be redrawn.
const NOW_AND_THEN: Duration = Duration::from_secs(10);
/// Rows that the summary names.
pub(in crate::dlq) const NAMED: usize = 50;

/// See the module.
pub(in crate::dlq) struct Show<'a> {
    ui: &'a Ui,
    stream: Option<Stream<'a>>,
    bars: Bars,
    lanes: BTreeMap<String, Lane>,
    said: Instant,
    /// The count so far.
    pub(in crate::dlq) tally: Tally,
    /// Rows that somebody has to look at, the first ones.
    pub(in crate::dlq) undone: Vec<RowEnd>,
}

#[derive(Debug, Default)]
struct Lane {
    total: u64,
    done: u64,
}

#[derive(Serialize)]
struct Wait<'a> {
    channel: &'a str,
    seconds: u64,
    why: &'a str,
}

impl<'a> Show<'a> {
    /// `lanes`: how many rows each channel has to send.
    pub(in crate::dlq) fn new(
        ui: &'a Ui,
        stream: Option<Stream<'a>>,
        lanes: &BTreeMap<&str, usize>,
    ) -> Self {
        let bars = Bars::new(&ui.look, lanes.keys().copied());
        let lanes = lanes.iter().map(|(name, total)| {
            let lane = Lane { total: *total as u64, done: 0 };
            ((*name).to_owned(), lane)
        });
        let (tally, undone) = (Tally::default(), Vec::new());
        Self { ui, stream, bars, lanes: lanes.collect(), said: Instant::now(), tally, undone }
    }

    fn line(&self, name: &str, more: &str) -> String {
        let Lane { total, done } = self.lanes.get(name).unwrap_or(&Lane { total: 0, done: 0 });
        format!("{done}/{total}{more}")
    }

    /// Ends the lines.
    pub(in crate::dlq) fn close(self) -> (Tally, Vec<RowEnd>, Option<Stream<'a>>) {
        (self.tally, self.undone, self.stream)
    }
}

impl Watch for Show<'_> {
    fn row(&mut self, end: &RowEnd, tally: &Tally) {
        self.tally = *tally;
        if let Some(stream) = &self.stream {
            // A closed pipe must not end a run half way.
            let _ = stream.event("row", end);
        }
        let settled = matches!(end.state, EndState::Delivered | EndState::Skipped);
        if !settled && self.undone.len() < NAMED {
            self.undone.push(end.clone());
        }
        if let Some(lane) = self.lanes.get_mut(&end.channel) {
            lane.done = (lane.done + 1).min(lane.total);
            self.bars.say(&end.channel, &self.line(&end.channel, ""));
        }
        if !self.bars.are_drawn() && self.said.elapsed() >= NOW_AND_THEN {
            self.said = Instant::now();
            self.ui.note(&format!("{} of {} rows done", tally.ended(), tally.selected));
        }
    }

    fn wait(&mut self, lane: &str, wait: Duration, why: &str) {
        let seconds = wait.as_secs_f64().ceil() as u64;
        if let Some(stream) = &self.stream {
            let _ = stream.event("wait", &Wait { channel: lane, seconds, why });
        }
        let text = format!(", next in {seconds} s: {}", one_line(why));
        self.bars.say(lane, &self.line(lane, &text));
        if !self.bars.are_drawn() && seconds >= NOW_AND_THEN.as_secs() {
            self.ui.note(&format!("#{lane} {}", self.line(lane, &text)));
        }
    }

    fn note(&mut self, text: &str) {
        self.ui.note(text);
    }
}
