//! The scenarios: for each, every check that is not green, and no other.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use parky_ops::sandbox::Scenario;
use serde_json::{Value, json};

use crate::harness::{Done, Site};

/// The checks that are not green, as `source name: state code`; hosts by their bare names.
fn not_green(done: &Done) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let bare = |name: &str| match name.strip_prefix("http://") {
        Some(rest) => rest.split(".localhost").next().unwrap().to_owned(),
        None => name.to_owned(),
    };
    let checks = done.data()["checks"].as_array().unwrap().clone();
    let bad = checks.iter().filter(|check| check["state"] != "green");
    let say = |c: &Value| {
        let (source, name) = (word(&c["source"]), bare(&word(&c["name"])));
        format!("{source} {name}: {} {}", word(&c["state"]), word(&c["reason"]["code"]))
    };
    bad.map(say).collect()
}

/// A triage of the scenario by thresholds that no loaded machine reaches.
fn triage(scenario: Scenario, code: i32) -> (Site, Done) {
    let site = Site::of(scenario);
    for of in ["host", "db_connect", "db_query"] {
        site.set(&format!("thresholds.{of}_yellow_ms"), "60000");
        site.set(&format!("thresholds.{of}_red_ms"), "60000");
    }
    let done = site.run("triage --json").exits(code);
    (site, done)
}

#[test]
fn healthy_is_wholly_green() {
    let (_site, done) = triage(Scenario::Healthy, 0);
    assert_eq!(not_green(&done), Vec::<String>::new());
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for check in done.data()["checks"].as_array().unwrap() {
        *counts.entry(check["source"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let of = |source: &str| counts.get(source).copied().unwrap_or_default();
    assert_eq!((of("pages"), of("actions"), of("synthetic")), (1, 1, 1), "{counts:?}");
}

#[test]
fn a_bad_deploy_is_seen_by_the_healthcheck_too() {
    let (site, done) = triage(Scenario::BadDeploy, 10);
    assert_eq!(
        not_green(&done),
        [
            "hosts api.parky.co.jp: red http-5xx",
            "workers public: yellow fresh-deploy",
            "synthetic healthcheck: red healthcheck-failed",
            "dlq last-24h: red untold-p0",
            "dlq p0: red untold-p0",
            "dlq last-hour: red discord-down",
        ]
    );
    assert_eq!(done.data()["suspect"]["kind"], "worker", "not the run that deployed it");
    // The dead letters tell an earlier start; without them it is the healthcheck's.
    let data = site.run("triage --json --skip dlq").exits(10).data();
    assert_eq!(data["started_from"], "healthcheck");
    assert_eq!(data["suspect"]["target"], "public");
}

#[test]
fn a_canary_is_split_and_fresh() {
    let (_site, done) = triage(Scenario::Canary, 0);
    let bad = not_green(&done);
    assert!(bad.contains(&"workers public: yellow fresh-deploy".to_owned()), "{bad:?}");
    let others = bad.iter().filter(|line| !line.starts_with("workers public"));
    // One of three probes may be the tenth that fails.
    assert!(others.clone().all(|line| line == "hosts api.parky.co.jp: yellow flaky"), "{bad:?}");
}

#[test]
fn broken_ci_is_yellow_and_no_outage() {
    let (_site, done) = triage(Scenario::CiBroken, 0);
    assert_eq!(
        not_green(&done),
        [
            "actions Deploy: yellow awaiting-approval",
            "actions CI: yellow run-failed",
            "actions Nightly E2E: yellow run-failed",
        ]
    );
    let data = done.data();
    assert_eq!((&data["verdict"], &data["severity"]["proposed"]), (&json!("yellow"), &json!(null)));
    let commands: Vec<_> = data["next"].as_array().unwrap().iter().map(|n| &n["command"]).collect();
    assert_eq!(commands[0], "parky-ops runs approvals 17400000061");
    assert_eq!(commands[1], "parky-ops runs logs 17400000060");
}

#[test]
fn a_blind_monitoring_is_red_and_hits_no_user() {
    let (site, done) = triage(Scenario::MonitoringBlind, 10);
    assert_eq!(
        not_green(&done),
        [
            "synthetic healthcheck: red stale",
            "dlq last-24h: red untold-p0",
            "dlq p0: red untold-p0",
        ]
    );
    let data = done.data();
    assert_eq!(data["told"], json!({ "state": "no", "untold_p0": 1 }));
    assert_eq!(data["severity"]["proposed"], "SEV3");
    assert_eq!(data["suspect"], json!(null));
    assert!(done.text("synthetic", "healthcheck").contains("silent"));
    // What it says to type works.
    for step in data["next"].as_array().unwrap() {
        let words = step["command"].as_str().unwrap().replace("parky-ops ", "");
        assert_ne!(site.run(&words).done().stdout, "", "{words}");
    }
}

#[test]
fn a_discord_outage_is_theirs_and_a_replay_loses_nothing() {
    let (site, done) = triage(Scenario::DiscordOutage, 10);
    assert_eq!(
        not_green(&done),
        [
            "dlq last-24h: yellow undelivered",
            "dlq p0: yellow undelivered",
            "dlq last-hour: red discord-down",
            "vendors Discord: yellow degraded",
        ]
    );
    let data = done.data();
    assert_eq!(data["told"]["state"], "yes");
    assert_eq!(data["severity"]["proposed"], "SEV3");
    assert_eq!(data["vendor"]["names"], json!(["Discord"]));

    let discord = site.sandbox().discord();
    let replay = || site.run("dlq replay --since 24h --yes --json");
    let ended = |done: &Done| -> BTreeMap<String, usize> {
        let mut ended = BTreeMap::new();
        for line in done.stdout.lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            if event["event"] == "row" {
                *ended.entry(event["state"].as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
        ended
    };
    // While it lasts, each channel stops at its lead row, which may or may not have got through.
    let during = ended(&replay().exits(7));
    let expected = [("left".to_owned(), 12), ("unsure".to_owned(), 4)];
    assert_eq!(during, BTreeMap::from(expected));
    assert_eq!(discord.all_messages().len(), 0);

    // Once it is over everything arrives, once. Of the lead rows the bot has to see first that they did
    // not, which a channel proves that has other messages, some seconds later.
    discord.server().faults().clear_all();
    assert_eq!(ended(&replay().done()).get("delivered"), Some(&12));
    let begun = Instant::now();
    while discord.all_messages().len() < 16 {
        assert!(begun.elapsed() < Duration::from_secs(90), "{}", replay().done().stdout);
        std::thread::sleep(Duration::from_secs(2));
        drop(replay().done());
    }
    assert_eq!(ended(&replay().exits(0)), BTreeMap::new());
    assert_eq!(discord.all_messages().len(), 16);
}

#[test]
fn a_saturated_database_is_red_with_the_healthcheck() {
    let (_site, done) = triage(Scenario::DbSaturated, 10);
    let bad = not_green(&done);
    for expected in
        ["hosts api.parky.co.jp: red http-5xx", "synthetic healthcheck: red healthcheck-failed"]
    {
        assert!(bad.contains(&expected.to_owned()), "{expected} in {bad:?}");
    }
    let foreign = ["pages", "actions", "workers", "vendors"];
    assert!(!bad.iter().any(|line| foreign.iter().any(|word| line.starts_with(word))), "{bad:?}");
}

#[test]
fn a_world_that_is_down_is_down_for_the_healthcheck_and_unknown_at_cloudflare() {
    let (_site, done) = triage(Scenario::AllDown, 10);
    let bad = not_green(&done);
    for expected in [
        "pages parky-web: unknown service-error",
        "workers public: unknown service-error",
        "synthetic healthcheck: red healthcheck-failed",
        "hosts parky.co.jp: red refused",
    ] {
        assert!(bad.contains(&expected.to_owned()), "{expected} in {bad:?}");
    }
    assert_eq!(done.says("actions", "default-branch"), "green ok");
}

#[test]
fn refused_tokens_leave_the_new_sources_unknown() {
    let (_site, done) = triage(Scenario::BadTokens, 7);
    for (source, name) in
        [("pages", "parky-web"), ("actions", "default-branch"), ("synthetic", "healthcheck")]
    {
        assert_eq!(done.says(source, name), "unknown unauthorized", "{source}");
    }
}
