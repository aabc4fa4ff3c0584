//! `discord-outage`: Discord takes no message, and does again after a while; what is there can be read
//! all the same. Everything of ours is well; the alerts of the outage are dead letters, and the P0 among
//! them went out by e-mail.

use std::time::Duration;

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::json;

use super::facts::Entry;
use super::usual;
use crate::sandbox::database::{lost_alerts, settled_letters};
use crate::sandbox::server::{Canned, Fault};
use crate::sandbox::vendors::Outage;

/// Discord went down so long ago.
const STARTED: TimeDelta = TimeDelta::minutes(25);
/// From the start of the sandbox until Discord takes messages again.
const LASTS: Duration = Duration::from_secs(120);
/// Alerts that were lost so far.
const LOST: usize = 16;

pub(super) const ENTRY: Entry = Entry {
    word: "discord-outage",
    summary: "Discord takes no message for two minutes more; 16 alerts wait to be replayed",
    facts: |now| {
        let mut letters = settled_letters(now);
        letters.extend(lost_alerts(now - STARTED).into_iter().take(LOST).map(|mut letter| {
            letter.fallback_email_sent = letter.severity.as_deref() == Some("P0");
            letter
        }));
        let mut facts = usual::all_well(now, letters);
        let down = Canned::json(503, &json!({ "message": "503: Service Unavailable", "code": 0 }));
        facts.discord_fault = Some(Fault::answer(down).on(Method::POST).lasting(LASTS));
        facts.outages = vec![Outage {
            slug: "discord",
            status: "partial_outage",
            incident: "Elevated API errors",
        }];
        facts
    },
};
