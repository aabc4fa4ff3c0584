//! What others do meanwhile, what cannot come back, splits, and Pages.

use std::sync::{Arc, Mutex};

use super::*;

fn of(releases: Vec<Release>) -> CloudflareStandIn {
    let now: DateTime<Utc> = "2026-11-21T18:12:00Z".parse().unwrap();
    let scripts = vec![ScriptHistory { script: SCRIPT, releases, undeployed: None }];
    let facts = CloudflareFacts { now, token: TokenKind::User, scripts };
    CloudflareStandIn::start(&Stage::start().unwrap(), &facts).unwrap()
}

fn release(number: u64, hours: i64) -> Release {
    Release::new(number, TimeDelta::hours(hours), "ci@parky.co.jp", "")
}

#[test]
fn a_colleague_is_quicker_than_the_second_look() {
    let api = of(vec![release(3, 1), release(2, 2), release(1, 3)]);
    api.colleague_deploys_after(1, SCRIPT, 1);
    assert_eq!(api.deployments()[0]["versions"][0]["version_id"], version_id(SCRIPT, 3));
    let second = api.deployments();
    assert_eq!(second[0]["versions"][0]["version_id"], version_id(SCRIPT, 1));
    assert_eq!(second[0]["author_email"], "colleague@parky.co.jp");
    assert_eq!(api.deployments(), second, "once only");
}

#[test]
fn who_watches_is_told_what_takes_traffic() {
    let api = of(vec![release(3, 1).beside(2, 90), release(2, 2)]);
    let told = Arc::new(Mutex::new(Vec::new()));
    let kept = told.clone();
    api.watch(SCRIPT, move |live| kept.lock().unwrap().push(live.to_vec()));
    assert_eq!(api.post("", &[(2, 100.0)]).status, 200);
    assert_eq!(*told.lock().unwrap(), [vec![3, 2], vec![2]]);
}

#[test]
fn what_a_version_stood_on_may_be_gone() {
    for (gone, code) in [(Gone::Binding("CACHE"), 10041), (Gone::Migration, 10079)] {
        let api = of(vec![release(2, 1), Release { gone: Some(gone), ..release(1, 2) }]);
        assert_eq!(api.post("?force=true", &[(1, 100.0)]).code(), (400, code));
        assert_eq!(api.deployments()[0]["versions"][0]["version_id"], version_id(SCRIPT, 2));
    }
}

#[test]
fn a_split_may_have_cohorts_and_a_new_deployment_drops_them() {
    let split = Release { cohorts: &[("staff", 3)], ..release(3, 1).beside(2, 90) };
    let api = of(vec![split, release(2, 2)]);
    let live = &api.deployments()[0];
    assert_eq!(
        live["versions"][1],
        json!({ "version_id": version_id(SCRIPT, 2), "percentage": 90 })
    );
    assert_eq!(live["cohorts"][0]["name"], "staff");
    assert_eq!(api.post("", &[(2, 100.0)]).status, 200);
    assert_eq!(api.deployments()[0].get("cohorts"), None);
}

fn pages() -> CloudflareStandIn {
    let api = of(vec![release(1, 1)]);
    let release = |number, branch, build| PagesRelease {
        number,
        ago: TimeDelta::hours(10 - i64::try_from(number).unwrap()),
        branch,
        message: "m",
        build,
    };
    api.set_pages(&[PagesHistory {
        project: "web",
        releases: vec![
            release(4, "feature", Build::Succeeded),
            release(3, "main", Build::Failed),
            release(2, "main", Build::Succeeded),
            release(1, "main", Build::Succeeded),
        ],
    }]);
    api
}

fn in_pages(path: &str) -> String {
    format!("/accounts/{ACCOUNT_ID}/pages/projects{path}")
}

fn post_rollback(api: &CloudflareStandIn, number: u64) -> Reply {
    let path = in_pages(&format!("/web/deployments/{}/rollback", pages_id("web", number)));
    post_as(api.token(), &format!("{}{path}", api.url()), &json!({}))
}

#[test]
fn pages_serve_the_newest_successful_build_of_production() {
    let api = pages();
    let project = api.get(&in_pages("/web")).json()["result"].clone();
    assert_eq!(project["canonical_deployment"]["id"], pages_id("web", 2));
    assert_eq!(project["latest_deployment"]["id"], pages_id("web", 4));
    let all = api.get(&in_pages("")).json();
    assert_eq!(
        (&all["result"][0]["name"], &all["result_info"]["total_pages"]),
        (&json!("web"), &json!(1))
    );
    let listed = api.get(&in_pages("/web/deployments?env=production")).json();
    assert_eq!(listed["result"].as_array().unwrap().len(), 3);
    let logs = api.get(&in_pages(&format!("/web/deployments/{}/history/logs", pages_id("web", 3))));
    assert!(logs.json()["result"]["data"][2]["line"].as_str().unwrap().starts_with("Failed"));
}

#[test]
fn pages_go_back_to_what_was_built_for_production_only() {
    let api = pages();
    assert_eq!(post_rollback(&api, 4).code(), (400, 8_000_039), "a preview");
    assert_eq!(post_rollback(&api, 3).code(), (400, 8_000_039), "a failed build");
    assert_eq!(post_rollback(&api, 9).code(), (404, 8_000_009));
    assert_eq!(post_rollback(&api, 1).status, 200);
    let project = api.get(&in_pages("/web")).json()["result"].clone();
    assert_eq!(project["canonical_deployment"]["id"], pages_id("web", 1));
    assert_eq!(api.get(&in_pages("/nothing")).code(), (404, 8_000_007));
}

#[test]
fn pages_lists_have_limits_of_their_own() {
    let api = pages();
    for query in ["/web/deployments?per_page=26", "/web/deployments?page=1", "?per_page=11"] {
        assert_eq!(api.get(&in_pages(query)).code(), (400, 8_000_024), "{query}");
    }
    let page = api.get(&in_pages("/web/deployments?page=2&per_page=3")).json();
    assert_eq!(page["result"][0]["id"], pages_id("web", 1));
}
