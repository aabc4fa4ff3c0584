//! One writer for everything that people and scripts read.
//!
//! stdout is the answer, stderr is everything else. A command returns a [`View`] (an answer that fits
//! in memory) or a [`RowStream`] (a list); [`Ui`] picks text or JSON, and every byte passes the
//! redactor and the sanitiser on its way out.

mod actions;
mod bars;
mod bulk;
mod checks;
mod facts;
mod harmless;
mod json;
mod outlet;
mod paint;
mod plan;
mod progress;
pub(crate) mod prompt;
mod requests;
mod rows;
mod stream;
mod table;
mod ticker;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use parky_ops::domain::{Caveat, Redactor};
use parky_ops::http::RequestLog;
use serde::Serialize;

pub(crate) use self::actions::Level;
pub(crate) use self::bars::Bars;
pub(crate) use self::bulk::Bulk;
pub(crate) use self::checks::Checks;
pub(crate) use self::facts::fact;
pub(crate) use self::json::{Envelope, to_string as json_text};
pub(crate) use self::outlet::{Departure, Outlet, Parcel};
pub(crate) use self::paint::{HUES, Tone, paint, paint_into, state};
pub(crate) use self::plan::PlanView;
pub(crate) use self::progress::Progress;
pub(crate) use self::rows::{Row, RowStream, Whole};
pub(crate) use self::stream::{Lines, Stream};
pub(crate) use self::table::Table;

/// What a page of text looks like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    /// Columns of the terminal; `None` off a terminal, where nothing is cut or wrapped.
    pub(crate) width: Option<u16>,
    /// The present.
    pub(crate) now: DateTime<Utc>,
}

/// An answer: a page for people and, as serialized, the JSON contract.
pub(crate) trait View: Serialize {
    /// The words of the command, as in the schema's name.
    const COMMAND: &'static str;

    /// The same, for a view that several commands share.
    fn command(&self) -> &'static str {
        Self::COMMAND
    }

    /// The page for people; deceptive characters are made harmless later, line breaks are not, so
    /// words from outside go through `one_line`.
    fn text(&self, out: &mut dyn fmt::Write, page: &Page) -> fmt::Result;

    /// What the reader must know to read the answer rightly.
    fn caveats(&self) -> Vec<Caveat> {
        Vec::new()
    }
}

/// `--format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

/// How to write; found out once, at the start.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) format: Format,
    pub(crate) colour_out: bool,
    pub(crate) colour_err: bool,
    pub(crate) width: Option<u16>,
    /// Columns of stderr, where it is a terminal.
    pub(crate) width_err: Option<u16>,
    /// Whether stderr is a terminal on which lines may be redrawn.
    pub(crate) animate: bool,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    /// Whether GitHub's runner reads along and would obey what looks like a command.
    pub(crate) runner: bool,
}

/// The writer.
pub(crate) struct Ui {
    pub(crate) look: Look,
    envelope: Envelope,
    redactor: Redactor,
}

impl Ui {
    pub(crate) fn new(look: Look, envelope: Envelope, redactor: Redactor) -> Self {
        Self { look, envelope, redactor }
    }

    /// A writer for errors that come before anything else is known.
    pub(crate) fn plain(format: Format) -> Self {
        let look = Look {
            format,
            colour_out: false,
            colour_err: false,
            width: None,
            width_err: None,
            animate: false,
            quiet: false,
            verbose: false,
            runner: false,
        };
        Self::new(look, Envelope { env: String::new(), sandbox: None }, Redactor::default())
    }

    /// Puts every request on stderr.
    pub(crate) fn request_log(&self) -> Arc<dyn RequestLog> {
        Arc::new(requests::OnStderr {
            colour: self.look.colour_err,
            redactor: self.redactor.clone(),
            runner: self.look.runner,
        })
    }

    /// The name of the environment.
    pub(crate) fn env(&self) -> &str {
        &self.envelope.env
    }

    /// The scenario, in a sandbox.
    pub(crate) fn sandbox(&self) -> Option<&str> {
        self.envelope.sandbox.as_deref()
    }

    /// Prints the answer.
    pub(crate) fn show<V: View>(&self, view: &V, now: DateTime<Utc>) -> io::Result<()> {
        self.show_as(view.command(), view, now)
    }

    /// Prints an answer that several commands give.
    pub(crate) fn show_as<V: View>(
        &self,
        command: &str,
        view: &V,
        now: DateTime<Utc>,
    ) -> io::Result<()> {
        let caveats = view.caveats();
        match self.look.format {
            Format::Json => {
                self.write_out(&json::document(&self.envelope, command, now, view, &caveats)?)
            }
            Format::Text => {
                let mut page = String::new();
                view.text(&mut page, &Page { width: self.look.width, now })
                    .map_err(io::Error::other)?;
                self.write_out(&paint::finish(&page, self.look.colour_out))?;
                self.say_caveats(&caveats);
                Ok(())
            }
        }
    }

    /// Prints an answer that consists of credentials, which the redactor would otherwise take out:
    /// those that a sandbox made up for itself.
    #[cfg(feature = "sandbox")]
    pub(crate) fn show_credentials<V: View>(&self, view: &V, now: DateTime<Utc>) -> io::Result<()> {
        let (look, envelope) = (self.look.clone(), self.envelope.clone());
        Self { look, envelope, redactor: Redactor::blind() }.show(view, now)
    }

    /// Prints a page that is the answer in every format, made harmless but without colour.
    pub(crate) fn show_page(&self, page: &str) -> io::Result<()> {
        self.write_out(&paint::finish(page, false))
    }

    /// Prints our own text as it is: help, a generated file.
    pub(crate) fn show_raw(&self, text: &str) -> io::Result<()> {
        self.write_out(text)
    }

    /// A line on stderr for the person at the keyboard; silent under `-q`, and under JSON, where stderr
    /// holds nothing but an error.
    pub(crate) fn note(&self, line: &str) {
        if !self.look.quiet && self.look.format == Format::Text {
            self.say(&self.wrap(line));
        }
    }

    /// The same note as text with its line break, for an [`Outlet`]; empty where it would be silent.
    pub(crate) fn note_text(&self, line: &str) -> String {
        if self.look.quiet || self.look.format != Format::Text {
            return String::new();
        }
        paint::finish(&self.redactor.clean(&self.wrap(line)), self.look.colour_err) + "\n"
    }

    /// Caveats before a stream begins, as notes.
    pub(crate) fn note_caveats(&self, caveats: &[Caveat]) {
        if self.look.format == Format::Text {
            self.say_caveats(caveats);
        }
    }

    /// Caveats on stderr, with the text answer.
    pub(crate) fn say_caveats(&self, caveats: &[Caveat]) {
        for caveat in caveats {
            self.say(&self.wrap(&format!("{} {}", paint(Tone::Warn, "note:"), caveat.text)));
        }
    }

    /// In lines that fit stderr; words, which may be paths, stay whole.
    fn wrap(&self, line: &str) -> String {
        let width = self.look.width_err.map_or(usize::MAX, usize::from);
        let options = textwrap::Options::new(width)
            .break_words(false)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        textwrap::fill(line, options)
    }

    /// Rings the bell; only on a terminal where somebody may be near.
    pub(crate) fn bell(&self) {
        if self.look.animate {
            let _ = io::stderr().lock().write_all(b"\x07");
        }
    }

    /// A line on stderr, `-q` or not.
    pub(crate) fn say(&self, line: &str) {
        on_stderr(line, &self.redactor, self.look.colour_err, self.look.runner);
    }

    /// An annotation of the run in GitHub Actions, in every format.
    pub(crate) fn annotate(&self, level: Level, title: &str, message: &str) {
        let (title, message) = (self.redactor.clean(title), self.redactor.clean(message));
        let line = actions::annotation(level, &title, &message);
        let _ = writeln!(io::stderr().lock(), "{line}");
    }

    /// Text without secrets, for a file.
    pub(crate) fn clean(&self, text: &str) -> String {
        self.redactor.clean(text).into_owned()
    }

    /// One JSON object on stderr.
    pub(crate) fn say_json<T: Serialize>(&self, value: &T) {
        let text = json::to_string(value).unwrap_or_default();
        let text = self.redactor.clean(&text);
        let _ = writeln!(io::stderr().lock(), "{}", self.obeyed_by_nobody(&text, true));
    }

    /// Text with its colours on stdout.
    pub(crate) fn write_text(&self, text: &str) -> io::Result<()> {
        self.write_out(&paint::finish(text, self.look.colour_out))
    }

    fn write_out(&self, text: &str) -> io::Result<()> {
        let text = self.redactor.clean(text);
        let text = self.obeyed_by_nobody(&text, self.look.format == Format::Json);
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    fn obeyed_by_nobody<'a>(&self, text: &'a str, json: bool) -> Cow<'a, str> {
        if self.look.runner { actions::defuse(text, json) } else { text.into() }
    }
}

fn on_stderr(line: &str, redactor: &Redactor, colour: bool, runner: bool) {
    let mut page = paint::finish(&redactor.clean(line), colour);
    if runner {
        page = actions::defuse(&page, false).into_owned();
    }
    // Nobody is left to be told where stderr is closed.
    let _ = writeln!(io::stderr().lock(), "{page}");
}
