//! The end of a split.

use parky_ops::sandbox::cloudflare::Release;
use serde_json::json;

use super::*;

const ABORT: &str = "rollback worker public --abort-canary --confirm public --verify 0 --json";

fn canary() -> Release {
    Release { cohorts: &[("staff", 14)], ..release(14, 1).beside(13, 20) }
}

#[test]
fn a_canary_past_half_goes_back_to_what_was_live_for_all() {
    let site = CloudflareSite::of_releases(vec![canary(), release(13, 20), release(12, 40)], None);
    assert_eq!(site.live(), [14, 13], "the canary has 80 %");
    let plan = site.run(&format!("{ABORT} --dry-run")).exits(0).data()["plan"].clone();
    assert_eq!((&plan["from"]["number"], &plan["to"]["number"]), (&json!(14), &json!(13)));
    assert!(plan["split"].as_str().unwrap().contains("80%"), "{plan:#}");
    assert!(plan["warnings"].to_string().contains("cohorts staff are dropped"), "{plan:#}");
    let done = site.run(ABORT).exits(0);
    assert_eq!((said(&done), site.live()), ("sent live".to_owned(), vec![13]));
    assert_eq!(done.data()["undo"], json!(null), "no command of ours makes a split");
}

#[test]
fn a_split_of_two_new_versions_wants_a_choice() {
    let site = CloudflareSite::of_releases(
        vec![canary(), release(12, 20), release(13, 10).beside(12, 1)],
        None,
    );
    // 13 was never live for all; neither was 14.
    let done = site.run(ABORT).exits(2);
    let message = done.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("neither @14") && message.contains("nor @13"), "{message}");
    assert_eq!(site.posts(), 0);
    let done =
        site.run("rollback worker public --to @13 --confirm public --verify 0 --json").exits(0);
    assert_eq!((said(&done), site.live()), ("sent live".to_owned(), vec![13]));
}

#[test]
fn without_a_split_there_is_nothing_to_abort() {
    let site = three();
    let done = site.run(ABORT).exits(0);
    assert_eq!((&done.data()["posted"], site.posts()), (&json!("none"), 0));
    let both = site.run("rollback worker public --abort-canary --to @13").exits(2);
    assert!(both.stderr.contains("cannot be used with"), "{}", both.stderr);
}

#[test]
fn the_scenario_canary_ends_well() {
    use crate::harness::Site;
    let site = Site::of(parky_ops::sandbox::Scenario::Canary);
    let row = site.run("workers list --json").exits(0).data()["rows"][0].clone();
    assert_eq!(
        (&row["deployed_is_latest"], &row["cohorts"][0]["name"]),
        (&json!(false), &json!("staff"))
    );
    assert_eq!(site.run("triage --json").exits(0).says("workers", "public"), "yellow fresh-deploy");
    let done = site
        .run("rollback worker public --abort-canary --confirm public --verify 1s --json")
        .exits(0);
    assert_eq!(done.data()["to"]["number"], 141);
    assert_eq!(done.data()["verify"]["state"], "green");
}
