//! The webhook's requests over real sockets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::*;
use crate::discord::{Answer, Bucket, Class, WaitScope, WebhookInfo};
use crate::http::stub::{Act, answer, closed_port, json, silent_port};
use crate::http::{Logged, RequestLog};

async fn posted(act: Act) -> (Answer, Vec<String>) {
    let stub = Stub::http(move |_, _| act.clone()).await;
    let answer = discord(&stub).post(&webhook(""), &message(), &consent(), soon()).await;
    assert!(!format!("{answer} {answer:?}").contains(TOKEN), "{answer:?}");
    (answer, stub.requests())
}

#[tokio::test]
async fn nothing_of_it_left() {
    let (_taken, port) = closed_port();
    let (_full, silent) = silent_port().await;
    let shortly = || Instant::now() + Duration::from_millis(400);
    for base in [
        format!("http://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{silent}"),
        "https://nowhere.invalid".to_owned(),
    ] {
        let discord = discord_at(base.parse().unwrap(), None);
        let deadline = if base.contains("invalid") { soon() } else { shortly() };
        let answer = discord.post(&webhook(""), &message(), &consent(), deadline).await;
        assert_eq!((answer.class, answer.http_status), (Class::NotSent, None), "{base}");
        assert!(answer.said.contains("/webhooks/1400000000000000001/***"), "{}", answer.said);
    }
    let stub = Stub::http(|_, _| Act::Send(b"no TLS".into())).await;
    let discord = discord_at(stub.https_url("localhost"), None);
    let answer = discord.post(&webhook(""), &message(), &consent(), soon()).await;
    assert_eq!(answer.class, Class::NotSent, "{answer}");
}

#[tokio::test]
async fn what_broke_off_after_it_began_is_unsure_and_sent_once() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"id\":".to_vec();
    for act in [
        Act::Send(Vec::new()),
        Act::Send(half.clone()),
        Act::Send(b"SSH-2.0\r\n".into()),
        answer("502 Bad Gateway", &["Retry-After: 0"], "<html>"),
        answer("503 Nope", &[], ""),
        answer("500 Nope", &[], r#"{"message":"500: Internal Server Error","code":0}"#),
    ] {
        let (answer, requests) = posted(act).await;
        assert_eq!((answer.class, requests.len()), (Class::Unsure, 1), "{}", answer.said);
    }
    for act in [Act::Stall(Vec::new()), Act::Stall(half)] {
        let stub = Stub::http(move |_, _| act.clone()).await;
        let shortly = Instant::now() + Duration::from_millis(400);
        let answer = discord(&stub).post(&webhook(""), &message(), &consent(), shortly).await;
        assert_eq!((answer.class, stub.requests().len()), (Class::Unsure, 1));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Stub::http(|_, _| json("{}")).await;
    let location = format!("Location: {}", other.url());
    let (answer, requests) = posted(answer("307 Elsewhere", &[&location], "")).await;
    assert_eq!((answer.class, requests.len()), (Class::WrongAgent, 1));
    assert_eq!(other.requests().len(), 0);
}

#[tokio::test]
async fn a_refusal_in_discords_words() {
    let body = r#"{"message":"Invalid Form Body","code":50035,"errors":{"embeds":{"0":{"title":
        {"_errors":[{"code":"BASE_TYPE_MAX_LENGTH","message":"Must be 256 or fewer."}]}}}}}"#;
    let (refused, _) = posted(answer("400 Bad Request", &[], body)).await;
    assert_eq!(refused.class, Class::Rejected);
    assert!(!refused.invalid);
    let line = "HTTP 400, code 50035: Invalid Form Body: embeds.0.title: BASE_TYPE_MAX_LENGTH";
    assert_eq!(refused.to_string(), line);

    let body = r#"{"message":"Invalid Webhook Token","code":50027}"#;
    let (refused, _) = posted(answer("401 Unauthorized", &[], body)).await;
    assert_eq!((&refused.class, refused.invalid), (&Class::LaneDead, true));

    let echo = format!(r#"{{"message":"no {TOKEN} at /webhooks/1/{TOKEN}"}}"#);
    let (refused, _) = posted(answer("404 Not Found", &[], echo)).await;
    assert_eq!(refused.said, "no *** at /webhooks/1/***");
}

#[tokio::test]
async fn a_429_tells_its_wait_and_its_bucket() {
    let body = r#"{"message":"You are being rate limited.","retry_after":0.35,"global":false}"#;
    let headers = [
        "X-RateLimit-Limit: 5",
        "X-RateLimit-Remaining: 0",
        "X-RateLimit-Reset-After: 0.35",
        "X-RateLimit-Bucket: abc",
    ];
    let (limited, requests) = posted(answer("429 Nope", &headers, body)).await;
    assert_eq!(limited.class, Class::Wait(Duration::from_millis(350), WaitScope::Lane));
    let bucket = Bucket {
        limit: 5,
        remaining: 0,
        reset_after: Duration::from_millis(350),
        name: Some("abc".into()),
    };
    assert_eq!((limited.bucket, limited.invalid, requests.len()), (Some(bucket), true, 1));

    let shared: Vec<&str> = headers.into_iter().chain(["X-RateLimit-Scope: shared"]).collect();
    let (limited, _) = posted(answer("429 Nope", &shared, body)).await;
    assert_eq!((limited.bucket, limited.invalid), (None, false));
}

#[tokio::test]
async fn a_post_as_discord_gets_it() {
    let reply = r#"{"id":"77","channel_id":"20","content":"x","code":5}"#;
    let headers =
        ["X-RateLimit-Limit: 5", "X-RateLimit-Remaining: 4", "X-RateLimit-Reset-After: 2"];
    let act = answer("200 OK", &headers, reply);
    let stub = Stub::http(move |_, _| act.clone()).await;
    let discord = discord(&stub);
    let answer =
        discord.post(&webhook("?thread_id=9&wait=no"), &message(), &consent(), soon()).await;
    let expected =
        Class::Delivered { message_id: Some("77".into()), channel_id: Some("20".into()) };
    assert_eq!((&answer.class, answer.code, &*answer.said), (&expected, None, ""));
    assert_eq!(answer.bucket.unwrap().remaining, 4);

    let components = json!({"components": [{"type": 10, "content": "x"}], "flags": 32768});
    let components = Message::check(components, Mentions::Nobody).unwrap();
    discord.post(&webhook(""), &components, &consent(), soon()).await;

    let requests = stub.requests();
    let path = format!("POST /api/v10/webhooks/1400000000000000001/{TOKEN}");
    assert!(requests[0].starts_with(&format!("{path}?wait=true&thread_id=9 HTTP/1.1\r\n")));
    assert!(requests[1].starts_with(&format!("{path}?wait=true&with_components=true HTTP/1.1")));
    assert!(requests[0].contains("user-agent: DiscordBot (https://parky.co.jp, "));
    assert!(!requests[0].to_lowercase().contains("authorization"), "not even with a bot's token");
    let sent = json!({"content": "@everyone 決済", "allowed_mentions": {"parse": []}});
    assert_eq!(body(&requests[0]), sent);
}

#[tokio::test]
async fn what_a_webhook_is() {
    for (act, class) in [
        (answer("404 Nope", &[], r#"{"message":"Unknown Webhook","code":10015}"#), Class::LaneDead),
        (answer("503 Nope", &[], ""), Class::Unsure),
        (json(r#"{"id":"1"}"#), Class::Unsure),
        (json("<html>"), Class::Unsure),
    ] {
        let stub = Stub::http(move |_, _| act.clone()).await;
        let answer = discord(&stub).webhook(&webhook(""), soon()).await.unwrap_err();
        assert_eq!((answer.class, stub.requests().len()), (class, 1), "{}", answer.said);
        assert!(!answer.said.contains(TOKEN));
    }
    let stub = Stub::http(|_, _| json(r#"{"id":"1","channel_id":"2","guild_id":"3","x":1}"#)).await;
    let info = discord(&stub).webhook(&webhook("?thread_id=9"), soon()).await.unwrap();
    let expected = WebhookInfo {
        id: "1".into(),
        channel_id: "2".into(),
        guild_id: Some("3".into()),
        name: None,
    };
    assert_eq!(info, expected);
    let head = format!("GET /api/v10/webhooks/1400000000000000001/{TOKEN} HTTP/1.1");
    assert!(stub.requests()[0].starts_with(&head));
}

#[tokio::test]
async fn an_own_post_is_read_edited_and_deleted() {
    let stub = Stub::http(|number, _| match number {
        0 => json(r#"{"id":"77","channel_id":"20","author":{"id":"1"},"webhook_id":"1"}"#),
        1 => json(r#"{"id":"77","channel_id":"20"}"#),
        _ => answer("204 No Content", &[], ""),
    })
    .await;
    let (discord, webhook) = (discord(&stub), webhook("?thread_id=9"));
    let post = discord.posted(&webhook, "77", soon()).await.unwrap();
    assert_eq!((&*post.id, &*post.content), ("77", ""));
    let text = json!({"content": "x", "username": "Parky", "tts": true, "flags": 4});
    let text = Message::check(text, Mentions::Nobody).unwrap().quiet(true);
    assert!(discord.edit(&webhook, "77", &text, &consent(), soon()).await.is_delivered());
    let deleted = discord.delete(&webhook, "77", &consent(), soon()).await;
    assert_eq!(deleted.class, Class::Delivered { message_id: None, channel_id: None });

    let requests = stub.requests();
    let path =
        format!("/api/v10/webhooks/1400000000000000001/{TOKEN}/messages/77?thread_id=9 HTTP");
    for (request, method) in requests.iter().zip(["GET", "PATCH", "DELETE"]) {
        assert!(request.starts_with(&format!("{method} {path}")), "{request}");
    }
    let edit = json!({"content": "x", "flags": 4, "allowed_mentions": {"parse": []}});
    assert_eq!(body(&requests[1]), edit);
    let nowhere = discord.delete(&webhook, "..", &consent(), soon()).await;
    assert_eq!((nowhere.class, stub.requests().len()), (Class::NotSent, 3));
}

#[derive(Default)]
struct Recorder(Mutex<String>);

impl RequestLog for Recorder {
    fn record(&self, entry: &Logged<'_>) {
        let mut lines = self.0.lock().unwrap();
        lines.push_str(&format!("{} {:?}\n", entry.url, entry.error));
    }
}

#[tokio::test]
async fn the_request_log_never_holds_a_token() {
    let stub = Stub::http(|_, _| Act::Send(Vec::new())).await;
    let log = Arc::new(Recorder::default());
    let redactor = Redactor::default();
    let http = Client::new(
        Roots::system(),
        redactor.clone(),
        Clock::system(),
        Some(Arc::clone(&log) as _),
    );
    let discord = Discord::new(&http, stub.url(), Some(BOT.into()));
    discord.post(&webhook(""), &message(), &consent(), soon()).await;
    discord.react("1", "2", "👀", &consent(), soon()).await;
    let log = log.0.lock().unwrap();
    assert!(log.lines().count() == 2 && !log.contains(TOKEN) && !log.contains(BOT), "{log}");
    assert_eq!(redactor.clean(&format!("{TOKEN} {BOT}")), "*** ***");
    assert!(!format!("{discord:?}").contains(BOT));
}
