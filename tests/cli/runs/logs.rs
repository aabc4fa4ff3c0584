//! `runs logs`: streams of lines, chosen, cut, and never silent.

use parky_ops::sandbox::github::{Archive, Job, Log};
use serde_json::{Value, json};

use crate::harness::{Done, GithubSite, JOBS, NAMES, RED, RUNNING};

/// The events of a stream.
pub(crate) fn events(done: &Done) -> Vec<Value> {
    done.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn texts(done: &Done) -> Vec<String> {
    let lines = events(done).into_iter().filter(|event| event["event"] == "line");
    lines.map(|line| line["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_failed_steps_as_a_stream_and_as_fields() {
    let github = GithubSite::new();
    let done = github.run(&format!("runs logs {RED} --json")).exits(0);
    let events = events(&done);
    assert_eq!(
        (&events[0]["event"], &events[0]["schema"]),
        (&json!("start"), &json!("parky-ops/runs-logs/v1"))
    );
    let first = &events[1];
    assert_eq!(
        (&first["job_id"], &first["job"], &first["step"]),
        (&json!(JOBS[1]), &json!(NAMES[1]), &json!("npm test"))
    );
    assert!(first["at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(first["text"], "##[group]Run npm test");
    let end = events.last().unwrap();
    assert_eq!((&end["event"], &end["missing"]), (&json!("end"), &json!(0)));
    assert_eq!(end["lines"], events.len() - 2);

    let plain = github.run(&format!("runs logs {RED}")).exits(0).stdout;
    assert_eq!(plain.lines().count(), events.len() - 2);
    for line in plain.lines() {
        let fields: Vec<_> = line.split('\t').collect();
        assert_eq!(fields.len(), 3, "{line}");
        assert!(NAMES[1..].contains(&fields[0]) && fields[2].starts_with("20"), "{line}");
    }
    assert!(plain.contains("\tAssertionError") || plain.contains("Z AssertionError"), "{plain}");
}

#[test]
fn jobs_and_steps_are_chosen_by_number_name_and_part() {
    let github = GithubSite::new();
    let of = |words: &str| texts(&github.run(&format!("runs logs {RED} --json {words}")).exits(0));
    assert!(of("--all").iter().any(|text| text.contains("Set up job")));
    assert!(of("--job lint").iter().any(|text| text.contains("Complete job")));
    assert_eq!(of("--job typecheck --tail 1"), ["##[error]Process completed with exit code 1."]);
    assert_eq!(of(&format!("--job {} --step 1 --tail 1", JOBS[2])), ["##[endgroup]"]);
    assert!(of("--step tsc").iter().all(|text| !text.contains("payments")));
    github.run(&format!("runs logs {RED} --job typechek")).exits(4).stderr_says("typecheck");
    github.run(&format!("runs logs {RED} --step nothing")).exits(4).stderr_says("no step");
}

#[test]
fn on_a_terminal_the_lines_around_each_error() {
    let github = GithubSite::new();
    github.change_job(1, |job| {
        let lines: Vec<String> = (0..500).map(|n| format!("noise {n}")).collect();
        job.steps[2].lines.splice(0..0, lines);
    });
    let screen = github.run(&format!("runs logs {RED}")).at_terminal(100).end().screen;
    assert!(screen.contains("── integration / e2e (payments: card) › npm test"), "{screen}");
    assert!(screen.contains("##[error]Process completed") && screen.contains("AssertionError"));
    assert!(!screen.contains("noise 3\n") && screen.contains("noise 499"), "{screen}");
}

#[test]
fn the_log_of_a_finished_job_comes_while_the_run_goes_on() {
    let github = GithubSite::new();
    let done = github.run(&format!("runs logs {RUNNING} --all --json")).exits(7);
    assert!(texts(&done).iter().any(|text| text.contains("Set up job")));
    let missing = events(&done).into_iter().find(|event| event["event"] == "missing").unwrap();
    assert_eq!(missing["job"], "test");
    assert!(missing["reason"].as_str().unwrap().contains("not complete"), "{missing}");
}

#[test]
fn a_run_in_which_nothing_failed_says_so() {
    let github = GithubSite::new();
    let done = github.run("runs logs 17400000063").exits(0);
    assert_eq!(done.stdout, "");
    done.stderr_says("no job of run 17400000063 failed");
}

/// Twenty jobs more, which is where the archive begins.
fn many(github: &GithubSite) {
    github.change(RED, |run| {
        for nth in 0..20 {
            let job = Job::new(49_000_000_000 + nth, &format!("unit {nth}"), run.created, 5);
            run.attempts[0].jobs.push(job);
        }
    });
}

#[test]
fn many_jobs_come_out_of_the_archive() {
    let github = GithubSite::new();
    many(&github);
    let done = github.run(&format!("runs logs {RED} --all --json")).exits(0);
    let fetched = github.requests().iter().filter(|path| path.ends_with("/logs")).count();
    assert_eq!(fetched, 1, "{:?}", github.requests());
    let jobs: std::collections::BTreeSet<_> =
        events(&done).iter().filter_map(|event| event["job_id"].as_u64()).collect();
    assert_eq!(jobs.len(), 23);
    github.change(RED, |run| run.archive = Archive::Gone);
    let alone = github.run(&format!("runs logs {RED} --all --json")).exits(0);
    assert_eq!(texts(&alone), texts(&done), "from the archive as from each job's own log");
}

#[test]
fn a_line_of_20_mb_comes_whole() {
    let github = GithubSite::new();
    github.change_job(2, |job| job.log = Log::LongLine { step: 3, mib: 20 });
    let done = github.run(&format!("runs logs {RED} --job typecheck --step 3 --json")).exits(0);
    let longest = texts(&done).into_iter().max_by_key(String::len).unwrap();
    assert_eq!(longest.len(), 20 << 20);
    assert!(longest.bytes().all(|byte| byte == b'y'));
    let plain = github.run(&format!("runs logs {RED} --job typecheck --step 3")).exits(0).stdout;
    assert!(plain.lines().any(|line| line.len() > 20 << 20));
    assert!(plain.lines().last().unwrap().contains("##[error]"), "what follows it is there");
}
