//! The whole way, in the world where a deploy broke the API: red, back, green, and named.

use std::time::Duration;

use parky_ops::sandbox::Scenario;
use parky_ops::sandbox::server::{Act, Fault};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::harness::Site;

#[test]
fn a_rollback_takes_the_red_away_and_the_next_triage_names_it() {
    let site = Site::of(Scenario::BadDeploy);
    let api = site.host("api.parky.co.jp");
    let before = site.run("triage --json").exits(10);
    assert_eq!(before.says("hosts", &api), "red http-5xx");
    let step = before.data()["next"][0]["command"].as_str().unwrap().to_owned();
    let words = step.strip_prefix("parky-ops ").expect("a command of ours").to_owned();
    assert!(words.starts_with("rollback worker public --to "), "{words}");

    let done =
        site.run(&words).arg("--confirm").arg("public").arg("--verify").arg("4s").arg("--json");
    let done = done.exits(0);
    let data = done.data();
    assert_eq!((&data["posted"], &data["state"]), (&json!("sent"), &json!("live")));
    assert_eq!((&data["from"]["number"], &data["to"]["number"]), (&json!(142), &json!(141)));
    let verify = &data["verify"];
    assert_eq!((&verify["state"], &verify["errors"]), (&json!("green"), &json!(0)));
    assert!(verify["events"].as_u64().unwrap() > 0, "{verify:#}");
    assert_eq!(
        (&verify["probes"][0]["host"], &verify["probes"][0]["state"]),
        (&json!(api), &json!("green"))
    );
    let told = site.sandbox().discord().messages("p1-ops");
    let told: Vec<_> = told.iter().filter(|m| m.content.contains("ロールバック")).collect();
    assert_eq!((told.len(), super::notice::ends(&done)), (2, "delivered delivered".to_owned()));
    assert!(told[1].content.contains("検証: 正常"), "{}", told[1].content);
    let changed: Vec<_> =
        data["differences"].as_array().unwrap().iter().map(|d| &d["kind"]).collect();
    assert_eq!(changed, ["compatibility-date", "binding"]);

    let after = site.run("triage --json").done();
    assert_eq!(after.says("hosts", &api), "green ok");
    let after = after.data();
    let changes = after["after_start"].as_array().unwrap().iter().chain([&after["suspect"]]);
    let rollback = changes.filter(|change| change["is_rollback"] == true).count();
    assert_eq!(rollback, 1, "the triage names the rollback: {after:#}");

    // Back to the bad version: live, and red.
    let undo = data["undo"].as_str().unwrap().strip_prefix("parky-ops ").unwrap().to_owned();
    let done =
        site.run(&undo).arg("--confirm").arg("public").arg("--verify").arg("2s").arg("--json");
    let data = done.exits(10).data();
    assert_eq!((&data["state"], &data["verify"]["state"]), (&json!("live"), &json!("red")));
}

#[test]
fn ctrl_c_while_watching_tells_what_was_seen() {
    let site = Site::of(Scenario::BadDeploy);
    let words = "rollback worker public --confirm public --verify 10m --json";
    let child = site.run(words).command().spawn().unwrap();
    let probed = || site.sandbox().host("api.parky.co.jp").unwrap().requests().len();
    let begun = std::time::Instant::now();
    while probed() < 1 {
        assert!(begun.elapsed().as_secs() < 40, "nothing was probed");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&document["data"]["posted"], &document["data"]["state"]),
        (&json!("sent"), &json!("live"))
    );
}

#[test]
fn the_plan_of_everything_changes_nothing() {
    let site = Site::of(Scenario::BadDeploy);
    let data = site.run("rollback plan --json").exits(0).data();
    let rows = data["rows"].as_array().unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row["kind"].as_str().unwrap(), row["target"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("worker", "public"),
            ("worker", "admin"),
            ("worker", "marketing"),
            ("worker", "store-sync"),
            ("pages", "parky-web")
        ]
    );
    assert_eq!(rows[0]["to"]["number"], 141);
    assert!(
        rows[0]["command"].as_str().unwrap().starts_with("parky-ops rollback worker public --to ")
    );
    let requests = site.sandbox().cloudflare().server().requests();
    assert!(requests.iter().all(|request| request.method == "GET"));
}

#[test]
fn four_cards_cost_no_more_round_trips_than_one() {
    let site = Site::of(Scenario::Healthy);
    let server = site.sandbox().cloudflare().server();
    // Each answer takes so long that whoever asks one after another is seen to.
    server.faults().set("/", Fault::new(Act::Own).after(Duration::from_secs(2)));
    let _ = site.run("rollback plan --json").exits(0);
    let requests = server.requests();
    let details = |path: &str| path.contains("/versions/");
    let first = requests.iter().position(|request| details(&request.path)).unwrap();
    // Deployments and versions of four workers, and two of the Pages project: all of them came first.
    assert_eq!((first, requests.len()), (10, 18), "{requests:?}");
}

#[test]
fn a_worker_without_hosts_is_judged_by_its_tail_alone() {
    let site = Site::of(Scenario::Healthy);
    let words = "rollback worker store-sync --confirm store-sync --verify 6s --json";
    let verify = site.run(words).exits(0).data()["verify"].clone();
    assert_eq!((&verify["state"], &verify["probes"]), (&json!("green"), &json!([])));
    assert!(verify["events"].as_u64().unwrap() > 0 && verify["errors"] == 0, "{verify:#}");
}
