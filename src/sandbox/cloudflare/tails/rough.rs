//! A line at its worst, for drills: events of every kind, frames that are none, escapes, sampling,
//! bursts, and connections that end.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::events;
use super::step::Step;

/// So many events until it begins anew.
const ROUND: u64 = 60;
/// Events of a burst.
const BURST: u64 = 500;

/// What happens in place of the `nth` event of a script; `None` where nothing does. `named` gives an
/// event the script's name and version.
pub(super) fn mishap(nth: u64, at: DateTime<Utc>, named: impl Fn(Value) -> Value) -> Option<Step> {
    Some(match nth % ROUND {
        5 => Step::Text("upstream error \u{1b}[2J while encoding the event".to_owned()),
        11 => Step::Binary(vec![0xff, 0xfe, 0x00, 0x7b]),
        18 => Step::Event(named(hostile(at))),
        24 => Step::Event(named(events::sampling(true, at))),
        36 => Step::Event(named(events::sampling(false, at))),
        42 => {
            let url = "https://api.parky.co.jp/v2/spots/{n}/availability";
            let template = named(events::fetch("GET", url, 200, at)).to_string();
            Step::Burst { template, count: BURST }
        }
        50 => Step::Ping,
        // In turns without a word, and in order.
        57 if (nth / ROUND).is_multiple_of(2) => Step::Drop,
        57 => Step::Close(1011, "the tail's server restarts".to_owned()),
        within if within % 4 == 3 => {
            let kinds = events::of_every_kind(at);
            let place = usize::try_from(nth / 4).unwrap_or_default() % kinds.len().max(1);
            let (_, event) = kinds.into_iter().nth(place)?;
            Step::Event(named(event))
        }
        _ => return None,
    })
}

/// A request by somebody who wants to drive the terminal of whoever reads along.
fn hostile(at: DateTime<Utc>) -> Value {
    let text =
        "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}txt.exe\n03:12:41 JST public ✓ 200 GET https://forged";
    let mut event = events::fetch("GET", "https://api.parky.co.jp/v2/me", 400, at);
    event["event"]["request"]["headers"]["user-agent"] = json!(text);
    events::logged(event, "warn", &json!([text]))
}
