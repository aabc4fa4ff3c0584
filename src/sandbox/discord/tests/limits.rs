//! Buckets, the hidden limit, and what is counted against an address.

use std::time::Duration;

use super::*;

/// So long that no window ends during a test.
const LONG: Duration = Duration::from_secs(3600);

fn rate(requests: u32) -> Option<Rate> {
    Some(Rate { requests, per: LONG })
}

fn number(reply: &Reply, name: &str) -> f64 {
    reply.header(name).expect(name).parse().unwrap()
}

#[test]
fn a_webhooks_bucket_is_told_and_then_refuses() {
    let discord = start_with(Limits { webhook: rate(2), ..LOOSE });
    let (p0, p1) = (discord.p0(), discord.channel("p1-ops").unwrap());
    let first = p0.say("1");
    assert_eq!(
        (first.header("x-ratelimit-limit"), number(&first, "x-ratelimit-remaining")),
        (Some("2"), 1.0)
    );
    assert!((3000.0..=3600.0).contains(&number(&first, "x-ratelimit-reset-after")));
    assert!(number(&first, "x-ratelimit-reset") > now().timestamp() as f64);
    assert!(first.header("date").unwrap().starts_with("Sat, 21 Nov 2026 18:1"), "its own clock");
    assert_eq!(first.header("x-ratelimit-scope"), None);
    assert_eq!(p0.post(&json!({})).status, 400, "what is refused takes room too");
    let full = p0.say("3");
    assert_eq!((full.status, full.header("x-ratelimit-scope")), (429, Some("user")));
    let wait = full.json()["retry_after"].as_f64().unwrap();
    assert!(wait > 3000.0 && number(&full, "retry-after") == wait.ceil(), "{wait}");
    assert_eq!(full.json()["global"], false);
    let other = p1.say("1");
    assert_eq!(other.status, 200);
    assert_eq!(other.header("x-ratelimit-bucket"), first.header("x-ratelimit-bucket"));
    assert_eq!(discord.rate_limited(), RateLimited { user: 1, ..RateLimited::default() });
    assert_eq!((discord.messages(P0).len(), discord.invalid_requests()), (1, 1));
}

#[test]
fn a_channels_limit_is_not_told_until_it_is_hit() {
    let discord = start_with(Limits { webhook: rate(5), channel: rate(3), ..LOOSE });
    let p0 = discord.p0();
    p0.post_as_other("live").unwrap();
    assert_eq!([p0.say("1").status, p0.say("2").status], [200, 200]);
    let full = p0.say("3");
    assert_eq!((full.status, full.header("x-ratelimit-scope")), (429, Some("shared")));
    assert_eq!(number(&full, "x-ratelimit-remaining"), 2.0, "the headers tell of another bucket");
    assert!(full.json()["retry_after"].as_f64().unwrap() > 3000.0);
    let live = p0.post_as_other("live").unwrap_err();
    assert_eq!((live.scope, live.wait > LONG / 2), (LimitScope::Shared, true));
    assert_eq!(discord.channel("p1-ops").unwrap().say("1").status, 200);
    assert_eq!((discord.rate_limited().shared, discord.invalid_requests()), (2, 0));
    p0.forget_posts();
    assert_eq!(p0.say("3").status, 200);
}

#[test]
fn a_window_ends_after_its_time() {
    let brief = Rate { requests: 1, per: Duration::from_millis(80) };
    let discord = start_with(Limits { webhook: Some(brief), ..LOOSE });
    let end = Instant::now() + Duration::from_secs(20);
    let mut stored = 0;
    while stored < 3 && Instant::now() < end {
        let reply = discord.p0().say("again");
        match reply.status {
            200 => stored += 1,
            _ => {
                let wait = reply.json()["retry_after"].as_f64().unwrap();
                assert!(wait <= 0.08, "{wait}");
                std::thread::sleep(Duration::from_secs_f64(wait));
            }
        }
    }
    assert_eq!(stored, 3);
}

#[test]
fn the_global_limit_is_one_for_the_address_and_one_for_the_bot() {
    let discord = start_with(Limits { global: rate(2), ..LOOSE });
    assert_eq!([discord.p0().say("1").status, discord.p0().say("2").status], [200, 200]);
    let full = discord.channel("p1-ops").unwrap().say("3");
    assert_eq!((full.status, full.header("x-ratelimit-global")), (429, Some("true")));
    assert_eq!(
        (full.header("x-ratelimit-scope"), &full.json()["global"]),
        (Some("global"), &json!(true))
    );
    assert_eq!(discord.bot("GET", "/users/@me", &Value::Null).status, 200);
    discord.set_limits(LOOSE);
    assert_eq!(discord.p0().say("3").status, 200);
}

#[test]
fn an_unnamed_version_counts_in_milliseconds() {
    let discord = start_with(Limits { webhook: rate(1), ..LOOSE });
    let url = discord.p0().webhook_url();
    let post = || {
        let headers = format!("{AGENT}{JSON}");
        send("POST", url.expose_secret(), &headers, "{\"content\": \"x\"}").unwrap()
    };
    assert_eq!(post().status, 204);
    let full = post();
    let wait = full.json()["retry_after"].as_u64().unwrap();
    assert!((3_000_000..=3_600_000).contains(&wait), "{wait}");
    assert_eq!(number(&full, "retry-after"), wait as f64);
}

#[test]
fn too_many_invalid_requests_shut_an_address_out() {
    let discord = start_with(Limits { invalid: rate(3), ..LOOSE });
    let wrong = format!("{}/webhooks/{}/wrong", discord.url(), discord.p0().webhook_id());
    for _ in 0..3 {
        assert_eq!(send("GET", &wrong, AGENT, "").unwrap().status, 401);
    }
    let out = discord.p0().say("x");
    assert_eq!((out.status, out.body.as_str()), (429, "error code: 1015"));
    assert!(out.header("content-type").unwrap().starts_with("text/html"));
    assert_eq!(out.header("x-ratelimit-scope"), None);
}

#[test]
fn the_usual_limits_are_those_that_users_report() {
    let usual = Limits::default();
    assert_eq!((usual.webhook, usual.channel), (Some(Rate::new(5, 2)), Some(Rate::new(30, 60))));
    assert_eq!(usual.global, Some(Rate::new(50, 1)));
}
