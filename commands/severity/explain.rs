//! `parky-ops severity explain [SEVERITY]`: what each severity means, and the table that decides.

use std::fmt::{self, Write};

use chrono::{DateTime, Utc};
use parky_ops::domain::{Jst, Moment, Severity};
use serde::Serialize;

use super::{PassedOver, channel, passed_over, started};
use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Page, Table, Tone, Ui, View, Whole, paint};

/// Explain the severities: meaning, channel, target, deadline, and the decision table
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops severity explain
  parky-ops severity explain SEV3 --started 2026-11-20T23:50:00+09:00")]
pub(crate) struct ExplainArgs {
    /// Only this one: SEV1 or P0, SEV2 or P1, SEV3 or P2
    #[arg(value_name = "SEVERITY")]
    severity: Option<Severity>,

    /// Reckon the deadlines from here: 2h (ago), 03:12 (JST) or RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    started: Option<Moment>,
}

pub(super) fn run(args: &ExplainArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let started_at = started(args.started, ctx)?;
    let config = ctx.load()?.config;
    let chosen = Severity::ALL.into_iter().filter(|s| args.severity.is_none_or(|only| only == *s));
    let rows = chosen.map(|severity| {
        let deadline = severity.deadline(started_at, &config.calendar);
        let (channel, mention) = channel(&config, severity);
        Row {
            severity,
            p: severity.p(),
            meaning: severity.meaning(),
            channel,
            mention,
            target: severity.target(),
            needs: severity.needs(),
            due_at: deadline.due_at,
            review_at: deadline.review_at,
            passed_over: passed_over(severity, started_at, &config.calendar),
        }
    });
    let answer = Answer { started_at, rows: Whole::new(rows.collect()), table: TABLE };
    ui.show(&answer, ctx.clock.now())?;
    Ok(Outcome::Done)
}

/// A row of the decision table.
#[derive(Debug, Serialize)]
struct Rule {
    prod_hit: &'static str,
    dev_or_monitoring_only: &'static str,
    grave: &'static str,
    verdict: &'static str,
}

/// The decision table of the incident runbook, as people read it; `decide` follows it.
const TABLE: &[Rule] = &[
    Rule {
        prod_hit: "yes or unknown",
        dev_or_monitoring_only: "-",
        grave: "yes",
        verdict: "SEV1/P0",
    },
    Rule {
        prod_hit: "yes or unknown",
        dev_or_monitoring_only: "-",
        grave: "no",
        verdict: "SEV2/P1",
    },
    Rule { prod_hit: "no", dev_or_monitoring_only: "yes", grave: "-", verdict: "SEV3/P2" },
    Rule {
        prod_hit: "no",
        dev_or_monitoring_only: "no",
        grave: "-",
        verdict: "ask again; SEV2/P1 until answered",
    },
];

#[derive(Debug, Serialize)]
struct Row {
    severity: Severity,
    p: &'static str,
    meaning: &'static str,
    channel: String,
    mention: Option<String>,
    target: &'static str,
    needs: &'static [&'static str],
    due_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    review_at: Option<DateTime<Utc>>,
    passed_over: Vec<PassedOver>,
}

#[derive(Debug, Serialize)]
struct Answer {
    started_at: DateTime<Utc>,
    #[serde(flatten)]
    rows: Whole<Row>,
    table: &'static [Rule],
}

impl View for Answer {
    const COMMAND: &'static str = "severity explain";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        for row in &self.rows.rows {
            writeln!(out, "{}  {}", paint(Tone::Strong, &row.severity.to_string()), row.meaning)?;
            let ping = row.mention.as_deref().map(|who| format!(", ping @{who}"));
            writeln!(out, "  post to #{}{}", row.channel, ping.unwrap_or_default())?;
            writeln!(out, "  {}", row.target)?;
            let due = Jst(row.due_at);
            writeln!(out, "  started {}: due {due}", Jst(self.started_at))?;
            for day in &row.passed_over {
                writeln!(out, "    not {}: {}", day.date, day.why)?;
            }
            for need in row.needs {
                writeln!(out, "  - {need}")?;
            }
            writeln!(out)?;
        }
        let header = ["PROD USERS HIT", "DEV OR MONITORING ONLY", "GRAVE", "THEN"];
        let mut table = Table::new(page, header);
        for rule in self.table {
            let Rule { prod_hit, dev_or_monitoring_only, grave, verdict } = rule;
            table.row([prod_hit, dev_or_monitoring_only, grave, verdict]);
        }
        write!(out, "{table}")?;
        let grave = "Grave: production fully down, payment errors, data lost or damaged, security.";
        writeln!(out, "{}", paint(Tone::Dim, grave))
    }
}
