//! `monitoring-blind`: all is well as far as users are concerned, and nobody would know if it were not. The
//! healthcheck has not run for most of an hour, and the last alert that mattered reached nobody.

use chrono::TimeDelta;

use super::facts::Entry;
use super::{actions, usual};
use crate::sandbox::database::{DeadLetter, settled_letters};

/// The healthcheck ran last so long ago.
const SILENT: TimeDelta = TimeDelta::minutes(47);
/// The alert was lost so long ago.
const LOST: TimeDelta = TimeDelta::hours(5);

pub(super) const ENTRY: Entry = Entry {
    word: "monitoring-blind",
    summary: "the healthcheck has been silent for 47 minutes, and a P0 alert reached nobody",
    facts: |now| {
        let mut letters = settled_letters(now);
        letters.push(DeadLetter {
            http_status: None,
            error_message: "connect error: Connection refused (os error 111)".to_owned(),
            fallback_email_sent: false,
            ..DeadLetter::alert("P0", "決済Webhookの処理に失敗", now - LOST, 40)
        });
        let mut facts = usual::all_well(now, letters);
        facts.actions = actions::silent(now, SILENT);
        facts.healthchecks = false;
        facts
    },
};
