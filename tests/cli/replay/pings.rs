//! Who is pinged: nobody, unless it was said.

use chrono::TimeDelta;
use parky_ops::sandbox::DeadLetter;
use serde_json::json;

use super::events::Events;
use super::stage::{Ledger, Stage, letter};

/// Rows by what is special about them, from key 1 on.
fn letters() -> Vec<DeadLetter> {
    let at = |minutes: i64| chrono::Utc::now() - TimeDelta::minutes(minutes);
    let p0 = |nth: usize, minutes: i64, told: bool| DeadLetter {
        fallback_email_sent: told,
        ..DeadLetter::alert("P0", "決済API", at(minutes), nth)
    };
    let here = json!({
        "content": "@here 決済API",
        "allowed_mentions": { "parse": ["everyone"] },
    });
    vec![
        p0(0, 120, false), // old
        p0(1, 50, true),   // told by mail
        p0(2, 40, false),  // fresh, untold
        p0(3, 30, false),  // another one
        DeadLetter { payload: Some(here), attempted_at: at(20), ..letter(4, "p1-ops") },
        DeadLetter { payload: Some(customer(None)), attempted_at: at(10), ..letter(5, "p1-ops") },
        DeadLetter {
            payload: Some(customer(Some(json!({ "parse": [] })))),
            attempted_at: at(5),
            ..letter(6, "p1-ops")
        },
    ]
}

/// Words of a customer, which somebody put into the content.
fn customer(allowed: Option<serde_json::Value>) -> serde_json::Value {
    let mut body = json!({ "content": "お客様の声: 「@everyone 開きません @here」" });
    if let Some(allowed) = allowed {
        body["allowed_mentions"] = allowed;
    }
    body
}

/// Which rows pinged, by key; their messages come in the order of the rows of each channel.
fn pinged(words: &str) -> (Events, Vec<String>) {
    let stage = Stage::of(Ledger::Shared, letters());
    let done = stage.replay(words).exits(0);
    let events = Events::of(&done);
    assert_eq!(events.count("delivered"), 7);
    let all = stage.site.sandbox().discord().all_messages();
    let mut ids: Vec<_> = all
        .iter()
        .filter(|message| !message.pinged.is_empty())
        .map(|message| {
            assert_eq!(message.pinged, ["here"], "{message:?}");
            let of = |(_, row): &(&String, &serde_json::Value)| row["message_id"] == message.id;
            events.rows.iter().find(of).unwrap().0.clone()
        })
        .collect();
    ids.sort();
    (events, ids)
}

#[test]
fn nobody_is_pinged_where_nothing_is_said() {
    let (events, pinged) = pinged("");
    assert_eq!((events.plan["pings"].as_u64(), pinged), (Some(0), vec![]));
}

#[test]
fn original_pings_once_a_channel_for_a_fresh_p0_that_nobody_was_told_of() {
    let (events, pinged) = pinged("--ping original");
    assert_eq!((events.plan["pings"].as_u64(), pinged), (Some(1), vec!["3".to_owned()]));
}

#[test]
fn force_pings_whom_each_asks_for_and_never_for_words_of_a_customer() {
    let stage = Stage::of(Ledger::Shared, letters());
    let refused = stage.run("dlq replay --json --since 24h --yes --ping force").exits(6);
    let consent = &refused.data()["plan"]["consent"];
    assert_eq!((&consent["kind"], &consent["name"]), (&json!("severe"), &json!("ping")));
    assert_eq!(stage.posts(), 0);

    let (events, pinged) = pinged("--ping force --confirm ping");
    assert_eq!(pinged, ["1", "2", "3", "4", "5"]);
    assert_eq!(events.plan["pings"].as_u64(), Some(5));
}

#[test]
fn words_of_a_customer_are_counted_in_the_plan() {
    let stage = Stage::of(Ledger::Shared, letters());
    let plan = stage.run("dlq replay --json --since 24h --dry-run").exits(0).data();
    let warnings = plan["plan"]["warnings"].to_string();
    assert!(warnings.contains("2 mention everybody without being allowed to"), "{warnings}");
}
