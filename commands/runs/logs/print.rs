//! Prints logs as they come: whole, the lines around each error, or the last ones.

use std::collections::VecDeque;
use std::io;

use chrono::{DateTime, Utc};
use parky_ops::domain::Caveat;
use parky_ops::domain::text::one_line;
use parky_ops::github::Job;
use parky_ops::github::logs::{Cutter, Lines, Missing, Piece, STAMP};
use serde::Serialize;

use super::LogsArgs;
use super::choose::Wanted;
use super::source::Source;
use crate::exit::Outcome;
use crate::ui::{Bulk, Format, Stream, Tone, Ui, paint};

/// Lines that are shown before an error, and after it.
const BEFORE: usize = 20;
const AFTER: usize = 4;
/// Longer lines are cut where lines are kept, in bytes.
const KEPT: usize = 8 << 10;
const ERROR: &[u8] = b"##[error]";

/// What of a log is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Whole,
    Tail(usize),
    /// Around each error; the last lines where there is none.
    Excerpt,
}

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `JOB<TAB>STEP<TAB>LINE`.
    Plain,
    /// Below a heading, without the time.
    Terminal,
    Json,
}

pub(super) struct Printer<'a> {
    ui: &'a Ui,
    bulk: Bulk<'a>,
    mode: Mode,
    form: Form,
    lines: u64,
    missing: u64,
    /// Job and step of the last heading.
    heading: Option<(u64, Option<usize>)>,
}

#[derive(Serialize)]
struct MissingEvent<'a> {
    job_id: Option<u64>,
    job: Option<&'a str>,
    reason: &'a str,
}

#[derive(Serialize)]
struct EndEvent {
    lines: u64,
    missing: u64,
}

/// A line that is kept.
struct KeptLine {
    place: Option<usize>,
    bytes: Vec<u8>,
    cut: bool,
}

/// What was seen of one job.
struct Progress<'j> {
    job: &'j Job,
    cutter: Option<Cutter>,
    steps: Option<&'j std::collections::BTreeSet<usize>>,
    place: Option<usize>,
    taken: bool,
    kept: VecDeque<KeptLine>,
    /// Lines that still follow an error.
    follow: usize,
    errors: bool,
    printed: u64,
    /// What stands before each line of a step.
    fields: Option<(Option<usize>, String)>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(
        args: &LogsArgs,
        ui: &'a Ui,
        runner: bool,
        now: DateTime<Utc>,
    ) -> io::Result<Self> {
        let form = match (ui.look.format, ui.look.width) {
            (Format::Json, _) => Form::Json,
            (Format::Text, Some(_)) => Form::Terminal,
            (Format::Text, None) => Form::Plain,
        };
        let mode = match args.tail {
            Some(tail) => Mode::Tail(usize::from(tail)),
            None if form == Form::Terminal && !args.full && !args.all => Mode::Excerpt,
            None => Mode::Whole,
        };
        if form == Form::Json {
            Stream::start(ui, "runs logs", now)?;
        }
        let bulk = Bulk::new(ui, runner);
        Ok(Self { ui, bulk, mode, form, lines: 0, missing: 0, heading: None })
    }

    /// Says what the reader must know.
    pub(super) fn note(&self, caveat: Caveat) {
        if self.form != Form::Json {
            self.ui.say_caveats(&[caveat]);
        }
    }

    /// Prints the log of one job, or why there is none.
    pub(super) async fn job(&mut self, wanted: Wanted, source: &mut Source) -> anyhow::Result<()> {
        let Wanted { job, steps } = wanted;
        let mut certain = false;
        let mut steps = steps;
        loop {
            let mut log = match source.log(&job, certain).await {
                Ok(log) => log,
                Err(missing) => return Ok(self.missing_log(&job, &missing)?),
            };
            let mut seen = Progress::of(&job, steps.as_ref());
            if steps.is_some() && seen.cutter.is_none() {
                let text = format!(
                    "GitHub does not say when the steps of {} ran: its whole log is printed",
                    one_line(&job.name)
                );
                self.note(Caveat::new("uncut", text));
                seen.steps = None;
            }
            let mut lines = Lines::default();
            let broken = loop {
                match log.chunk().await {
                    Ok(Some(bytes)) => lines.push(&bytes, |piece| self.piece(piece, &mut seen))?,
                    Ok(None) => break None,
                    Err(why) => break Some(why),
                }
            };
            lines.finish(|piece| self.piece(piece, &mut seen))?;
            self.finish_job(&mut seen)?;
            let printed = seen.printed;
            match broken {
                // Nothing of it was shown: its own address may do better.
                Some(_) if log.is_of_archive() && printed == 0 => certain = true,
                Some(why) => {
                    let why = format!("the log broke off after {printed} lines: {why}");
                    return Ok(self.missing(Some(&job), &why)?);
                }
                // The cut was wrong: never nothing.
                None if printed == 0 && steps.is_some() => {
                    let text = format!(
                        "no line of {} falls into the wanted steps: its whole log is printed",
                        one_line(&job.name)
                    );
                    self.note(Caveat::new("uncut", text));
                    steps = None;
                }
                None if printed == 0 => {
                    return Ok(self.missing(Some(&job), "GitHub has an empty log of this job")?);
                }
                None => return Ok(()),
            }
        }
    }

    fn missing_log(&mut self, job: &Job, missing: &Missing) -> io::Result<()> {
        self.missing(Some(job), &missing.text())
    }

    /// Says why there is no log.
    pub(super) fn missing(&mut self, job: Option<&Job>, reason: &str) -> io::Result<()> {
        self.missing += 1;
        self.bulk.flush()?;
        let name = job.map(|job| job.name.as_str());
        match self.form {
            Form::Json => {
                let event = MissingEvent { job_id: job.map(|job| job.id), job: name, reason };
                Stream::resume(self.ui).event("missing", &event)
            }
            _ => {
                let name = name.map(|name| format!("no log of {}: ", one_line(name)));
                let line = format!("{}{}", name.unwrap_or_default(), one_line(reason));
                self.ui.say(&format!("{} {line}", paint(Tone::Warn, "missing:")));
                Ok(())
            }
        }
    }

    /// Ends the output.
    pub(super) fn end(mut self) -> io::Result<Outcome> {
        self.bulk.flush()?;
        let end = EndEvent { lines: self.lines, missing: self.missing };
        if self.form == Form::Json {
            Stream::resume(self.ui).event("end", &end)?;
        }
        Ok(if self.missing > 0 { Outcome::Partly } else { Outcome::Done })
    }

    fn piece(&mut self, piece: Piece<'_>, seen: &mut Progress<'_>) -> io::Result<()> {
        if piece.begins {
            seen.place = seen.cutter.as_mut().map(|cutter| cutter.step(piece.bytes));
            seen.taken =
                seen.steps.is_none_or(|steps| seen.place.is_some_and(|at| steps.contains(&at)));
        }
        if !seen.taken {
            return Ok(());
        }
        if self.mode == Mode::Whole {
            return self.write(seen, seen.place, piece);
        }
        if !piece.begins {
            return Ok(());
        }
        let text = body(piece.bytes);
        let error = text.starts_with(ERROR);
        let bytes = piece.bytes.get(..KEPT).unwrap_or(piece.bytes);
        let cut = !piece.ends || bytes.len() < piece.bytes.len();
        seen.kept.push_back(KeptLine { place: seen.place, bytes: bytes.to_vec(), cut });
        match self.mode {
            Mode::Excerpt if error || seen.follow > 0 => {
                seen.errors |= error;
                seen.follow = if error { AFTER } else { seen.follow - 1 };
                self.release(seen)
            }
            Mode::Tail(most) => {
                trim(&mut seen.kept, most);
                Ok(())
            }
            _ => {
                trim(&mut seen.kept, BEFORE);
                Ok(())
            }
        }
    }

    /// Prints what is kept.
    fn release(&mut self, seen: &mut Progress<'_>) -> io::Result<()> {
        while let Some(line) = seen.kept.pop_front() {
            let piece = Piece { bytes: &line.bytes, begins: true, ends: !line.cut };
            self.write(seen, line.place, piece)?;
            if line.cut {
                let rest = Piece { bytes: "…".as_bytes(), begins: false, ends: true };
                self.write(seen, line.place, rest)?;
            }
        }
        Ok(())
    }

    fn finish_job(&mut self, seen: &mut Progress<'_>) -> io::Result<()> {
        match self.mode {
            Mode::Tail(_) => self.release(seen),
            Mode::Excerpt if !seen.errors => self.release(seen),
            _ => Ok(()),
        }
    }

    fn write(
        &mut self,
        seen: &mut Progress<'_>,
        place: Option<usize>,
        piece: Piece<'_>,
    ) -> io::Result<()> {
        if piece.begins {
            seen.printed += 1;
            self.lines += 1;
        }
        let job = seen.job;
        let step = place.and_then(|place| job.steps.get(place)).map(|step| step.name.as_str());
        match self.form {
            Form::Plain => {
                if piece.begins {
                    let known = seen.fields.as_ref().filter(|(of, _)| *of == place);
                    if known.is_none() {
                        let fields = [job.name.as_str(), step.unwrap_or_default()];
                        let fields = fields.map(|name| self.bulk.harmless(&field(name)));
                        seen.fields = Some((place, format!("{}\t{}\t", fields[0], fields[1])));
                    }
                    let fields = seen.fields.as_ref().map(|(_, fields)| fields.as_str());
                    self.bulk.own(fields.unwrap_or_default());
                }
                self.bulk.outside(piece.bytes);
            }
            Form::Terminal => {
                if piece.begins && self.heading != Some((job.id, place)) {
                    self.heading = Some((job.id, place));
                    self.head(&job.name, step)?;
                }
                self.bulk.outside(if piece.begins { body(piece.bytes) } else { piece.bytes });
            }
            Form::Json => return self.write_json(job, step, piece),
        }
        match piece.ends {
            true => self.bulk.end_line(),
            false => self.bulk.write_if_full(),
        }
    }

    fn head(&mut self, job: &str, step: Option<&str>) -> io::Result<()> {
        let name = match step {
            Some(step) => format!("{} › {}", one_line(job), one_line(step)),
            None => one_line(job),
        };
        self.bulk.flush()?;
        self.ui.write_text(&format!("{}\n", paint(Tone::Strong, &format!("── {name}"))))
    }

    fn write_json(&mut self, job: &Job, step: Option<&str>, piece: Piece<'_>) -> io::Result<()> {
        if piece.begins {
            self.bulk.own("{\"event\":\"line\",\"job_id\":");
            self.bulk.own(&job.id.to_string());
            self.bulk.own(",\"job\":");
            self.json_word(Some(&job.name))?;
            self.bulk.own(",\"step\":");
            self.json_word(step)?;
            self.bulk.own(",\"at\":");
            let (at, _) = piece.bytes.split_at(piece.bytes.len() - body(piece.bytes).len());
            let at = std::str::from_utf8(at).ok().map(str::trim_end).filter(|at| !at.is_empty());
            self.json_word(at)?;
            self.bulk.own(",\"text\":");
            self.bulk.json_begin();
            self.bulk.json_part(body(piece.bytes))?;
        } else {
            self.bulk.json_part(piece.bytes)?;
        }
        if piece.ends {
            self.bulk.json_end();
            self.bulk.own("}");
            self.bulk.end_line()?;
        }
        Ok(())
    }

    fn json_word(&mut self, word: Option<&str>) -> io::Result<()> {
        let Some(word) = word else {
            self.bulk.own("null");
            return Ok(());
        };
        self.bulk.json_begin();
        self.bulk.json_part(word.as_bytes())?;
        self.bulk.json_end();
        Ok(())
    }
}

impl<'j> Progress<'j> {
    fn of(job: &'j Job, steps: Option<&'j std::collections::BTreeSet<usize>>) -> Self {
        Self {
            job,
            cutter: Cutter::of(job),
            steps,
            place: None,
            taken: false,
            kept: VecDeque::new(),
            follow: 0,
            errors: false,
            printed: 0,
            fields: None,
        }
    }
}

fn trim(kept: &mut VecDeque<KeptLine>, most: usize) {
    while kept.len() > most {
        kept.pop_front();
    }
}

/// A line without its time stamp, where it has one.
fn body(line: &[u8]) -> &[u8] {
    let stamped = line.first().is_some_and(u8::is_ascii_digit)
        && line.get(STAMP - 2..STAMP) == Some(b"Z ".as_slice());
    if stamped { line.get(STAMP..).unwrap_or_default() } else { line }
}

/// A name as a field between tabs.
fn field(name: &str) -> std::borrow::Cow<'_, str> {
    match name.contains(|c: char| c.is_control()) {
        true => one_line(name).into(),
        false => name.into(),
    }
}
