//! `healthy`: nothing is wrong.

use super::facts::Entry;
use super::usual;
use crate::sandbox::database::settled_letters;

pub(super) const ENTRY: Entry = Entry {
    word: "healthy",
    summary: "nothing is wrong: hosts, deploys, database and vendors as on a good day",
    facts: |now| usual::all_well(now, settled_letters(now)),
};
