//! The own tail of a rollback: what the version that came back says while the hosts are probed.
//!
//! Opens a tail and deletes it on every way out. One that cannot be opened, or is lost, is a note: the
//! probes alone judge then.

use std::cell::RefCell;

use parky_ops::checks::access::Cloudflare;
use parky_ops::cloudflare::{Client, TailFilters, Tails};
use parky_ops::domain::Clock;
use parky_ops::domain::text::{one_line, shorten};
use parky_ops::http::Roots;
use parky_ops::rollback::{Card, TailSeen};
use parky_ops::tail::{Books, Event, Item, Means, Pace, Trace, Watch, frame, watch};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::tail::no_tail_in_a_line;
use crate::ui::Ui;

/// Items that may wait; each holds up to half a MiB.
const ROOM: usize = 2;
/// Signs of what an error looked like.
const SAMPLE: usize = 160;

/// See the module.
pub(super) struct OwnTail<'a> {
    books: Books,
    client: Client,
    roots: &'a Roots,
    clock: Clock,
    pace: Pace,
    watch: Watch,
    /// The version that is looked at.
    version: &'a str,
    seen: RefCell<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// `None` until the line is open.
    counts: Option<TailSeen>,
    /// What the first error looked like.
    error: Option<String>,
    sampled: bool,
    notes: Vec<String>,
}

impl<'a> OwnTail<'a> {
    /// A tail of the version that `card` brings back; not open yet.
    pub(super) fn new(card: &'a Card, access: &Cloudflare, roots: &'a Roots, clock: Clock) -> Self {
        let version = card.to.id.as_str();
        let filters = TailFilters { version: Some(version.to_owned()), ..TailFilters::default() };
        Self {
            books: Books::new(Tails::new(access.api.clone(), card.account.as_str())),
            client: access.client(),
            roots,
            clock,
            pace: Pace::default(),
            watch: Watch {
                worker: card.target.clone(),
                script: card.script.clone(),
                filters,
                newest: false,
            },
            version,
            seen: RefCell::default(),
        }
    }

    /// Opens the tail and counts until it is lost for good. May be dropped at any time.
    pub(super) async fn follow(&self, ui: &Ui) {
        let Self { books, client, roots, clock, pace, .. } = self;
        let means = Means { books, client, roots, clock: *clock, pace };
        let (out, mut items) = mpsc::channel(ROOM);
        let reading = async {
            while let Some(item) = items.recv().await {
                self.take(item, ui).await;
            }
        };
        tokio::join!(watch(&means, std::slice::from_ref(&self.watch), out), reading);
    }

    /// What was seen so far; `None` where no line was ever open.
    pub(super) fn seen(&self) -> Option<TailSeen> {
        self.seen.borrow().counts
    }

    /// Deletes the tail, and hands over what is worth knowing besides the counts.
    pub(super) async fn end(self, ui: &Ui) -> Vec<String> {
        for (script, error) in self.books.close(Instant::now() + self.pace.farewell).await {
            let why = error.map(|error| format!(": {error}")).unwrap_or_default();
            self.note(format!("the tail of {script} may stay open until it expires{why}"), ui);
        }
        let Seen { counts, error, sampled, mut notes } = self.seen.into_inner();
        if counts.is_none() && notes.is_empty() {
            notes.push("no tail: there was no time to open one".to_owned());
        }
        if sampled {
            notes.push("Cloudflare sent only a sample of the events".to_owned());
        }
        notes.extend(error.map(|error| format!("the first error: {error}")));
        notes
    }

    async fn take(&self, item: Item, ui: &Ui) {
        match item {
            Item::Open { .. } => {
                self.seen.borrow_mut().counts.get_or_insert(TailSeen { events: 0, errors: 0 });
                ui.note("a tail of the version that came back is open");
            }
            Item::Frames { frames, .. } => {
                for bytes in frames {
                    // What is no event says nothing about the version.
                    let _ = frame::read(&bytes, |trace| self.count(&trace, ui));
                }
            }
            Item::Renewed { .. } | Item::Retrying { .. } => {}
            Item::Gap { from, to, cause, .. } => {
                let seconds = (to - from).num_seconds().max(0);
                self.note(format!("the tail saw nothing for {seconds} s: {cause}"), ui);
            }
            Item::Lost { from, error, .. } => {
                let deadline = Instant::now() + self.pace.connect;
                let tails = self.books.tails();
                let why = no_tail_in_a_line(&error, &self.watch.script, tails, deadline).await;
                let what = if from.is_some() { "the tail was lost" } else { "no tail" };
                self.note(format!("{what}: {why}"), ui);
            }
        }
    }

    fn count(&self, trace: &Trace<'_>, ui: &Ui) {
        let mut seen = self.seen.borrow_mut();
        if let Some(on) = trace.sampling() {
            seen.sampled |= on;
            return;
        }
        let other = |id: &str| !id.eq_ignore_ascii_case(self.version);
        if trace.version().is_some_and(|id| other(&id)) {
            return;
        }
        let counts = seen.counts.get_or_insert(TailSeen { events: 0, errors: 0 });
        counts.events += 1;
        if !trace.is_error() {
            return;
        }
        counts.errors += 1;
        if seen.error.is_none() {
            let error = looks_like(trace);
            ui.note(&format!("the tail saw an error: {error}"));
            seen.error = Some(error);
        }
    }

    fn note(&self, text: String, ui: &Ui) {
        ui.note(&text);
        self.seen.borrow_mut().notes.push(text);
    }
}

/// An error in a line: how it ended, what was asked for, what was thrown. No query, which may hold
/// what nobody else should read.
fn looks_like(trace: &Trace<'_>) -> String {
    let mut parts = vec![trace.outcome().into_owned()];
    let event = trace.event();
    if let Event::Fetch { method, status, .. } = &event {
        parts.extend(status.map(|status| status.to_string()));
        parts.extend(method.as_deref().map(str::to_owned));
        parts.extend(event.path().map(str::to_owned));
    }
    let thrown = trace.exceptions();
    parts.extend(thrown.first().map(|thrown| format!("{}: {}", thrown.name, thrown.message)));
    shorten(&one_line(&parts.join(" ")), SAMPLE)
}
