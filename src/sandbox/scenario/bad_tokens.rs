//! `bad-tokens`: hosts and vendors can be measured, and everything that needs a credential cannot.

use super::facts::Entry;
use super::usual;
use crate::sandbox::cloudflare::TokenKind;
use crate::sandbox::database::DatabaseFacts;

pub(super) const ENTRY: Entry = Entry {
    word: "bad-tokens",
    summary: "every token and password is refused; only hosts and vendors can be measured",
    facts: |now| {
        let mut facts = usual::all_well(now, Vec::new());
        facts.token = TokenKind::Revoked;
        facts.discord_revoked = true;
        facts.database = DatabaseFacts::BadPassword;
        facts
    },
};
