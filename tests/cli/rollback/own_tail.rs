//! The watch afterwards: an own tail of the version that came back.

use std::time::{Duration, Instant};

use parky_ops::sandbox::Scenario;
use parky_ops::sandbox::cloudflare::error_body;
use parky_ops::sandbox::cloudflare::tails::{Step, events};
use parky_ops::sandbox::server::{Act, Canned, Door, Fault};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::*;
use crate::harness::Site;

/// Long enough for a line on a busy machine.
const WATCHED: &str = "rollback worker public --confirm public --verify 4s --json";

fn at() -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::UNIX_EPOCH
}

/// An answer with this status, by the version `number`.
fn by(number: u64, status: u16) -> Value {
    let mut event = events::fetch("GET", "https://api.parky.co.jp/v2/me?q=MARKER", status, at());
    event["scriptVersion"] = json!({ "id": id(number) });
    event
}

/// [`three`], whose tail sends this.
fn sending(events: Vec<Value>) -> CloudflareSite {
    let site = three();
    site.stand_in.tails().play(SCRIPT, [events.into_iter().map(Step::Event).collect()]);
    site
}

fn assert_no_tail(site: &CloudflareSite) {
    let tails = site.stand_in.tails();
    assert!(!tails.all().is_empty(), "no tail was opened");
    assert_eq!(tails.open(), [], "a tail was left behind");
}

#[test]
fn events_and_errors_of_the_version_that_came_back_are_counted() {
    let threw = events::threw(by(13, 200), "TypeError", &json!("no price"), "");
    let site = sending(vec![
        by(13, 200),
        by(14, 500),
        by(13, 503),
        events::ended(by(13, 200), "exceededMemory"),
        events::ended(threw, "exception"),
        by(13, 404),
        events::sampling(true, at()),
    ]);
    let done = site.run(WATCHED).exits(10);
    let data = done.data();
    let verify = &data["verify"];
    assert_eq!((&data["state"], &verify["state"]), (&json!("live"), &json!("red")));
    assert_eq!((&verify["events"], &verify["errors"]), (&json!(5), &json!(3)), "{verify:#}");
    assert_eq!(verify["text"], "3 of 5 events were errors");
    assert_eq!(
        verify["notes"],
        json!([
            "Cloudflare sent only a sample of the events",
            "the first error: ok 503 GET /v2/me"
        ])
    );
    assert!(data["undo"].as_str().unwrap().ends_with(&id(14)), "{data:#}");
    let tail = &site.stand_in.tails().all()[0];
    assert_eq!(tail.filters, json!([{ "scriptVersion": id(13) }]));
    assert_no_tail(&site);
}

#[test]
fn a_server_that_does_not_filter_is_not_believed() {
    let other = by(14, 500).to_string();
    let site = three();
    let play = vec![Step::Text(other), Step::Event(by(13, 200)), Step::Text("no event".into())];
    site.stand_in.tails().play(SCRIPT, [play]);
    let verify = site.run(WATCHED).exits(0).data()["verify"].clone();
    assert_eq!((&verify["events"], &verify["errors"]), (&json!(1), &json!(0)));
    assert_eq!(
        (&verify["state"], &verify["text"]),
        (&json!("green"), &json!("in order: 1 event of it, 0 errors"))
    );
}

#[test]
fn without_a_host_and_without_an_event_nothing_was_measured() {
    let site = sending(vec![by(14, 200)]);
    let verify = site.run(WATCHED).exits(7).data()["verify"].clone();
    assert_eq!((&verify["state"], &verify["events"]), (&json!("unknown"), &json!(0)));
    assert!(verify["text"].as_str().unwrap().contains("no event of it was seen"), "{verify:#}");
    assert_no_tail(&site);
}

#[test]
fn a_tail_that_cannot_be_opened_is_a_note() {
    for (fault, said) in [
        (
            Fault::answer(Canned::json(403, &error_body(10000, "Authentication error"))),
            "Workers Tail Read",
        ),
        (Fault::answer(Canned::json(400, &error_body(10057, "too much traffic"))), "no tail: "),
    ] {
        let site = three();
        site.fault("/tails", fault.on(Method::POST));
        let verify = site.run(WATCHED).exits(7).data()["verify"].clone();
        assert_eq!((&verify["errors"], &verify["events"]), (&json!(null), &json!(null)));
        let notes = verify["notes"].to_string();
        assert!(notes.contains("no tail: ") && notes.contains(said), "{notes}");
    }
    let site = three();
    site.stand_in.tails().set_door(Door::Refuse).unwrap();
    let done = site.run("rollback worker public --confirm public --verify 4s").exits(7);
    assert!(done.stdout.contains("no tail of it could be followed"), "{}", done.stdout);
    assert_no_tail(&site);
}

#[test]
fn probes_alone_judge_where_there_is_no_tail() {
    let site = Site::of(Scenario::BadDeploy);
    let refused = Canned::json(403, &error_body(10000, "Authentication error"));
    let fault = Fault::answer(refused).on(Method::POST);
    let tails = format!("/client/v4/accounts/{ACCOUNT_ID}/workers/scripts/{SCRIPT}/tails");
    site.sandbox().cloudflare().server().faults().set(&tails, fault);
    let done = site.run(WATCHED).exits(0);
    let verify = &done.data()["verify"];
    assert_eq!((&verify["state"], &verify["errors"]), (&json!("green"), &json!(null)));
    assert_eq!(verify["text"], "1 host in order");
    assert!(verify["notes"].to_string().contains("Workers Tail Read"), "{verify:#}");
}

#[test]
fn a_line_that_drops_is_got_back_and_the_gap_is_a_note() {
    let site = three();
    let plays = [
        vec![Step::Event(by(13, 200)), Step::Drop],
        vec![Step::Event(by(13, 200)), Step::Event(by(13, 200))],
    ];
    site.stand_in.tails().play(SCRIPT, plays);
    let verify = site.run(WATCHED).exits(0).data()["verify"].clone();
    assert_eq!(verify["events"], 3, "{verify:#}");
    assert!(
        verify["notes"][0].as_str().unwrap().starts_with("the tail saw nothing for "),
        "{verify:#}"
    );
    assert_no_tail(&site);
}

#[test]
fn signals_while_watching_tell_what_was_counted_and_delete_the_tail_in_time() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 143)] {
        let site = sending(vec![by(13, 200)]);
        let words = "rollback worker public --confirm public --verify 10m --json";
        let child = site.run(words).command().spawn().unwrap();
        let tails = site.stand_in.tails();
        let begun = Instant::now();
        while tails.sockets() == 0 {
            assert!(begun.elapsed() < Duration::from_secs(40), "no tail was opened");
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(500));
        kill_process(Pid::from_child(&child), signal).unwrap();
        let begun = Instant::now();
        let output = child.wait_with_output().unwrap();
        assert!(begun.elapsed() < 3 * Duration::from_secs(2));
        assert_eq!(output.status.code(), Some(code));
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["data"]["verify"]["events"], 1, "{document:#}");
        assert_no_tail(&site);
    }
}

#[test]
fn a_deletion_without_an_answer_holds_nobody_up_and_is_told() {
    let site = sending(vec![by(13, 200)]);
    let hang = Fault::new(Act::Hang).on(Method::DELETE);
    site.stand_in.server().faults().set("/client/v4", hang);
    let done = site.run(WATCHED).exits(0);
    assert!(done.took < 3 * Duration::from_secs(7), "{:?}", done.took);
    let notes = done.data()["verify"]["notes"].to_string();
    assert!(notes.contains("may stay open until it expires"), "{notes}");
}

#[test]
fn what_is_not_watched_opens_no_tail() {
    let site = three();
    let _ = site.run(AGREED).exits(0);
    let _ = site.run("rollback worker public --dry-run").exits(0);
    assert_eq!(site.stand_in.tails().all(), []);
}
