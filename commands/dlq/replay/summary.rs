//! How a replay ended: the sum, what somebody has to look at, and what to type next.

use parky_ops::dlq::replay::{Ended, Halt, RowEnd, Skips, Tally};
use parky_ops::dlq::store::StoreError;
use parky_ops::domain::Caveat;
use parky_ops::domain::text::one_line;
use serde::Serialize;

use super::show::{NAMED, Show};
use crate::context::Context;
use crate::dlq::site::Site;
use crate::exit::Outcome;
use crate::refusal::Refusal;
use crate::report;
use crate::ui::{Page, Stream, Table, Tone, Ui, paint};

/// See the module.
pub(in crate::dlq) struct Summary<'a> {
    tally: Tally,
    undone: Vec<RowEnd>,
    stream: Option<Stream<'a>>,
    halt: Option<Halt>,
    /// Every lane was held by others, to the end.
    all_held: bool,
    seconds: u64,
    signal: Option<Outcome>,
    /// Left in the middle of a message.
    torn: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    tally: &'a Tally,
    seconds: u64,
    #[serde(skip_serializing_if = "<[Caveat]>::is_empty")]
    caveats: &'a [Caveat],
}

impl<'a> Summary<'a> {
    /// `ended` is `None` where the run was left at once.
    pub(in crate::dlq) fn new(
        ended: Option<Ended>,
        show: Show<'a>,
        seconds: u64,
        signal: Option<Outcome>,
    ) -> Self {
        let torn = ended.is_none();
        let (mut tally, undone, stream) = show.close();
        let (mut halt, mut all_held) = (None, false);
        if let Some(ended) = ended {
            tally = ended.tally;
            all_held = !ended.held.is_empty() && tally.delivered == 0 && tally.left > 0;
            halt = ended.halt;
        } else {
            // What was not told belongs to those that were not reached.
            tally.left += tally.selected.saturating_sub(tally.ended());
        }
        Self { tally, undone, stream, halt, all_held, seconds, signal, torn }
    }

    /// Of a plan that sends nothing.
    pub(in crate::dlq) fn of_nothing(tally: Tally, show: Show<'a>) -> Self {
        let (_, undone, stream) = show.close();
        let (halt, signal) = (None, None);
        Self { tally, undone, stream, halt, all_held: false, seconds: 0, signal, torn: false }
    }

    pub(in crate::dlq) fn show(
        self,
        ui: &Ui,
        ctx: &Context,
        site: &Site,
        caveats: &[Caveat],
    ) -> anyhow::Result<Outcome> {
        let document = Document { tally: &self.tally, seconds: self.seconds, caveats };
        match &self.stream {
            // A closed pipe changes nothing about what was done.
            Some(stream) => drop(stream.event("summary", &document)),
            None => {
                let again = |words: &[&str]| {
                    ctx.invocation(&site.world.config.env).own(words.iter().copied())
                };
                let page = Page { width: ui.look.width, now: ctx.clock.now() };
                drop(ui.write_text(&self.page(&page, &again)));
                ui.say_caveats(caveats);
            }
        }
        let outcome = self.outcome();
        if let Some(halt) = self.halt {
            let sent = self.tally.delivered + self.tally.unsure > 0;
            return Ok(report::failure(&refusal(&halt, sent).into(), ui));
        }
        Ok(outcome)
    }

    fn outcome(&self) -> Outcome {
        match self.signal {
            Some(signal) => signal,
            None if self.all_held => Outcome::Held,
            None if self.tally.is_partly() => Outcome::Partly,
            None => Outcome::Done,
        }
    }

    fn page(&self, page: &Page, again: &dyn Fn(&[&str]) -> String) -> String {
        let Tally { selected, delivered, rejected, unsure, blocked, skipped, left } = self.tally;
        let Skips { duplicate, too_old, maybe, other } = skipped;
        let mut text = format!(
            "{} {selected} selected = {delivered} delivered + {rejected} rejected + {unsure} unsure \
             + {blocked} blocked + {} skipped + {left} left, in {} s\n",
            paint(Tone::Strong, "SUM"),
            skipped.sum(),
            self.seconds,
        );
        let skips = [
            (duplicate, "duplicates"),
            (too_old, "too old"),
            (maybe, "may have arrived at first"),
            (other, "settled otherwise"),
        ];
        let skips: Vec<_> =
            skips.iter().filter(|(n, _)| *n > 0).map(|(n, why)| format!("{n} {why}")).collect();
        if !skips.is_empty() {
            text.push_str(&format!("  skipped: {}\n", skips.join(", ")));
        }
        if !self.undone.is_empty() {
            let mut table = Table::new(page, ["ROW", "CHANNEL", "STATE", "HTTP", "REASON"]);
            for end in &self.undone {
                let http = end.http_status.map_or_else(|| "-".to_owned(), |http| http.to_string());
                let reason = one_line(end.reason.as_deref().unwrap_or("-"));
                let id = end.id.to_string();
                table.row([&id, &end.channel, end.state.word(), &http, &reason]);
            }
            text.push_str(&table.to_string());
            let more = rejected + unsure + blocked + left;
            let more = more.saturating_sub(NAMED as u64);
            if more > 0 {
                text.push_str(&format!("  and {more} more\n"));
            }
        }
        if self.torn {
            text.push_str("  left at once: what was in flight is unsure\n");
        }
        let mut next = |why: &str, words: &[&str]| {
            text.push_str(&format!("  {} {why}\n", paint(Tone::Strong, &again(words))));
        };
        if unsure > 0 || self.torn {
            next("looks after what may have arrived", &["dlq", "unsure"]);
        }
        if rejected > 0 {
            next("shows why", &["dlq", "show", "ID"]);
        }
        text
    }
}

/// What ended the run early, as an error. Where nothing had left the code says whose fault it is.
fn refusal(halt: &Halt, sent: bool) -> Refusal {
    let (code, outcome, hint) = match halt {
        Halt::Journal(_) | Halt::Store(StoreError::Local(_)) => {
            ("no-ledger", Outcome::Configuration, "make room on the disk")
        }
        Halt::Store(_) => ("no-ledger", Outcome::Unreachable, "parky-ops doctor"),
        Halt::Table(_) => ("database", Outcome::Unreachable, "parky-ops doctor"),
        Halt::Banned { .. } => ("banned", Outcome::Unreachable, "wait, and run it again"),
        _ => ("discord", Outcome::Unreachable, "parky-ops doctor"),
    };
    let outcome = if sent { Outcome::Partly } else { outcome };
    Refusal::new(code, outcome, halt.to_string(), hint)
}
