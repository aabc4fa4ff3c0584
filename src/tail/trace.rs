//! One event as Cloudflare sends it. Every field may be missing or of another shape than documented,
//! and what is new passes through.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::event::Event;
use super::log::{Exception, Log};
use super::pick::{self, Field, elements, fields, milliseconds, number, text};

const NAMES: [&str; 12] = [
    "outcome",
    "event",
    "eventTimestamp",
    "logs",
    "exceptions",
    "scriptVersion",
    "wallTime",
    "cpuTime",
    "entrypoint",
    "truncated",
    "diagnosticsChannelEvents",
    "scriptName",
];

/// See the module. Borrows the frame; fields are read when they are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Trace<'a> {
    raw: &'a str,
    fields: [Field<'a>; NAMES.len()],
}

impl<'a> Trace<'a> {
    /// The event that `json` holds.
    ///
    /// # Errors
    /// It is no JSON, or no object.
    pub fn parse(json: &'a str) -> Result<Self, serde_json::Error> {
        Ok(Self { raw: json, fields: pick::object(json, &NAMES)? })
    }

    /// The event as it came, to the byte.
    pub fn raw(&self) -> &'a str {
        self.raw
    }

    /// How it ended, in Cloudflare's word.
    pub fn outcome(&self) -> Cow<'a, str> {
        let [outcome, ..] = self.fields;
        text(outcome).unwrap_or(Cow::Borrowed("unknown"))
    }

    /// What set the worker off.
    pub fn event(&self) -> Event<'a> {
        let [_, event, _, _, _, _, _, _, entrypoint, ..] = self.fields;
        Event::of(event, entrypoint)
    }

    /// When it began (UTC); missing for some kinds.
    pub fn at(&self) -> Option<DateTime<Utc>> {
        let [_, _, at, ..] = self.fields;
        milliseconds(at)
    }

    /// What it wrote to the console, in order.
    pub fn logs(&self) -> Vec<Log<'a>> {
        let [_, _, _, logs, ..] = self.fields;
        elements(logs).into_iter().map(Log::of).collect()
    }

    /// What it threw and nobody caught.
    pub fn exceptions(&self) -> Vec<Exception<'a>> {
        let [_, _, _, _, exceptions, ..] = self.fields;
        elements(exceptions).into_iter().map(Exception::of).collect()
    }

    /// The id of the version that served.
    pub fn version(&self) -> Option<Cow<'a, str>> {
        let [_, _, _, _, _, version, ..] = self.fields;
        let [id] = fields(version, &["id"]);
        text(id)
    }

    /// Time from begin to end, in ms.
    pub fn wall_ms(&self) -> Option<f64> {
        let [_, _, _, _, _, _, wall, ..] = self.fields;
        number(wall)
    }

    /// Time on the processor, in ms.
    pub fn cpu_ms(&self) -> Option<f64> {
        let [_, _, _, _, _, _, _, cpu, ..] = self.fields;
        number(cpu)
    }

    /// Whether Cloudflare cut its logs.
    pub fn is_truncated(&self) -> bool {
        let [.., truncated, _, _] = self.fields;
        truncated.is_some_and(|raw| raw.get() == "true")
    }

    /// How many messages of diagnostics channels it holds.
    pub fn diagnostics(&self) -> usize {
        let [.., diagnostics, _] = self.fields;
        elements(diagnostics).len()
    }

    /// The script that Cloudflare says it is of.
    pub fn script(&self) -> Option<Cow<'a, str>> {
        let [.., script] = self.fields;
        text(script)
    }

    /// Whether something went wrong in it: it did not end well, it threw, or it answered 5xx. A client
    /// that left is no error of the worker.
    pub fn is_error(&self) -> bool {
        self.is_error_in(&self.event())
    }

    /// The same for whoever has its event already: to find that is most of the work.
    pub fn is_error_in(&self, event: &Event<'_>) -> bool {
        let [_, _, _, _, exceptions, ..] = self.fields;
        let ended_well =
            matches!(self.outcome().as_ref(), "ok" | "canceled" | "responseStreamDisconnected");
        // Tail Workers report `ok` even when they threw.
        let threw = exceptions.is_some_and(|raw| !matches!(raw.get(), "[]" | "null"));
        let failed = |event: &Event<'_>| event.status().is_some_and(|status| status >= 500);
        !matches!(event, Event::Info { .. }) && (!ended_well || threw || failed(event))
    }

    /// Whether it is word that sampling begins (true) or ends (false), and no event at all.
    pub fn sampling(&self) -> Option<bool> {
        // Nearly no event is one: most are told by a search for the word.
        memchr::memmem::find(self.raw.as_bytes(), b"overload")?;
        match self.event() {
            Event::Info { kind, .. } if kind == "overload" => Some(true),
            Event::Info { kind, .. } if kind == "overload-stop" => Some(false),
            _ => None,
        }
    }
}
