//! `parky-ops workers`: what is told, and what is not held back where something fails.

use chrono::TimeDelta;
use parky_ops::sandbox::Scenario;
use parky_ops::sandbox::cloudflare::{ACCOUNT_ID, Release};
use parky_ops::sandbox::server::{Canned, Fault};
use serde_json::json;

use crate::harness::{CloudflareSite, Site};

fn fault(site: &Site, script: &str, fault: Fault) {
    let path = format!("/client/v4/accounts/{ACCOUNT_ID}/workers/scripts/{script}");
    site.sandbox().cloudflare().server().faults().set(&path, fault);
}

#[test]
fn deployments_are_as_promised() {
    let site = Site::of(Scenario::BadDeploy);
    let done = site.run("workers deployments --json").exits(0);
    assert_eq!(done.json()["schema"], "parky-ops/workers-deployments/v1");
    let data = done.data();
    assert_eq!((&data["complete"], &data["more"]), (&json!(true), &json!(false)));
    let newest = &data["rows"][0];
    assert_eq!(
        (&newest["worker"], &newest["script"]),
        (&json!("public"), &json!("parky-public-prod"))
    );
    assert_eq!((&newest["live"], &newest["is_rollback"]), (&json!(true), &json!(false)));
    assert_eq!(newest["versions"][0]["number"], 142);
    assert_eq!(newest["versions"][0]["percentage"], 100.0);
    assert!(newest["at"].is_string() && newest["deployment_id"].is_string());
    let rows = data["rows"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["worker"] == "marketing" && row["is_rollback"] == true));
    let cut = site.run("workers deployments public --limit 2 --json").exits(0);
    assert_eq!(cut.data()["rows"].as_array().unwrap().len(), 2);
    assert_eq!(cut.data()["more"], true);
    assert!(cut.json()["caveats"].to_string().contains("cut"));
}

#[test]
fn all_workers_take_one_round_trip() {
    let site = Site::of(Scenario::Healthy);
    let _ = site.run("workers list --json").exits(0);
    let requests = site.sandbox().cloudflare().server().requests();
    assert_eq!(requests.len(), 8, "two of each worker, at once: {requests:?}");
}

#[test]
fn a_list_says_what_is_live_and_whether_something_newer_waits() {
    let site = Site::of(Scenario::Healthy);
    let rows = site.run("workers list --json").exits(0).data()["rows"].clone();
    assert_eq!(rows.as_array().unwrap().len(), 4);
    let public = &rows[0];
    assert_eq!(
        (&public["live"][0]["number"], &public["deployed_is_latest"]),
        (&json!(141), &json!(true))
    );
    assert_eq!(public["latest"]["number"], 141);
    let text = site.run("workers list").exits(0).stdout;
    assert!(text.contains("@141") && text.contains("ci@parky.co.jp"), "{text}");
}

#[test]
fn an_upload_that_nobody_deployed_is_flagged() {
    let release = Release::new(14, TimeDelta::hours(1), "ci@parky.co.jp", "feat: x");
    let site = CloudflareSite::of_releases(vec![release], Some(15));
    let row = site.run("workers list --json").exits(0).data()["rows"][0].clone();
    assert_eq!((&row["deployed_is_latest"], &row["latest"]["number"]), (&json!(false), &json!(15)));
    let text = site.run("workers list").exits(0).stdout;
    assert!(text.contains("@15") && text.contains("is newer and not deployed"), "{text}");
    let text = site.run("workers show public").exits(0).stdout;
    assert!(text.contains("does not have all traffic"), "{text}");
}

#[test]
fn words_of_strangers_cannot_drive_the_terminal() {
    let message = "fix \u{1b}[2J\u{202e}gone\nworker: fine";
    let release = Release::new(14, TimeDelta::hours(1), "a\u{9b}31m@parky.co.jp", message);
    let older = Release::new(13, TimeDelta::hours(2), "ci@parky.co.jp", "x");
    let site = CloudflareSite::of_releases(vec![release, older], None);
    for words in [
        "workers list",
        "workers deployments",
        "workers versions",
        "workers show public",
        "rollback worker public --dry-run",
        "rollback worker public --confirm public --verify 0",
    ] {
        let done = site.run(words).exits(0);
        for text in [&done.stdout, &done.stderr] {
            assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{words}: {text:?}");
            assert!(!text.lines().any(|line| line.starts_with("worker: fine")), "{words}: {text}");
        }
    }
}

#[test]
fn one_worker_that_fails_hides_no_other() {
    let site = Site::of(Scenario::Healthy);
    fault(&site, "parky-admin-prod", Fault::answer(Canned::html(502)));
    let done = site.run("workers list --json").exits(7);
    let rows = done.data()["rows"].clone();
    assert_eq!((&rows[0]["error"], &rows[1]["live"]), (&json!(null), &json!([])));
    assert!(rows[1]["error"].as_str().unwrap().contains("HTTP 502"), "{rows}");
    assert!(done.json()["caveats"].to_string().contains("not-read"));
    let done = site.run("workers deployments --json").exits(7);
    assert_eq!(done.data()["complete"], false);
    let alone = site.run("workers show admin --json").exits(1);
    assert_eq!((alone.stdout.as_str(), &alone.error()["http_status"]), ("", &json!(502)));
}

#[test]
fn a_refused_token_is_named_with_its_source_and_the_right() {
    let site = Site::of(Scenario::BadTokens);
    for words in [
        "workers list",
        "workers show public",
        "pages list",
        "rollback plan",
        "rollback worker public",
    ] {
        let error = site.run(&format!("{words} --json")).exits(3).error();
        let message = error["message"].as_str().unwrap().to_owned();
        assert!(
            message.contains("the token is wrong") && message.contains("token from "),
            "{words}: {message}"
        );
        assert_eq!(
            (&error["code"], &error["http_status"]),
            (&json!("unauthorized"), &json!(401)),
            "{words}"
        );
    }
}

#[test]
fn two_versions_are_compared_by_name_and_type() {
    let site = Site::of(Scenario::BadDeploy);
    let shown = site.run("workers show public --diff @141 @142 --json").exits(0).data();
    let kinds: Vec<_> = shown["diff"].as_array().unwrap().iter().map(|d| &d["kind"]).collect();
    assert_eq!(kinds, ["compatibility-date", "binding"]);
    assert_eq!(shown["diff"][1]["name"], "RESERVATION_CACHE");
    let live = site.run("workers show public --json").exits(0).data();
    assert_eq!((&live["diff"], &live["versions"][0]["number"]), (&json!(null), &json!(142)));
    assert_eq!(live["versions"][0]["bindings"][0]["type"], "secret_text");
    let none = site.run("workers show public --diff @1 @142 --json").exits(4);
    assert!(none.error()["message"].as_str().unwrap().contains("no version @1"), "{}", none.stderr);
}

#[test]
fn versions_tell_what_was_never_deployed() {
    let site = Site::of(Scenario::Healthy);
    let rows = site.run("workers versions public --json").exits(0).data()["rows"].clone();
    let of = |number: u64| {
        rows.as_array().unwrap().iter().find(|r| r["number"] == number).unwrap().clone()
    };
    assert_eq!((&of(141)["percentage"], &of(141)["deployed"]), (&json!(100.0), &json!(true)));
    assert_eq!((&of(136)["percentage"], &of(136)["deployed"]), (&json!(null), &json!(false)));
    assert_eq!(of(138)["triggered_by"], "secret");
    let text = site.run("workers versions public").exits(0).stdout;
    assert!(text.contains("not deployed"), "{text}");
}
