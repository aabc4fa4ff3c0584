//! `runs view`: jobs, failures with their notes, gates, and few round trips.

use chrono::Utc;
use parky_ops::sandbox::github::{Job, Repo};
use parky_ops::sandbox::server::{Canned, Fault};
use serde_json::json;

use crate::harness::{GithubSite, JOBS, NAMES, RED, RUNNING, WAITING, usual, workflows};

#[test]
fn it_says_what_failed_and_why_and_what_to_type_next() {
    let github = GithubSite::new();
    let done = github.run(&format!("runs view {RED} --json")).exits(0);
    let data = done.data();
    assert_eq!(data["run"]["conclusion"], "failure");
    let jobs: Vec<_> = data["jobs"].as_array().unwrap().iter().map(|job| &job["id"]).collect();
    assert_eq!(jobs, JOBS.map(|id| json!(id)).each_ref());
    assert_eq!(data["failed"][0]["step"], "npm test");
    assert_eq!(data["annotations"][0]["message"], "Process completed with exit code 1.");
    let next: Vec<_> = data["next"].as_array().unwrap().iter().collect();
    let logs = format!("logs {RED}");
    assert!(next[0].as_str().unwrap().contains(&logs), "{next:?}");

    let page = github.run(&format!("runs view {RED}")).exits(0).stdout;
    assert!(page.starts_with("✗ failure  feat: 予約API (#1291)\n"), "{page}");
    assert!(page.contains(&format!("{} › npm test", NAMES[1])), "{page}");
}

#[test]
fn eleven_jobs_cost_no_more_trips_than_two() {
    let github = GithubSite::new();
    let _ = github.run(&format!("runs view {RED}")).exits(0);
    let asked = github.requests();
    assert_eq!(asked.len(), 4, "the run, its jobs, and the notes of two bad jobs: {asked:?}");
    assert!(asked.iter().filter(|path| path.contains("/annotations")).count() == 2);
}

#[test]
fn what_is_printed_can_be_pasted() {
    let github = GithubSite::new();
    let data = github.run(&format!("runs view {RED} --json")).exits(0).data();
    for command in data["next"].as_array().unwrap() {
        let words = shell_words::split(command.as_str().unwrap()).unwrap();
        assert_eq!(words[0], "parky-ops");
        let code = if words.contains(&"rerun".to_owned()) { 6 } else { 0 };
        let _ = github.run(&words[1..].join(" ")).exits(code);
    }
}

#[test]
fn a_run_that_waits_says_for_whom() {
    let github = GithubSite::new();
    let data = github.run(&format!("runs view {WAITING} --json")).exits(0).data();
    let gate = &data["approvals"][0];
    assert_eq!(
        (&gate["environment"], &gate["reviewers"]),
        (&json!("production"), &json!(["oncall"]))
    );
    let listed = github.run("runs approvals --json").exits(0).data();
    assert_eq!(listed["rows"][0]["run"]["id"], WAITING);
    assert_eq!(listed["rows"][0]["pending"][0]["environment"], "production");
    let none = github.run(&format!("runs approvals {RUNNING}")).exits(0).stdout;
    assert_eq!(none, "Nothing waits for an approval.\n");
}

#[test]
fn a_gate_that_cannot_be_read_is_a_note() {
    let github = GithubSite::new();
    let path = format!("/repos/parky/parky/actions/runs/{WAITING}/pending_deployments");
    let refusal = Canned::json(403, &json!({ "message": "Resource not accessible" }));
    github.stand_in.server().faults().set(&path, Fault::answer(refusal));
    let document = github.run(&format!("runs view {WAITING} --json")).exits(0).json();
    assert_eq!(document["data"]["jobs"].as_array().unwrap().len(), 2);
    assert_eq!(document["caveats"][0]["code"], "approvals");
}

#[test]
fn notes_of_very_many_bad_jobs_are_cut_and_that_is_said() {
    let github = GithubSite::new();
    github.change(RED, |run| {
        let jobs = (0..31).map(|nth| Job::new(50_000_000_000 + nth, "m", run.created, 5));
        run.attempts[0].jobs = jobs.map(|job| job.fails(&["no"])).collect();
    });
    let document = github.run(&format!("runs view {RED} --json")).exits(0).json();
    assert_eq!(document["data"]["annotations"].as_array().unwrap().len(), 30);
    assert_eq!(document["caveats"][0]["code"], "annotations-cut");
}

#[test]
fn what_waits_in_any_repository_is_listed_and_one_that_fails_is_said() {
    let now = Utc::now();
    let [ci, _] = workflows();
    let mut other = Repo::new("parky/infra", 8, vec![ci.clone()]);
    let mut fork = ci.run(5, "fix: typo", now, Vec::new());
    fork.verdict = Some("action_required");
    other.runs.push(fork);
    let github = GithubSite::of(now, vec![usual(now), other]);
    let data = github.run("runs approvals --json").exits(0).data();
    let rows: Vec<_> = data["rows"].as_array().unwrap().iter().map(|r| &r["run"]["id"]).collect();
    assert_eq!(rows, [&json!(WAITING), &json!(5)]);
    let text = github.run("runs approvals").exits(0).stdout;
    assert!(text.contains("a fork's run: somebody has to let it begin at https://"), "{text}");

    let refusal = Canned::json(404, &json!({ "message": "Not Found" }));
    github.stand_in.server().faults().set("/repos/parky/infra", Fault::answer(refusal));
    let document = github.run("runs approvals --json").exits(7).json();
    assert_eq!(document["data"]["rows"][0]["run"]["id"], WAITING);
    assert_eq!(
        (&document["data"]["complete"], &document["caveats"][0]["code"]),
        (&json!(false), &json!("unread"))
    );
}

#[test]
fn the_address_of_a_job_that_ran_again_shows_the_job_that_it_names() {
    let github = GithubSite::new();
    let _ = github.run(&format!("runs rerun {RED} --failed --yes")).exits(0);
    let address = format!("https://github.com/parky/parky/actions/runs/{RED}/job/{}", JOBS[1]);
    let data = github.run(&format!("runs view {address} --json")).exits(0).data();
    assert_eq!((&data["jobs"][0]["id"], &data["jobs"][0]["attempt"]), (&json!(JOBS[1]), &json!(1)));
    let logs = github.run(&format!("runs logs {address}")).exits(0).stdout;
    assert!(logs.contains("AssertionError"), "{logs}");
    let _ = github.run(&format!("runs view {}", address.replace("0601", "9999"))).exits(4);
}

#[test]
fn an_attempt_by_number_or_by_address() {
    let github = GithubSite::new();
    let _ = github.run(&format!("runs rerun {RED} --failed --yes")).exits(0);
    let attempt = |words: &str| {
        let run = github.run(&format!("runs view --json {words}")).exits(0).data()["run"].clone();
        (run["attempt"].as_u64().unwrap(), run["conclusion"].clone())
    };
    assert_eq!(attempt(&RED.to_string()).0, 2);
    assert_eq!(attempt(&format!("{RED} --attempt 1")), (1, json!("failure")));
    let address = format!("https://github.com/parky/parky/actions/runs/{RED}/attempts/1");
    assert_eq!(attempt(&address), (1, json!("failure")));
    let _ = github.run(&format!("runs view {RED} --attempt 9")).exits(4);
}
