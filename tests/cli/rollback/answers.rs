//! What becomes of the request, and what is said of it.

use parky_ops::sandbox::cloudflare::{Gone, Release, error_body};
use parky_ops::sandbox::server::{Act, Canned, Fault};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::*;

fn refusal(status: u16, code: u32, message: &str) -> Canned {
    Canned::json(status, &error_body(code, message))
}

#[test]
fn the_document_of_a_rollback_is_as_promised() {
    let site = three();
    let done = site.run(AGREED).exits(0);
    assert_eq!(done.json()["schema"], "parky-ops/rollback-worker/v1");
    let data = done.data();
    assert_eq!((&data["target"], &data["script"]), (&json!("public"), &json!(SCRIPT)));
    assert_eq!(data["account"], ACCOUNT_ID);
    assert_eq!(data["from"]["number"], 14);
    assert_eq!((&data["to"]["version_id"], &data["to"]["number"]), (&json!(id(13)), &json!(13)));
    assert!(data["to"]["deployment_id"].is_string());
    assert_eq!((&data["differences"], &data["verify"]["state"]), (&json!([]), &json!("skipped")));
    assert_eq!(said(&done), "sent live");
    assert_eq!(data["undo"], format!("parky-ops rollback worker public --to {}", id(14)));
    assert_eq!(site.live(), [13]);
    let undo = data["undo"].as_str().unwrap().strip_prefix("parky-ops ").unwrap().to_owned();
    let _ = site.run(&undo).arg("--confirm").arg("public").arg("--verify").arg("0").exits(0);
    assert_eq!(site.live(), [14], "what it prints can be pasted back");
}

#[test]
fn a_colleague_who_deploys_meanwhile_is_not_overwritten() {
    let site = three();
    site.stand_in.colleague_deploys_after(1, SCRIPT, 12);
    let done = site.run(AGREED).exits(1);
    assert_eq!(said(&done), "none not_live");
    assert_eq!(done.data()["refused"]["code"], "changed-since-shown");
    assert_eq!((site.posts(), site.live()), (0, vec![12]));
}

#[test]
fn a_lost_answer_is_read_back_and_not_sent_again() {
    for act in [Act::OwnThenClose, Act::OwnThenAnswer(Canned::html(502))] {
        let site = three();
        site.fault("/deployments", on_post(act));
        let done = site.run(AGREED).exits(0);
        assert_eq!(said(&done), "lost live");
        assert_eq!((site.posts(), site.live()), (1, vec![13]));
    }
}

#[test]
fn a_request_that_fails_without_effect_is_not_live() {
    let site = three();
    site.fault("/deployments", on_post(Act::Answer(Canned::status(500))));
    let done = site.run(AGREED).exits(1);
    assert_eq!(said(&done), "lost not_live");
    assert_eq!((site.posts(), site.live()), (1, vec![14]));
}

#[test]
fn what_cannot_be_read_back_is_unknown() {
    let site = three();
    // The card and the second look are answered.
    let gone = Fault::answer(Canned::status(503)).on(Method::GET).skipping(2);
    site.fault("/deployments", gone);
    let done = site.run(AGREED).exits(7);
    assert_eq!(said(&done), "sent unknown");
    assert!(done.data()["undo"].is_string(), "what may have happened can be undone");
}

#[test]
fn a_second_look_that_fails_sends_nothing() {
    let site = three();
    let gone = Fault::answer(Canned::status(503)).on(Method::GET).skipping(1);
    site.fault("/deployments", gone);
    let done = site.run(AGREED).exits(1);
    assert_eq!(done.stdout, "");
    assert_eq!(done.error()["http_status"], 503);
    assert_eq!(site.posts(), 0);
}

#[test]
fn a_429_at_the_look_names_the_time_and_at_the_request_is_a_refusal() {
    let slow = || refusal(429, 971, "rate limited").header("retry-after", "120");
    let site = three();
    site.fault("/versions", Fault::answer(slow()));
    let done = site.run(AGREED).exits(1);
    let message = done.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("asked to wait until"), "{message}");
    let site = three();
    site.fault("/deployments", on_post(Act::Answer(slow())));
    let done = site.run(AGREED).exits(1);
    assert_eq!((said(&done), site.posts()), ("refused not_live".to_owned(), 1));
    assert_eq!(done.data()["refused"]["code"], "rate-limited");
}

#[test]
fn yes_does_not_force_changed_secrets() {
    let past = || {
        let secret =
            Release::secret(13, TimeDelta::hours(20), "platform@parky.co.jp", &["API_KEY"]);
        CloudflareSite::of_releases(vec![release(14, 1), secret, release(12, 40)], None)
    };
    let site = past();
    let done = site.run(&format!("{AGREED} --yes --to @12")).exits(3);
    assert_eq!(said(&done), "refused not_live");
    let refused = done.data()["refused"].clone();
    assert_eq!(
        (&refused["code"], &refused["secrets"]),
        (&json!("secrets-changed"), &json!(["API_KEY"]))
    );
    let again = format!("parky-ops rollback worker public --to {} --force-secrets", id(12));
    assert_eq!(refused["hint"], again);
    assert_eq!(site.live(), [14]);
    let done = site.run(&format!("{AGREED} --to @12 --force-secrets")).exits(0);
    assert_eq!((said(&done), site.live()), ("sent live".to_owned(), vec![12]));
}

#[test]
fn a_token_that_may_only_read_is_a_refusal_that_names_the_right() {
    let site = three();
    site.fault("/deployments", on_post(Act::Answer(refusal(403, 10000, "Authentication error"))));
    let done = site.run(AGREED).exits(1);
    assert_eq!(said(&done), "refused not_live");
    let refused = done.data()["refused"].clone();
    assert_eq!((&refused["code"], &refused["service_code"]), (&json!("forbidden"), &json!(10000)));
    assert!(refused["hint"].as_str().unwrap().contains("Workers Scripts Edit"));
    assert_eq!(site.live(), [14]);
}

#[test]
fn a_version_whose_binding_was_deleted_or_migrated_cannot_come_back() {
    for (gone, code) in [(Gone::Binding("CACHE"), 10041), (Gone::Migration, 10079)] {
        let old = Release { gone: Some(gone), ..release(13, 20) };
        let site = CloudflareSite::of_releases(vec![release(14, 1), old], None);
        let done = site.run(&format!("{AGREED} --force-secrets")).exits(1);
        let refused = done.data()["refused"].clone();
        assert_eq!((&refused["code"], &refused["service_code"]), (&json!("gone"), &json!(code)));
        assert_eq!((said(&done), site.live()), ("refused not_live".to_owned(), vec![14]));
    }
}

#[test]
fn ctrl_c_between_request_and_reading_back_still_tells_what_is_live() {
    let site = three();
    // The request is carried out, and its answer never comes.
    let slow = Fault::new(Act::OwnThenHang).on(Method::POST);
    site.fault("/deployments", slow);
    let child = site.run(AGREED).command().spawn().unwrap();
    let pid = Pid::from_child(&child);
    wait_until(|| site.posts() == 1);
    kill_process(pid, Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&document["data"]["posted"], &document["data"]["state"]),
        (&json!("lost"), &json!("live"))
    );
    assert_eq!(site.live(), [13]);
}

#[test]
fn ctrl_c_while_looking_ends_at_once_and_sends_nothing() {
    let site = three();
    site.fault("/deployments", Fault::new(Act::Hang));
    let child = site.run(AGREED).command().spawn().unwrap();
    wait_until(|| site.stand_in.server().requests().len() >= 2);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len(), site.posts()), (Some(130), 0, 0));
}

fn wait_until(mut done: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !done() {
        assert!(begun.elapsed().as_secs() < 40, "it never came to that");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn a_clock_that_is_wrong_by_an_hour_changes_no_choice() {
    for offset in [-3600, 3600] {
        let site = three();
        let now = chrono::Utc::now() + TimeDelta::seconds(offset);
        let done = site.run(AGREED).var("PARKY_OPS_CLOCK", now.to_rfc3339()).exits(0);
        assert_eq!((said(&done), site.live()), ("sent live".to_owned(), vec![13]));
    }
}

#[test]
fn the_message_says_what_was_done_and_by_whom() {
    let site = three();
    let _ = site.run(AGREED).arg("--reason").arg("503s").var("PARKY_OPS_OPERATOR", "aiko").exits(0);
    let rows = site.run("workers deployments --json").exits(0).data();
    let newest = rows["rows"][0].clone();
    assert_eq!(newest["message"], "rollback @14 -> @13 by aiko: 503s");
    assert_eq!((&newest["live"], &newest["is_rollback"]), (&json!(true), &json!(true)));
}
