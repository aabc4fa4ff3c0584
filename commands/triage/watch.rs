//! `triage --watch`: asks again and again, and prints only what has changed.
//!
//! JSON is one whole document a line: the first answer, then one for each change. An answer that a
//! signal cut short is not shown, since it would look like a change.

use std::fmt::{self, Write};
use std::time::Duration;

use chrono::{DateTime, Utc};
use parky_ops::domain::text::one_line;
use parky_ops::domain::{Caveat, Check, EnvName, Jst, Source, State};
use parky_ops::triage::Triage;
use serde::{Serialize, Serializer};
use tokio::time::{Instant, sleep};

use super::{Asking, view};
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{self, Format, Tone, Ui, View, paint};

/// Between the end of an answer and the next question, at least.
const BREATH: Duration = Duration::from_secs(1);

/// Runs until a signal comes.
pub(super) async fn run(
    mut asking: Asking<'_>,
    every: Duration,
    signals: &mut Signals,
) -> anyhow::Result<Outcome> {
    let (ctx, ui) = (asking.ctx, asking.ui);
    let mut before: Option<Triage> = None;
    loop {
        let begun = Instant::now();
        let mut round = asking.round(signals).await;
        if let Some(outcome) = round.stopped {
            return Ok(outcome);
        }
        let now = ctx.clock.now();
        let answer = &round.answer;
        match &before {
            None => {
                let all = ui.look.verbose;
                let (env, sandbox) = (&asking.world.config.env, ui.sandbox());
                ui.show(&view::Page { answer, env, sandbox, all }, now)?;
                ui.note(&format!("asking again every {} s; Ctrl-C ends", every.as_secs()));
            }
            Some(before) => tell(before, answer, &asking.world.config.env, ui, now)?,
        }
        asking.keep(&mut round, begun).await;
        before = Some(round.answer);
        let pause = every.saturating_sub(begun.elapsed()).max(BREATH);
        tokio::select! {
            outcome = signals.next() => return Ok(outcome),
            () = sleep(pause) => {}
        }
    }
}

fn tell(
    before: &Triage,
    answer: &Triage,
    env: &EnvName,
    ui: &Ui,
    now: DateTime<Utc>,
) -> std::io::Result<()> {
    let lines = changes(before, answer, now);
    if lines.is_empty() {
        return Ok(());
    }
    let known = |caveat: &Caveat| ui.look.format == Format::Text && before.caveats.contains(caveat);
    let caveats = answer.caveats.iter().filter(|caveat| !known(caveat)).cloned().collect();
    ui.show(&Changed { answer, env, lines, caveats }, now)?;
    ui.bell();
    Ok(())
}

/// An answer that differs from the one before.
struct Changed<'a> {
    answer: &'a Triage,
    env: &'a EnvName,
    lines: Vec<String>,
    caveats: Vec<Caveat>,
}

impl Serialize for Changed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.answer.serialize(serializer)
    }
}

impl View for Changed<'_> {
    const COMMAND: &'static str = "triage";

    fn text(&self, out: &mut dyn Write, page: &ui::Page) -> fmt::Result {
        let verdict = ui::state(self.answer.verdict.state());
        let at = Jst(page.now).to_the_second();
        writeln!(out, "\n{verdict}  {}  {at}", paint(Tone::Strong, self.env.as_str()))?;
        self.lines.iter().try_for_each(|line| writeln!(out, "  {line}"))
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}

/// What is different now, a line each; figures that only moved are no change.
fn changes(before: &Triage, now: &Triage, at: DateTime<Utc>) -> Vec<String> {
    let mut lines = Vec::new();
    if before.verdict != now.verdict {
        let (old, new) = (before.verdict.state(), now.verdict.state());
        lines.push(format!("verdict: {} → {}", old.word(), ui::state(new)));
    }
    lines.extend(now.checks.iter().filter_map(|check| changed(&before.checks, check)));
    // Workflows are listed only while something is the matter with them.
    let listed = |old: &&Check| old.source != Source::Actions || old.state != State::Green;
    let gone = before.checks.iter().filter(|old| find(&now.checks, old).is_none());
    lines.extend(
        gone.filter(listed)
            .map(|old| one_line(&format!("{} {}: not listed any more", old.source, old.name))),
    );
    let suspect = now.suspect.as_ref();
    let same = |id: Option<&String>| id == suspect.map(|suspect| &suspect.deployment_id);
    if !same(before.suspect.as_ref().map(|suspect| &suspect.deployment_id)) {
        let text = suspect.map_or_else(|| "none any more".to_owned(), view::describe);
        lines.push(format!("suspect: {text}"));
    }
    let known = |id: &str| before.after_start.iter().any(|change| change.deployment_id == id);
    let later = now.after_start.iter().filter(|change| !known(&change.deployment_id));
    lines.extend(later.map(|change| format!("later: {}", view::describe(change))));
    if before.severity.proposed != now.severity.proposed {
        lines.push(format!("severity: {}", view::severity(now, at)));
    }
    if before.told != now.told {
        lines.push(format!("told: {}", view::told(now)));
    }
    lines
}

fn find<'a>(checks: &'a [Check], wanted: &Check) -> Option<&'a Check> {
    checks.iter().find(|check| check.source == wanted.source && check.name == wanted.name)
}

fn changed(before: &[Check], check: &Check) -> Option<String> {
    let old = find(before, check);
    let is_same = |old: &Check| old.state == check.state && old.reason.code == check.reason.code;
    if old.is_some_and(is_same) || (old.is_none() && check.state == State::Skipped) {
        return None;
    }
    let was = old.map_or_else(|| "new".to_owned(), |old| format!("was {}", old.state.word()));
    let what = one_line(&format!("{} {} ({was}): {}", check.source, check.name, check.reason.text));
    Some(format!("{} {what}", ui::state(check.state)))
}
