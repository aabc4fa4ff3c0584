//! What is sent for a dead letter: its payload, a line that says that it comes late, and whom it may
//! ping. Pure.
//!
//! The line goes into `content`, never into the embeds, which may be full. It holds a short reference
//! by which the message can be found again. Whatever the payload says, nobody is pinged unless an
//! operator chose so.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::{FailureId, Letter, fingerprint};
use crate::config::Lang;
use crate::discord::{Mentions, Message, Violation};
use crate::domain::Jst;

/// The longest `content` that Discord takes, in code points.
const CONTENT: usize = 2000;
/// An alert older than this pings nobody under [`PingPolicy::Original`].
const FRESH: TimeDelta = TimeDelta::minutes(60);

/// Whose attention a replay may claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PingPolicy {
    /// Nobody's.
    #[default]
    None,
    /// Whom the payload asks for, where a P0 of the last hour reached nobody by mail; once per run
    /// and channel.
    Original,
    /// Whom the payload asks for, always.
    Force,
}

impl PingPolicy {
    /// The word of the option.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Original => "original",
            Self::Force => "force",
        }
    }
}

/// How the text is to look.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// The payload as it is, but for its mentions.
    pub verbatim: bool,
    /// The language of the line.
    pub lang: Lang,
}

/// The reference by which a message that was sent for `id` can be found: six signs of the Crockford
/// alphabet.
pub fn reference(id: &FailureId) -> String {
    const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let hash = fingerprint::stored_sha(Some(id.as_str()));
    hash.iter().take(6).map(|byte| char::from(SIGNS[usize::from(byte % 32)])).collect()
}

/// Whom the payload itself asks to ping: those that it both mentions and allows. One that does not
/// say whom it allows asks for everybody where it begins with that mention: further inside, the words
/// may be a customer's.
pub fn asks_to_ping(body: &Map<String, Value>) -> Option<Value> {
    let content = body.get("content").and_then(Value::as_str).unwrap_or_default();
    let Some(allowed) = body.get("allowed_mentions") else {
        let begins =
            ["@here", "@everyone"].iter().any(|word| content.trim_start().starts_with(word));
        return begins.then(|| json!({"parse": ["everyone"]}));
    };
    let parses = |word: &str| {
        let parse = allowed.get("parse").and_then(Value::as_array);
        parse.is_some_and(|words| words.iter().any(|w| w == word))
    };
    let names =
        |key: &str| allowed.get(key).and_then(Value::as_array).is_some_and(|l| !l.is_empty());
    let everyone = parses("everyone") && mentions_everyone(content);
    let users = (parses("users") || names("users")) && content.contains("<@");
    let roles = (parses("roles") || names("roles")) && content.contains("<@&");
    (everyone || users || roles).then(|| allowed.clone())
}

/// Whether the content holds a mention of everybody that the payload does not allow: words of a
/// customer, most likely.
pub fn holds_idle_mention(body: &Map<String, Value>) -> bool {
    let content = body.get("content").and_then(Value::as_str).unwrap_or_default();
    mentions_everyone(content) && asks_to_ping(body).is_none()
}

fn mentions_everyone(content: &str) -> bool {
    content.contains("@everyone") || content.contains("@here")
}

/// Whether this letter may ping under `policy`, as far as it itself is concerned.
pub fn may_ping(
    letter: &Letter,
    body: &Map<String, Value>,
    policy: PingPolicy,
    now: DateTime<Utc>,
) -> bool {
    let asks = asks_to_ping(body).is_some();
    match policy {
        PingPolicy::None => false,
        PingPolicy::Force => asks,
        PingPolicy::Original => {
            let fresh = letter.attempted_at.is_some_and(|at| now - at <= FRESH);
            asks && letter.severity == "P0" && !letter.fallback_email_sent && fresh
        }
    }
}

/// What is sent for one letter.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The row.
    pub letter: &'a Letter,
    /// Its decoded payload.
    pub body: &'a Map<String, Value>,
    /// Whether it may have arrived before, so that readers must be warned of a repeat.
    pub repeat: bool,
    /// Whether it pings those that it asks for.
    pub ping: bool,
}

impl Outgoing<'_> {
    /// The message.
    ///
    /// # Errors
    /// Everything in it that Discord would refuse.
    pub fn message(&self, style: Style, now: DateTime<Utc>) -> Result<Message, Vec<Violation>> {
        let mut body = self.body.clone();
        if !style.verbatim
            && let Some(content) = self.content(body.get("content"), style.lang, now)
        {
            body.insert("content".to_owned(), json!(content));
        }
        let mentions = match asks_to_ping(self.body).filter(|_| self.ping) {
            Some(allowed) => Mentions::As(allowed),
            None => Mentions::Nobody,
        };
        let quiet = matches!(self.letter.severity.as_str(), "P2" | "P3");
        Message::check(Value::Object(body), mentions).map(|message| message.quiet(quiet))
    }

    /// The content with the line above it; `None` where both do not fit, or the content is no text
    /// and will be refused.
    fn content(&self, old: Option<&Value>, lang: Lang, now: DateTime<Utc>) -> Option<String> {
        let line = self.line(lang, now);
        let old = match old {
            None | Some(Value::Null) => "",
            Some(Value::String(text)) => text.trim(),
            Some(_) => return None,
        };
        let content = if old.is_empty() { line } else { format!("{line}\n{old}") };
        (content.chars().count() <= CONTENT).then_some(content)
    }

    fn line(&self, lang: Lang, now: DateTime<Utc>) -> String {
        let id = self.letter.id.as_ref().map(reference).unwrap_or_default();
        let at = self.letter.attempted_at;
        match lang {
            Lang::Ja => {
                let at = at.map(|at| format!("発生 {}（{}前）", Jst(at), ja_span(now - at)));
                let repeat = if self.repeat { " ※重複の可能性あり" } else { "" };
                format!("【再送】{}{repeat} ref:{id}", at.unwrap_or_default())
            }
            Lang::En => {
                let ago = |at| crate::domain::clock::span(now - at);
                let at = at.map(|at| format!("occurred {} ({} ago)", Jst(at), ago(at)));
                let repeat = if self.repeat { ", may be a repeat" } else { "" };
                format!("[resent] {}{repeat} ref:{id}", at.unwrap_or_default())
            }
        }
    }
}

/// `3時間12分`, `12分`, `2日4時間`.
fn ja_span(delta: TimeDelta) -> String {
    let minutes = delta.num_minutes().max(0);
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, m) => format!("{m}分"),
        (0, h, m) => format!("{h}時間{m}分"),
        (d, h, _) => format!("{d}日{h}時間"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn letter() -> Letter {
        Letter {
            id: Some(FailureId::new("4711")),
            attempted_at: Some("2026-11-21T10:12:00Z".parse().unwrap()),
            channel: "p0-alerts".to_owned(),
            severity: "P0".to_owned(),
            title: "決済API".to_owned(),
            http_status: Some(503),
            retry_count: 3,
            error: String::new(),
            fallback_email_sent: false,
            status: "failed".to_owned(),
            payload: None,
        }
    }

    fn now() -> DateTime<Utc> {
        "2026-11-21T10:42:00Z".parse().unwrap()
    }

    const JA: Style = Style { verbatim: false, lang: Lang::Ja };

    fn sent(letter: &Letter, body: &Value, ping: bool, style: Style) -> Value {
        let outgoing = Outgoing { letter, body: &map(body), repeat: false, ping };
        outgoing.message(style, now()).unwrap().body().clone()
    }

    #[test]
    fn the_line_tells_when_it_happened_and_how_late_it_comes() {
        let body = json!({"content": "@here 決済API", "allowed_mentions": {"parse": ["everyone"]}});
        let content = |style| sent(&letter(), &body, false, style)["content"].clone();
        let id = reference(&FailureId::new("4711"));
        let ja = format!("【再送】発生 2026-11-21 19:12 JST（30分前） ref:{id}\n@here 決済API");
        assert_eq!(content(JA), ja);
        let en =
            format!("[resent] occurred 2026-11-21 19:12 JST (30 min ago) ref:{id}\n@here 決済API");
        assert_eq!(content(Style { lang: Lang::En, ..JA }), en);
        assert_eq!(content(Style { verbatim: true, ..JA }), "@here 決済API");
        let maybe = Outgoing { letter: &letter(), body: &map(&body), repeat: true, ping: false };
        let content = maybe.message(JA, now()).unwrap().body()["content"].clone();
        assert!(content.as_str().unwrap().contains("重複の可能性あり"), "{content}");
    }

    #[test]
    fn the_line_gives_way_where_there_is_no_room() {
        let long = "あ".repeat(1990);
        let body = json!({"content": long});
        assert_eq!(sent(&letter(), &body, false, JA)["content"], long.as_str());
        // An embed alone gets a content of its own.
        let body = json!({"embeds": [{"title": "t"}]});
        let content = sent(&letter(), &body, false, JA)["content"].clone();
        assert!(content.as_str().unwrap().starts_with("【再送】"), "{content}");
    }

    #[test]
    fn whoever_is_pinged_was_both_asked_for_and_chosen() {
        let asks = json!({"content": "@here x", "allowed_mentions": {"parse": ["everyone"]}});
        let customer = json!({"content": "@everyone は見てね", "allowed_mentions": {"parse": []}});
        let bare = json!({"content": "@here x"});
        let inside = json!({"content": "お客様: @everyone x"});
        let embed =
            json!({"embeds": [{"title": "@here"}], "allowed_mentions": {"parse": ["everyone"]}});
        let told = Letter { fallback_email_sent: true, ..letter() };
        let old = Letter { attempted_at: Some(now() - TimeDelta::minutes(61)), ..letter() };
        let p1 = Letter { severity: "P1".to_owned(), ..letter() };
        use PingPolicy::{Force, None, Original};
        for (letter, body, policy, pings) in [
            (&letter(), &asks, None, false),
            (&letter(), &asks, Original, true),
            (&letter(), &asks, Force, true),
            (&told, &asks, Original, false),
            (&old, &asks, Original, false),
            (&p1, &asks, Original, false),
            (&p1, &asks, Force, true),
            (&letter(), &customer, Original, false),
            (&letter(), &customer, Force, false),
            (&letter(), &bare, Force, true),
            (&letter(), &inside, Force, false),
            (&letter(), &embed, Force, false),
        ] {
            let may = may_ping(letter, &map(body), policy, now());
            assert_eq!(may, pings, "{policy:?} {body}");
            let allowed = sent(letter, body, may, JA)["allowed_mentions"].clone();
            let expected =
                if pings { json!({"parse": ["everyone"]}) } else { json!({"parse": []}) };
            assert_eq!(allowed, expected);
        }
        let idle = |body| holds_idle_mention(&map(body));
        assert!(idle(&customer) && idle(&inside) && !idle(&asks) && !idle(&embed));
    }

    #[test]
    fn what_is_not_urgent_comes_quietly() {
        let body = json!({"content": "x"});
        for (severity, flags) in [("P0", json!(null)), ("P2", json!(4096)), ("P3", json!(4096))] {
            let letter = Letter { severity: severity.to_owned(), ..letter() };
            assert_eq!(sent(&letter, &body, false, JA)["flags"], flags, "{severity}");
        }
    }

    #[test]
    fn references_differ() {
        let all: std::collections::BTreeSet<_> =
            (0..500).map(|n| reference(&FailureId::new(n.to_string()))).collect();
        assert_eq!(all.len(), 500);
        assert!(all.iter().all(|r| r.len() == 6));
    }
}
