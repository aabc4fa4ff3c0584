//! `db-saturated`: a session sits in an open transaction, everybody else waits behind it, and the
//! connections run out. The API answers with errors.
//!
//! Needs the native engine: the embedded one is a single session.

use super::facts::Entry;
use super::usual;
use crate::sandbox::database::settled_letters;
use crate::sandbox::hosts::Behaviour;

pub(super) const ENTRY: Entry = Entry {
    word: "db-saturated",
    summary: "sessions queue behind an open transaction and the connections run out",
    facts: |now| {
        let mut facts = usual::all_well(now, settled_letters(now));
        facts.hosts[1] = Behaviour::Slow(503, 40);
        facts.crowd = true;
        facts
    },
};
