//! Every limit of a message, just kept and just passed.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::discord::{Mentions, Message, Violation, canonical};

fn found(body: Value) -> Vec<(String, &'static str)> {
    let checked = Message::check(body, Mentions::Nobody);
    let found = checked.err().unwrap_or_default();
    found.into_iter().map(|Violation { path, code, .. }| (path, code)).collect()
}

fn embed(embed: Value) -> Vec<(String, &'static str)> {
    found(json!({ "embeds": Value::Array(vec![embed]) }))
}

#[track_caller]
fn is(found: &[(String, &'static str)], expected: &[(&str, &str)]) {
    let found: Vec<(&str, &str)> = found.iter().map(|(path, code)| (&**path, *code)).collect();
    assert_eq!(found, expected);
}

#[test]
fn bodies_of_another_shape() {
    for body in [json!(null), json!("{\"content\":\"x\"}"), json!([]), json!(1), json!(true)] {
        is(&found(body), &[("", "not-an-object")]);
    }
    for body in [
        json!({}),
        json!({"content": null, "embeds": null}),
        json!({"content": " \n\u{3000}"}),
        json!({"embeds": []}),
        json!({"username": "x"}),
    ] {
        is(&found(body), &[("", "empty-message")]);
    }
    is(&found(json!({"embeds": {"title": "x"}})), &[("embeds", "not-a-list")]);
    is(&found(json!({"content": 1})), &[("content", "not-text")]);
    is(
        &found(json!({"embeds": ["x", null]})),
        &[("embeds.0", "not-an-object"), ("embeds.1", "not-an-object")],
    );
}

#[test]
fn lengths_are_counted_in_code_points_after_trimming() {
    let just = |most: usize| format!(" {}\n", "🚨".repeat(most));
    let over = |most: usize| "🚨".repeat(most + 1);
    is(&found(json!({"content": just(2000), "username": just(80), "thread_name": just(100)})), &[]);
    is(
        &found(json!({"content": over(2000), "username": over(80), "thread_name": over(100)})),
        &[("content", "too-long"), ("username", "too-long"), ("thread_name", "too-long")],
    );
    let fits = json!({
        "title": just(256), "author": {"name": just(256)}, "footer": {"text": just(2048)},
        "fields": [{"name": just(256), "value": just(1024)}],
    });
    is(&embed(fits), &[]);
    is(&embed(json!({"description": just(4096)})), &[]);
    let long = json!({
        "title": over(256), "author": {"name": over(256)}, "footer": {"text": over(2048)},
        "fields": [{"name": over(256), "value": over(1024)}],
    });
    is(
        &embed(long),
        &[
            ("embeds.0.title", "too-long"),
            ("embeds.0.footer.text", "too-long"),
            ("embeds.0.author.name", "too-long"),
            ("embeds.0.fields.0.name", "too-long"),
            ("embeds.0.fields.0.value", "too-long"),
        ],
    );
    is(&embed(json!({"description": over(4096)})), &[("embeds.0.description", "too-long")]);
}

#[test]
fn the_sum_is_over_all_embeds() {
    let text = |length: usize| "x".repeat(length);
    let embeds = |last: usize| {
        json!({"embeds": [
            {"title": text(100), "description": text(4000)},
            {"footer": {"text": text(900)}, "author": {"name": text(200)},
             "fields": [{"name": text(100), "value": text(last)}]},
        ]})
    };
    is(&found(embeds(700)), &[]);
    is(&found(embeds(701)), &[("embeds", "too-long")]);
}

#[test]
fn counts() {
    let embeds = |count: usize| json!({"embeds": vec![json!({"title": "x"}); count]});
    is(&found(embeds(10)), &[]);
    is(&found(embeds(11)), &[("embeds", "too-many")]);
    let fields = |count: usize| json!({"fields": vec![json!({"name": "x", "value": "y"}); count]});
    is(&embed(fields(25)), &[]);
    is(&embed(fields(26)), &[("embeds.0.fields", "too-many")]);
}

#[test]
fn parts_that_are_required_or_of_a_form() {
    let color = |color: Value| embed(json!({"title": "x", "color": color}));
    for fits in [json!(0), json!(16_777_215), json!(15.0), json!(null)] {
        is(&color(fits), &[]);
    }
    for bad in [json!(-1), json!(16_777_216), json!(1.5)] {
        is(&color(bad), &[("embeds.0.color", "bad-color")]);
    }
    is(&color(json!("#E74C3C")), &[("embeds.0.color", "not-a-number")]);

    let time = |time: Value| embed(json!({"title": "x", "timestamp": time}));
    for fits in [
        "2026-11-21T10:12:00Z",
        "2026-11-21T19:12:00.123+09:00",
        "2026-11-21T19:12:00+0900",
        "2026-11-21T10:12",
        "2026-11-21",
    ] {
        is(&time(json!(fits)), &[]);
    }
    for bad in
        [json!("2026/11/21 19:12"), json!("Sat, 21 Nov 2026"), json!(1_795_284_720), json!("")]
    {
        is(&time(bad), &[("embeds.0.timestamp", "bad-time")]);
    }

    is(
        &embed(json!({"fields": [{"name": "x"}, {"name": " ", "value": "y"}, 1]})),
        &[
            ("embeds.0.fields.0.value", "required"),
            ("embeds.0.fields.1.name", "too-short"),
            ("embeds.0.fields.2", "not-an-object"),
        ],
    );
    is(&embed(json!({"fields": {"name": "x"}})), &[("embeds.0.fields", "not-a-list")]);
    is(&embed(json!({"footer": {}, "title": "x"})), &[("embeds.0.footer.text", "required")]);
    is(&embed(json!({"author": "x"})), &[("embeds.0.author", "not-an-object")]);
    is(&embed(json!({"color": 1, "timestamp": null})), &[("embeds.0", "empty-embed")]);
    is(
        &embed(json!({"fields": [{"name": "x", "value": "y", "inline": "no"}]})),
        &[("embeds.0.fields.0.inline", "not-a-boolean")],
    );
}

#[test]
fn urls() {
    let urls = |url: &str| {
        found(json!({"avatar_url": url, "embeds": [{
            "title": "x", "url": url, "image": {"url": url}, "thumbnail": {"url": url},
            "footer": {"text": "x", "icon_url": url},
            "author": {"name": "x", "url": url, "icon_url": url},
        }]}))
    };
    is(&urls("https://parky.co.jp/x?y=1"), &[]);
    for bad in
        ["", "parky.co.jp", "javascript:alert(1)", "file:///etc/passwd", "attachment://x.png"]
    {
        let found = urls(bad);
        assert_eq!(found.len(), 7, "{bad}: {found:?}");
        assert!(found.iter().all(|(_, code)| *code == "bad-url"), "{bad}: {found:?}");
    }
    let long = format!("https://parky.co.jp/{}", "x".repeat(2048));
    assert!(urls(&long).iter().all(|(_, code)| *code == "too-long"));
}

#[test]
fn names_flags_and_the_rest() {
    for name in ["Discord bot", "my CLYDE"] {
        is(&found(json!({"content": "x", "username": name})), &[("username", "bad-name")]);
    }
    is(&found(json!({"content": "x", "username": " "})), &[("username", "too-short")]);
    for (flags, expected) in [
        (json!(4 | 4096), &[][..]),
        (json!(2), &[("flags", "bad-flags")]),
        (json!("4"), &[("flags", "not-a-number")]),
        (json!(-4), &[("flags", "not-a-number")]),
        (json!(32768), &[("content", "not-with-flag")]),
    ] {
        is(&found(json!({"content": "x", "flags": flags})), expected);
    }
    is(&found(json!({"components": [{"type": 10}], "flags": 32768})), &[]);
    is(&found(json!({"components": {"type": 10}})), &[("components", "not-a-list")]);
    is(&found(json!({"poll": {"question": {}}})), &[]);
    is(
        &found(json!({"content": "x", "tts": "yes", "poll": 1})),
        &[("poll", "not-an-object"), ("tts", "not-a-boolean")],
    );
    is(&found(json!({"content": "x", "attachments": [{"id": 0}]})), &[("attachments", "no-files")]);
}

#[test]
fn a_violation_is_a_line_without_the_text_itself() {
    let secret = "hunter2".repeat(300);
    let found =
        Message::check(json!({"content": secret, "embeds": 1}), Mentions::Nobody).unwrap_err();
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    let expected =
        ["content: 2100 characters, 2000 at most", "embeds: has to be a list, and is a number"];
    assert_eq!(lines, expected);
    let whole = Message::check(json!(null), Mentions::Nobody).unwrap_err();
    assert_eq!(whole[0].to_string(), "has to be an object, and is null");
}

#[test]
fn whose_mentions_cannot_be() {
    let ids = |count: usize| (0..count).map(|id| id.to_string()).collect::<Vec<_>>();
    for (asked, path, code) in [
        (json!(null), "allowed_mentions", "not-an-object"),
        (json!({"parse": "everyone"}), "allowed_mentions.parse", "not-a-list"),
        (json!({"parse": ["here"]}), "allowed_mentions.parse", "unknown-word"),
        (
            json!({"parse": ["users"], "users": ["1"]}),
            "allowed_mentions.users",
            "mentions-conflict",
        ),
        (json!({"parse": ["roles"], "roles": [1]}), "allowed_mentions.roles", "mentions-conflict"),
        (json!({"users": ids(101)}), "allowed_mentions.users", "too-many"),
        (json!({"roles": ids(101)}), "allowed_mentions.roles", "too-many"),
        (json!({"roles": ["@ops"]}), "allowed_mentions.roles", "not-an-id"),
        (json!({"users": "1"}), "allowed_mentions.users", "not-a-list"),
        (json!({"replied_user": 1}), "allowed_mentions.replied_user", "not-a-boolean"),
    ] {
        let found = Message::check(json!({"content": "x"}), Mentions::As(asked)).unwrap_err();
        let found: Vec<_> = found.iter().map(|v| (&*v.path, v.code)).collect();
        assert_eq!(found, [(path, code)]);
    }
    for fits in [
        json!({}),
        json!({"parse": ["users"], "users": [], "roles": ids(100)}),
        json!({"parse": ["everyone", "roles"], "users": ["1"], "replied_user": false}),
    ] {
        let message = Message::check(json!({"content": "x"}), Mentions::As(fits.clone())).unwrap();
        assert_eq!(message.body()["allowed_mentions"], fits);
    }
}

#[test]
fn the_mentions_of_the_body_never_count() {
    for asked in [json!({"parse": ["everyone"]}), json!("nonsense"), json!(null)] {
        let body = json!({"content": "@here", "allowed_mentions": asked, "nonce": "1"});
        for (mentions, expected) in [
            (Mentions::Nobody, json!({"parse": []})),
            (Mentions::Everyone, json!({"parse": ["everyone"]})),
        ] {
            let message = Message::check(body.clone(), mentions).unwrap();
            assert_eq!(*message.body(), json!({"content": "@here", "allowed_mentions": expected}));
        }
    }
}

#[test]
fn quiet_and_back() {
    let message = Message::check(json!({"content": "x", "flags": 4}), Mentions::Nobody).unwrap();
    let quiet = message.clone().quiet(true);
    assert_eq!(quiet.body()["flags"], 4100);
    assert_eq!(quiet.clone().quiet(true), quiet);
    assert_eq!(quiet.quiet(false), message);
    let plain = Message::check(json!({"content": "x"}), Mentions::Nobody).unwrap();
    assert_eq!(plain.clone().quiet(true).quiet(false), plain);
    assert_eq!(plain.clone().quiet(false), plain);
}

#[test]
fn the_hash_is_that_of_the_canonical_text() {
    let one = Message::check(json!({"content": "x", "tts": false}), Mentions::Nobody).unwrap();
    let other = Message::check(json!({"tts": false, "content": "x"}), Mentions::Nobody).unwrap();
    assert_eq!(one.sha256(), other.sha256());
    // printf '{"allowed_mentions":{"parse":[]},"content":"x","tts":false}' | sha256sum
    let hex: String = one.sha256().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "3a536b9d155f7476eb3831260aaf45aea74f44776c425e35dd94558918175129");
    assert_ne!(one.clone().quiet(true).sha256(), one.sha256());
}

#[test]
fn embeds_that_discord_would_merge() {
    let urls = |urls: &[&str]| {
        let embeds: Vec<Value> = urls.iter().map(|u| json!({"title": "x", "url": u})).collect();
        let message = Message::check(json!({ "embeds": embeds }), Mentions::Nobody).unwrap();
        message.repeated_embed_url().map(str::to_owned)
    };
    assert_eq!(urls(&["https://a.jp", "https://b.jp", "https://a.jp"]).unwrap(), "https://a.jp");
    assert_eq!(urls(&["https://a.jp", "https://b.jp"]), None);
}

/// Any JSON, with the keys that are looked at.
fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        "[a-z]{1,3}",
        prop::sample::select(vec![
            "content",
            "embeds",
            "fields",
            "footer",
            "author",
            "color",
            "timestamp",
            "flags",
            "url",
            "image",
            "components",
            "poll",
            "username",
            "title",
            "name",
            "value",
            "text",
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_body_is_taken_without_its_mentions_set(body in any_json()) {
        match Message::check(body, Mentions::Nobody) {
            Ok(message) => {
                prop_assert_eq!(&message.body()["allowed_mentions"], &json!({"parse": []}));
                prop_assert!(serde_json::from_str::<Value>(&canonical(message.body())).is_ok());
            }
            Err(found) => prop_assert!(!found.is_empty()),
        }
    }
}
