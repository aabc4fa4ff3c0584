//! `parky-ops pages`: what production serves is not what is newest.

use parky_ops::sandbox::Scenario;
use parky_ops::sandbox::cloudflare::pages_id;
use serde_json::json;

use crate::harness::Site;

#[test]
fn what_production_serves_is_told_apart_from_what_is_newest() {
    let site = Site::of(Scenario::Healthy);
    let done = site.run("pages list --json").exits(0);
    let row = done.data()["rows"][0].clone();
    assert_eq!((&row["project"], &row["live"]["branch"]), (&json!("parky-web"), &json!("main")));
    assert_eq!(row["latest"]["environment"], "preview");
    assert_eq!((&row["live"]["live"], &row["latest"]["live"]), (&json!(true), &json!(false)));
    let shown = site.run("pages show parky-web --json").exits(0).data();
    let live: Vec<_> =
        shown["deployments"].as_array().unwrap().iter().map(|d| &d["live"]).collect();
    assert_eq!(live, [false, true, false, false, false]);
    assert!(!done.stdout.contains("api.invalid"), "values of variables are not shown");
}

#[test]
fn the_log_of_a_build_that_failed() {
    let site = Site::of(Scenario::Healthy);
    let id = pages_id("parky-web", 55);
    let log = site.run(&format!("pages logs parky-web {} --json", &id[..8])).exits(0).data();
    assert_eq!((&log["deployment_id"], &log["build"]), (&json!(id), &json!("build failure")));
    assert!(log["lines"][2]["line"].as_str().unwrap().starts_with("Failed"), "{log:#}");
    let newest = site.run("pages logs parky-web --json").exits(0).data();
    assert_eq!(newest["deployment_id"], pages_id("parky-web", 57));
    let none = site.run("pages logs parky-web 00000000 --json").exits(4);
    assert_eq!(none.stdout, "");
    assert!(none.stderr.contains("parky-ops pages show PROJECT"), "{}", none.stderr);
}

#[test]
fn a_project_that_nobody_knows_is_named_with_near_ones() {
    let site = Site::of(Scenario::Healthy);
    for words in ["pages show parky-wep", "pages logs parky-wep"] {
        let error = site.run(&format!("{words} --json")).exits(4).error();
        let message = error["message"].as_str().unwrap().to_owned();
        assert!(
            message.contains("no Pages project parky-wep; did you mean parky-web?"),
            "{message}"
        );
    }
    let worker = site.run("pages show public --json").exits(4).error();
    assert_eq!(worker["message"], "public is a worker, not a Pages project");
}
