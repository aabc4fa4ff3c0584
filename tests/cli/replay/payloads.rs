//! Rows of every shape: none stops a run, and none that Discord would refuse is sent to it.

use parky_ops::sandbox::{Engine, LEAKED_TOKEN, Options, Scenario};

use super::events::Events;
use crate::harness::{PgClient, Site};

/// Titles of rows that are no message that Discord takes.
const REFUSED: [&str; 19] = [
    "payload is SQL NULL",
    "payload is JSON null",
    "payload is a string of a string",
    "payload is a string of text",
    "payload is an empty object",
    "payload is an array",
    "payload is a number",
    "embeds is an object",
    "embeds holds null",
    "embed is empty",
    "color is text",
    "color is too great",
    "date in another format",
    "content of 2001",
    "title of 257",
    "embeds of 6002 in all",
    "field without a name",
    "eleven embeds",
    "username of discord",
];

fn id_of(admin: &mut PgClient, title: &str) -> String {
    let sql = format!(
        "SELECT id::text FROM admin.notification_failures WHERE title = '{}'",
        title.replace('\'', "''")
    );
    let ids = admin.texts(&sql);
    assert_eq!(ids.len(), 1, "{title}");
    ids[0].clone()
}

#[test]
fn malformed_payloads_are_rejected_before_any_request_and_stop_nothing() {
    let site =
        Site::with(|options| Options { engine: Engine::Native, ..options }, Scenario::DeadLetters);
    let mut admin = PgClient::admin(&site);
    let done = site.run("dlq replay --json --since 24h --rate full --yes").exits(7);
    let events = Events::of(&done);
    for title in REFUSED {
        let id = id_of(&mut admin, title);
        let (state, why) = events.end(&id);
        assert_eq!(state, "rejected", "{title}: {why}");
        assert!(!why.is_empty(), "{title}");
        assert_eq!(events.rows[&id]["http_status"], serde_json::Value::Null, "{title}");
    }
    let end = |admin: &mut PgClient, title: &str| {
        let (state, why) = events.end(id_of(admin, title));
        (state.to_owned(), why.to_owned())
    };
    // Decoded once, and sent.
    assert_eq!(end(&mut admin, "payload is a string of JSON").0, "delivered");
    for title in ["channel that is not configured", "channel without a name"] {
        assert_eq!(end(&mut admin, title).0, "rejected", "{title}");
    }
    assert_eq!(end(&mut admin, "channel that is a path").0, "rejected");
    assert_eq!(end(&mut admin, "good with a # before").0, "delivered");
    // One of three equals: the oldest, whatever the order of its keys.
    assert_eq!(end(&mut admin, "double, turned").0, "delivered");
    for title in ["double, first", "double, second"] {
        let (state, why) = end(&mut admin, title);
        assert_eq!((state.as_str(), why.contains("duplicate of")), ("skipped", true), "{why}");
    }
    assert_eq!(end(&mut admin, "no double").0, "delivered");

    // Every request that arrived was worth it.
    let discord = site.sandbox().discord();
    let posts = discord.server().requests().into_iter().filter(|asked| asked.method == "POST");
    assert_eq!(posts.count() as u64, events.count("delivered"));
    assert_eq!(discord.all_messages().len() as u64, events.count("delivered"));
    done.hides(LEAKED_TOKEN);
}

#[test]
fn what_may_have_arrived_at_first_waits_for_include_maybe_but_for_a_p0() {
    let site =
        Site::with(|options| Options { engine: Engine::Native, ..options }, Scenario::DeadLetters);
    site.remove("env.prod.credentials.discord_bot_token");
    let mut admin = PgClient::admin(&site);
    let doubtful = ["answered 500", "answered 504", "a timeout", "a reset"];
    let ids = |admin: &mut PgClient, severity: &str| {
        doubtful.map(|what| id_of(admin, &format!("{what} ({severity})")))
    };
    let (p0, p2) = (ids(&mut admin, "P0"), ids(&mut admin, "P2"));
    let words: String = p0.iter().chain(&p2).map(|id| format!(" --id {id}")).collect();
    let events = Events::of(&site.run(&format!("dlq replay --json --yes{words}")).exits(0));
    assert!(p0.iter().all(|id| events.end(id).0 == "delivered"), "{:#?}", events.rows);
    assert!(p2.iter().all(|id| events.end(id).0 == "skipped"), "{:#?}", events.rows);
    assert_eq!(events.summary["skipped"]["maybe"], 4);
    let messages = site.sandbox().discord().all_messages();
    assert!(messages.iter().all(|message| message.content.contains("※重複の可能性あり")));

    let words = format!("dlq replay --json --yes --include-maybe{words}");
    let events = Events::of(&site.run(&words).exits(0));
    assert!(p2.iter().all(|id| events.end(id).0 == "delivered"), "{:#?}", events.rows);
}
