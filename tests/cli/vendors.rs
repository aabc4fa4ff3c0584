//! `parky-ops vendors`: us or them?

use parky_ops::sandbox::Scenario;

use crate::harness::Site;

#[test]
fn named_components_decide_and_incidents_have_their_start() {
    let site = Site::of(Scenario::AllDown);
    let done = site.run("vendors --json").exits(10);
    assert_eq!(done.data()["verdict"], "red");
    assert_eq!(done.says("vendors", "Cloudflare"), "red vendor-outage");
    assert_eq!(done.says("vendors", "GitHub"), "green ok");
    let check = done.check("vendors", "Supabase");
    let started = check["evidence"]["incidents"][0]["started_at"].as_str().unwrap();
    assert!(started.ends_with('Z'), "{check:#}");
    assert_eq!(done.data()["checks"].as_array().unwrap().len(), 6);

    let page = site.run("vendors").exits(10).stdout;
    let line = page.lines().find(|line| line.contains("Databases unreachable")).unwrap();
    assert!(
        line.contains("Supabase: ") && line.contains("since 20") && line.contains(" JST "),
        "{line}"
    );
}

#[test]
fn one_vendor_is_asked_for_by_name() {
    let site = Site::of(Scenario::Healthy);
    let done = site.run("vendors cloudflare --json").exits(0);
    assert_eq!(done.data()["checks"].as_array().unwrap().len(), 1);
    // On most days the page's own word is `minor`.
    let check = done.check("vendors", "Cloudflare");
    assert_eq!(
        (&check["state"], &check["evidence"]["indicator"]),
        (&"green".into(), &"minor".into())
    );
    let error = site.run("vendors cloudfare --json").exits(2).error();
    assert!(error["message"].as_str().unwrap().contains("did you mean 'Cloudflare'?"), "{error}");
}

#[test]
fn without_any_network_nothing_is_said_of_the_vendors() {
    let site = Site::bare(
        "vendor = [\n  { name = \"A\", url = \"http://127.0.0.1:1\", components = [\"x\"] },\n  \
         { name = \"B\", url = \"http://127.0.0.1:1\", components = [\"x\"] },\n]\n",
    );
    let done = site.run("vendors --json").exits(5);
    assert_eq!(done.says("vendors", "A"), "unknown offline");
}
