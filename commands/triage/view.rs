//! The page that is read at 3 a.m.: the verdict, the story, what to type, then the evidence.

use std::fmt::{self, Write};

use chrono::{DateTime, Utc};
use parky_ops::domain::clock::span;
use parky_ops::domain::text::one_line;
use parky_ops::domain::{Caveat, Check, EnvName, Jst, NextStep, Source, State, Verdict};
use parky_ops::triage::{StartedFrom, Suspect, ToldState, Triage, UsOrThem};
use serde::{Serialize, Serializer};

use crate::ui::{self, Table, Tone, View, paint};

pub(super) struct Page<'a> {
    pub(super) answer: &'a Triage,
    pub(super) env: &'a EnvName,
    pub(super) sandbox: Option<&'a str>,
    /// Whether green checks are told one by one.
    pub(super) all: bool,
}

impl Serialize for Page<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.answer.serialize(serializer)
    }
}

impl View for Page<'_> {
    const COMMAND: &'static str = "triage";

    fn text(&self, out: &mut dyn Write, page: &ui::Page) -> fmt::Result {
        let answer = self.answer;
        self.headline(out, page)?;
        if answer.verdict != Verdict::Green {
            writeln!(out)?;
            self.tell(&mut Story { out, width: page.width }, page.now)?;
        }
        if !answer.next.is_empty() {
            writeln!(out, "\n{}", paint(Tone::Strong, "Next"))?;
            steps(out, page, &answer.next)?;
            if let Some(scenario) = self.sandbox {
                writeln!(out, "{}", gone(page, scenario))?;
            }
        }
        writeln!(out)?;
        checks(out, page, &answer.checks, self.all)
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.answer.caveats.clone()
    }
}

impl Page<'_> {
    fn headline(&self, out: &mut dyn Write, page: &ui::Page) -> fmt::Result {
        let state = ui::state(self.answer.verdict.state());
        let env = paint(Tone::Strong, self.env.as_str());
        let mut line = format!("{state}  {env}  {}", Jst(page.now).to_the_second());
        if let Some(scenario) = self.sandbox {
            line.push_str("  ");
            line.push_str(&paint(Tone::Warn, &format!("SANDBOX {scenario}")));
        }
        writeln!(out, "{}", wrap(page.width, "", &line))
    }

    fn tell(&self, story: &mut Story<'_>, now: DateTime<Utc>) -> fmt::Result {
        let answer = self.answer;
        if answer.offline {
            let text = "you appear to be offline: nothing is known of the services";
            return story.line("Offline", text);
        }
        story.line("Since", &since(answer, now))?;
        if let Some(suspect) = &answer.suspect {
            story.line("Suspect", &describe(suspect))?;
        }
        for change in &answer.after_start {
            story.line("Later", &describe(change))?;
        }
        // Yellow alone is no incident; it has no severity to ask about.
        if answer.verdict != Verdict::Yellow || answer.severity.proposed.is_some() {
            story.line("Severity", &severity(answer, now))?;
        }
        story.line("Told", &told(answer))?;
        story.line("Us/them", &us_or_them(answer))
    }
}

/// Lines of `Label   text`, the text wrapped beside its label.
struct Story<'a> {
    out: &'a mut dyn Write,
    width: Option<u16>,
}

impl Story<'_> {
    fn line(&mut self, label: &str, text: &str) -> fmt::Result {
        let label = format!("{label:<10}");
        let indent = " ".repeat(label.len());
        let text = wrap(self.width, &indent, text);
        writeln!(self.out, "{}{}", paint(Tone::Dim, &label), text.trim_start())
    }
}

/// `text` in lines that fit, each of them indented.
fn wrap(width: Option<u16>, indent: &str, text: &str) -> String {
    let width = width.map_or(usize::MAX, |width| usize::from(width).max(24));
    let options = textwrap::Options::new(width)
        .initial_indent(indent)
        .subsequent_indent(indent)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

pub(super) fn since(answer: &Triage, now: DateTime<Utc>) -> String {
    let at = answer.started_at;
    let from = match answer.started_from {
        StartedFrom::Flag => "as you said",
        StartedFrom::RedStreak => "the first of an unbroken row of red triages here",
        StartedFrom::Healthcheck => "the first failed healthcheck run",
        StartedFrom::DeadLetter => "the first alert that was not delivered",
        StartedFrom::Now => return "not known; taken as now (say --started TIME)".to_owned(),
    };
    format!("{} ({} ago): {from}", Jst(at), span(now - at))
}

pub(super) fn describe(suspect: &Suspect) -> String {
    let version = match (suspect.number, &suspect.version_id) {
        (Some(number), _) => format!(" @{number}"),
        (None, Some(id)) => format!(" {}", id.chars().take(8).collect::<String>()),
        (None, None) => String::new(),
    };
    let what = if suspect.is_rollback { "rolled back" } else { "deployed" };
    let when = match suspect.minutes_before {
        0.. => format!("{} min before the start", suspect.minutes_before),
        _ => format!("{} min after the start", -suspect.minutes_before),
    };
    let by = suspect.author.as_deref().map(|a| format!(" by {a}")).unwrap_or_default();
    let message = suspect.message.as_deref().map(|m| format!(": {m}")).unwrap_or_default();
    let at = Jst(suspect.at).hour_minute();
    let (kind, target) = (suspect.kind.word(), &suspect.target);
    let line = format!("{kind} {target}{version}, {what} {at}{by}, {when}{message}");
    one_line(&line)
}

pub(super) fn severity(answer: &Triage, now: DateTime<Utc>) -> String {
    let proposal = &answer.severity;
    let (Some(severity), Some(due)) = (proposal.proposed, proposal.due_at) else {
        let text = &proposal.rule;
        return format!("none proposed: {text}; handle it as SEV2/P1 until that is known");
    };
    let past = if due < now { format!(" ({} past)", span(now - due)) } else { String::new() };
    format!(
        "{} proposed: {}; post to #{}, react by {}{past}",
        paint(Tone::Strong, &severity.to_string()),
        proposal.rule,
        severity.channel(),
        Jst(due),
    )
}

pub(super) fn told(answer: &Triage) -> String {
    match (answer.told.state, answer.told.untold_p0) {
        (ToldState::No, Some(n)) => {
            let alerts = if n == 1 { "alert" } else { "alerts" };
            format!("{} {n} P0 {alerts} of the last 24 h reached nobody", paint(Tone::Bad, "NO:"))
        }
        (ToldState::No, None) => paint(Tone::Bad, "NO"),
        (ToldState::Yes, _) => "yes: every P0 that Discord did not take went out by e-mail".into(),
        (ToldState::Nothing, _) => "no P0 alert was lost in the last 24 h".into(),
        (ToldState::Unknown, _) if left_out(answer, Source::Dlq) => NOT_ASKED.to_owned(),
        (ToldState::Unknown, _) => {
            format!("{} the dead letters could not be read", paint(Tone::Unsure, "unknown:"))
        }
    }
}

const NOT_ASKED: &str = "not asked (left out by --only or --skip)";

fn left_out(answer: &Triage, source: Source) -> bool {
    let mut of_source = answer.checks.iter().filter(|check| check.source == source);
    of_source.all(|check| check.state == State::Skipped)
}

pub(super) fn us_or_them(answer: &Triage) -> String {
    let names = answer.vendor.names.join(", ");
    if left_out(answer, Source::Vendors) && answer.suspect.is_none() {
        return NOT_ASKED.to_owned();
    }
    match (answer.vendor.judgement, names.is_empty()) {
        (UsOrThem::Us, true) => "us: no vendor that we stand on reports trouble".into(),
        (UsOrThem::Us, false) => format!("us, though trouble is reported by {names}"),
        (UsOrThem::Them, _) => format!("them: {names}"),
        (UsOrThem::Unknown, true) => "unknown: status pages could not be read".into(),
        (UsOrThem::Unknown, false) => format!(
            "unknown: trouble is reported by {names}, but not all of our deployments and their pages \
             could be read"
        ),
    }
}

/// Commands are never wrapped: the terminal's own wrapping keeps them in one piece when copied.
fn steps(out: &mut dyn Write, page: &ui::Page, next: &[NextStep]) -> fmt::Result {
    for (n, step) in (1..).zip(next) {
        writeln!(out, "  {n}. {}", paint(Tone::Strong, &step.command))?;
        let why = paint(Tone::Dim, &one_line(&step.why));
        writeln!(out, "{}", wrap(page.width, "     ", &why))?;
    }
    Ok(())
}

/// The stand-ins end with the command, and a pasted wrangler or psql would speak to the real world.
fn gone(page: &ui::Page, scenario: &str) -> String {
    let text = format!(
        "To paste wrangler, psql or curl, keep the stand-ins up: \
         parky-ops sandbox up DIR --scenario {scenario}"
    );
    wrap(page.width, "  ", &paint(Tone::Dim, &text))
}

/// Everything that is not green, most severe first; the green ones in a line per source, or like the
/// others where `all` are wanted.
fn checks(out: &mut dyn Write, page: &ui::Page, checks: &[Check], all: bool) -> fmt::Result {
    let quiet = |check: &Check| !all && matches!(check.state, State::Green | State::Skipped);
    let mut noteworthy: Vec<_> = checks.iter().filter(|check| !quiet(check)).collect();
    noteworthy.sort_by_key(|check| std::cmp::Reverse(check.state.rank()));
    let mut table = Table::new(page, ["STATE", "SOURCE", "NAME", "REASON"]);
    for alike in noteworthy.chunk_by(|a, b| !all && same_finding(a, b)) {
        let names: Vec<_> = alike.iter().map(|check| check.name.as_str()).collect();
        let Some(check) = alike.first() else { continue };
        let cells = [check.source.word(), &names.join(", "), &check.reason.text];
        table.painted_row(&ui::state(check.state), cells);
    }
    for state in [State::Green, State::Skipped].into_iter().filter(|_| !all) {
        for (source, names) in by_source(checks, state) {
            table.painted_row(&ui::state(state), [source.word(), "", &names]);
        }
    }
    write!(out, "{table}")
}

/// Checks that say the same in a row are one line: four workers that one API does not tell.
fn same_finding(a: &Check, b: &Check) -> bool {
    a.source == b.source && a.state == b.state && a.reason == b.reason
}

fn by_source(checks: &[Check], state: State) -> Vec<(Source, String)> {
    let of_source = |source: Source| {
        let names: Vec<_> = checks
            .iter()
            .filter(|check| check.source == source && check.state == state)
            .map(|check| check.name.as_str())
            .collect();
        (!names.is_empty()).then(|| (source, names.join(", ")))
    };
    Source::TRIAGE.into_iter().filter_map(of_source).collect()
}
