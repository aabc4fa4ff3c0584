//! From an error to what the person sees: heading, causes, a hint that can be pasted, the exit code.
//! Decided here, once: one file for each part of the program whose errors need telling apart.

mod database;
mod kind;
mod letters;
mod rollback;
mod service;
mod setup;

use std::error::Error;
use std::ffi::OsString;
use std::io;

use clap::error::{ContextKind, ContextValue};
use serde::Serialize;

use self::kind::{Api, Kind};
use crate::exit::Outcome;
use crate::refusal::Stopped;
use crate::ui::{Format, Tone, Ui, paint};

/// Knows the errors of one part of the program; `None` for every other.
type KindOf = fn(&(dyn Error + 'static)) -> Option<Kind>;

const KINDS: [KindOf; 5] =
    [setup::kind, rollback::kind, letters::kind, database::kind, service::kind];

#[derive(Serialize)]
struct Document<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    code: &'a str,
    message: String,
    causes: Vec<String>,
    hint: &'a str,
    exit: u8,
    #[serde(flatten)]
    api: Option<&'a Api>,
}

/// Says what went wrong, and how the process ends.
pub(crate) fn failure(error: &anyhow::Error, ui: &Ui) -> Outcome {
    // Only our own stdout: a pipe that breaks anywhere else is wrapped in its own kind of error.
    if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) {
        return Outcome::Done;
    }
    if let Some(Stopped(outcome)) = error.downcast_ref() {
        return *outcome;
    }
    let kind = kind_of(error);
    let causes: Vec<_> = error.chain().skip(1).map(ToString::to_string).collect();
    say(ui, &kind, error.to_string(), causes);
    kind.outcome
}

/// Says what is wrong with the command line. Help and version, which clap reports as errors too, are
/// answers and go to stdout.
pub(crate) fn usage(error: &clap::Error, words: impl Iterator<Item = OsString>) -> Outcome {
    if !error.use_stderr() {
        // A closed pipe is a quiet end.
        let _ = error.print();
        return Outcome::Done;
    }
    let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let json = words.iter().any(|word| word == "--json" || word == "--format=json")
        || words.windows(2).any(|pair| pair == ["--format", "json"]);
    if json {
        let kind = Kind::new("usage", Outcome::Usage, "parky-ops help");
        say(&Ui::plain(Format::Json), &kind, in_one_line(error), Vec::new());
    } else {
        let _ = error.print();
    }
    Outcome::Usage
}

/// The parser's complaint without its usage lines, and what was probably meant.
fn in_one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let line = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let suggested =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let near = suggested.into_iter().find_map(|kind| match error.get(kind)? {
        ContextValue::String(word) => Some(word),
        ContextValue::Strings(words) => words.first(),
        _ => None,
    });
    near.map_or_else(|| line.to_owned(), |near| format!("{line}, did you mean '{near}'?"))
}

fn say(ui: &Ui, kind: &Kind, message: String, causes: Vec<String>) {
    if ui.look.format == Format::Json {
        let Kind { code, outcome, hint, api } = kind;
        let exit = outcome.code();
        let error = Body { code, message, causes, hint, exit, api: api.as_ref() };
        ui.say_json(&Document { error });
        return;
    }
    ui.say(&format!("{} {message}", paint(Tone::Bad, "error:")));
    for cause in causes {
        ui.say(&format!("  because: {cause}"));
    }
    if !kind.hint.is_empty() {
        ui.say(&format!("{} {}", paint(Tone::Good, "try:"), kind.hint));
    }
}

/// The first of its causes that is known decides.
fn kind_of(error: &anyhow::Error) -> Kind {
    let known = error.chain().find_map(|cause| KINDS.iter().find_map(|kind| kind(cause)));
    known.unwrap_or_else(Kind::failed)
}
