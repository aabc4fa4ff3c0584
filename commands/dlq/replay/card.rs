//! The plan of a replay, as it is shown before anybody agrees to it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use parky_ops::discord::pace::{Rate, estimate, estimate_together};
use parky_ops::dlq::outgoing::PingPolicy;
use parky_ops::dlq::plan::{Choices, Fate, PlannedRow, Road, SkipKind};
use parky_ops::dlq::select::Selected;
use parky_ops::domain::Jst;
use parky_ops::domain::text::counted;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::dlq::site::{NEW_LEDGER, Site};
use crate::ui::PlanView;

/// Refused rows that the card names; the count tells of all.
const NAMED: usize = 20;

/// The figures of a plan (contract: the stream's `plan`).
#[derive(Debug, Serialize)]
pub(super) struct Card {
    pub(super) id: String,
    pub(super) selected: u64,
    by_channel: Vec<ByChannel>,
    by_severity: BTreeMap<String, u64>,
    /// By what Discord answered: `429`, `5xx`, `4xx`, `none`, `other`.
    by_class: BTreeMap<&'static str, u64>,
    evidence: BTreeMap<&'static str, u64>,
    /// Messages that will ping somebody.
    pings: u64,
    refused: Vec<Refused>,
    skipped: BTreeMap<SkipKind, u64>,
    /// How long it takes at the chosen rate, in s.
    seconds: u64,
    #[serde(skip)]
    act: String,
    #[serde(skip)]
    target: Map<String, Value>,
    #[serde(skip)]
    warnings: Vec<String>,
    #[serde(skip)]
    names: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
struct ByChannel {
    channel: String,
    selected: u64,
    send: u64,
    seconds: u64,
    blocked: Option<String>,
    #[serde(skip)]
    rate: Rate,
}

#[derive(Debug, Serialize)]
struct Refused {
    id: String,
    channel: String,
    reason: String,
}

impl Card {
    pub(super) fn of(
        selected: &Selected,
        choices: &Choices,
        site: &Site,
        now: DateTime<Utc>,
    ) -> Self {
        let rows = &selected.plan.rows;
        let by_channel = by_channel(selected, choices);
        let sends: u64 = by_channel.iter().map(|channel| channel.send).sum();
        let channels = by_channel.iter().filter(|channel| channel.send > 0).count();
        let lanes =
            by_channel.iter().map(|channel| (many_rows(channel.send), channel.rate.allowance()));
        let together = estimate_together(lanes, choices.rate.allowance().global_per_s);
        let seconds = whole_seconds(together);
        let id = &selected.plan.id;
        let mut card = Self {
            id: selected.plan.id.clone(),
            selected: count(rows),
            by_channel,
            by_severity: BTreeMap::new(),
            by_class: BTreeMap::new(),
            evidence: BTreeMap::new(),
            pings: 0,
            refused: Vec::new(),
            skipped: BTreeMap::new(),
            seconds,
            act: format!(
                "deliver {} to {} (plan {id})",
                counted(sends, "dead letter"),
                counted(channels as u64, "channel")
            ),
            target: site.target(),
            warnings: Vec::new(),
            names: Vec::new(),
        };
        rows.iter().for_each(|row| card.count(row));
        card.warn(rows, selected, site, now);
        card.names(rows, choices, site);
        card
    }

    fn count(&mut self, row: &PlannedRow) {
        *self.by_severity.entry(row.severity.clone()).or_default() += 1;
        *self.by_class.entry(row.class).or_default() += 1;
        *self.evidence.entry(row.evidence.word()).or_default() += 1;
        match &row.fate {
            Fate::Send { ping, .. } => self.pings += u64::from(*ping),
            Fate::Skip(kind, _) => *self.skipped.entry(*kind).or_default() += 1,
            Fate::Reject(reason) | Fate::Unsure(reason) | Fate::Block(reason) => {
                let (id, channel) = (row.id.to_string(), row.lane.clone());
                self.refused.push(Refused { id, channel, reason: reason.clone() });
            }
        }
    }

    fn warn(&mut self, rows: &[PlannedRow], selected: &Selected, site: &Site, now: DateTime<Utc>) {
        let repeats = many(rows, |row| matches!(row.fate, Fate::Send { repeat: true, .. }));
        let twice = many(rows, |row| row.decoded_twice);
        let idle = many(rows, |row| row.idle_mention);
        let proven = many(rows, |row| row.proof.is_some());
        for (n, text) in [
            (self.pings, "will ping people"),
            (repeats, "may have arrived before: they are sent with a note that says so"),
            (twice, "hold JSON inside a JSON string: it is decoded once"),
            (idle, "mention everybody without being allowed to: nobody is pinged"),
            (proven, "were unsure, and the channel's history tells: the ledger will hear of it"),
            (selected.missing.len() as u64, "of the ids are not there, or not open"),
        ] {
            if n > 0 {
                self.warnings.push(format!("{n} {text}"));
            }
        }
        for (kind, n) in &self.skipped {
            self.warnings.push(match kind {
                SkipKind::Duplicate => format!("{n} are duplicates of others: one of each is sent"),
                SkipKind::TooOld => format!("{n} are too old (--older, dlq digest, dlq discard)"),
                SkipKind::Maybe => format!("{n} may have arrived at first (--include-maybe)"),
                SkipKind::Other => format!("{n} stand in their channels already"),
            });
        }
        for refused in self.refused.iter().take(NAMED) {
            let Refused { id, channel, reason } = refused;
            self.warnings.push(format!("not sent: {id} (#{channel}): {reason}"));
        }
        if self.refused.len() > NAMED {
            self.warnings.push(format!("and {} more are not sent", self.refused.len() - NAMED));
        }
        if site.is_local() {
            let text = "the local ledger protects this machine only: nobody else may replay now";
            self.warnings.push(text.to_owned());
        }
        let ends = now + chrono::TimeDelta::seconds(i64::try_from(self.seconds).unwrap_or(0));
        if self.seconds > 60 {
            self.warnings.push(format!("it takes until about {}", Jst(ends).hour_minute()));
        }
    }

    /// What has to be typed: pings beyond the usual, second sends, a ledger without a memory.
    fn names(&mut self, rows: &[PlannedRow], choices: &Choices, site: &Site) {
        let resent = |row: &PlannedRow| choices.resend_unsure && row.resent;
        for (needed, name) in [
            (choices.ping == PingPolicy::Force, "ping"),
            (rows.iter().any(resent), "resend"),
            (site.needs_new_ledger(rows), NEW_LEDGER),
        ] {
            if needed {
                self.names.push(name.to_owned());
            }
        }
    }

    /// Which rows were chosen: by severity, by what Discord answered, and by whether they may have
    /// arrived at first.
    fn choice(&self) -> Option<String> {
        fn parts<'a>(counts: impl IntoIterator<Item = (&'a str, &'a u64)>) -> String {
            let part = |(word, n): (&str, &u64)| match word {
                "" => format!("{n} without one"),
                word => format!("{n} {}", word.replace('-', " ")),
            };
            counts.into_iter().map(part).collect::<Vec<_>>().join(", ")
        }
        let severities = parts(self.by_severity.iter().map(|(word, n)| (word.as_str(), n)));
        let classes = parts(self.by_class.iter().map(|(word, n)| (*word, n)));
        let evidence = parts(self.evidence.iter().map(|(word, n)| (*word, n)));
        (self.selected > 0).then(|| {
            let rows = counted(self.selected, "row");
            format!("{rows}: {severities}; answered {classes}; delivered at first: {evidence}")
        })
    }

    /// The card, for people and as a document.
    pub(super) fn view(&self) -> PlanView {
        let channels = self.by_channel.iter().map(|channel| {
            let ByChannel { channel, selected, send, seconds, blocked, .. } = channel;
            let selected = counted(*selected, "row");
            match blocked {
                Some(why) => format!("#{channel}: {selected}, none can be sent: {why}"),
                None => format!("#{channel}: {send} of {selected}, about {seconds} s"),
            }
        });
        let changes = self.choice().into_iter().chain(channels);
        let more = json!(self);
        PlanView {
            command: "dlq replay",
            id: self.id.clone(),
            act: self.act.clone(),
            target: self.target.clone(),
            changes: changes.collect(),
            warnings: self.warnings.clone(),
            names: self.names.clone(),
            more: more.as_object().cloned().unwrap_or_default(),
        }
    }
}

fn by_channel(selected: &Selected, choices: &Choices) -> Vec<ByChannel> {
    let mut channels: BTreeMap<&str, (ByChannel, bool)> = BTreeMap::new();
    for row in &selected.plan.rows {
        let (channel, urgent) = channels.entry(&row.lane).or_default();
        channel.selected += 1;
        channel.send += u64::from(matches!(row.fate, Fate::Send { .. }));
        *urgent |= row.severity == "P0";
    }
    let done = channels.into_iter().map(|(name, (channel, urgent))| {
        let rate = if urgent { Rate::Full } else { choices.rate };
        let blocked = match selected.roads.get(name) {
            Some(Road::Open) => None,
            Some(Road::Blocked(why)) => Some(why.clone()),
            Some(Road::Unknown) | None => Some("the channel is not configured".to_owned()),
        };
        let seconds = whole_seconds(estimate(many_rows(channel.send), &[], rate.allowance()));
        ByChannel { channel: name.to_owned(), seconds, blocked, rate, ..channel }
    });
    done.collect()
}

fn many_rows(rows: u64) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}

fn whole_seconds(time: Duration) -> u64 {
    time.as_secs_f64().ceil() as u64
}

fn many(rows: &[PlannedRow], which: impl Fn(&PlannedRow) -> bool) -> u64 {
    rows.iter().filter(|row| which(row)).count() as u64
}

fn count(rows: &[PlannedRow]) -> u64 {
    many(rows, |_| true)
}
