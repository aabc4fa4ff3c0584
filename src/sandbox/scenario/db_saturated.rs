//! `db-saturated`: a session sits in an open transaction, everybody else waits behind it, and the
//! connections run out. The API answers with errors.
//!
//! Needs the native engine: the embedded one is a single session.

use chrono::TimeDelta;

use super::facts::Entry;
use super::{actions, usual};
use crate::sandbox::database::settled_letters;
use crate::sandbox::hosts::Behaviour;

/// The queue began so long ago.
const STARTED: TimeDelta = TimeDelta::minutes(10);

pub(super) const ENTRY: Entry = Entry {
    word: "db-saturated",
    summary: "sessions queue behind an open transaction and the connections run out",
    facts: |now| {
        let mut facts = usual::all_well(now, settled_letters(now));
        facts.hosts[1] = Behaviour::Slow(503, 40);
        facts.crowd = true;
        actions::failing(&mut facts.actions, now - STARTED, now);
        facts
    },
};
