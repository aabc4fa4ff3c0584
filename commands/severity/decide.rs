//! `parky-ops severity decide`: the decision table with the path taken, and the deadline.

use std::fmt::{self, Write};

use chrono::{DateTime, Utc};
use parky_ops::domain::clock::span;
use parky_ops::domain::severity::{Answers, decide, path};
use parky_ops::domain::{Jst, Moment, Severity};
use serde::Serialize;

use super::{PassedOver, channel, passed_over, started};
use crate::args::severity::SeverityArgs;
use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{Page, Tone, Ui, View, fact, paint, prompt};

/// Decide by the runbook's table, with the questions that led there
///
/// Unknown impact counts as impact, and of two rows that fit the graver one is taken. Without an answer
/// that decides, a person at the terminal is asked; a script gets "proposed": null, and handles it as
/// SEV2/P1 until that is known.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops severity decide --prod-impact yes --payment --started 03:12
  parky-ops severity decide --prod-impact no --dev-only --json")]
pub(crate) struct DecideArgs {
    #[command(flatten)]
    severity: SeverityArgs,

    /// When it started: 2h (ago), 03:12 (JST) or RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    started: Option<Moment>,
}

pub(super) async fn run(args: &DecideArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let started_at = started(args.started, ctx)?;
    let config = ctx.load()?.config;
    let mut answers = args.severity.answers();
    if decide(answers).severity.is_none() && ctx.can_ask(ui) {
        let mut signals = Signals::listen()?;
        tokio::select! {
            outcome = signals.next() => return Ok(prompt::abandon(outcome)),
            asked = ask(&mut answers) => asked?,
        }
    }
    let decision = decide(answers);
    let deadline =
        decision.severity.map(|severity| severity.deadline(started_at, &config.calendar));
    let (channel, mention) = decision.severity.map(|severity| channel(&config, severity)).unzip();
    let passed = |severity| passed_over(severity, started_at, &config.calendar);
    let answer = Answer {
        proposed: decision.severity,
        p: decision.severity.map(Severity::p),
        rule: decision.rule,
        path: path(answers),
        started_at,
        due_at: deadline.map(|deadline| deadline.due_at),
        review_at: deadline.and_then(|deadline| deadline.review_at),
        passed_over: decision.severity.map(passed).unwrap_or_default(),
        channel,
        mention: mention.flatten(),
        target: decision.severity.map(Severity::target),
        needs: decision.severity.map(Severity::needs).unwrap_or_default(),
    };
    ui.show(&answer, ctx.clock.now())?;
    Ok(Outcome::Done)
}

/// What makes a hit on production the gravest kind.
const GRAVE: [&str; 5] = ["none", "full outage", "payments", "data loss", "security"];

/// Asks what the table needs and nobody has said.
async fn ask(answers: &mut Answers) -> anyhow::Result<()> {
    if answers.prod_impact.is_none() {
        let question = "Are users of production hit?";
        let hit = prompt::choose(question, &["yes", "no", "unknown"], "unknown").await?;
        answers.prod_impact = hit.parse().ok();
        if hit != "no" {
            let grave = prompt::choose("Is it one of these?", &GRAVE, "none").await?;
            answers.full_outage |= grave == "full outage";
            answers.payment |= grave == "payments";
            answers.data_loss |= grave == "data loss";
            answers.security |= grave == "security";
        }
    }
    if decide(*answers).severity.is_none() {
        let question = "Is only dev or monitoring affected?";
        answers.dev_only = prompt::choose(question, &["no", "yes"], "no").await? == "yes";
    }
    Ok(())
}

/// The answer (contract §3).
#[derive(Debug, Serialize)]
struct Answer {
    proposed: Option<Severity>,
    p: Option<&'static str>,
    rule: &'static str,
    path: Vec<String>,
    started_at: DateTime<Utc>,
    due_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    review_at: Option<DateTime<Utc>>,
    passed_over: Vec<PassedOver>,
    channel: Option<String>,
    mention: Option<String>,
    target: Option<&'static str>,
    needs: &'static [&'static str],
}

impl View for Answer {
    const COMMAND: &'static str = "severity decide";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        match self.proposed {
            Some(severity) => {
                let name = paint(Tone::Strong, &severity.to_string());
                writeln!(out, "{name}  {}", severity.meaning())?;
            }
            None => writeln!(
                out,
                "{} none proposed; handle it as SEV2/P1 until that is known",
                paint(Tone::Unsure, "?")
            )?,
        }
        fact(out, page, "Rule", &[self.rule])?;
        fact(out, page, "Path", &self.path)?;
        fact(out, page, "Started", &[Jst(self.started_at).to_string()])?;
        let skipped = self.passed_over.iter().map(|day| format!("{}: {}", day.date, day.why));
        fact(out, page, "Skips", &skipped.collect::<Vec<_>>())?;
        let review = self.review_at.map(|at| Jst(at).to_string());
        fact(out, page, "Review", review.as_slice())?;
        let due = self.due_at.map(|due| match due < page.now {
            true => format!("{} ({} past)", Jst(due), span(page.now - due)),
            false => Jst(due).to_string(),
        });
        fact(out, page, "Due", due.as_slice())?;
        let ping = self.mention.as_deref().map(|who| format!(", ping @{who}")).unwrap_or_default();
        let channel = self.channel.as_ref().map(|channel| format!("#{channel}{ping}"));
        fact(out, page, "Post to", channel.as_slice())?;
        fact(out, page, "Needs", self.needs)
    }
}
