//! What a replay would do with one row, told before anything is sent. Pure: the words for what
//! [`plan::row`] decides of it without any option.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::known::OTHER;
use super::plan::{self, Choices, Facts, Fate, Road, SkipKind};
use super::{Evidence, FailureId, ItemState, Letter, TableError, lane_of};
use crate::config::Lang;

/// What would happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outlook {
    /// The stable word: `send`, `send-with-note`, `maybe`, `too-old`, `reject`, `block`, `unsure`,
    /// `nothing`.
    pub act: &'static str,
    /// One line for a person.
    pub text: String,
}

/// What is known of a row.
#[derive(Debug)]
pub struct Case<'a> {
    /// The row, with its payload.
    pub letter: &'a Letter,
    /// Where it stands, as `known::standing` tells.
    pub state: &'a str,
    /// What its channel can do.
    pub road: Road,
    /// The present (UTC).
    pub now: DateTime<Utc>,
    /// The language of what is added to a message.
    pub lang: Lang,
}

impl Outlook {
    /// No row of this table can be replayed.
    pub fn of_table(error: &TableError) -> Self {
        Self { act: "nothing", text: format!("no row of this table can be replayed: {error}") }
    }
}

impl Case<'_> {
    /// What a replay of this row alone would do, without any further option.
    pub fn outlook(&self) -> Outlook {
        let state = match self.state.parse::<ItemState>() {
            Ok(ItemState::Claimed) => return nothing("another run holds it"),
            Ok(ItemState::Rejected) => {
                return nothing("it was rejected; it is tried again once its payload changes");
            }
            Ok(state) if state.is_settled() => return nothing(&format!("it is {state}")),
            Ok(state) => state,
            Err(_) if self.state == OTHER => {
                let status = &self.letter.status;
                return nothing(&format!("its status is '{status}', which does not mean open"));
            }
            Err(_) => return nothing(&format!("it is {}", self.state)),
        };
        let (act, text) = words(self.fate(state), self.letter);
        Outlook { act, text }
    }

    fn fate(&self, state: ItemState) -> Fate {
        let id = self.letter.id.clone().unwrap_or_else(|| FailureId::new(""));
        let facts = Facts {
            known: &BTreeMap::from([(id.clone(), state)]),
            roads: &BTreeMap::from([(lane_of(&self.letter.channel).to_owned(), self.road.clone())]),
            proofs: &BTreeMap::new(),
            now: self.now,
        };
        plan::row(self.letter, &id, &Choices::plain(self.lang), &facts).fate
    }
}

fn nothing(text: &str) -> Outlook {
    Outlook { act: "nothing", text: text.to_owned() }
}

fn words(fate: Fate, letter: &Letter) -> (&'static str, String) {
    let own = |act, text: &str| (act, text.to_owned());
    match fate {
        Fate::Send { repeat: true, .. } => {
            own("send-with-note", "it would be sent with a note that it may be a repeat")
        }
        Fate::Send { .. } => match Evidence::of(letter.http_status, &letter.error) {
            Evidence::ProbablyNo => own("send", "it would be sent; it was probably not delivered"),
            _ => own("send", "it would be sent"),
        },
        Fate::Reject(why) => ("reject", format!("it would be rejected before any request: {why}")),
        Fate::Skip(SkipKind::TooOld, why) => ("too-old", format!("it would be left out: {why}")),
        Fate::Skip(SkipKind::Maybe, why) => {
            ("maybe", format!("a bot would look it up, else it would be left out: {why}"))
        }
        Fate::Skip(SkipKind::Duplicate | SkipKind::Other, why) => {
            ("nothing", format!("it would be left out: {why}"))
        }
        Fate::Unsure(why) => ("unsure", format!("it would not be sent: {why}")),
        Fate::Block(why) => ("block", format!("its channel cannot be posted to: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const GOOD: Option<&str> = Some(r#"{"content":"x"}"#);

    fn now() -> DateTime<Utc> {
        "2026-11-21T18:00:00Z".parse().unwrap()
    }

    fn letter(severity: &str, http: Option<i32>, hours: Option<i64>) -> Letter {
        Letter {
            id: None,
            attempted_at: hours.map(|hours| now() - TimeDelta::hours(hours)),
            channel: "c".to_owned(),
            severity: severity.to_owned(),
            title: String::new(),
            http_status: http,
            retry_count: 3,
            error: String::new(),
            fallback_email_sent: false,
            status: "failed".to_owned(),
            payload: GOOD.map(str::to_owned),
        }
    }

    fn outlook(letter: &Letter, state: &str, road: Road) -> Outlook {
        Case { letter, state, road, now: now(), lang: Lang::default() }.outlook()
    }

    #[test]
    fn by_age_and_evidence() {
        for (severity, http, hours, expected) in [
            ("P1", Some(503), Some(1), "send"),
            ("P1", Some(502), Some(1), "send"),
            ("P1", None, Some(1), "maybe"),
            ("p0", None, Some(1), "send-with-note"),
            ("P0", Some(503), Some(25), "too-old"),
            ("P0", Some(503), None, "too-old"),
            ("P0", Some(503), Some(24 * 8), "too-old"),
        ] {
            let told = outlook(&letter(severity, http, hours), "open", Road::Open);
            assert_eq!(told.act, expected, "{severity} {http:?} {hours:?}: {}", told.text);
        }
    }

    #[test]
    fn by_state() {
        let row = letter("P0", Some(503), Some(1));
        for (state, expected) in [
            ("open", "send"),
            ("unsure", "unsure"),
            ("sending", "unsure"),
            ("delivered", "nothing"),
            ("claimed", "nothing"),
            ("rejected", "nothing"),
            ("skipped", "nothing"),
            ("discarded", "nothing"),
            (OTHER, "nothing"),
            ("?", "nothing"),
        ] {
            assert_eq!(outlook(&row, state, Road::Open).act, expected, "{state}");
        }
    }

    #[test]
    fn by_payload_and_channel() {
        let row = letter("P0", Some(503), Some(1));
        let empty = Letter { payload: Some("{}".to_owned()), ..row.clone() };
        assert_eq!(outlook(&empty, "open", Road::Open).act, "reject");
        let too_long = format!(r#"{{"content":"{}"}}"#, "x".repeat(2001));
        let too_long = Letter { payload: Some(too_long), ..row.clone() };
        assert_eq!(outlook(&too_long, "open", Road::Open).act, "reject");
        assert_eq!(outlook(&row, "open", Road::Unknown).act, "reject");
        let blocked = outlook(&row, "open", Road::Blocked("no webhook".to_owned()));
        assert_eq!(blocked.act, "block");
        assert!(blocked.text.ends_with("no webhook"), "{}", blocked.text);
    }
}
