//! A line that is renewed, lost, got back: end to end.

use std::time::Duration;

use chrono::TimeDelta;
use parky_ops::sandbox::cloudflare::tails::Step;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::{
    Running, SCRIPT, assert_deleted, event, numbers, sends, site, stream, wait_until, words,
};

#[test]
fn a_tail_that_expires_is_renewed_and_no_event_is_lost_or_doubled() {
    let site = site([]);
    let tails = site.stand_in.tails();
    tails.set_lifetime(TimeDelta::seconds(7));
    let running = Running::start(&site.run("tail public --json"));
    wait_until("connected", || tails.sockets() == 1);
    let mut sent = 0;
    wait_until("three tails were opened", || {
        // Each twice: of two that are equal neither is a double.
        tails.send(SCRIPT, &Step::Event(event(sent)));
        tails.send(SCRIPT, &Step::Event(event(sent)));
        sent += 1;
        std::thread::sleep(Duration::from_millis(20));
        tails.all().len() >= 3 && tails.sockets() >= 1
    });
    running.wait_for("tail", 2 * usize::try_from(sent).unwrap());
    kill_process(Pid::from_child(&running.child), Signal::INT).unwrap();
    let (code, lines) = running.end();
    assert_eq!(code, Some(130));
    let lines = stream(&lines.join("\n"));
    let mut came = numbers(&lines);
    came.sort_unstable();
    assert_eq!(came, (0..sent).flat_map(|n| [n, n]).collect::<Vec<_>>());
    assert!(words(&lines).contains(&"renewed") && !words(&lines).contains(&"gap"), "{lines:?}");
    assert_deleted(tails);
}

#[test]
fn a_line_that_drops_is_got_back_and_the_gap_is_told() {
    for (end, said) in [
        (Step::Drop, "the connection broke off"),
        (Step::Close(1000, String::new()), "Cloudflare closed the line (code 1000)"),
        (Step::Close(1011, "restart\u{1b}[2J".into()), "(code 1011: restart\\u{1b}[2J)"),
    ] {
        let site = site([vec![sends(1), end], vec![sends(2)]]);
        let done = site.run("tail public --json --max-events 2").exits(0);
        let lines = stream(&done.stdout);
        assert_eq!(words(&lines), ["start", "tail", "gap", "tail", "ended"]);
        let gap = &lines[2];
        assert!(gap["cause"].as_str().unwrap().contains(said), "{gap}");
        assert!(gap["seconds"].as_f64().unwrap() > 0.0 && gap["from"].is_string(), "{gap}");
        assert_eq!((&gap["lost"], &lines[4]["gaps"]), (&json!(false), &json!(1)));
        assert_deleted(site.stand_in.tails());
    }
}

#[test]
fn the_gap_stands_among_the_lines_for_people_too() {
    let site = site([vec![sends(1), Step::Drop], vec![sends(2)]]);
    let done = site.run("tail public --max-events 2").exits(0);
    let lines: Vec<_> = done.stdout.lines().collect();
    assert!(lines[1].starts_with("--- public nothing received for "), "{}", done.stdout);
    assert!(lines[1].contains("cannot be fetched again: the connection broke off"), "{}", lines[1]);
    assert!(done.stderr.contains("ended (max-events): 2 events, 1 gap"), "{}", done.stderr);
}

#[test]
fn sampling_is_told_when_it_begins_when_it_ends_and_at_the_end() {
    let at = chrono::DateTime::UNIX_EPOCH;
    let word = |on| Step::Event(parky_ops::sandbox::cloudflare::tails::events::sampling(on, at));
    let play = vec![word(true), sends(1), word(false), sends(2)];
    let site = site([play.clone(), play]);
    let lines = stream(&site.run("tail public --json --max-events 2").exits(0).stdout);
    assert_eq!(words(&lines), ["start", "sampled", "tail", "sampled", "tail", "ended"]);
    assert_eq!((&lines[1]["on"], &lines[3]["on"]), (&json!(true), &json!(false)));
    assert_eq!(lines[5]["sampled"], true);
    let done = site.run("tail public --max-events 2").exits(0);
    assert!(done.stdout.contains("sends only a sample"), "{}", done.stdout);
    assert!(done.stderr.contains("sampled by Cloudflare"), "{}", done.stderr);
}

#[test]
fn a_newer_deployment_is_followed() {
    let site = site([vec![], vec![], vec![]]);
    let tails = site.stand_in.tails().clone();
    tails.set_lifetime(TimeDelta::seconds(3));
    let running = Running::start(&site.run("tail public --json --since-deploy"));
    wait_until("connected", || tails.sockets() == 1);
    let deployments = json!({ "deployments": [{
        "id": "00000000-0000-4000-8000-000000000001", "created_on": chrono::Utc::now().to_rfc3339(),
        "strategy": "percentage", "versions": [{ "version_id": "newer", "percentage": 100 }],
    }] });
    let body = parky_ops::sandbox::cloudflare::success_body(&deployments);
    let account = parky_ops::sandbox::ACCOUNT_ID;
    let path = format!("/client/v4/accounts/{account}/workers/scripts/{SCRIPT}/deployments");
    let canned = parky_ops::sandbox::server::Canned::json(200, &body);
    let fault = parky_ops::sandbox::server::Fault::answer(canned);
    site.stand_in.server().faults().set(&path, fault);
    wait_until("the newer version is looked at", || {
        tails.all().iter().any(|tail| tail.filters == json!([{ "scriptVersion": "newer" }]))
    });
    drop(running);
}

#[test]
fn a_line_that_cannot_be_got_back_ends_it_with_5_and_says_so() {
    let site = site([vec![sends(1)]]);
    let running = Running::start(&site.run("tail public --json"));
    running.wait_for("tail", 1);
    let account = parky_ops::sandbox::ACCOUNT_ID;
    let gone = parky_ops::sandbox::server::Canned::json(
        404,
        &parky_ops::sandbox::cloudflare::error_body(10007, "This Worker does not exist."),
    );
    let tails = format!("/client/v4/accounts/{account}/workers/scripts/{SCRIPT}/tails");
    let fault = parky_ops::sandbox::server::Fault::answer(gone).on(parky_ops::http::Method::POST);
    site.stand_in.server().faults().set(&tails, fault);
    site.stand_in.tails().send(SCRIPT, &Step::Drop);
    let (code, lines) = running.end();
    let lines = stream(&lines.join("\n"));
    assert_eq!(code, Some(5), "{lines:?}");
    assert_eq!(words(&lines), ["start", "tail", "gap", "ended"]);
    assert_eq!((&lines[2]["lost"], &lines[3]["reason"]), (&json!(true), &json!("lost")));
}
