//! A dead letter as lists show it, and as it stands in JSON.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use parky_ops::dlq::store::Item;
use parky_ops::dlq::{Evidence, Letter, Table, known, secrets};
use parky_ops::domain::{Caveat, Jst};
use serde::Serialize;

use crate::ui;

/// Columns of the table for people.
pub(super) const COLUMNS: [&str; 9] =
    ["WHEN", "ID", "CHANNEL", "SEV", "HTTP", "TRIES", "STATE", "TITLE", "ERROR"];

/// See the module.
#[derive(Debug, Clone, Serialize)]
pub(super) struct LetterRow {
    pub(super) id: Option<String>,
    pub(super) attempted_at: Option<DateTime<Utc>>,
    pub(super) channel: String,
    pub(super) severity: String,
    pub(super) title: String,
    pub(super) http_status: Option<i32>,
    pub(super) retry_count: i32,
    pub(super) error: String,
    pub(super) fallback_email_sent: bool,
    pub(super) status: String,
    pub(super) state: &'static str,
    pub(super) evidence: Evidence,
    pub(super) message_id: Option<String>,
}

impl LetterRow {
    /// The row; a channel whose texts hold a webhook's address is noted in `leaks`.
    pub(super) fn new(
        letter: &Letter,
        item: Option<&Item>,
        table: &Table,
        leaks: &mut Leaks,
    ) -> Self {
        Self {
            id: letter.id.as_ref().map(|id| id.as_str().to_owned()),
            attempted_at: letter.attempted_at,
            channel: letter.channel.clone(),
            severity: letter.severity.clone(),
            title: leaks.withhold(&letter.title, &letter.channel),
            http_status: letter.http_status,
            retry_count: letter.retry_count,
            error: leaks.withhold(&letter.error, &letter.channel),
            fallback_email_sent: letter.fallback_email_sent,
            status: letter.status.clone(),
            state: known::standing(table, letter, item),
            evidence: Evidence::of(letter.http_status, &letter.error),
            message_id: item.and_then(|item| item.message_id.clone()),
        }
    }

    /// What discord answered, or that it did not.
    pub(super) fn answer(&self) -> String {
        self.http_status.map_or_else(|| "none".to_owned(), |status| status.to_string())
    }

    /// A state that is no state of a replay says the table's own word.
    pub(super) fn standing(&self) -> &str {
        if self.state == known::OTHER { &self.status } else { self.state }
    }
}

impl ui::Row<9> for LetterRow {
    fn cells(&self) -> [String; 9] {
        [
            self.attempted_at.map_or_else(|| "-".to_owned(), |at| Jst(at).to_the_second()),
            self.id.clone().unwrap_or_else(|| "-".to_owned()),
            self.channel.clone(),
            self.severity.clone(),
            self.answer(),
            self.retry_count.to_string(),
            self.standing().to_owned(),
            self.title.clone(),
            self.error.clone(),
        ]
    }
}

/// Channels whose webhook stands in the table.
#[derive(Debug, Default)]
pub(super) struct Leaks(BTreeSet<String>);

impl Leaks {
    pub(super) fn withhold(&mut self, text: &str, channel: &str) -> String {
        let clean = secrets::withhold(text);
        if matches!(clean, std::borrow::Cow::Owned(_)) {
            self.0.insert(channel.to_owned());
        }
        clean.into_owned()
    }

    pub(super) fn caveat(&self) -> Option<Caveat> {
        secrets::rotate(self.0.iter().map(String::as_str))
    }
}
