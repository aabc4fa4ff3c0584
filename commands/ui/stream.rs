//! Streams: one JSON object a line, each written as it comes.
//!
//! [`Stream`] writes each line at once. [`Lines`] gathers them for an [`super::Outlet`], for streams
//! that are too fast for that, and takes JSON from outside as it is.

use std::io;

use chrono::{DateTime, Utc};
use parky_ops::domain::Redactor;
use serde::Serialize;

use super::{Ui, harmless, json, paint};

/// A stream that has begun.
pub(crate) struct Stream<'a> {
    ui: &'a Ui,
}

#[derive(Serialize)]
struct Start<'a> {
    event: &'static str,
    schema: String,
    env: &'a str,
    sandbox: bool,
    generated_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct Line<'a, T> {
    event: &'a str,
    #[serde(flatten)]
    fields: &'a T,
}

impl<'a> Stream<'a> {
    /// Writes the first line.
    pub(crate) fn start(ui: &'a Ui, command: &str, now: DateTime<Utc>) -> io::Result<Self> {
        let stream = Self { ui };
        stream.line(&start(ui, command, now))?;
        Ok(stream)
    }

    /// A stream that was begun before.
    pub(crate) fn resume(ui: &'a Ui) -> Self {
        Self { ui }
    }

    /// Writes `{"event": event, …fields}`.
    pub(crate) fn event<T: Serialize>(&self, event: &str, fields: &T) -> io::Result<()> {
        self.line(&Line { event, fields })
    }

    fn line<T: Serialize>(&self, line: &T) -> io::Result<()> {
        let mut text = json::to_string(line)?;
        text.push('\n');
        self.ui.write_out(&text)
    }
}

fn start<'a>(ui: &'a Ui, command: &str, now: DateTime<Utc>) -> Start<'a> {
    let (env, sandbox) = (ui.envelope.env.as_str(), ui.envelope.sandbox.is_some());
    Start { event: "start", schema: json::schema(command), env, sandbox, generated_at: now }
}

/// Lines that wait to be written. Those of JSON are redacted and harmless already, pages of text when
/// they are taken, all at once.
pub(crate) struct Lines {
    bytes: Vec<u8>,
    page: String,
    redactor: Redactor,
    colour: bool,
}

impl Lines {
    pub(crate) fn new(ui: &Ui) -> Self {
        let colour = ui.look.colour_out;
        Self { bytes: Vec::new(), page: String::new(), redactor: ui.redactor.clone(), colour }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.page.is_empty()
    }

    /// The first line of a stream.
    pub(crate) fn start(&mut self, ui: &Ui, command: &str, now: DateTime<Utc>) -> io::Result<()> {
        self.line(&start(ui, command, now))
    }

    /// `{"event": event, …fields}`
    pub(crate) fn event<T: Serialize>(&mut self, event: &str, fields: &T) -> io::Result<()> {
        self.line(&Line { event, fields })
    }

    /// `head`, which is JSON up to a value, then `json`, a value from outside as it came, and the end.
    pub(crate) fn around(&mut self, head: &str, json: &str) {
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(head.as_bytes());
        harmless::append(&mut self.bytes, json);
        self.bytes.extend_from_slice(b"}\n");
        self.redact_from(begin);
    }

    /// Where text goes, with its marks of colour; whole lines.
    pub(crate) fn page(&mut self) -> &mut String {
        &mut self.page
    }

    /// What has been gathered; these are empty then. The text comes behind the JSON: a stream has
    /// the one or the other.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let size = self.bytes.len();
        let mut bytes = std::mem::replace(&mut self.bytes, Vec::with_capacity(size));
        if !self.page.is_empty() {
            let page = paint::finish(&self.redactor.clean(&self.page), self.colour);
            self.page.clear();
            bytes.extend_from_slice(page.as_bytes());
        }
        bytes
    }

    fn line<T: Serialize>(&mut self, line: &T) -> io::Result<()> {
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(json::to_string(line)?.as_bytes());
        self.bytes.push(b'\n');
        self.redact_from(begin);
        Ok(())
    }

    fn redact_from(&mut self, begin: usize) {
        let line = self.bytes.get(begin..).and_then(|line| std::str::from_utf8(line).ok());
        if let Some(std::borrow::Cow::Owned(cleaned)) = line.map(|line| self.redactor.clean(line)) {
            self.bytes.truncate(begin);
            self.bytes.extend_from_slice(cleaned.as_bytes());
        }
    }
}
