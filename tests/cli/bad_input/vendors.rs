//! Status pages that are none, are large, or say nothing.

use std::time::Duration;

use parky_ops::sandbox::Scenario;
use parky_ops::sandbox::server::{Act, Canned, Fault};
use serde_json::json;

use crate::harness::Site;

const PAGE: &str = "/vendors/discord/";

fn site(fault: Fault) -> Site {
    let site = Site::of(Scenario::Healthy);
    site.sandbox().vendors().server().faults().set(PAGE, fault);
    site
}

#[test]
fn a_vendor_page_that_is_html_is_unknown() {
    let site = site(Fault::answer(Canned::html(200)));
    let done = site.run("vendors --json").exits(7);
    assert_eq!(done.says("vendors", "Discord"), "unknown unreadable");
    assert_eq!(done.says("vendors", "GitHub"), "green ok");
    assert_eq!(done.data()["verdict"], "unknown");
}

#[test]
fn a_vendor_page_of_2000_components_is_judged_by_the_named_ones() {
    let others = (0..2000).map(|n| json!({"name": format!("Place {n}"), "status": "major_outage"}));
    let own = json!({"name": "API", "status": "operational"});
    let components: Vec<_> = others.chain([own]).collect();
    let page = json!({"status": {"indicator": "critical"}, "components": components});
    let site = site(Fault::answer(Canned::json(200, &page)));
    let done = site.run("vendors discord --json").exits(0);
    let check = done.check("vendors", "Discord");
    assert_eq!(check["evidence"]["components"], json!({"API": "operational"}));
    assert!(done.stdout.len() < 4000, "{} bytes", done.stdout.len());
}

#[test]
fn a_vendor_page_that_hangs_holds_nobody_up() {
    let site = site(Fault::new(Act::Hang));
    let done = site.run("vendors --json").exits(7);
    let check = done.check("vendors", "Discord");
    assert_eq!(check["state"], "unknown", "{check:#}");
    assert_eq!(done.says("vendors", "Cloudflare"), "green ok");
    // The group's deadline, with threefold slack.
    assert!(done.took < Duration::from_secs(3 * 5), "{:?}", done.took);
}
