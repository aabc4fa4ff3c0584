//! `runs view`: jobs, failures with their notes, gates, and few round trips.

use serde_json::json;

use crate::harness::{GithubSite, JOBS, NAMES, RED, RUNNING, WAITING};

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
