//! `runs list`: rows, filters, several repositories, and what it costs.

use chrono::{TimeDelta, Utc};
use parky_ops::sandbox::github::{Job, Repo, Run as ActionsRun};
use serde_json::{Value, json};

use crate::harness::{GREEN, GithubSite, RED, RUNNING, WAITING, usual, workflows};

fn ids(data: &Value) -> Vec<u64> {
    data["rows"].as_array().unwrap().iter().filter_map(|row| row["id"].as_u64()).collect()
}

#[test]
fn rows_are_newest_first_with_every_promised_key() {
    let github = GithubSite::new();
    let done = github.run("runs list --json").exits(0);
    let document = done.json();
    assert_eq!(document["schema"], "parky-ops/runs-list/v1");
    let data = &document["data"];
    assert_eq!((&data["complete"], &data["more"]), (&json!(true), &json!(false)));
    assert_eq!(ids(data), [RUNNING, WAITING, RED, GREEN]);
    let row = &data["rows"][2];
    for (key, value) in [
        ("repo", json!("parky/parky")),
        ("title", json!("feat: 予約API (#1291)")),
        ("workflow", json!("CI")),
        ("branch", json!("main")),
        ("event", json!("push")),
        ("status", json!("completed")),
        ("conclusion", json!("failure")),
        ("attempt", json!(1)),
        ("elapsed_s", json!(72)),
        ("url", json!(format!("https://github.com/parky/parky/actions/runs/{RED}"))),
    ] {
        assert_eq!(row[key], value, "{key}");
    }
    let since = |key: &str| row[key].as_str().unwrap().parse::<chrono::DateTime<Utc>>().unwrap();
    assert!(since("created_at") <= since("started_at"));
    assert_eq!(data["rows"][0]["conclusion"], Value::Null);

    let text = github.run("runs list").exits(0).stdout;
    let line = text.lines().find(|line| line.contains(&RED.to_string())).unwrap();
    assert!(line.starts_with("✗ failure") && line.ends_with("feat: 予約API (#1291)"), "{line}");
}

#[test]
fn filters_are_sent_and_the_limit_says_that_it_cut() {
    let github = GithubSite::new();
    let list = |words: &str| ids(&github.run(&format!("runs list --json {words}")).exits(0).data());
    assert_eq!(list("--status failure"), [RED]);
    assert_eq!(list("--branch fix/types"), [RUNNING]);
    assert_eq!(list("--workflow deploy.yml"), [WAITING]);
    assert_eq!(list("--workflow Deploy"), [WAITING]);
    assert_eq!(list("--since 1h --branch main"), [WAITING, RED]);
    assert_eq!(list("--actor nobody"), [0; 0]);
    assert_eq!(list("--event schedule"), [0; 0]);
    let cut = github.run("runs list --json --limit 2").exits(0).json();
    assert_eq!(ids(&cut["data"]), [RUNNING, WAITING]);
    assert_eq!((&cut["data"]["more"], &cut["caveats"][0]["code"]), (&json!(true), &json!("limit")));
}

#[test]
fn one_request_and_the_second_time_it_is_free() {
    let github = GithubSite::new();
    let _ = github.run("runs list --limit 10").exits(0);
    let _ = github.run("runs list --limit 10").exits(0);
    let seen = github.stand_in.server().requests();
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!(seen[0].header("if-none-match"), None);
    assert!(seen[1].header("if-none-match").is_some(), "{seen:?}");
    let again = github.run("runs list --limit 10 --json").exits(0);
    assert_eq!(ids(&again.data()), [RUNNING, WAITING, RED, GREEN]);
}

#[test]
fn the_newest_run_is_found_though_the_filter_lags() {
    let github = GithubSite::new();
    github.stand_in.set_index_lag(TimeDelta::hours(3));
    let done = github.run("runs list --branch main --json").exits(0);
    assert_eq!(ids(&done.data()), [WAITING, RED, GREEN]);
    assert_eq!(done.json()["caveats"][0]["code"], "filter-lags");
}

#[test]
fn a_filter_that_cannot_reach_all_runs_says_so() {
    let github = GithubSite::with(|repo| {
        let [ci, _] = workflows();
        let old = Utc::now() - TimeDelta::days(30);
        let run = |nth: i64| {
            let at = old - TimeDelta::minutes(nth);
            ci.run(5_000_000_000 + nth as u64, "old", at, vec![Job::new(nth as u64, "t", at, 1)])
        };
        repo.runs.extend((1..=1050).map(run));
    });
    let done = github.run("runs list --branch main --limit 1000 --json").exits(0);
    let document = done.json();
    assert_eq!(ids(&document["data"]).len(), 1000);
    assert_eq!(document["data"]["more"], true);
    let codes: Vec<_> =
        document["caveats"].as_array().unwrap().iter().map(|caveat| &caveat["code"]).collect();
    assert!(codes.contains(&&json!("filter-reach")), "{codes:?}");
    // The plain list has no such end, and needs no caveat but the limit.
    let plain = github.run("runs list --limit 1000 --json").exits(0).json();
    let mut rows = ids(&plain["data"]);
    assert_eq!((rows.len(), plain["caveats"].as_array().unwrap().len()), (1000, 1));
    rows.dedup();
    assert_eq!(rows.len(), 1000, "each once");
}

#[test]
fn a_status_that_github_does_not_know_is_named_with_a_near_one() {
    let github = GithubSite::new();
    github.run("runs list --status failed").exits(2).stderr_says("failure");
    assert_eq!(ids(&github.run("runs list --status FAILURE --json").exits(0).data()), [RED]);
}

#[test]
fn a_repository_that_cannot_be_read_is_a_row_and_not_the_end() {
    let now = Utc::now();
    let [ci, _] = workflows();
    let mut other = Repo::new("parky/infra", 8, vec![ci.clone()]);
    let jobs = vec![Job::new(1, "plan", now, 1)];
    other.runs.push(ActionsRun { ..ci.run(5, "infra: dns", now - TimeDelta::minutes(2), jobs) });
    let github = GithubSite::of(now, vec![usual(now), other]);
    let words = "runs list --json --repo parky/parky --repo parky/infra --repo parky/secret";
    let data = github.run(words).exits(7).data();
    assert_eq!(ids(&data), [RUNNING, 5, WAITING, RED, GREEN]);
    let unread = &data["rows"][0];
    assert_eq!((&unread["id"], &unread["repo"]), (&Value::Null, &json!("parky/secret")));
    assert!(unread["error"].as_str().unwrap().contains("HTTP 404"), "{unread}");
    assert_eq!(data["complete"], false);
    let text = github.run(&words.replace("--json ", "")).exits(7).stdout;
    assert!(text.contains("? unknown") && text.contains("parky/infra CI"), "{text}");
    let _ = github.run("runs list --repo parky/secret").exits(4);
}

#[test]
fn without_a_repository_it_says_how_to_name_one() {
    let github = GithubSite::new();
    github.site.set("github.repos", "[]");
    let error = github.run("runs list --json").exits(3).error();
    assert!(error["hint"].as_str().unwrap().contains("--repo owner/name"), "{error}");
    let git = github.site.home().join(".git");
    std::fs::create_dir(&git).unwrap();
    let remote = "[remote \"origin\"]\nurl = git@github.com:parky/parky.git\n";
    std::fs::write(git.join("config"), remote).unwrap();
    let found = github.run("runs list --json").exits(0);
    assert_eq!(ids(&found.data()).len(), 4);
    assert_eq!(found.json()["caveats"][0]["code"], "repository-of-checkout");
    let _ = github.run("runs list --repo not-a-repo").exits(2);
}
