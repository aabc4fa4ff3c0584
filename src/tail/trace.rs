//! One event as Cloudflare sends it. Every field may be missing or of another shape than documented,
//! and what is new passes through.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::event::Event;
use super::fields::{Fields, Slot};
use super::log::{Exception, Log};
use super::pick::{elements, milliseconds, number, text};

/// See the module. Borrows the frame; fields are read when they are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Trace<'a> {
    raw: &'a str,
    fields: Fields<'a>,
}

impl<'a> Trace<'a> {
    /// The event that `json` holds; `None` where it is no JSON, or no object.
    pub fn parse(json: &'a str) -> Option<Self> {
        Some(Self { raw: json, fields: Fields::read(json)? })
    }

    /// The event as it came, to the byte.
    pub fn raw(&self) -> &'a str {
        self.raw
    }

    /// How it ended, in Cloudflare's word.
    pub fn outcome(&self) -> Cow<'a, str> {
        text(self.fields.get(Slot::Outcome)).unwrap_or(Cow::Borrowed("unknown"))
    }

    /// What set the worker off.
    pub fn event(&self) -> Event<'a> {
        Event::of(&self.fields)
    }

    /// When it began (UTC); missing for some kinds.
    pub fn at(&self) -> Option<DateTime<Utc>> {
        milliseconds(self.fields.get(Slot::At))
    }

    /// What it wrote to the console, in order.
    pub fn logs(&self) -> Vec<Log<'a>> {
        elements(self.fields.get(Slot::Logs)).into_iter().map(Log::of).collect()
    }

    /// What it threw and nobody caught.
    pub fn exceptions(&self) -> Vec<Exception<'a>> {
        elements(self.fields.get(Slot::Exceptions)).into_iter().map(Exception::of).collect()
    }

    /// The id of the version that served.
    pub fn version(&self) -> Option<Cow<'a, str>> {
        text(self.fields.get(Slot::VersionId))
    }

    /// Time from begin to end, in ms.
    pub fn wall_ms(&self) -> Option<f64> {
        number(self.fields.get(Slot::WallTime))
    }

    /// Time on the processor, in ms.
    pub fn cpu_ms(&self) -> Option<f64> {
        number(self.fields.get(Slot::CpuTime))
    }

    /// Whether Cloudflare cut its logs.
    pub fn is_truncated(&self) -> bool {
        self.fields.get(Slot::Truncated) == Some("true")
    }

    /// How many messages of diagnostics channels it holds.
    pub fn diagnostics(&self) -> usize {
        elements(self.fields.get(Slot::Diagnostics)).len()
    }

    /// The script that Cloudflare says it is of.
    pub fn script(&self) -> Option<Cow<'a, str>> {
        text(self.fields.get(Slot::Script))
    }

    /// Whether something went wrong in it: it did not end well, it threw, or it answered 5xx. A client
    /// that left is no error of the worker.
    pub fn is_error(&self) -> bool {
        self.is_error_in(&self.event())
    }

    /// The same for whoever has its event already.
    pub fn is_error_in(&self, event: &Event<'_>) -> bool {
        let ended_well =
            matches!(self.outcome().as_ref(), "ok" | "canceled" | "responseStreamDisconnected");
        // Tail Workers report `ok` even when they threw.
        let threw =
            self.fields.get(Slot::Exceptions).is_some_and(|raw| !matches!(raw, "[]" | "null"));
        let failed = |event: &Event<'_>| event.status().is_some_and(|status| status >= 500);
        !matches!(event, Event::Info { .. }) && (!ended_well || threw || failed(event))
    }

    /// Whether it is word that sampling begins (true) or ends (false), and no event at all.
    pub fn sampling(&self) -> Option<bool> {
        let on = match self.fields.get(Slot::Kind)? {
            "\"overload\"" => true,
            "\"overload-stop\"" => false,
            _ => return None,
        };
        matches!(self.event(), Event::Info { .. }).then_some(on)
    }
}
