//! One message that tells many rows. Pure: puts rows into messages that Discord takes.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::outgoing::reference;
use super::{FailureId, fingerprint};
use crate::config::Lang;
use crate::discord::{Mentions, Message, Violation};
use crate::domain::text::shorten;
use crate::domain::{Jst, hex};

/// The rows that one message tells at most: one embed each.
const ROWS: usize = 10;
/// The characters of all embeds of one message, with a margin.
const CHARACTERS: usize = 5800;

/// Whom a digest pings, in the record of an attempt: nobody; and that it was one.
pub const IN_DIGEST: &str = "none (digest)";

/// A row as the digest tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its key.
    pub id: FailureId,
    /// `P0` to `P3`.
    pub severity: String,
    /// The title as stored.
    pub title: String,
    /// The producer's last attempt (UTC).
    pub attempted_at: Option<DateTime<Utc>>,
    /// Loose group: alerts that differ in digits only are told once, with their count.
    pub group: String,
}

/// Rows that go into one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Each entry: the row that stands for it, and all rows of its group.
    pub entries: Vec<Entry>,
}

/// One line of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The oldest row of the group.
    pub first: Told,
    /// The newest time in the group.
    pub last_at: Option<DateTime<Utc>>,
    /// All rows, the first too.
    pub ids: Vec<FailureId>,
}

impl Part {
    /// All rows that it tells.
    pub fn ids(&self) -> impl Iterator<Item = &FailureId> {
        self.entries.iter().flat_map(|entry| &entry.ids)
    }

    /// The part without all rows but these.
    #[must_use]
    pub fn only(&self, ids: &BTreeSet<&FailureId>) -> Self {
        let entries = self.entries.iter().filter_map(|entry| {
            let left: Vec<_> = entry.ids.iter().filter(|id| ids.contains(id)).cloned().collect();
            (!left.is_empty()).then(|| Entry { ids: left, ..entry.clone() })
        });
        Self { entries: entries.collect() }
    }

    /// The message.
    ///
    /// # Errors
    /// Discord would refuse it: a defect.
    pub fn message(&self, lang: Lang, number: usize, of: usize) -> Result<Message, Vec<Violation>> {
        let rows: usize = self.entries.iter().map(|entry| entry.ids.len()).sum();
        let content = match lang {
            Lang::Ja => format!("【ダイジェスト】未達アラート {rows}件（{number}/{of}）"),
            Lang::En => format!("[digest] {rows} alerts that were not delivered ({number}/{of})"),
        };
        let embeds: Vec<Value> = self.entries.iter().map(|entry| entry.embed(lang)).collect();
        let body = json!({ "content": content, "embeds": embeds });
        Message::check(body, Mentions::Nobody).map(|message| message.quiet(true))
    }
}

impl Entry {
    fn embed(&self, lang: Lang) -> Value {
        let time =
            |at: Option<DateTime<Utc>>| at.map_or_else(|| "-".to_owned(), |at| Jst(at).to_string());
        let count = self.ids.len();
        let when = match (count, lang) {
            (1, _) => time(self.first.attempted_at),
            (_, Lang::Ja) => {
                format!("{} 〜 {}（{count}件）", time(self.first.attempted_at), time(self.last_at))
            }
            (_, Lang::En) => {
                format!(
                    "{} to {} ({count} times)",
                    time(self.first.attempted_at),
                    time(self.last_at)
                )
            }
        };
        json!({ "title": self.title(), "description": format!("{when} ref:{}", reference(&self.first.id)) })
    }

    fn title(&self) -> String {
        let title = self.first.title.trim();
        let title = if title.is_empty() { "(no title)" } else { title };
        shorten(&format!("[{}] {title}", shorten(&self.first.severity, 8)), 240)
    }
}

/// Puts rows, oldest first, into as few messages as Discord allows.
pub fn parts(mut rows: Vec<Told>) -> Vec<Part> {
    rows.sort_by(|a, b| {
        (a.attempted_at.is_none(), a.attempted_at, &a.id).cmp(&(
            b.attempted_at.is_none(),
            b.attempted_at,
            &b.id,
        ))
    });
    let mut entries: Vec<Entry> = Vec::new();
    for row in rows {
        match entries.iter_mut().find(|entry| entry.first.group == row.group) {
            Some(entry) => {
                entry.last_at = entry.last_at.max(row.attempted_at);
                entry.ids.push(row.id);
            }
            None => {
                let (last_at, ids) = (row.attempted_at, vec![row.id.clone()]);
                entries.push(Entry { first: row, last_at, ids });
            }
        }
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut room = 0;
    for entry in entries {
        // Both languages' descriptions stay below 100 characters.
        let size = entry.title().chars().count() + 100;
        match parts.last_mut() {
            Some(part) if part.entries.len() < ROWS && size <= room => part.entries.push(entry),
            _ => {
                room = CHARACTERS;
                parts.push(Part { entries: vec![entry] });
            }
        }
        room -= size;
    }
    parts
}

/// The id of a digest: the same rows, the same id.
pub fn plan_id(parts: &[Part]) -> String {
    let ids: Vec<&str> = parts.iter().flat_map(Part::ids).map(FailureId::as_str).collect();
    hex(&fingerprint::stored_sha(Some(&ids.join("\n")))[..6])
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn told(n: i64, title: &str) -> Told {
        Told {
            id: FailureId::new(n.to_string()),
            severity: "P3".to_owned(),
            title: title.to_owned(),
            attempted_at: Some(DateTime::UNIX_EPOCH + TimeDelta::minutes(n)),
            group: title.to_owned(),
        }
    }

    #[test]
    fn every_row_is_told_once_in_messages_that_discord_takes() {
        let rows: Vec<_> =
            (0..95).map(|n| told(n, &format!("alert {n} {}", "あ".repeat(300)))).collect();
        let parts = parts(rows);
        assert_eq!(parts.len(), 10);
        let ids: std::collections::BTreeSet<_> = parts.iter().flat_map(Part::ids).collect();
        assert_eq!(ids.len(), 95);
        for part in &parts {
            for lang in [Lang::Ja, Lang::En] {
                let message = part.message(lang, 1, parts.len()).unwrap();
                assert_eq!(message.body()["allowed_mentions"], json!({"parse": []}));
            }
        }
    }

    #[test]
    fn equals_are_told_once_with_their_count() {
        let rows = vec![told(3, "x"), told(1, "x"), told(2, "y")];
        let parts = parts(rows);
        assert_eq!(parts.len(), 1);
        let first = &parts[0].entries[0];
        assert_eq!(first.ids.iter().map(FailureId::as_str).collect::<Vec<_>>(), ["1", "3"]);
        let message = parts[0].message(Lang::Ja, 1, 1).unwrap();
        let description = message.body()["embeds"][0]["description"].as_str().unwrap().to_owned();
        assert!(description.contains("（2件）"), "{description}");
        assert!(message.body()["content"].as_str().unwrap().contains("3件"));
    }

    #[test]
    fn a_row_without_words_is_told_too() {
        let parts = parts(vec![Told { attempted_at: None, ..told(1, "") }]);
        assert!(parts[0].message(Lang::Ja, 1, 1).is_ok());
    }
}
