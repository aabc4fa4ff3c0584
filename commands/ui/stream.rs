//! Streams: one JSON object a line, each written as it comes.

use std::io;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Ui, json};

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
        let (env, sandbox) = (ui.envelope.env.as_str(), ui.envelope.sandbox.is_some());
        let schema = json::schema(command);
        let stream = Self { ui };
        stream.line(&Start { event: "start", schema, env, sandbox, generated_at: now })?;
        Ok(stream)
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
