//! Where everything comes together: events are chosen and counted, and become the lines of the answer
//! and of its copy. Waits for nothing.

use std::io;
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};
use parky_ops::domain::Clock;
use parky_ops::tail::{Filter, Item, Summary, Trace, frame};

use super::figures::Figures;
use super::notice::{Gap, Notice};
use super::scrub::scrub;
use super::text::Style;
use crate::ui::{Format, Lines, Page, Parcel, Tone, Ui, paint};

/// What ends the stream when it has come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limits {
    pub(super) max_events: Option<u64>,
    pub(super) until_error: bool,
}

/// See the module.
pub(super) struct Desk<'a> {
    ui: &'a Ui,
    clock: Clock,
    workers: &'a [String],
    filter: Filter,
    limits: Limits,
    style: Style,
    /// For stdout.
    lines: Lines,
    /// For stderr.
    notes: String,
    /// For the copy, where one is kept.
    copy: Option<Lines>,
    /// The figures since, where figures are wanted instead of lines.
    summary: Option<(Summary, DateTime<Utc>, Instant)>,
    pub(super) counts: Counts,
    sampling: Vec<bool>,
    bad: Vec<u64>,
    /// Why it is over.
    pub(super) reached: Option<&'static str>,
}

/// What came so far.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) events: u64,
    pub(super) errors: u64,
    pub(super) bad_frames: u64,
    pub(super) gaps: u64,
    pub(super) sampled: bool,
    pub(super) last: Option<Instant>,
    /// Lines that are lost for good.
    pub(super) lost: usize,
}

impl<'a> Desk<'a> {
    pub(super) fn new(
        ui: &'a Ui,
        clock: Clock,
        workers: &'a [String],
        (filter, limits): (Filter, Limits),
        copies: bool,
        summary: bool,
    ) -> Self {
        let style = Style::new(workers, ui.look.width, filter.level, ui.look.verbose);
        Self {
            ui,
            clock,
            workers,
            filter,
            limits,
            style,
            lines: Lines::default(),
            notes: String::new(),
            copy: copies.then(Lines::default),
            summary: summary.then(|| (Summary::default(), clock.now(), Instant::now())),
            counts: Counts::default(),
            sampling: vec![false; workers.len()],
            bad: vec![0; workers.len()],
            reached: None,
        }
    }

    /// The first line of a stream.
    pub(super) fn start(&mut self) -> io::Result<()> {
        let now = self.clock.now();
        if self.is_json() {
            self.lines.start(self.ui, super::COMMAND, now)?;
        }
        match &mut self.copy {
            Some(copy) => copy.start(self.ui, super::COMMAND, now),
            None => Ok(()),
        }
    }

    /// Takes what happened on the lines.
    pub(super) fn take(&mut self, item: &Item) -> io::Result<()> {
        match item {
            Item::Open { worker, version } => {
                self.looks_at(*worker, version.as_deref(), "connected");
                Ok(())
            }
            Item::Frames { worker, at, frames, garbled } => {
                self.frames(*worker, *at, frames)?;
                match garbled {
                    0 => Ok(()),
                    more => self.bad(*worker, *more, "text that is no UTF-8"),
                }
            }
            Item::Renewed { worker, version } => {
                if version.is_some() {
                    self.looks_at(*worker, version.as_deref(), "renewed");
                }
                let notice = Notice::Renewed { worker: name(self.workers, *worker) };
                self.tell(*worker, &notice)
            }
            Item::Retrying { worker, cause, wait } => {
                let name = name(self.workers, *worker);
                let text = format!("{name}: {cause}; trying again in {:.1} s", wait.as_secs_f64());
                self.notes += &self.ui.note_text(&paint(Tone::Warn, &text));
                Ok(())
            }
            Item::Gap { worker, from, to, cause } => {
                self.counts.gaps += 1;
                self.gap(*worker, Some(*from), *to, cause, false)
            }
            Item::Lost { worker, from, error } => {
                self.counts.lost += 1;
                self.counts.gaps += u64::from(from.is_some());
                let now = self.clock.now();
                self.gap(*worker, *from, now, &error.to_string(), true)
            }
        }
    }

    fn frames(
        &mut self,
        worker: usize,
        at: DateTime<Utc>,
        frames: &[impl AsRef<[u8]>],
    ) -> io::Result<()> {
        let time = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let name = crate::ui::json_text(name(self.workers, worker))?;
        let head = format!(r#"{{"event":"tail","worker":{name},"received_at":"{time}","trace":"#);
        let (before, now) = (self.counts.events, Instant::now());
        for frame in frames {
            let mut outcome = Ok(());
            let bad = frame::read(frame.as_ref(), |trace| {
                if outcome.is_ok() && self.reached.is_none() {
                    outcome = self.event(worker, &trace, at, &head);
                }
            });
            outcome?;
            if self.reached.is_some() {
                break;
            }
            if let Some(sample) = bad {
                self.bad(worker, 1, &sample)?;
            }
        }
        if self.counts.events > before {
            self.counts.last = Some(now);
        }
        Ok(())
    }

    fn event(
        &mut self,
        worker: usize,
        trace: &Trace<'_>,
        at: DateTime<Utc>,
        head: &str,
    ) -> io::Result<()> {
        if let Some(on) = trace.sampling() {
            return self.sampled(worker, on);
        }
        if !self.filter.is_open() && !self.filter.passes(trace) {
            return Ok(());
        }
        self.counts.events += 1;
        // Scripts read the outcome themselves; a stream of JSON need not look for it.
        let looks = !self.is_json() || self.limits.until_error;
        let event = looks.then(|| trace.event());
        let error = event.as_ref().is_some_and(|event| trace.is_error_in(event));
        self.counts.errors += u64::from(error);
        if let Some((summary, ..)) = &mut self.summary {
            summary.count(worker, trace);
        } else if self.is_json() {
            self.lines.around(head, trace.raw());
        } else if let Some(event) = &event {
            self.style.event(self.lines.page(), worker, trace, (event, error), at);
        }
        if let Some(copy) = &mut self.copy {
            copy.around(head, &scrub(trace.raw()));
        }
        if self.limits.until_error && error {
            self.reached = Some("until-error");
        } else if self.limits.max_events.is_some_and(|most| self.counts.events >= most) {
            self.reached = Some("max-events");
        }
        Ok(())
    }

    fn sampled(&mut self, worker: usize, on: bool) -> io::Result<()> {
        self.counts.sampled |= on;
        if let Some(known) = self.sampling.get_mut(worker) {
            *known = on;
        }
        self.tell(worker, &Notice::Sampled { worker: name(self.workers, worker), on })
    }

    /// Counts frames that held no event; people are shown the first, and then each power of ten.
    fn bad(&mut self, worker: usize, more: u64, sample: &str) -> io::Result<()> {
        self.counts.bad_frames += more;
        let Some(count) = self.bad.get_mut(worker) else { return Ok(()) };
        let before = *count;
        *count += more;
        let shown = before == 0 || before.ilog10() < count.ilog10();
        let notice = Notice::BadFrame { worker: name(self.workers, worker), count: *count, sample };
        if shown { self.tell(worker, &notice) } else { Ok(()) }
    }

    fn gap(
        &mut self,
        worker: usize,
        from: Option<DateTime<Utc>>,
        to: DateTime<Utc>,
        cause: &str,
        lost: bool,
    ) -> io::Result<()> {
        let seconds =
            from.map_or(0.0, |from| (to - from).num_milliseconds().max(0) as f64 / 1000.0);
        let worker_name = name(self.workers, worker);
        let gap = Gap { worker: worker_name, from, to, seconds, cause, lost };
        self.tell(worker, &Notice::Gap(gap))
    }

    fn looks_at(&mut self, worker: usize, version: Option<&str>, what: &str) {
        let name = name(self.workers, worker);
        let version = version.map(|id| format!(" to version {id}")).unwrap_or_default();
        self.notes += &self.ui.note_text(&format!("{name}: {what}{version}"));
    }

    /// Says `text` beside the stream where nothing has come yet.
    pub(super) fn hint_if_quiet(&mut self, text: &str) {
        if self.counts.last.is_none() && self.counts.bad_frames == 0 {
            self.notes += &self.ui.note_text(&paint(Tone::Warn, text));
        }
    }

    /// Says something in the stream, at its place among the events.
    fn tell(&mut self, worker: usize, notice: &Notice<'_>) -> io::Result<()> {
        if let Some(copy) = &mut self.copy {
            copy.event(notice.word(), notice)?;
        }
        if self.is_json() {
            return self.lines.event(notice.word(), notice);
        }
        if !matches!(notice, Notice::Renewed { .. }) || self.ui.look.verbose {
            self.style.notice(self.lines.page(), worker, notice);
        }
        Ok(())
    }

    /// The last line; for people a note.
    pub(super) fn end(&mut self, reason: &str) -> io::Result<()> {
        let Counts { events, bad_frames, gaps, sampled, .. } = self.counts;
        let notice = Notice::Ended { events, bad_frames, sampled, gaps, reason };
        if let Some(copy) = &mut self.copy {
            copy.event(notice.word(), &notice)?;
        }
        if self.is_json() {
            return self.lines.event(notice.word(), &notice);
        }
        Ok(())
    }

    /// What people read at the end.
    pub(super) fn closing(&self, reason: &str) -> String {
        let Counts { events, bad_frames, gaps, sampled, errors, .. } = self.counts;
        let text = Notice::Ended { events, bad_frames, sampled, gaps, reason }.text();
        if errors > 0 { format!("{text}, {errors} with errors") } else { text }
    }

    /// Writes the figures since the last time.
    pub(super) fn figures(&mut self) -> io::Result<()> {
        let now = self.clock.now();
        let Some((summary, from, since)) = &mut self.summary else { return Ok(()) };
        let rows = summary.take();
        let lasted: Duration = since.elapsed();
        let stretch = (*from, now);
        (*from, *since) = (now, Instant::now());
        let sampled = self.sampling.contains(&true);
        let figures = Figures::new(self.workers, rows, stretch, lasted, sampled);
        if self.is_json() {
            return self.lines.event("summary", &figures);
        }
        let page = figures.text(&Page { width: self.ui.look.width, now });
        self.lines.page().push_str(&page);
        Ok(())
    }

    /// What is ready to be written.
    pub(super) fn ready(&mut self) -> Parcel {
        Parcel {
            lines: self.lines.take(),
            copy: self.copy.as_mut().map(Lines::take).unwrap_or_default(),
            notes: std::mem::take(&mut self.notes),
        }
    }

    pub(super) fn has_ready(&self) -> bool {
        let copy = self.copy.as_ref().is_some_and(|copy| !copy.is_empty());
        copy || !self.lines.is_empty() || !self.notes.is_empty()
    }

    /// Whether Cloudflare samples any of the workers now.
    pub(super) fn is_sampled(&self) -> bool {
        self.sampling.contains(&true)
    }

    fn is_json(&self) -> bool {
        self.ui.look.format == Format::Json
    }
}

fn name(workers: &[String], worker: usize) -> &str {
    workers.get(worker).map_or("", String::as_str)
}
