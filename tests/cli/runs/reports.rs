//! What users of gh report, each shown to go well here (the reference's list of reports).

use std::process::Command;

use chrono::TimeDelta;
use parky_ops::sandbox::github::{Job, Log};
use parky_ops::sandbox::server::{Canned, Fault};
use serde_json::json;

use super::logs::events;
use crate::harness::{GithubSite, RED, RUNNING, Run};

fn job_names(github: &GithubSite, words: &str, code: i32) -> Vec<String> {
    let done = github.run(&format!("runs logs {RED} --json {words}")).exits(code);
    let mut names: Vec<String> = events(&done)
        .into_iter()
        .filter(|event| event["event"] == "line")
        .map(|event| event["job"].as_str().unwrap().to_owned())
        .collect();
    names.dedup();
    names
}

#[test]
fn no_failed_job_is_left_out_in_silence() {
    let github = GithubSite::new();
    github.change_job(2, |job| job.log = Log::Gone);
    let done = github.run(&format!("runs logs {RED}")).exits(7);
    assert!(done.stdout.contains("integration") && !done.stdout.is_empty());
    assert!(done.stderr.contains("no log of typecheck: GitHub no longer has"), "{}", done.stderr);
}

#[test]
fn names_of_every_shape_have_their_logs() {
    let long = format!("{} / {}", "決".repeat(60), "😀".repeat(40));
    let github = GithubSite::new();
    github.change(RED, |run| {
        for (nth, name) in
            [long.as_str(), "a/b: c*d?", "<build> \"x\" | y\\z"].into_iter().enumerate()
        {
            let job = Job::new(49_000_000_100 + nth as u64, name, run.created, 5);
            run.attempts[0].jobs.push(job.fails(&["no"]));
        }
    });
    let names = job_names(&github, "", 0);
    assert_eq!(names.len(), 5, "{names:?}");
    assert!(names.contains(&long));
}

#[test]
fn a_job_that_its_time_limit_stopped_shows_the_end_of_its_log() {
    let github = GithubSite::new();
    github.change(RED, |run| {
        let mut job = Job::new(1, "slow", run.created, 3600);
        job.cancelled = Some(run.created + TimeDelta::minutes(10));
        run.attempts[0].jobs = vec![job];
    });
    assert_eq!(job_names(&github, "", 0), ["slow"]);
    let view = github.run(&format!("runs view {RED}")).exits(0);
    assert!(view.stderr.contains("its own time limit"), "{}", view.stderr);
}

#[test]
fn a_log_without_any_mark_of_its_steps_is_printed_whole() {
    let github = GithubSite::new();
    github.change_job(2, |job| job.log = Log::Bytes("no time stamps here\nerror: x\n".into()));
    let done = github.run(&format!("runs logs {RED} --job typecheck --step 3")).exits(0);
    assert!(done.stdout.contains("error: x"), "{}", done.stdout);
    assert!(done.stderr.contains("its whole log is printed"), "{}", done.stderr);
}

#[test]
fn all_jobs_are_shown_and_not_the_first_thirty() {
    let github = GithubSite::new();
    github.change(RED, |run| {
        let jobs = (0..256).map(|nth| Job::new(50_000_000_000 + nth, "matrix", run.created, 5));
        run.attempts[0].jobs = jobs.collect();
    });
    let data = github.run(&format!("runs view {RED} --json")).exits(0).data();
    assert_eq!(data["jobs"].as_array().unwrap().len(), 256);
}

#[test]
fn a_cut_archive_does_not_spoil_the_next_try() {
    let github = GithubSite::new();
    github.change(RED, |run| {
        for nth in 0..20 {
            run.attempts[0].jobs.push(Job::new(49_000_000_000 + nth, "unit", run.created, 5));
        }
    });
    let cut = Canned::status(200).body("PK\u{3}\u{4} half of it");
    github.stand_in.storage().faults().set("/run-logs", Fault::answer(cut).times(1));
    for _ in 0..2 {
        assert!(job_names(&github, "--all", 0).len() > 3);
    }
}

#[test]
fn a_line_longer_than_any_buffer_does_not_end_the_output() {
    let github = GithubSite::new();
    github.change_job(2, |job| job.steps[2].lines.insert(1, "z".repeat(200_000)));
    let done = github.run(&format!("runs logs {RED} --job typecheck --step 3")).exits(0);
    assert!(done.stdout.contains(&"z".repeat(200_000)) && done.stdout.contains("error TS2322"));
}

#[test]
fn a_log_of_every_failed_job_of_many_needs_no_limit() {
    let github = GithubSite::new();
    github.change(RED, |run| {
        run.archive = parky_ops::sandbox::github::Archive::Gone;
        let jobs = (0..40).map(|nth| {
            Job::new(51_000_000_000 + nth, &format!("m {nth}"), run.created, 5).fails(&["no"])
        });
        run.attempts[0].jobs = jobs.collect();
    });
    assert_eq!(job_names(&github, "", 0).len(), 40);
}

#[test]
fn a_storage_that_breaks_off_is_asked_again_and_named_without_its_link() {
    let github = GithubSite::new();
    let storage = github.stand_in.storage();
    storage.faults().set("/job-logs", Fault::answer(Canned::status(503)).times(2));
    assert_eq!(job_names(&github, "", 0).len(), 2);
    storage.faults().set("/job-logs", Fault::answer(Canned::status(503)));
    let done = github.run(&format!("runs logs {RED} -vv")).exits(7);
    let host = storage.url("");
    let host = host.strip_prefix("http://").unwrap();
    assert!(done.stderr.contains(&format!("signed link at {host}")), "{}", done.stderr);
    assert!(!done.stderr.contains("sig="), "{}", done.stderr);
}

#[test]
fn annotations_that_are_refused_stop_no_watch() {
    let github = GithubSite::new();
    let refusal = Canned::json(403, &json!({ "message": "Resource not accessible" }));
    github.stand_in.server().faults().set("/repos/parky/parky/check-runs", Fault::answer(refusal));
    let done = github.run(&format!("runs watch {RED} --json")).exits(10);
    assert_eq!(events(&done).last().unwrap()["conclusion"], "failure");
}

#[test]
fn a_watch_taller_than_the_screen_tells_each_change_once_and_clears_nothing() {
    let github = GithubSite::new();
    github.change(RUNNING, |run| {
        let now = chrono::Utc::now();
        let old = now - TimeDelta::minutes(1);
        // More than the terminal has rows.
        let jobs = (0..250).map(|nth| Job::new(nth + 1, &format!("part {nth:03}."), old, 5));
        let last =
            Job { steps: Vec::new(), ..Job::new(999, "last.", now + TimeDelta::seconds(2), 0) };
        run.attempts[0].jobs = jobs.chain([last]).collect();
    });
    let ended =
        github.run(&format!("runs watch {RUNNING} --interval 200ms")).at_terminal(100).end();
    assert_eq!(ended.code, Some(0), "{}", ended.screen);
    for nth in 0..250 {
        let line = format!("part {nth:03}.");
        assert_eq!(ended.raw.matches(&line).count(), 1, "{line}");
    }
    for clears in ["\u{1b}[2J", "\u{1b}[3J", "\u{1b}[H", "\u{1b}[1;1H", "\u{1b}[?1049h"] {
        assert!(!ended.raw.contains(clears), "{clears:?} in {:?}", ended.raw);
    }
}

/// Runs it with its output thrown away; its exit code, and the most memory that it had, in KiB.
fn peak(run: &Run) -> (i64, u64) {
    let script = "import resource, subprocess, sys\n\
                  code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n\
                  print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n";
    let command = run.command();
    let mut python = Command::new("python3");
    python.args(["-c", script]).arg(command.get_program()).args(command.get_args());
    python.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = python.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (code, peak) = text.trim().split_once(' ').expect("a code and a peak");
    (code.parse().unwrap(), peak.parse().unwrap())
}

#[test]
fn a_log_of_hundreds_of_megabytes_needs_no_more_memory_than_a_small_one() {
    let github = GithubSite::new();
    github.change_job(2, |job| job.log = Log::Filler { step: 3, mib: 1 });
    let logs = format!("runs logs {RED} --job typecheck --full");
    let (code, small) = peak(&github.run(&logs));
    assert_eq!(code, 0);
    github.change_job(2, |job| job.log = Log::Filler { step: 3, mib: 200 });
    let (code, large) = peak(&github.run(&logs));
    assert_eq!(code, 0);
    // Room for the buffers of a connection that is under way, and for a machine under load.
    assert!(large < small + (16 << 10), "{small} KiB for 1 MiB, {large} KiB for 200");
}

#[test]
fn one_odd_run_does_not_spoil_the_list() {
    let github = GithubSite::new();
    github.change(RED, |run| run.workflow_id = 999_999);
    let data = github.run("runs list --json").exits(0).data();
    assert_eq!(data["rows"].as_array().unwrap().len(), 4);
    let asked = github.requests();
    assert!(asked.iter().all(|path| !path.contains("/workflows")), "{asked:?}");
}
