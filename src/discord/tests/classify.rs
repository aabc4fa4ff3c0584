//! Every row of what Discord answers, and every odd body, the bad ones first.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::discord::classify::{UNSAID_WAIT, classify, is_invalid, transport};
use crate::discord::{Class, WaitScope};
use crate::http::{Fault, NotSent, TlsFault, Unreachable, Unreadable};

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    lines
        .iter()
        .map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        })
        .collect()
}

fn class(status: u16, body: &str) -> Class {
    classify(status, &HeaderMap::new(), body.as_bytes())
}

fn coded(status: u16, code: i64) -> Class {
    class(status, &format!(r#"{{"message":"Said","code":{code}}}"#))
}

fn wait(seconds: f64) -> Class {
    Class::Wait(Duration::from_secs_f64(seconds), WaitScope::Lane)
}

fn delivered(message: Option<&str>, channel: Option<&str>) -> Class {
    let owned = |id: Option<&str>| id.map(str::to_owned);
    Class::Delivered { message_id: owned(message), channel_id: owned(channel) }
}

#[test]
fn refusals_by_code_and_status() {
    for (status, code, expected) in [
        (400, 50035, Class::Rejected),
        (400, 50006, Class::Rejected),
        (400, 50109, Class::Rejected),
        (400, 220_003, Class::Rejected),
        (400, 220_001, Class::Rejected),
        (400, 200_000, Class::Rejected),
        (400, 240_000, Class::Rejected),
        (400, 4711, Class::Rejected),
        (403, 200_000, Class::Rejected),
        (413, 40005, Class::Rejected),
        (401, 50027, Class::LaneDead),
        (401, 0, Class::LaneDead),
        (403, 50001, Class::LaneDead),
        (403, 50013, Class::LaneDead),
        (403, 4711, Class::LaneDead),
        (403, 40333, Class::WrongAgent),
        (404, 10015, Class::LaneDead),
        (404, 0, Class::LaneDead),
        (404, 4711, Class::LaneDead),
        (404, 10003, Class::Rejected),
        (404, 10008, Class::Rejected),
        (404, 10014, Class::Rejected),
        (405, 0, Class::Rejected),
    ] {
        assert_eq!(coded(status, code), expected, "{status} {code}");
    }
}

#[test]
fn refusals_without_a_body_of_discord() {
    let page = "<html><h1>Sorry, you have been blocked</h1>";
    for (status, body, expected) in [
        (400, "", Class::Rejected),
        (400, r#"{"embeds":["0"]}"#, Class::Rejected),
        (400, "[]", Class::Rejected),
        (400, "null", Class::Rejected),
        (400, page, Class::WrongAgent),
        (403, page, Class::WrongAgent),
        (403, "", Class::LaneDead),
        (401, page, Class::LaneDead),
        (404, page, Class::LaneDead),
        (413, page, Class::Rejected),
        (407, page, Class::WrongAgent),
        (405, "", Class::LaneDead),
        (421, page, Class::LaneDead),
    ] {
        assert_eq!(class(status, body), expected, "{status} {body}");
    }
    let declared = headers(&[("content-type", "text/html; charset=UTF-8")]);
    assert_eq!(classify(403, &declared, b"error code: 1010"), Class::WrongAgent);
}

#[test]
fn what_may_have_been_stored_is_unsure() {
    for status in [408, 500, 501, 502, 503, 504, 520, 521, 522, 523, 524, 529, 599, 303, 101, 600] {
        for body in ["", "<html>", r#"{"message":"Said","code":0}"#, "[]"] {
            assert_eq!(class(status, body), Class::Unsure, "{status} {body}");
        }
    }
    assert_eq!(class(200, "<!doctype html><title>Log in</title>"), Class::Unsure);
}

#[test]
fn redirects_come_from_the_way_and_not_from_discord() {
    for status in [300, 301, 302, 304, 307, 308] {
        assert_eq!(class(status, ""), Class::WrongAgent, "{status}");
    }
}

#[test]
fn too_many_requests_in_every_shape() {
    let limited =
        |body: &str, lines: &[(&str, &str)]| classify(429, &headers(lines), body.as_bytes());
    let after = [("retry-after", "43")];
    let (long, ban) = (Some(Duration::from_secs(43)), Class::Banned(None));
    for (body, lines, expected) in [
        (r#"{"message":"x","retry_after":0.35,"global":false}"#, &[][..], wait(0.35)),
        (r#"{"message":"x","retry_after":42.5,"global":false}"#, &after[..], wait(42.5)),
        // Whole milliseconds of the old version: taken as they are, and absurd to whoever waits.
        (r#"{"message":"x","retry_after":42500,"global":false}"#, &after[..], wait(42500.0)),
        (r#"{"message":"x","retry_after":1,"code":20028}"#, &[][..], wait(1.0)),
        (r#"{"message":"x","retry_after":3600}"#, &[][..], wait(3600.0)),
        (r#"{"message":"x","retry_after":2,"code":0}"#, &[][..], wait(2.0)),
        (r#"{"message":"x","retry_after":-1}"#, &after[..], wait(43.0)),
        (r#"{"message":"x","retry_after":null}"#, &after[..], wait(43.0)),
        (
            r#"{"message":"x","retry_after":"soon"}"#,
            &[][..],
            Class::Wait(UNSAID_WAIT, WaitScope::Lane),
        ),
        (r#"{"message":"x"}"#, &after[..], wait(43.0)),
        (r#"{"message":"x"}"#, &[][..], Class::Wait(UNSAID_WAIT, WaitScope::Lane)),
        (
            r#"{"message":"x"}"#,
            &[("retry-after", "soon")][..],
            Class::Wait(UNSAID_WAIT, WaitScope::Lane),
        ),
        (r#"{"message":"x","code":0}"#, &[][..], ban.clone()),
        (r#"{"message":"x","code":0}"#, &after[..], Class::Banned(long)),
        ("<html>error code: 1015", &after[..], Class::Banned(long)),
        ("error code: 1015", &[][..], ban.clone()),
        ("", &[][..], ban.clone()),
        ("[]", &[][..], ban.clone()),
        (r#""x""#, &[][..], ban),
    ] {
        assert_eq!(limited(body, lines), expected, "{body} {lines:?}");
    }
    let endless = Class::Wait(Duration::MAX, WaitScope::Lane);
    assert_eq!(limited(r#"{"retry_after":1e300}"#, &[]), endless);
}

#[test]
fn a_global_limit_is_everybodys() {
    let global = Class::Wait(Duration::from_secs(1), WaitScope::Global);
    assert_eq!(class(429, r#"{"retry_after":1,"global":true}"#), global);
    for line in [("x-ratelimit-global", "true"), ("x-ratelimit-scope", "global")] {
        assert_eq!(classify(429, &headers(&[line]), br#"{"retry_after":1}"#), global, "{line:?}");
    }
    let own = headers(&[("x-ratelimit-scope", "user"), ("x-ratelimit-global", "false")]);
    assert_eq!(classify(429, &own, br#"{"retry_after":1}"#), wait(1.0));
}

#[test]
fn what_counts_towards_a_ban() {
    let shared = headers(&[("x-ratelimit-scope", "shared")]);
    for (status, headers, expected) in [
        (401, &HeaderMap::new(), true),
        (403, &HeaderMap::new(), true),
        (429, &HeaderMap::new(), true),
        (429, &shared, false),
        (401, &shared, true),
        (404, &HeaderMap::new(), false),
        (400, &HeaderMap::new(), false),
        (200, &HeaderMap::new(), false),
    ] {
        assert_eq!(is_invalid(status, headers), expected, "{status} {headers:?}");
    }
}

#[test]
fn no_whole_answer() {
    let tls = Unreachable::Tls(TlsFault::Expired);
    for why in [
        Unreachable::Dns,
        Unreachable::Refused,
        Unreachable::NoRoute,
        tls,
        Unreachable::NotTaken,
        Unreachable::Timeout { connected: false },
    ] {
        assert_eq!(transport(&Fault::Unreachable(why.clone())), Class::NotSent, "{why:?}");
    }
    assert_eq!(transport(&Fault::NotSent(NotSent::BadPath)), Class::NotSent);
    for fault in [
        Fault::Unreachable(Unreachable::Timeout { connected: true }),
        Fault::Unreachable(Unreachable::Broken),
        Fault::Unreadable(Unreadable::Truncated),
        Fault::Unreadable(Unreadable::TooLarge(1)),
        Fault::Unreadable(Unreadable::NotHttp),
        Fault::Server,
    ] {
        assert_eq!(transport(&fault), Class::Unsure, "{fault:?}");
    }
}

#[test]
fn delivered_with_and_without_a_receipt() {
    for (status, body, expected) in [
        (200, r#"{"id":"12","channel_id":"34","content":"x"}"#, delivered(Some("12"), Some("34"))),
        (201, r#"{"id":"12"}"#, delivered(Some("12"), None)),
        (200, r#"{"id":12}"#, delivered(Some("12"), None)),
        (200, r#"{"id":"../x"}"#, delivered(None, None)),
        (200, r#"{"id":"#, delivered(None, None)),
        (200, "[]", delivered(None, None)),
        (200, "OK", delivered(None, None)),
        (200, "", delivered(None, None)),
        (204, "", delivered(None, None)),
    ] {
        assert_eq!(class(status, body), expected, "{status} {body}");
    }
}
