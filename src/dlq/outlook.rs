//! What a replay would do with a row, told before anything is sent. Pure.
//!
//! The default policy: a P0 leans to being told twice rather than not at all, everything else to being
//! told once; what is old or in doubt is left to a person.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::known::OTHER;
use super::payload::Unusable;
use super::{Evidence, ItemState, Letter};

/// Above this age a replay needs `--older`.
pub const OLD: TimeDelta = TimeDelta::hours(24);
/// Above this age a row is told in a digest or discarded, never sent again.
pub const TOO_OLD: TimeDelta = TimeDelta::days(7);

/// What would happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outlook {
    /// The stable word.
    pub act: &'static str,
    /// One line for a person.
    pub text: String,
}

/// What is known of a row.
#[derive(Debug)]
pub struct Case<'a> {
    /// The row.
    pub letter: &'a Letter,
    /// Where it stands, as `known::standing` tells.
    pub state: &'a str,
    /// Whether its payload is a message.
    pub payload: Result<(), Unusable>,
    /// The present.
    pub now: DateTime<Utc>,
}

impl Case<'_> {
    /// What a replay of this row alone would do, without any further option.
    pub fn outlook(&self) -> Outlook {
        let (act, text) = self.decide();
        Outlook { act, text }
    }

    fn decide(&self) -> (&'static str, String) {
        let own = |act, text: &str| (act, text.to_owned());
        match self.state.parse::<ItemState>() {
            Ok(ItemState::Open) => {}
            Ok(ItemState::Unsure | ItemState::Sending) => {
                let text =
                    "it may have been sent already: look it up and say so with 'dlq resolve'";
                return own("unsure", text);
            }
            Ok(ItemState::Claimed) => return own("nothing", "another run holds it"),
            Ok(ItemState::Rejected) => {
                return own(
                    "nothing",
                    "it was rejected; it is tried again once its payload changes",
                );
            }
            Ok(state) => return ("nothing", format!("it is {state}")),
            Err(_) if self.state == OTHER => {
                let text =
                    format!("its status is '{}', which does not mean open", self.letter.status);
                return ("nothing", text);
            }
            Err(_) => return ("nothing", format!("it is {}", self.state)),
        }
        if let Err(why) = self.payload {
            return ("reject", format!("it would be rejected before any request: {why}"));
        }
        match self.letter.attempted_at.map(|at| self.now - at) {
            Some(age) if age > TOO_OLD => {
                return own(
                    "digest-only",
                    "it is older than 7 days: only a digest or 'dlq discard'",
                );
            }
            Some(age) if age > OLD => {
                return own("too-old", "it is older than 24 h: needs --older");
            }
            None => return own("too-old", "it has no time: needs --older"),
            Some(_) => {}
        }
        let p0 = self.letter.severity.eq_ignore_ascii_case("P0");
        match Evidence::of(self.letter.http_status, &self.letter.error) {
            Evidence::Maybe if p0 => {
                own("send-with-note", "it would be sent with a note that it may be a repeat")
            }
            Evidence::Maybe => {
                let text = "it may have arrived: looked up with a bot, else needs --include-maybe";
                own("maybe", text)
            }
            Evidence::ProbablyNo => own("send", "it would be sent; it was probably not delivered"),
            Evidence::No | Evidence::AlmostSurelyNo => own("send", "it would be sent"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_state_payload_age_and_evidence() {
        let now: DateTime<Utc> = "2026-11-21T18:00:00Z".parse().unwrap();
        let act = |severity: &str, http: Option<i32>, hours: Option<i64>, state: &str, payload| {
            let letter = Letter {
                id: None,
                attempted_at: hours.map(|hours| now - TimeDelta::hours(hours)),
                channel: "c".to_owned(),
                severity: severity.to_owned(),
                title: String::new(),
                http_status: http,
                retry_count: 3,
                error: String::new(),
                fallback_email_sent: false,
                status: "failed".to_owned(),
                payload: None,
            };
            Case { letter: &letter, state, payload, now }.outlook().act
        };
        assert_eq!(act("P1", Some(503), Some(1), "open", Ok(())), "send");
        assert_eq!(act("P1", Some(502), Some(1), "open", Ok(())), "send");
        assert_eq!(act("P1", None, Some(1), "open", Ok(())), "maybe");
        assert_eq!(act("p0", None, Some(1), "open", Ok(())), "send-with-note");
        assert_eq!(act("P0", Some(503), Some(25), "open", Ok(())), "too-old");
        assert_eq!(act("P0", Some(503), None, "open", Ok(())), "too-old");
        assert_eq!(act("P0", Some(503), Some(24 * 8), "open", Ok(())), "digest-only");
        assert_eq!(act("P0", Some(503), Some(1), "open", Err(Unusable::Empty)), "reject");
        assert_eq!(act("P0", Some(503), Some(1), "unsure", Ok(())), "unsure");
        assert_eq!(act("P0", Some(503), Some(1), "sending", Ok(())), "unsure");
        for state in ["delivered", "claimed", "rejected", "skipped", "discarded", OTHER, "?"] {
            assert_eq!(act("P0", Some(503), Some(1), state, Ok(())), "nothing", "{state}");
        }
    }
}
