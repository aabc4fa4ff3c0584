//! `runs watch`: to the end of a run, and what the exit code says of it.

use chrono::{TimeDelta, Utc};
use parky_ops::sandbox::github::{Job, Step};
use serde_json::{Value, json};

use super::logs::events;
use crate::harness::{Done, GithubSite, RED, RUNNING, WAITING, workflows};

fn end(done: &Done) -> Value {
    let end = events(done).pop().unwrap();
    assert_eq!(end["event"], "end");
    end
}

/// A site whose running run ends soon: one job well, one like `ends` says.
fn ending(ends: impl Fn(Job) -> Job) -> GithubSite {
    let github = GithubSite::new();
    github.change(RUNNING, |run| {
        let now = Utc::now();
        run.attempts[0].jobs = vec![
            Job::new(1, "lint", now - TimeDelta::seconds(60), 10),
            ends(Job { steps: vec![Step::new(3, "npm test", 2)], ..Job::new(2, "test", now, 1) }),
        ];
    });
    github
}

#[test]
fn a_run_is_followed_to_its_end() {
    let github = ending(|job| job);
    let done = github.run(&format!("runs watch {RUNNING} --interval 200ms --json")).exits(0);
    let seen = events(&done);
    assert_eq!(seen[0]["schema"], "parky-ops/runs-watch/v1");
    let told: Vec<_> = seen
        .iter()
        .filter(|event| event["event"] == "job" && event["name"] == "test")
        .map(|event| event["status"].as_str().unwrap())
        .collect();
    assert_eq!(told.last(), Some(&"completed"), "{told:?}");
    assert!(told.len() <= 3, "only what changed: {told:?}");
    assert_eq!(end(&done)["conclusion"], "success");
    let free = github.stand_in.server().requests();
    let asked_with_tag = free.iter().filter(|seen| seen.header("if-none-match").is_some()).count();
    assert!(asked_with_tag > 0, "it asks what it knows already with its tag");
}

#[test]
fn a_failed_run_is_red() {
    let github = ending(|job| Job { conclusion: "failure", ..job });
    let done = github.run(&format!("runs watch {RUNNING} --interval 200ms --json")).exits(10);
    assert_eq!(end(&done)["conclusion"], "failure");
    let text = github.run(&format!("runs watch {RED}")).exits(10).stdout;
    assert!(text.lines().last().unwrap().starts_with("✗ failure"), "{text}");
}

#[test]
fn the_first_failed_job_ends_a_hasty_watch() {
    let github = GithubSite::new();
    github.change(RUNNING, |run| {
        let job = Job::new(1, "lint", run.created, 5);
        run.attempts[0].jobs[0] = job.fails(&["no"]);
    });
    let done = github.run(&format!("runs watch {RUNNING} --fail-fast --json")).exits(10);
    assert_eq!(
        (&end(&done)["conclusion"], &end(&done)["failed_job"]),
        (&Value::Null, &json!("lint"))
    );
}

#[test]
fn every_conclusion_has_its_exit_code() {
    for (verdict, code) in [
        ("startup_failure", 10),
        ("action_required", 10),
        ("timed_out", 10),
        ("neutral", 0),
        ("skipped", 0),
        ("stale", 0),
    ] {
        let github = GithubSite::new();
        github.change(RED, |run| run.verdict = Some(verdict));
        let done = github.run(&format!("runs watch {RED} --json")).exits(code);
        assert_eq!(end(&done)["conclusion"], verdict);
    }
}

#[test]
fn a_run_that_is_about_to_start_is_waited_for() {
    let github = GithubSite::new();
    github.change(RUNNING, |run| run.attempts[0].jobs.truncate(1));
    github.change(WAITING, |run| run.attempts[0].jobs.truncate(1));
    let error = github.run("runs watch --json").exits(4).error();
    assert!(error["message"].as_str().unwrap().contains("no run is going on"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("--wait-start"), "{error}");

    let waiting = github.run("runs watch --wait-start 30s --interval 200ms --json").command();
    let mut waiting = { waiting }.spawn().unwrap();
    while github.requests().iter().filter(|path| path.contains("/actions/runs?")).count() < 3 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let now = Utc::now();
    github.stand_in.change_repos(|repos| {
        let jobs =
            vec![Job { steps: Vec::new(), ..Job::new(9, "quick", now + TimeDelta::seconds(1), 0) }];
        repos[0].runs.push(workflows()[0].run(99, "pushed", now, jobs));
    });
    assert_eq!(waiting.wait().unwrap().code(), Some(0));
}

#[test]
fn a_run_that_waits_for_a_person_says_so_and_ctrl_c_ends_it() {
    let github = GithubSite::new();
    let mut pty = github.run(&format!("runs watch {WAITING}")).at_terminal(120);
    pty.wait_for(&format!("parky-ops runs approve {WAITING}"));
    pty.type_in("\u{3}");
    let ended = pty.end();
    assert_eq!((ended.code, ended.cursor_hidden), (Some(130), false), "{}", ended.screen);
}
