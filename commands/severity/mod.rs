//! `parky-ops severity`: how bad is it, who is told, and by when?
//!
//! Touches no network: the decision table, the calendar and the clock.

mod decide;
mod explain;

use chrono::{DateTime, Utc};
use parky_ops::config::Config;
use parky_ops::domain::clock::JST;
use parky_ops::domain::{Calendar, Moment, Severity};
use serde::Serialize;

use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::Usage;
use crate::ui::Ui;

/// Decide how severe an incident is, and by when somebody has to react
#[derive(clap::Subcommand, Debug)]
pub(crate) enum SeverityCommand {
    Decide(decide::DecideArgs),
    Explain(explain::ExplainArgs),
}

pub(crate) fn run(command: &SeverityCommand, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    match command {
        SeverityCommand::Decide(args) => crate::signals::block_on(decide::run(args, ctx, ui)),
        SeverityCommand::Explain(args) => explain::run(args, ctx, ui),
    }
}

/// The start that was given, or now.
///
/// # Errors
/// One in the future: what has not started yet has no severity.
fn started(given: Option<Moment>, ctx: &Context) -> anyhow::Result<DateTime<Utc>> {
    let now = ctx.clock.now();
    let given = given.map(|moment| moment.before(now)).transpose();
    let given = given.map_err(|error| {
        Usage::new(format!("--started: {error}"), "parky-ops severity decide --started 03:12")
    })?;
    Ok(given.unwrap_or(now))
}

/// The channel that takes a severity, and who is pinged there: as configured, else the runbook's.
fn channel(config: &Config, severity: Severity) -> (String, Option<String>) {
    let takes = |name: &str| {
        let channel = config.channels.get(name)?;
        (channel.severity.as_deref() == Some(severity.p()) && !channel.business).then_some(channel)
    };
    let usual = severity.channel();
    let name = [usual].into_iter().chain(config.channels.keys().map(String::as_str));
    match name.into_iter().find_map(|name| Some((name, takes(name)?))) {
        Some((name, channel)) => (name.to_owned(), channel.mention.clone()),
        None => (usual.to_owned(), severity.mention().map(str::to_owned)),
    }
}

/// A day that does not count, on the way to the next business day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct PassedOver {
    date: String,
    why: &'static str,
}

/// The days (JST) that a deadline in business days passes over.
fn passed_over(severity: Severity, started: DateTime<Utc>, calendar: &Calendar) -> Vec<PassedOver> {
    if severity != Severity::Sev3 {
        return Vec::new();
    }
    let day = started.with_timezone(&JST).date_naive();
    let days = calendar.days_off_after(day);
    days.into_iter()
        .map(|(day, why)| PassedOver { date: day.format("%F %a").to_string(), why: why.word() })
        .collect()
}
