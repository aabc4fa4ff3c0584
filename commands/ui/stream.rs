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

/// Lines that wait to be written: of JSON, or pages of text with their marks of colour.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    json: String,
    page: String,
}

impl Lines {
    pub(crate) fn is_empty(&self) -> bool {
        self.json.is_empty() && self.page.is_empty()
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
        self.json.push_str(head);
        harmless::append(&mut self.json, json);
        self.json.push_str("}\n");
    }

    /// Where text goes, with its marks of colour; whole lines.
    pub(crate) fn page(&mut self) -> &mut String {
        &mut self.page
    }

    /// What has been gathered; these are empty then.
    pub(crate) fn take(&mut self) -> Self {
        let json = String::with_capacity(self.json.len());
        let page = String::with_capacity(self.page.len());
        std::mem::replace(self, Self { json, page })
    }

    /// Writes them without secrets, and coloured or not. The text comes behind the JSON; a stream has the
    /// one or the other.
    pub(super) fn write(
        &self,
        out: &mut impl io::Write,
        redactor: &Redactor,
        colour: bool,
    ) -> io::Result<()> {
        out.write_all(redactor.clean(&self.json).as_bytes())?;
        if self.page.is_empty() {
            return Ok(());
        }
        out.write_all(paint::finish(&redactor.clean(&self.page), colour).as_bytes())
    }

    fn line<T: Serialize>(&mut self, line: &T) -> io::Result<()> {
        self.json.push_str(&json::to_string(line)?);
        self.json.push('\n');
        Ok(())
    }
}
