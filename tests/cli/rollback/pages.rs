//! The way back of Pages.

use parky_ops::sandbox::cloudflare::{Build, PagesHistory, PagesRelease, error_body, pages_id};
use parky_ops::sandbox::server::Canned;
use serde_json::json;

use super::*;

const AGREED: &str = "rollback pages web --confirm web --json";

/// 4 is a preview, 3 failed, 2 is live, 1 was before; 5 is of production and still builds.
pub(super) fn pages() -> CloudflareSite {
    let site = three();
    let release = |number: u64, branch, build| PagesRelease {
        number,
        ago: TimeDelta::hours(60 - i64::try_from(number).unwrap()),
        branch,
        message: "feat: x",
        build,
    };
    site.stand_in.set_pages(&[PagesHistory {
        project: "web",
        releases: vec![
            release(5, "main", Build::Running),
            release(4, "feature", Build::Succeeded),
            release(3, "main", Build::Failed),
            release(2, "main", Build::Succeeded),
            release(1, "main", Build::Succeeded),
        ],
    }]);
    site
}

fn live(site: &CloudflareSite) -> String {
    let shown = site.run("pages show web --json").exits(0).data();
    shown["live"]["deployment_id"].as_str().unwrap().to_owned()
}

fn fault(site: &CloudflareSite, fault: Fault) {
    let path = format!("/client/v4/accounts/{ACCOUNT_ID}/pages/projects/web/deployments");
    site.stand_in.server().faults().set(&path, fault);
}

#[test]
fn pages_go_back_to_the_build_before_the_live_one() {
    let site = pages();
    let done = site.run(AGREED).exits(0);
    assert_eq!(done.json()["schema"], "parky-ops/rollback-pages/v1");
    let data = done.data();
    assert_eq!((&data["target"], &data["from"]["version_id"]), (&json!("web"), &json!(null)));
    assert_eq!(data["from"]["deployment_id"], pages_id("web", 2));
    assert_eq!(data["to"]["deployment_id"], pages_id("web", 1));
    assert_eq!((said(&done), &data["verify"]["state"]), ("sent live".to_owned(), &json!("green")));
    assert_eq!(live(&site), pages_id("web", 1));
    let undo = data["undo"].as_str().unwrap().strip_prefix("parky-ops ").unwrap().to_owned();
    let _ = site.run(&undo).arg("--confirm").arg("web").exits(0);
    assert_eq!(live(&site), pages_id("web", 2), "what it prints can be pasted back");
}

#[test]
fn previews_failed_builds_and_the_live_one_are_no_targets() {
    let site = pages();
    for (number, code, says) in
        [(4, 4, "no version"), (3, 2, "never deployed"), (2, 2, "live already")]
    {
        let done = site.run(&format!("{AGREED} --to {}", pages_id("web", number))).exits(code);
        let message = done.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(says), "{number}: {message}");
    }
    let numbered = site.run(&format!("{AGREED} --to @1")).exits(4);
    assert!(numbered.stderr.contains("have no numbers"), "{}", numbered.stderr);
    assert!(numbered.stderr.contains("parky-ops pages show PROJECT"), "{}", numbered.stderr);
    assert_eq!(site.posts(), 0);
}

#[test]
fn a_deployment_by_the_beginning_of_its_id_or_by_its_address() {
    let site = pages();
    let id = pages_id("web", 1);
    for typed in [
        id[..8].to_owned(),
        format!("https://{}.web.pages.dev", &id[..8]),
        format!("https://dash.cloudflare.com/{ACCOUNT_ID}/pages/view/web/{id}"),
    ] {
        let done = site.run(&format!("{AGREED} --dry-run --to {typed}")).exits(0);
        assert_eq!(done.data()["plan"]["to"]["deployment_id"], id.as_str());
    }
    let other = site.run(&format!("{AGREED} --to https://{}.admin.pages.dev", &id[..8])).exits(2);
    assert!(other.stderr.contains("not of web"), "{}", other.stderr);
}

#[test]
fn the_next_push_is_warned_about() {
    let plan = pages().run(&format!("{AGREED} --dry-run")).exits(0).data();
    let warnings = plan["plan"]["warnings"].to_string();
    assert!(warnings.contains("the next push to main deploys over this"), "{warnings}");
    assert_eq!(plan["plan"]["consent"]["name"], "web");
}

#[test]
fn a_worker_where_a_project_was_meant_and_the_reverse() {
    let site = pages();
    site.site.set("env.prod.pages", "[\"web\"]");
    let project = site.run("rollback worker web --json").exits(4).error();
    assert_eq!(project["message"], "web is a Pages project, not a worker");
    assert_eq!(project["hint"], "parky-ops pages show web");
    let worker = site.run("rollback pages public --json").exits(4).error();
    assert_eq!(worker["message"], "public is a worker, not a Pages project");
    let script = site.run(&format!("rollback pages {SCRIPT} --json")).exits(4).error();
    let message = script["message"].as_str().unwrap();
    assert!(message.contains("is a worker: parky-ops rollback worker public"), "{message}");
    let near = site.run("rollback pages wep --json").exits(4).error();
    assert!(near["message"].as_str().unwrap().contains("web"), "{near}");
    // A script that is really a Pages project.
    site.site.edit(|config| config.replace(SCRIPT, "web"));
    let script = site.run("rollback worker public --json").exits(4).error();
    let message = script["message"].as_str().unwrap();
    assert!(message.contains("a Pages project of that name exists"), "{message}");
}

#[test]
fn a_lost_answer_of_pages_is_read_back() {
    let site = pages();
    fault(&site, on_post(Act::OwnThenClose));
    let done = site.run(AGREED).exits(0);
    assert_eq!((said(&done), live(&site)), ("lost live".to_owned(), pages_id("web", 1)));
}

#[test]
fn a_refusal_of_pages_is_named_and_read_back() {
    let site = pages();
    let body = error_body(10000, "Authentication error");
    fault(&site, on_post(Act::Answer(Canned::json(403, &body))));
    let done = site.run(AGREED).exits(1);
    assert_eq!((said(&done), live(&site)), ("refused not_live".to_owned(), pages_id("web", 2)));
    assert!(done.data()["refused"]["hint"].as_str().unwrap().contains("Cloudflare Pages Edit"));
}
