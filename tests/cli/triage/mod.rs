//! `parky-ops triage` over the scenarios, as a script sees it.

mod actions;
mod pages;
mod scenarios;

use parky_ops::sandbox::Scenario;
use serde_json::json;

use crate::harness::Site;

#[test]
fn a_bad_deploy_is_red_and_named_with_the_way_back() {
    let site = Site::of(Scenario::BadDeploy);
    let done = site.run("triage --json").exits(10);
    let data = done.data();
    assert_eq!(data["verdict"], "red");
    assert_eq!(data["offline"], false);
    assert_eq!(data["severity"]["proposed"], "SEV2");
    assert_eq!(data["severity"]["p"], "P1");
    assert_eq!(data["started_from"], "dead-letter");
    assert_eq!(data["suspect"]["kind"], "worker");
    assert_eq!(data["suspect"]["target"], "public");
    assert_eq!(data["suspect"]["minutes_before"], 7);
    assert_eq!(data["told"], json!({"state": "no", "untold_p0": 3}));
    assert_eq!(data["vendor"], json!({"judgement": "us", "names": []}));
    let first = data["next"][0]["command"].as_str().unwrap();
    assert!(first.starts_with("parky-ops rollback worker public --to "), "{first}");
    assert_eq!(done.says("hosts", &site.host("api.parky.co.jp")), "red http-5xx");
    assert_eq!(done.says("workers", "public"), "yellow fresh-deploy");
    assert_eq!(done.says("dlq", "p0"), "red untold-p0");
    assert_eq!(done.says("dlq", "last-hour"), "red discord-down");
}

#[test]
fn a_healthy_world_is_green_everywhere() {
    let site = Site::of(Scenario::Healthy);
    let done = site.run("triage --json").exits(0);
    let data = done.data();
    assert_eq!(data["verdict"], "green");
    assert_eq!(data["next"], json!([]));
    assert_eq!(data["told"]["state"], "nothing");
    assert_eq!(data["severity"]["proposed"], json!(null));
    let states: Vec<_> = data["checks"].as_array().unwrap().iter().map(|c| &c["state"]).collect();
    assert!(states.iter().all(|state| **state == "green"), "{data:#}");
}

#[test]
fn refused_tokens_leave_nothing_green_that_was_not_measured() {
    let site = Site::of(Scenario::BadTokens);
    let done = site.run("triage --json").exits(7);
    let data = done.data();
    assert_eq!(data["verdict"], "unknown");
    for check in data["checks"].as_array().unwrap() {
        let measured = ["hosts", "vendors"].contains(&check["source"].as_str().unwrap());
        assert_eq!(check["state"], if measured { "green" } else { "unknown" }, "{check:#}");
    }
    assert_eq!(done.says("workers", "public").split(' ').next(), Some("unknown"));
    assert_eq!(done.says("database", "connect"), "unknown unauthorized");
    assert_eq!(data["told"]["state"], "unknown");
}

#[test]
fn a_world_that_is_down_is_a_full_outage_and_not_offline() {
    let site = Site::of(Scenario::AllDown);
    let done = site.run("triage --json").exits(10);
    let data = done.data();
    assert_eq!(data["verdict"], "red");
    assert_eq!(data["offline"], false);
    assert_eq!(data["severity"]["proposed"], "SEV1");
    assert_eq!(data["vendor"]["judgement"], "unknown", "our own deployments were not read");
    assert_eq!(data["vendor"]["names"], json!(["Cloudflare", "Supabase"]));
    assert_eq!(done.says("database", "connect"), "red refused");
    assert_eq!(done.says("workers", "public"), "unknown service-error");
    let mut green = data["checks"].as_array().unwrap().iter().filter(|c| c["state"] == "green");
    let elsewhere = ["vendors", "actions"];
    assert!(green.all(|c| elsewhere.contains(&c["source"].as_str().unwrap())), "{data:#}");
}
