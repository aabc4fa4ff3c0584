//! What is told besides events: each as a line of JSON and as a line of text.

use chrono::{DateTime, Utc};
use parky_ops::domain::clock::JST;
use serde::Serialize;

use crate::ui::Tone;

/// See the module.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Notice<'a> {
    /// Nothing was received for a while.
    Gap(Gap<'a>),
    /// Cloudflare sends only a part of the events, or all of them again.
    Sampled { worker: &'a str, on: bool },
    /// A frame held no event.
    BadFrame { worker: &'a str, count: u64, sample: &'a str },
    /// Another tail has taken over.
    Renewed { worker: &'a str },
    /// The end, and what came.
    Ended { events: u64, bad_frames: u64, sampled: bool, gaps: u64, reason: &'a str },
}

/// A time in which nothing was received from a worker.
#[derive(Debug, Serialize)]
pub(super) struct Gap<'a> {
    pub(super) worker: &'a str,
    pub(super) from: Option<DateTime<Utc>>,
    pub(super) to: DateTime<Utc>,
    pub(super) seconds: f64,
    pub(super) cause: &'a str,
    /// Whether the line did not come back.
    pub(super) lost: bool,
}

impl Notice<'_> {
    /// The event's word.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Notice::Gap { .. } => "gap",
            Notice::Sampled { .. } => "sampled",
            Notice::BadFrame { .. } => "bad_frame",
            Notice::Renewed { .. } => "renewed",
            Notice::Ended { .. } => "ended",
        }
    }

    /// How grave it is; the end is told without a tone.
    pub(super) fn tone(&self) -> Option<Tone> {
        match self {
            Notice::Gap(Gap { from: None, .. } | Gap { lost: true, .. }) => Some(Tone::Bad),
            Notice::Gap(_) | Notice::Sampled { .. } | Notice::BadFrame { .. } => Some(Tone::Warn),
            Notice::Renewed { .. } => Some(Tone::Dim),
            Notice::Ended { .. } => None,
        }
    }

    /// The line for people, without the worker's name in front.
    pub(super) fn text(&self) -> String {
        match self {
            Notice::Gap(Gap { from: None, cause, .. }) => {
                format!("no line, and none is tried any more: {cause}")
            }
            Notice::Gap(Gap { from: Some(from), cause, lost: true, .. }) => {
                let from = from.with_timezone(&JST).format("%H:%M:%S JST");
                format!("nothing received since {from}; the line is lost for good: {cause}")
            }
            Notice::Gap(Gap { from: Some(from), to, seconds, cause, .. }) => {
                let time =
                    |at: &DateTime<Utc>| at.with_timezone(&JST).format("%H:%M:%S").to_string();
                let (from, to) = (time(from), time(to));
                // A short one is not none.
                let digits = usize::from(*seconds < 10.0);
                format!(
                    "nothing received for {seconds:.digits$} s ({from} to {to} JST), and it cannot be \
                     fetched again: {cause}"
                )
            }
            Notice::Sampled { on: true, .. } => {
                "Cloudflare sends only a sample from here on: too many events; a filter helps"
                    .into()
            }
            Notice::Sampled { on: false, .. } => "Cloudflare sends everything again".into(),
            Notice::BadFrame { count, sample, .. } => {
                format!("{count} unreadable so far, left out: {sample}")
            }
            Notice::Renewed { .. } => "line renewed".into(),
            Notice::Ended { events, bad_frames, sampled, gaps, reason } => {
                let events_word = if *events == 1 { "event" } else { "events" };
                let mut parts = vec![format!("{events} {events_word}")];
                let mut more = |count: u64, what: &str| {
                    if count > 0 {
                        parts.push(format!("{count} {what}"));
                    }
                };
                more(*gaps, if *gaps == 1 { "gap" } else { "gaps" });
                more(*bad_frames, "unreadable");
                if *sampled {
                    parts.push("sampled by Cloudflare".to_owned());
                }
                format!("ended ({reason}): {}", parts.join(", "))
            }
        }
    }
}
