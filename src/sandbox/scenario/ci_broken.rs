//! `ci-broken`: production is well, and the way to it is not: CI fails on the main branch, a deploy
//! waits for somebody to approve it.

use super::facts::Entry;
use super::{actions, usual};
use crate::sandbox::database::settled_letters;

pub(super) const ENTRY: Entry = Entry {
    word: "ci-broken",
    summary: "CI is red on main, a deploy waits for an approval; production is well",
    facts: |now| {
        let mut facts = usual::all_well(now, settled_letters(now));
        facts.actions = actions::broken(now);
        facts
    },
};
