//! `dead-letters`: nothing is wrong but the table of dead letters, which holds every shape of row
//! that was ever met or feared. Each title says what is odd about its row.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::facts::Entry;
use super::usual;
use crate::sandbox::database::DeadLetter;

pub(super) const ENTRY: Entry = Entry {
    word: "dead-letters",
    summary: "all is well but the dead letters: rows of every shape, many not to be delivered",
    facts: |now| usual::all_well(now, rows(now)),
};

/// The token of a webhook in the `error_message` of a row; it must be shown nowhere.
pub const LEAKED_TOKEN: &str =
    "Zx7-leaked_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6gH7iJ8kL9";

/// The time of a payload before its row has one.
const BEGINNING: &str = "1970-01-01T00:00:00.000Z";

/// Every row, the oldest first; no two have one time.
fn rows(now: DateTime<Utc>) -> Vec<DeadLetter> {
    let shapes = [good(), bad_payloads(), answers(), hostile(), doubles(), ages(), other_words()];
    let mut rows = shapes.concat();
    for (nth, row) in rows.iter_mut().enumerate() {
        // They were made as of the beginning of time, and say how long before it.
        let before = DateTime::UNIX_EPOCH - row.attempted_at;
        row.attempted_at = now - TimeDelta::minutes(5 + 4 * nth as i64) - before;
        let stamp = row.payload.as_mut().and_then(|body| body.pointer_mut("/embeds/0/timestamp"));
        if let Some(stamp) = stamp.filter(|stamp| **stamp == BEGINNING) {
            *stamp = json!(row.attempted_at.to_rfc3339_opts(SecondsFormat::Millis, true));
        }
    }
    rows.sort_by_key(|row| row.attempted_at);
    rows
}

fn alert(severity: &str, title: &str) -> DeadLetter {
    let seed = title.bytes().fold(0, |sum, byte| sum * 31 % 70_000 + usize::from(byte));
    DeadLetter::alert(severity, title, DateTime::UNIX_EPOCH, seed)
}

/// Whole rows, of each severity and of a business channel.
fn good() -> Vec<DeadLetter> {
    let rows =
        ["P0", "P1", "P2", "P3"].map(|severity| alert(severity, &format!("good {severity}")));
    let untold =
        DeadLetter { fallback_email_sent: false, ..alert("P0", "good P0 that nobody was told of") };
    let business = DeadLetter {
        channel: "biz-payments".to_owned(),
        payload: Some(json!({ "content": "返金処理 ¥12,400 (予約 #48213)" })),
        ..alert("P2", "good business event")
    };
    let marked =
        DeadLetter { channel: "#p1-ops".to_owned(), ..alert("P1", "good with a # before") };
    rows.into_iter().chain([untold, business, marked]).collect()
}

/// What Discord would refuse, or what is no message at all. One is to be decoded, not refused.
fn bad_payloads() -> Vec<DeadLetter> {
    let whole = || json!({ "content": "encoded twice", "allowed_mentions": { "parse": [] } });
    let embed = |embed: Value| json!({ "embeds": [embed] });
    let long = |count: usize| "長".repeat(count);
    let field = json!({ "name": "", "value": "x" });
    let shapes = [
        ("payload is SQL NULL", None),
        ("payload is JSON null", Some(Value::Null)),
        ("payload is a string of JSON", Some(json!(whole().to_string()))),
        ("payload is a string of a string", Some(json!(json!(whole().to_string()).to_string()))),
        ("payload is a string of text", Some(json!("discord payload lost"))),
        ("payload is an empty object", Some(json!({}))),
        ("payload is an array", Some(json!([whole()]))),
        ("payload is a number", Some(json!(503))),
        ("embeds is an object", Some(json!({ "embeds": { "title": "決済エラー" } }))),
        ("embeds holds null", Some(json!({ "embeds": [null] }))),
        ("embed is empty", Some(embed(json!({})))),
        ("color is text", Some(embed(json!({ "title": "x", "color": "#E74C3C" })))),
        ("color is too great", Some(embed(json!({ "title": "x", "color": 16_777_216 })))),
        ("date in another format", {
            Some(embed(json!({ "title": "x", "timestamp": "2026年11月21日 19:12" })))
        }),
        ("content of 2001", Some(json!({ "content": long(2001) }))),
        ("title of 257", Some(embed(json!({ "title": long(257) })))),
        ("embeds of 6002 in all", {
            Some(json!({ "embeds": vec![json!({ "description": long(3001) }); 2] }))
        }),
        ("field without a name", Some(embed(json!({ "title": "x", "fields": [field] })))),
        ("eleven embeds", Some(json!({ "embeds": vec![json!({ "title": "x" }); 11] }))),
        ("username of discord", Some(json!({ "content": "x", "username": "Discord Alerts" }))),
        ("content at the limit", Some(json!({ "content": long(2000) }))),
    ];
    shapes
        .into_iter()
        .map(|(title, payload)| DeadLetter { payload, ..alert("P1", title) })
        .collect()
}

/// What Discord answered at the time, for a P0 and for others: from it follows whether the first
/// attempt may have been delivered.
fn answers() -> Vec<DeadLetter> {
    let statuses = [429, 400, 401, 403, 404, 413, 500, 502, 503, 504];
    let mut rows = Vec::new();
    for severity in ["P0", "P2"] {
        for status in statuses {
            rows.push(DeadLetter {
                http_status: Some(status),
                error_message: format!("Discord answered {status}"),
                ..alert(severity, &format!("answered {status} ({severity})"))
            });
        }
        for (error, what) in [
            ("operation timed out after 10000 ms", "a timeout"),
            ("connection reset by peer (os error 104)", "a reset"),
            ("connect error: Connection refused (os error 111)", "no connection"),
        ] {
            rows.push(DeadLetter {
                http_status: None,
                error_message: error.to_owned(),
                ..alert(severity, &format!("{what} ({severity})"))
            });
        }
    }
    rows
}

/// Text of strangers and of careless programs.
fn hostile() -> Vec<DeadLetter> {
    let url = format!("https://discord.com/api/webhooks/1400000000000000777/{LEAKED_TOKEN}");
    let leaking = DeadLetter {
        error_message: format!("error sending request for url ({url}): connection closed"),
        ..alert("P1", "error that holds a webhook's URL")
    };
    let escapes = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mterminal escapes\u{9b}5m\r\nsecond line";
    let sql = "'; DROP TABLE admin.notification_failures; --";
    let pinging = json!({
        "content": "お客様の声: 「@everyone 駐車場が開きません <@&1400000000000000042>」",
        "allowed_mentions": { "parse": ["everyone", "roles"] },
    });
    let nobody = DeadLetter { severity: None, title: None, ..alert("P2", "no title, no severity") };
    let channel = |channel: &str, title: &str| DeadLetter {
        channel: channel.to_owned(),
        ..alert("P1", title)
    };
    vec![
        leaking,
        alert("P1", escapes),
        alert("P1", "\u{202e}txt.exe bidi \u{2066}inside\u{2069}"),
        alert("P1", sql),
        alert("P1", "``` [link](javascript:alert(1)) <script>alert(1)</script>"),
        alert("P1", &format!("{} 長い題", "とても".repeat(400))),
        DeadLetter { payload: Some(pinging), ..alert("P2", "customer says @everyone") },
        nobody,
        channel("p9-nowhere", "channel that is not configured"),
        channel("", "channel without a name"),
        channel("../../etc/passwd", "channel that is a path"),
        DeadLetter { severity: Some("urgent".to_owned()), ..alert("P2", "severity of its own") },
    ]
}

/// The same payload in several rows, to the letter and with its keys in another order.
fn doubles() -> Vec<DeadLetter> {
    let one = json!({ "content": "二重", "username": "Parky Alerts" });
    let turned = json!({ "username": "Parky Alerts", "content": "二重" });
    let later = json!({ "content": "二重 2", "username": "Parky Alerts" });
    [
        ("double, first", &one),
        ("double, second", &one),
        ("double, turned", &turned),
        ("no double", &later),
    ]
    .map(|(title, payload)| DeadLetter { payload: Some(payload.clone()), ..alert("P1", title) })
    .into()
}

/// Rows that are old.
fn ages() -> Vec<DeadLetter> {
    let old = |title: &str, age: TimeDelta| {
        let row = alert("P1", title);
        DeadLetter { attempted_at: row.attempted_at - age, ..row }
    };
    vec![
        old("older than a day", TimeDelta::hours(26)),
        old("older than three days", TimeDelta::days(3)),
        old("older than a week", TimeDelta::days(8)),
        old("older than a quarter", TimeDelta::days(100)),
    ]
}

/// Rows that are not open.
fn other_words() -> Vec<DeadLetter> {
    ["delivered", "retrying", "discarded", "FAILED", ""]
        .map(|status| DeadLetter {
            status: status.to_owned(),
            ..alert("P0", &format!("status '{status}'"))
        })
        .into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-21T18:12:00Z".parse().unwrap()
    }

    #[test]
    fn only_the_aged_are_older_than_a_day() {
        let (old, recent): (Vec<_>, Vec<_>) = rows(now())
            .into_iter()
            .partition(|row| row.attempted_at < now() - TimeDelta::hours(24));
        assert_eq!(old.len(), 4);
        assert!(recent.iter().all(|row| row.attempted_at < now()));
        let week = now() - TimeDelta::days(7);
        assert_eq!(old.iter().filter(|row| row.attempted_at < week).count(), 2);
    }

    #[test]
    fn an_alert_says_the_time_of_its_row() {
        let rows = rows(now());
        assert!(rows.iter().all(|row| !format!("{:?}", row.payload).contains("1970")));
    }

    #[test]
    fn no_two_rows_are_equal_but_the_doubles() {
        let rows = rows(now());
        let titles: BTreeSet<_> = rows.iter().map(|row| row.title.clone()).collect();
        let times: BTreeSet<_> = rows.iter().map(|row| row.attempted_at).collect();
        assert_eq!((titles.len(), times.len()), (rows.len(), rows.len()));
        let mut payloads: Vec<_> = rows
            .iter()
            .filter(|row| row.status == "failed")
            .filter_map(|row| Some(row.payload.as_ref()?.to_string()))
            .collect();
        payloads.sort();
        let doubled: Vec<_> = payloads.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert_eq!(doubled.len(), 1, "{doubled:?}");
    }
}
