//! Answers that are lost after a post was stored, and odd ones.

use std::time::Duration;

use super::*;
use crate::sandbox::plain_client::get;

#[test]
fn an_answer_that_is_lost_leaves_the_message() {
    let discord = start();
    let p0 = discord.p0();
    p0.meet(&Mishap::ResetAfterAccept, 1);
    assert_eq!(p0.say("1").status, 0);
    p0.meet(&Mishap::BadGatewayAfterAccept, 1);
    let reply = p0.say("2");
    assert_eq!((reply.status, reply.body.contains("<html>")), (502, true));
    p0.meet(&Mishap::UnreadableAfterAccept, 1);
    let reply = p0.say("3");
    assert_eq!((reply.status, serde_json::from_str::<Value>(&reply.body).is_err()), (200, true));
    p0.meet(&Mishap::HangAfterAccept, 1);
    let url = format!("{}?wait=true", p0.hook());
    let waiting = std::thread::spawn(move || {
        send("POST", &url, &format!("{AGENT}{JSON}"), "{\"content\": \"4\"}")
    });
    let end = Instant::now() + Duration::from_secs(15);
    while discord.messages(P0).len() < 4 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(!waiting.is_finished());
    assert_eq!(p0.say("5").status, 200);
    let posted: Vec<_> = discord.messages(P0).into_iter().map(|one| one.content).collect();
    assert_eq!(posted, ["1", "2", "3", "4", "5"]);
}

#[test]
fn a_failure_before_leaves_nothing_and_the_other_channels_work() {
    let discord = start();
    let p0 = discord.p0();
    p0.meet(&Mishap::ErrorBeforeAccept, 1);
    assert_eq!(p0.ask("GET", "", "").status, 200, "only posts meet with it");
    assert_eq!(discord.channel("p1-ops").unwrap().say("x").status, 200);
    assert_eq!(p0.say("1").status, 500);
    p0.meet_when_looked_at(&Mishap::ErrorBeforeAccept, 1);
    assert_eq!([p0.ask("GET", "", "").status, p0.ask("GET", "", "").status], [500, 200]);
    p0.always_meet(&Mishap::ResetBeforeAccept);
    assert_eq!([p0.say("2").status, p0.say("3").status], [0, 0]);
    p0.recover();
    assert_eq!(p0.say("4").status, 200);
    assert_eq!(discord.messages(P0).len(), 1);
}

#[test]
fn a_429_has_many_forms() {
    let discord = start();
    let p0 = discord.p0();
    let met = |odd| {
        p0.meet(&Mishap::Limited(odd), 1);
        let reply = p0.say("x");
        assert_eq!(reply.status, 429);
        reply
    };
    assert_eq!(met(Odd::Float).json()["retry_after"], 0.25);
    assert_eq!(met(Odd::IntegerMs).json()["retry_after"], 1500);
    assert_eq!(met(Odd::Html).body, "error code: 1015");
    let blocked = met(Odd::WithoutRetryAfter);
    assert_eq!((blocked.json().get("retry_after"), blocked.header("retry-after")), (None, None));
    assert_eq!(met(Odd::Hour).json()["retry_after"], 3600.0);
    assert_eq!(discord.rate_limited().total(), 0, "none of them is a limit that was hit");
    assert!(discord.all_messages().is_empty());
}

#[test]
fn a_path_that_is_none_is_not_found() {
    let discord = start();
    let url = discord.server().url("/api/v10/nothing");
    assert_eq!(send("GET", &url, AGENT, "").unwrap().status, 404);
    assert_eq!(get(&discord.server().url("/elsewhere")).unwrap().status, 404);
    let slack = format!("{}/slack", discord.p0().hook());
    assert_eq!(send("POST", &slack, AGENT, "x").unwrap().status, 404);
}

#[test]
fn debug_output_holds_no_token() {
    let discord = start();
    let url = discord.p0().webhook_url();
    let token = url.expose_secret().rsplit('/').next().unwrap().to_owned();
    let shown = format!("{discord:?} {:?}", discord.p0());
    assert!(!shown.contains(&token) && !shown.contains(discord.token().expose_secret()));
}
