//! What `triage` says of Pages projects.

use chrono::TimeDelta;
use parky_ops::sandbox::cloudflare::{Build, PagesHistory, PagesRelease, pages_id};
use parky_ops::sandbox::server::{Canned, Fault};
use parky_ops::sandbox::{Behaviour, PAGES, Scenario};
use serde_json::json;

use crate::harness::{CloudflareSite, Site};

/// Builds of production, each so many minutes old, newest first.
fn builds(builds: &[(u64, i64, Build)]) -> PagesHistory {
    let release = |&(number, minutes, build): &(u64, i64, Build)| PagesRelease {
        number,
        ago: TimeDelta::minutes(minutes),
        branch: "main",
        message: "feat: 検索窓",
        build,
    };
    PagesHistory { project: PAGES, releases: builds.iter().map(release).collect() }
}

/// A Cloudflare with one project.
fn site(history: &PagesHistory) -> CloudflareSite {
    let cloudflare = CloudflareSite::new();
    cloudflare.site.set("env.prod.pages", &format!("[\"{PAGES}\"]"));
    cloudflare.stand_in.set_pages(std::slice::from_ref(history));
    cloudflare
}

const OLD: (u64, i64, Build) = (1, 5000, Build::Succeeded);

#[test]
fn a_build_that_failed_or_goes_on_leaves_the_old_site_up_and_is_yellow() {
    for (newest, says, next) in [
        (
            Build::Failed,
            "yellow build-failed",
            format!("pages logs {PAGES} {}", pages_id(PAGES, 2)),
        ),
        (Build::Running, "yellow building", format!("pages show {PAGES}")),
    ] {
        let done =
            site(&builds(&[(2, 10, newest), OLD])).run("triage --json --only pages").exits(0);
        assert_eq!(done.says("pages", PAGES), says);
        let data = done.data();
        assert_eq!(data["suspect"], json!(null), "what was not deployed is no suspect");
        assert_eq!(data["next"][0]["command"], format!("parky-ops {next}"));
        let live = &done.check("pages", PAGES)["evidence"]["live"]["deployment_id"];
        assert_eq!(*live, pages_id(PAGES, 1));
    }
}

#[test]
fn a_pages_project_without_a_successful_build_is_yellow() {
    for history in [builds(&[(1, 600, Build::Failed)]), builds(&[])] {
        let done = site(&history).run("triage --json --only pages").exits(0);
        assert_eq!(done.says("pages", PAGES), "yellow no-deployment");
        assert!(done.text("pages", PAGES).contains("production serves nothing yet"));
    }
}

#[test]
fn a_pages_project_that_is_not_there_is_unknown_and_hides_no_other() {
    let cloudflare = site(&builds(&[OLD]));
    cloudflare.site.set("env.prod.pages", &format!("[\"{PAGES}\", \"parky-wep\"]"));
    let done = cloudflare.run("triage --json --only pages").exits(7);
    assert_eq!(done.says("pages", PAGES), "green ok");
    assert_eq!(done.says("pages", "parky-wep"), "unknown not-found");
    let text = done.text("pages", "parky-wep");
    assert!(text.contains("8000007") && text.contains("check its name"), "{text}");
}

#[test]
fn pages_that_cannot_be_read_are_unknown() {
    let refused = json!({ "success": false, "errors": [{ "code": 10000, "message": "no" }] });
    for (answer, says) in [
        (Canned::json(403, &refused), "unknown no-permission"),
        (Canned::html(502), "unknown service-error"),
        (Canned::json(200, &json!({ "success": true, "result": {} })), "unknown unreadable"),
    ] {
        let cloudflare = site(&builds(&[OLD]));
        cloudflare.stand_in.server().faults().set("/", Fault::answer(answer));
        let done = cloudflare.run("triage --json --only pages").done();
        assert_eq!(done.says("pages", PAGES), says);
    }
    let done = site(&builds(&[OLD])).site.run("triage --json --only pages").exits(3);
    assert_eq!(done.says("pages", PAGES), "unknown no-credential");
}

#[test]
fn without_a_project_pages_are_skipped() {
    let done = CloudflareSite::new().run("triage --json --only pages,workers").exits(0);
    assert_eq!(done.says("pages", "pages"), "skipped not-configured");
    assert_eq!(done.data()["verdict"], "green");
}

#[test]
fn a_fresh_deployment_is_the_suspect_with_the_way_back_while_users_are_hit() {
    let site = Site::of(Scenario::Healthy);
    let sandbox = site.sandbox();
    sandbox.cloudflare().set_pages(&[builds(&[(3, 8, Build::Succeeded), OLD])]);
    let words = "triage --json --only hosts,workers,pages";
    let calm = site.run(words).exits(0);
    assert_eq!(calm.says("pages", PAGES), "yellow fresh-deploy");
    let suspect = calm.data()["suspect"].clone();
    assert_eq!((&suspect["kind"], &suspect["target"]), (&json!("pages"), &json!(PAGES)));
    assert_eq!((&suspect["minutes_before"], &suspect["number"]), (&json!(8), &json!(null)));
    assert_eq!(suspect["version_id"], pages_id(PAGES, 3));
    assert_eq!(calm.data()["next"][0]["command"], format!("parky-ops pages show {PAGES}"));

    sandbox.host("parky.co.jp").unwrap().behave(&Behaviour::Answers(503)).unwrap();
    let hit = site.run(words).exits(10);
    let back = format!("parky-ops rollback pages {PAGES} --to {}", pages_id(PAGES, 1));
    assert_eq!(hit.check("pages", PAGES)["next"]["command"], back);
    assert_eq!(hit.data()["vendor"]["judgement"], "us");
    let text = site.run("triage --only hosts,workers,pages").exits(10).stdout;
    assert!(
        text.contains(&format!("Suspect   pages {PAGES} {}", &pages_id(PAGES, 3)[..8])),
        "{text}"
    );
    let thread = site.run("triage --only hosts,workers,pages --markdown").exits(10).stdout;
    assert!(thread.contains(&format!("直前の変更: pages {PAGES}")), "{thread}");

    // What came after the start is listed and not suspected.
    let later = site.run(&format!("{words} --started 30m")).exits(10).data();
    assert_eq!(
        (&later["suspect"], &later["after_start"][0]["kind"]),
        (&json!(null), &json!("pages"))
    );
}
