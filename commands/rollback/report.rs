//! The answer of a rollback, for people.

use std::fmt::{self, Write};

use parky_ops::domain::{Caveat, State};
use parky_ops::rollback::{Act, End, LiveState, Notice, Posted, Report, VerifyState};
use serde::{Serialize, Serializer};

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{self, Page, Tone, Ui, paint};

/// The answer.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) report: &'a Report,
    pub(super) caveats: Vec<Caveat>,
}

impl Serialize for View<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.report.serialize(serializer)
    }
}

impl ui::View for View<'_> {
    const COMMAND: &'static str = "rollback worker";

    fn command(&self) -> &'static str {
        match self.report.kind {
            Act::Worker => "rollback worker",
            Act::Pages => "rollback pages",
        }
    }

    fn text(&self, out: &mut dyn Write, _: &Page) -> fmt::Result {
        let report = self.report;
        let (tone, head) = match (report.state, report.posted) {
            (LiveState::Live, Posted::None) => (Tone::Warn, "live, but not by us"),
            (LiveState::Live, _) => (Tone::Good, "live"),
            (LiveState::NotLive, _) => (Tone::Bad, "not live"),
            (LiveState::Unknown, _) => (Tone::Unsure, "unknown"),
        };
        let (from, to) = (name(&report.from), name(&report.to));
        writeln!(out, "{} {}: {from} -> {to}", paint(tone, head), report.target)?;
        writeln!(
            out,
            "  request {}, Cloudflare says {}",
            report.posted.word(),
            report.state.word()
        )?;
        if let Some(refused) = &report.refused {
            writeln!(out, "  {} {}", paint(Tone::Bad, refused.code), refused.text)?;
            if let Some(hint) = &refused.hint {
                writeln!(out, "  {} {hint}", paint(Tone::Good, "try:"))?;
            }
        }
        for note in &report.notes {
            writeln!(out, "  {note}")?;
        }
        verification(out, report)?;
        told(out, report)?;
        match (&report.undo, report.state) {
            (Some(undo), _) => writeln!(out, "  to undo: {undo}"),
            (None, LiveState::Live) => writeln!(
                out,
                "  to undo: the split has to be made anew, with wrangler versions deploy"
            ),
            (None, _) => Ok(()),
        }
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}

fn verification(out: &mut dyn Write, report: &Report) -> fmt::Result {
    let verify = &report.verify;
    let state = match verify.state {
        VerifyState::Green => State::Green,
        VerifyState::Red => State::Red,
        VerifyState::Unknown => State::Unknown,
        VerifyState::Skipped => State::Skipped,
    };
    writeln!(out, "  {} {}", ui::state(state), verify.text)?;
    for note in &verify.notes {
        writeln!(out, "    {note}")?;
    }
    for probed in &verify.probes {
        let tries = format!("{} tries, {} failed", probed.tries, probed.failed);
        writeln!(
            out,
            "    {} {}: {} ({tries})",
            ui::state(probed.state),
            probed.host,
            probed.reason.text
        )?;
    }
    Ok(())
}

fn told(out: &mut dyn Write, report: &Report) -> fmt::Result {
    let Notice { channel, started, result } = &report.notice;
    // Where nothing was sent, there was nothing to tell.
    if report.posted != Posted::None || report.journal.started.is_some() {
        writeln!(
            out,
            "  #{channel}: beginning {}, end {}",
            started.state.word(),
            result.state.word()
        )?;
    }
    match report.journal.result {
        Some(line) => writeln!(out, "  line {line} of the journal"),
        None => Ok(()),
    }
}

fn name(end: &End) -> String {
    let id = end.version_id.as_ref().or(end.deployment_id.as_ref());
    let id: String = id.map(|id| id.chars().take(8).collect()).unwrap_or_default();
    end.number.map_or_else(|| id.clone(), |number| format!("@{number} ({id})"))
}

/// There is no split to end: nothing to do is no failure.
pub(super) fn nothing_to_abort(
    worker: &str,
    live: &str,
    ui: &Ui,
    ctx: &Context,
) -> anyhow::Result<Outcome> {
    let text = format!("{live} has all traffic of {worker}: there is no split to end");
    ui.show(&Nothing { target: worker, posted: Posted::None, text }, ctx.clock.now())?;
    Ok(Outcome::Done)
}

#[derive(Serialize)]
struct Nothing<'a> {
    target: &'a str,
    posted: Posted,
    text: String,
}

impl ui::View for Nothing<'_> {
    const COMMAND: &'static str = "rollback worker";

    fn text(&self, out: &mut dyn Write, _: &Page) -> fmt::Result {
        writeln!(out, "{}", self.text)
    }
}
