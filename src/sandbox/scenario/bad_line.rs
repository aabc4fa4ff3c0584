//! `bad-line`: the tails of the worker `public` are at their worst, for a drill of `tail`. Everything
//! else is well.

use chrono::TimeDelta;

use super::facts::{Entry, RoughLine};
use super::usual;
use crate::sandbox::database::settled_letters;

pub(super) const ENTRY: Entry = Entry {
    word: "bad-line",
    summary: "live tails are sampled, garbled, flooded and cut off, and expire after 30 s",
    facts: |now| {
        let mut facts = usual::all_well(now, settled_letters(now));
        facts.rough_line =
            Some(RoughLine { script: usual::PUBLIC, lifetime: TimeDelta::seconds(30) });
        facts
    },
};
