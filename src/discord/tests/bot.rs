//! The bot's requests over real sockets.

use std::fmt::Write as _;

use serde_json::json;

use super::*;
use crate::discord::{Class, Snowflake};
use crate::http::stub::{Act, answer, json};

#[tokio::test]
async fn without_a_token_nothing_is_asked() {
    let stub = Stub::http(|_, _| json("{}")).await;
    let discord = discord_at(stub.url(), None);
    let answer = discord.me(soon()).await.unwrap_err();
    assert_eq!((answer.class, &*answer.said), (Class::NotSent, "this needs a Discord bot token"));
    let posted = discord.create_message("1", &message(), None, &consent(), soon()).await;
    assert_eq!((posted.class, stub.requests().len()), (Class::NotSent, 0));
}

#[tokio::test]
async fn a_refused_token() {
    let act = answer("401 Unauthorized", &[], r#"{"message":"401: Unauthorized","code":0}"#);
    let stub = Stub::http(move |_, _| act.clone()).await;
    let answer = discord(&stub).me(soon()).await.unwrap_err();
    assert_eq!((answer.class, answer.code, answer.invalid), (Class::LaneDead, Some(0), true));
}

#[tokio::test]
async fn a_message_with_a_nonce() {
    let stub = Stub::http(|_, _| json(r#"{"id":"77","channel_id":"20"}"#)).await;
    let discord = discord(&stub);
    for nonce in ["", "12345678901234567890123456"] {
        let bad = discord.create_message("20", &message(), Some(nonce), &consent(), soon()).await;
        assert_eq!((bad.class, stub.requests().len()), (Class::NotSent, 0));
    }
    let answer = discord.create_message("20", &message(), Some("n1"), &consent(), soon()).await;
    assert!(answer.is_delivered());
    discord.create_message("20", &message(), None, &consent(), soon()).await;

    let requests = stub.requests();
    assert!(requests[0].starts_with("POST /api/v10/channels/20/messages HTTP/1.1\r\n"));
    assert!(requests[0].contains(&format!("authorization: Bot {BOT}\r\n")));
    let body = |at: usize| super::body(&requests[at]);
    assert_eq!((&body(0)["nonce"], &body(0)["enforce_nonce"]), (&json!("n1"), &json!(true)));
    assert_eq!(body(0)["allowed_mentions"], json!({"parse": []}));
    assert_eq!(body(1).get("nonce"), None);
}

/// Messages `from..to`, newest first, as Discord gives them.
fn page(from: usize, to: usize) -> Act {
    let message = |id: usize| format!(r#"{{"id":"{id}","channel_id":"20","author":{{"id":"1"}}}}"#);
    json(&format!("[{}]", (from..to).rev().map(message).collect::<Vec<_>>().join(",")))
}

fn queries(stub: &Stub) -> Vec<String> {
    let query = |request: String| Some(request.split_once('?')?.1.split_once(' ')?.0.to_owned());
    stub.requests().into_iter().filter_map(query).collect()
}

#[tokio::test]
async fn history_is_paged_and_says_whether_there_is_more() {
    let stub = Stub::http(|number, _| match number {
        0 => page(101, 201),
        1 => page(201, 301),
        _ => page(301, 311),
    })
    .await;
    let history = discord(&stub).history("20", Snowflake(100), 1000, soon()).await.unwrap();
    assert_eq!((history.posts.len(), history.more), (210, false));
    assert!(history.posts.windows(2).all(|two| two[0].id < two[1].id));
    assert_eq!(
        queries(&stub),
        ["after=100&limit=100", "after=200&limit=100", "after=300&limit=100"]
    );

    let stub =
        Stub::http(|number, _| if number == 0 { page(1, 101) } else { page(101, 151) }).await;
    let history = discord(&stub).history("20", Snowflake(0), 150, soon()).await.unwrap();
    assert_eq!((history.posts.len(), history.more), (150, true));
    assert_eq!(queries(&stub), ["after=0&limit=100", "after=100&limit=50"]);
}

#[tokio::test]
async fn a_history_that_leads_nowhere_ends() {
    let stub = Stub::http(|_, _| page(1, 101)).await;
    let history = discord(&stub).history("20", Snowflake(0), 1000, soon()).await.unwrap();
    assert_eq!((history.posts.len(), stub.requests().len()), (100, 2));

    let stub = Stub::http(|_, _| json("[]")).await;
    let history = discord(&stub).history("20", Snowflake(0), 1000, soon()).await.unwrap();
    assert!(history.posts.is_empty() && !history.more);

    let stub = Stub::http(|_, _| answer("403 Nope", &[], r#"{"code":50001}"#)).await;
    let answer = discord(&stub).history("20", Snowflake(0), 10, soon()).await.unwrap_err();
    assert_eq!(answer.class, Class::LaneDead);
}

#[tokio::test]
async fn a_thread_is_started_once() {
    let stub = Stub::http(|number, _| match number {
        0 => answer("400 Nope", &[], r#"{"message":"Already","code":160004}"#),
        1 => answer("201 Created", &[], r#"{"id":"77","name":"x"}"#),
        2 => answer("500 Nope", &[], ""),
        _ => answer("403 Nope", &[], r#"{"message":"Missing","code":50013}"#),
    })
    .await;
    let discord = discord(&stub);
    let name = "決".repeat(120);
    for _ in 0..2 {
        let thread = discord.start_thread("20", "77", &name, &consent(), soon()).await;
        assert_eq!(thread.unwrap(), "77");
    }
    for class in [Class::Unsure, Class::LaneDead] {
        let answer = discord.start_thread("20", "77", "x", &consent(), soon()).await.unwrap_err();
        assert_eq!(answer.class, class);
    }
    let unnamed = discord.start_thread("20", "77", " ", &consent(), soon()).await.unwrap_err();
    assert_eq!((unnamed.class, stub.requests().len()), (Class::NotSent, 4));
    assert!(stub.requests()[0].starts_with("POST /api/v10/channels/20/messages/77/threads HTTP"));
    assert_eq!(body(&stub.requests()[0]), json!({"name": "決".repeat(100)}));
}

#[tokio::test]
async fn a_reaction_names_its_sign_in_the_path() {
    let stub = Stub::http(|_, _| answer("204 No Content", &[], "")).await;
    let answer = discord(&stub).react("20", "77", "👀", &consent(), soon()).await;
    assert_eq!(answer.class, Class::Delivered { message_id: None, channel_id: None });
    let request = &stub.requests()[0];
    let path = "/api/v10/channels/20/messages/77/reactions/%F0%9F%91%80/@me";
    assert!(request.starts_with(&format!("PUT {path} HTTP/1.1\r\n")), "{request}");
    assert!(request.contains("content-length: 0\r\n"), "{request}");
}

#[tokio::test]
async fn people_who_reacted_are_told_once_and_bots_never() {
    let stub = Stub::http(|number, _| {
        let mut users = String::new();
        match number {
            0 => {
                for id in 1..=100 {
                    let _ = write!(users, r#"{{"id":"{id}","username":"u{id}"}},"#);
                }
            }
            1 => users.push_str(r#"{"id":"101","bot":true},{"id":"102","username":"x"},"#),
            _ => users.push_str(r#"{"id":"1","username":"u1","bot":null},{"id":"200"},"#),
        }
        json(&format!("[{}]", users.trim_end_matches(',')))
    })
    .await;
    let people = discord(&stub).reactions("20", "77", "👀", soon()).await.unwrap();
    assert_eq!(people.len(), 102);
    assert!(people.iter().all(|user| !user.bot && user.id != "101"));
    assert_eq!(
        queries(&stub),
        ["limit=100&after=0&type=0", "limit=100&after=100&type=0", "limit=100&after=0&type=1"]
    );
}
