//! `parky-ops dlq unsure`: rows of which nobody knows whether they arrived: when to look, for what,
//! and what to type then. Reads only; with a bot's token it looks itself.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use parky_ops::dlq::doubt::{Channel, Found, Mark, Window};
use parky_ops::dlq::outgoing::reference;
use parky_ops::dlq::plan::Proof;
use parky_ops::dlq::store::{InDoubt, Store as _};
use parky_ops::dlq::{FailureId, Letter};
use parky_ops::domain::{Caveat, Jst};
use serde::Serialize;

use super::row::{Leaks, LetterRow};
use super::site::Site;
use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{Page, Tone, Ui, View, Whole, paint};

/// Show what may or may not have arrived, where to look, and what to type then
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: parky-ops dlq unsure")]
pub(crate) struct UnsureArgs {}

pub(crate) async fn run(_: &UnsureArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let answer = tokio::select! {
        biased;
        outcome = signals.next() => return Ok(outcome),
        answer = ask(ctx, ui) => answer?,
    };
    ui.show(&answer, ctx.clock.now())?;
    Ok(Outcome::Done)
}

async fn ask(ctx: &Context, ui: &Ui) -> anyhow::Result<Answer> {
    let mut site = Site::open(ctx, ui, "replay").await?;
    site.tidy(ui).await?;
    let doubts = site.store.in_doubt(&site.owner).await?;
    let ids: Vec<FailureId> = doubts.iter().map(|doubt| doubt.id.clone()).collect();
    let table = site.source.table().clone();
    let letters = table.read_many(site.source.connected().await?, &ids).await?;
    let letters: BTreeMap<_, _> =
        letters.into_iter().filter_map(|letter| Some((letter.id.clone()?, letter))).collect();
    let looked = look_up(&site, &doubts, ctx.clock.now()).await;
    let mut leaks = Leaks::default();
    let invocation = ctx.invocation(&site.world.config.env);
    let rows = doubts.iter().map(|doubt| {
        let gone = || gone(doubt);
        let letter = letters.get(&doubt.id).cloned().unwrap_or_else(gone);
        let row = LetterRow::new(&letter, Some(&doubt.item), &table, &mut leaks);
        let window = window(doubt);
        let id = doubt.id.as_str();
        let found = looked.get(&doubt.id);
        let message = match found {
            Some(Found::Proof(Proof::Arrived(message))) => message.as_str(),
            _ => "MESSAGE_ID",
        };
        Row {
            row: LetterRow { state: "unsure", ..row },
            from: window.from,
            to: window.to,
            search: format!("ref:{}", reference(&doubt.id)),
            look_up: found.map(said),
            reason: doubt.item.reason.clone(),
            commands: [
                invocation.own(["dlq", "resolve", id, "--delivered", message]),
                invocation.own(["dlq", "resolve", id, "--not-delivered"]),
            ],
        }
    });
    let rows = rows.collect();
    let mut caveats = site.caveats();
    caveats.extend(leaks.caveat());
    Ok(Answer { rows: Whole::new(rows), caveats })
}

/// The window of the last attempt.
fn window(doubt: &InDoubt) -> Window {
    let at = doubt.attempt.as_ref().map_or(doubt.item.updated_at, |attempt| attempt.intent_at);
    Window::around(at)
}

/// A row that is not in the table any more.
fn gone(doubt: &InDoubt) -> Letter {
    Letter {
        id: Some(doubt.id.clone()),
        attempted_at: None,
        channel: doubt.item.lane.clone(),
        severity: String::new(),
        title: "(the row is gone)".to_owned(),
        http_status: None,
        retry_count: 0,
        error: String::new(),
        fallback_email_sent: false,
        status: String::new(),
        payload: None,
    }
}

/// What a bot sees in the channels, by the references of what was sent.
async fn look_up(
    site: &Site,
    doubts: &[InDoubt],
    now: DateTime<Utc>,
) -> BTreeMap<FailureId, Found> {
    let mut found = BTreeMap::new();
    let Some(discord) = site.bot() else { return found };
    let ids = site.channel_ids();
    let mut lanes: BTreeMap<&str, Vec<&InDoubt>> = BTreeMap::new();
    for doubt in doubts {
        lanes.entry(&doubt.item.lane).or_default().push(doubt);
    }
    for (lane, doubts) in lanes {
        let Some(channel) = ids.get(lane) else { continue };
        let Some(from) = doubts.iter().map(|doubt| window(doubt).from).min() else { continue };
        match Channel::read(discord, channel, from).await {
            Ok(history) => found.extend(doubts.iter().map(|doubt| {
                let mark = Mark::Reference(reference(&doubt.id));
                (doubt.id.clone(), history.find(&mark, window(doubt), now))
            })),
            Err(answer) => found.extend(
                doubts.iter().map(|doubt| (doubt.id.clone(), Found::Unknown(answer.to_string()))),
            ),
        }
    }
    found
}

fn said(found: &Found) -> String {
    match found {
        Found::Proof(Proof::Arrived(message)) => format!("it stands there, as message {message}"),
        Found::Proof(Proof::Absent) => "it does not stand there".to_owned(),
        Found::Unknown(why) => format!("cannot be told: {why}"),
    }
}

#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    row: LetterRow,
    /// When the message may have arrived (UTC).
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// What to search for in the channel.
    search: String,
    /// What a bot saw there; `None` without one.
    look_up: Option<String>,
    reason: Option<String>,
    commands: [String; 2],
}

#[derive(Debug, Serialize)]
struct Answer {
    #[serde(flatten)]
    rows: Whole<Row>,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

impl View for Answer {
    const COMMAND: &'static str = "dlq unsure";

    fn text(&self, out: &mut dyn std::fmt::Write, _: &Page) -> std::fmt::Result {
        if self.rows.rows.is_empty() {
            return writeln!(out, "Nothing is in doubt.");
        }
        for row in &self.rows.rows {
            let id = row.row.id.as_deref().unwrap_or("-");
            let title = parky_ops::domain::text::one_line(&row.row.title);
            let head = format!("{} #{} {}", row.row.severity, row.row.channel, title);
            writeln!(out, "{} {head}", paint(Tone::Unsure, id))?;
            if let Some(reason) = &row.reason {
                writeln!(out, "  why      {}", parky_ops::domain::text::one_line(reason))?;
            }
            let (from, to) = (Jst(row.from).to_the_second(), Jst(row.to).to_the_second());
            writeln!(out, "  window   {from} to {to}")?;
            writeln!(out, "  search   {} in #{}", row.search, row.row.channel)?;
            if let Some(found) = &row.look_up {
                writeln!(out, "  look-up  {}", parky_ops::domain::text::one_line(found))?;
            }
            let [delivered, not] = &row.commands;
            writeln!(out, "  found:      {delivered}\n  not found:  {not}\n")?;
        }
        Ok(())
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}
