//! What becomes of a request, and what is said of it.

use std::future::{Future, pending, ready};
use std::pin::pin;

use super::*;
use crate::cloudflare::Client;
use crate::domain::{Clock, Redactor};
use crate::http::stub::{self, Stub, answer, json};
use crate::http::{ApiError, Roots, Service};

fn client(stub: &Stub) -> Client {
    let shared =
        crate::http::Client::new(Roots::system(), Redactor::default(), Clock::system(), None);
    let base = stub.url().join("client/v4").unwrap();
    Client::new(shared.api(Service::Cloudflare, base, Some("a-token-of-a-test".into())), ACCOUNT)
}

/// The list of deployments where the version `number` is live by `deployment`.
fn live(deployment: &str, number: u64) -> stub::Act {
    json(&format!(
        r#"{{"success":true,"result":{{"deployments":[{{"id":"{deployment}","created_on":
        "2026-11-21T18:12:00Z","versions":[{{"version_id":"{}","percentage":100}}]}}]}}}}"#,
        id(number)
    ))
}

fn refusal(status: &str, code: u32, message: &str) -> stub::Act {
    let body = format!(r#"{{"success":false,"errors":[{{"code":{code},"message":"{message}"}}]}}"#);
    answer(status, &[], body)
}

struct Told {
    settled: Result<Settled, ApiError>,
    posts: usize,
    events: Vec<Event>,
}

/// Runs it where the second look says `before`, the request brings `post`, and every later look
/// `after`.
async fn run(
    before: stub::Act,
    post: stub::Act,
    after: stub::Act,
    stop: impl Future<Output = ()>,
) -> Told {
    let stub = Stub::http(move |nth, head| match (head.starts_with("POST "), nth) {
        (true, _) => post.clone(),
        (false, 0) => before.clone(),
        (false, _) => after.clone(),
    })
    .await;
    let client = client(&stub);
    let way = Way::Api { client: &client, force: false, message: "m" };
    let mut events = Vec::new();
    let mut tell = |event: &Event| events.push(event.clone());
    let settled = settle(&card(), &way, &consent(), pin!(stop), &mut tell).await;
    let posts = stub.requests().iter().filter(|head| head.starts_with("POST ")).count();
    Told { settled, posts, events }
}

fn taken() -> stub::Act {
    json(r#"{"success":true,"result":{"id":"d1"}}"#)
}

#[tokio::test]
async fn a_colleague_who_was_quicker_is_not_overwritten() {
    let told = run(live("d7", 4), taken(), live("d7", 4), pending()).await;
    let settled = told.settled.unwrap();
    assert_eq!((settled.posted, settled.state, told.posts), (Posted::None, LiveState::NotLive, 0));
    assert_eq!(settled.refused.unwrap().code, "changed-since-shown");
    assert_eq!(told.events, []);
}

#[tokio::test]
async fn the_same_version_by_another_deployment_is_a_change_too() {
    let told = run(live("d7", 3), taken(), live("d7", 3), pending()).await;
    assert_eq!(told.settled.unwrap().refused.unwrap().code, "changed-since-shown");
    assert_eq!(told.posts, 0);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test agrees with itself")]
async fn an_agreement_to_something_else_sends_nothing() {
    let stub = Stub::http(|_, _| live("d0", 3)).await;
    let client = client(&stub);
    let way = Way::Api { client: &client, force: false, message: "m" };
    let other = Consent::given("something else", "tester", Agreement::Yes, now());
    let settled = settle(&card(), &way, &other, pin!(pending()), &mut |_| {}).await.unwrap();
    assert_eq!((settled.posted, settled.refused.unwrap().code), (Posted::None, "consent"));
    assert_eq!(stub.requests().len(), 0);
}

#[tokio::test]
async fn a_second_look_that_fails_sends_nothing() {
    let told = run(refusal("403 Forbidden", 10000, "no"), taken(), live("d0", 3), pending()).await;
    assert!(told.settled.is_err());
    assert_eq!(told.posts, 0);
}

#[tokio::test]
async fn what_was_taken_and_reads_back_is_live() {
    let told = run(live("d0", 3), taken(), live("d1", 2), pending()).await;
    let settled = told.settled.unwrap();
    assert_eq!((settled.posted, settled.state), (Posted::Sent, LiveState::Live));
    assert_eq!(settled.deployment_id.as_deref(), Some("d1"));
    assert_eq!(
        told.events,
        [Event::Started, Event::Posted(Posted::Sent), Event::Settled(LiveState::Live)]
    );
}

#[tokio::test]
async fn a_lost_answer_is_read_back_and_never_sent_again() {
    for post in
        [answer("502 Nope", &[], "<html>"), stub::Act::Send(Vec::new()), answer("200 OK", &[], "{")]
    {
        let told = run(live("d0", 3), post, live("d1", 2), pending()).await;
        let settled = told.settled.unwrap();
        assert_eq!((settled.posted, settled.state), (Posted::Lost, LiveState::Live));
        assert_eq!(told.posts, 1);
    }
}

#[tokio::test]
async fn a_lost_answer_that_changed_nothing_is_not_live() {
    let told = run(live("d0", 3), answer("500 Nope", &[], ""), live("d0", 3), pending()).await;
    let settled = told.settled.unwrap();
    assert_eq!((settled.posted, settled.state), (Posted::Lost, LiveState::NotLive));
    assert!(
        settled.notes.iter().any(|note| note.contains("may still take effect")),
        "{:?}",
        settled.notes
    );
}

#[tokio::test]
async fn what_cannot_be_read_back_is_unknown() {
    let gone = refusal("403 Forbidden", 10000, "no");
    let told = run(live("d0", 3), taken(), gone, pending()).await;
    let settled = told.settled.unwrap();
    assert_eq!((settled.posted, settled.state), (Posted::Sent, LiveState::Unknown));
}

#[tokio::test]
async fn refusals_are_named_and_the_state_is_read_once() {
    let secrets = "The following secrets have changed: API_KEY";
    for (status, code, message, word) in [
        ("400 Bad Request", 10220, secrets, "secrets-changed"),
        ("403 Forbidden", 10000, "Authentication error", "forbidden"),
        ("400 Bad Request", 10041, "KV namespace not found", "gone"),
        ("400 Bad Request", 10079, "migration", "gone"),
        ("400 Bad Request", 4711, "something new", "refused"),
        ("429 Too Many", 971, "slow down", "rate-limited"),
    ] {
        let told =
            run(live("d0", 3), refusal(status, code, message), live("d0", 3), pending()).await;
        let settled = told.settled.unwrap();
        assert_eq!(
            (settled.posted, settled.state),
            (Posted::Refused, LiveState::NotLive),
            "{code}"
        );
        let refused = settled.refused.unwrap();
        assert_eq!((refused.code, refused.service_code), (word, Some(i64::from(code))));
        assert_eq!(refused.secrets.len(), usize::from(code == 10220));
        assert_eq!(told.posts, 1);
    }
}

#[tokio::test]
async fn a_stop_before_the_request_sends_nothing() {
    let told = run(live("d0", 3), taken(), live("d1", 2), ready(())).await;
    let settled = told.settled.unwrap();
    assert_eq!((settled.posted, settled.interrupted, told.posts), (Posted::None, true, 0));
}

#[tokio::test]
async fn a_stop_after_the_request_still_reads_back() {
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    let sender = std::sync::Mutex::new(Some(sender));
    // The stop comes while the request is under way, which never gets an answer.
    let stub = Stub::http(move |nth, head| {
        if head.starts_with("POST ") {
            drop(sender.lock().unwrap().take());
            return stub::Act::Stall(Vec::new());
        }
        if nth == 0 { live("d0", 3) } else { live("d1", 2) }
    })
    .await;
    let client = client(&stub);
    let way = Way::Api { client: &client, force: false, message: "m" };
    let stop = async { drop(receiver.await) };
    let settled = settle(&card(), &way, &consent(), pin!(stop), &mut |_| {}).await.unwrap();
    assert_eq!((settled.posted, settled.state), (Posted::Lost, LiveState::Live));
    assert!(settled.interrupted);
}

#[tokio::test]
async fn somebody_else_who_deploys_right_after_is_told() {
    let told = run(live("d0", 3), taken(), live("d9", 4), pending()).await;
    let settled = told.settled.unwrap();
    assert_eq!((settled.posted, settled.state), (Posted::Sent, LiveState::NotLive));
    assert!(settled.notes.iter().any(|note| note.contains("d9")), "{:?}", settled.notes);
}
