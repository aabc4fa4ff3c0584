//! GitHub at its worst: ids that are none, logs that are gone, archives that attack, limits.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use parky_ops::sandbox::github::{Archive, Job, Limits, Log};
use parky_ops::sandbox::server::{Canned, Credential, Fault};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use crate::harness::{Done, GithubSite, JOBS, NAMES, RED, RUNNING, usual, workflows};

fn events(done: &Done) -> Vec<Value> {
    done.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// The texts of all lines.
fn lines(done: &Done) -> Vec<String> {
    let lines = events(done).into_iter().filter(|event| event["event"] == "line");
    lines.map(|line| line["text"].as_str().unwrap().to_owned()).collect()
}

fn missing(done: &Done) -> Vec<String> {
    let missing = events(done).into_iter().filter(|event| event["event"] == "missing");
    missing.map(|event| event["reason"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_run_that_does_not_exist_is_not_found() {
    let github = GithubSite::new();
    for words in ["runs view 5", "runs logs 5", "runs watch 5", "runs rerun 5 --yes"] {
        let error = github.run(&format!("{words} --json")).exits(4).error();
        assert_eq!((&error["code"], &error["http_status"]), (&json!("not-found"), &json!(404)));
    }
    let error = github.run("runs view main --json").exits(2).error();
    assert!(error["message"].as_str().unwrap().contains("is no run"), "{error}");
}

#[test]
fn a_404_says_that_it_may_be_no_access() {
    let github = GithubSite::new();
    let error = github.run("runs view 5 --json").exits(4).error();
    let said = format!("{} {}", error["message"], error["causes"]);
    assert!(said.contains("the same where the token has no access"), "{said}");
}

#[test]
fn a_run_of_another_repository_is_found_where_it_is_or_not_at_all() {
    let now = chrono::Utc::now();
    let [ci, _] = workflows();
    let mut other = parky_ops::sandbox::github::Repo::new("parky/infra", 8, vec![ci.clone()]);
    other.runs.push(ci.run(5, "infra", now, vec![Job::new(1, "plan", now, 1)]));
    let github = GithubSite::of(now, vec![usual(now), other]);
    let data = github.run("runs view 5 --json").exits(0).data();
    assert_eq!(data["run"]["repo"], "parky/infra");
    let _ = github.run("runs view 5 --repo parky/parky").exits(4);
    let address = "https://github.com/parky/infra/actions/runs/5";
    let _ = github.run(&format!("runs view {address} --repo parky/parky")).exits(2);
}

#[test]
fn a_pasted_address_of_a_job_is_understood() {
    let github = GithubSite::new();
    let address = format!("https://github.com/parky/parky/actions/runs/{RED}/job/{}", JOBS[2]);
    let data = github.run(&format!("runs view {address}#step:3:1 --json")).exits(0).data();
    assert_eq!(data["jobs"].as_array().unwrap().len(), 1);
    assert_eq!(data["jobs"][0]["id"], JOBS[2]);
    let done = github.run(&format!("runs logs {address} --json")).exits(0);
    assert!(events(&done)[1..].iter().all(|event| event["job"] != NAMES[1]));
    assert!(!lines(&done).is_empty());
}

#[test]
fn logs_that_are_gone_have_their_reason() {
    let github = GithubSite::new();
    github.change_job(1, |job| job.log = Log::Gone);
    let done = github.run(&format!("runs logs {RED} --json")).exits(7);
    assert!(missing(&done)[0].contains("past its retention"), "{:?}", missing(&done));
    assert!(!lines(&done).is_empty(), "the other job's log is there");
    assert_eq!(events(&done).last().unwrap()["missing"], 1);
}

#[test]
fn a_job_without_a_log_has_its_reason() {
    let github = GithubSite::new();
    github.change_job(1, |job| job.log = Log::Absent);
    github.change_job(2, |job| job.log = Log::Bytes("".into()));
    let done = github.run(&format!("runs logs {RED} --json")).exits(7);
    let missing = missing(&done);
    assert!(missing[0].contains("has no log") && missing[1].contains("empty log"), "{missing:?}");
}

/// A run with so many jobs that the archive is asked for, and this archive.
fn with_archive(archive: Vec<u8>) -> GithubSite {
    let github = GithubSite::new();
    github.change(RED, |run| {
        for nth in 0..20 {
            let job = Job::new(49_000_000_000 + nth, &format!("unit {nth}"), run.created, 5);
            run.attempts[0].jobs.push(job);
        }
        run.archive = Archive::Bytes(archive.into());
    });
    github
}

/// Every job has its log although the archive was no use.
fn needs_no_archive(github: &GithubSite) {
    let done = github.run(&format!("runs logs {RED} --all --json")).exits(0);
    let jobs: std::collections::BTreeSet<_> =
        events(&done).iter().filter_map(|event| event["job_id"].as_u64()).collect();
    assert_eq!(jobs.len(), 23);
    assert!(lines(&done).iter().all(|line| !line.contains("EVIL")));
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, body) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(body).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn an_archive_that_is_cut_off_is_not_needed() {
    let whole = archive(&[("0_lint.txt", &[b'x'; 5000][..])]);
    needs_no_archive(&with_archive(whole[..whole.len() / 2].to_vec()));
}

#[test]
fn what_is_no_archive_is_not_needed() {
    let github = with_archive(b"<html>a proxy's page</html>".to_vec());
    needs_no_archive(&github);
    let text = github.run(&format!("runs logs {RED} --all")).exits(0);
    assert!(text.stderr.contains("the archive of the run was no use"), "{}", text.stderr);
}

#[test]
fn a_bomb_in_an_archive_is_not_read() {
    let mut bomb = archive(&[("0_lint.txt", &[b'0'; 100_000][..])]);
    // The central directory says that the entry has 4 GiB less one.
    let header = bomb.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    bomb[header + 24..header + 28].copy_from_slice(&[0xff, 0xff, 0xff, 0xfe]);
    needs_no_archive(&with_archive(bomb));
}

#[test]
fn hostile_names_in_an_archive_touch_no_file() {
    let names = ["../../0_lint.txt", "/tmp/0_lint.txt", "C:\\0_lint.txt", "a/../0_lint.txt"];
    let entries = names.map(|name| (name, &b"EVIL"[..]));
    let github = with_archive(archive(&entries));
    let room = github.site.home().join("room");
    fs::create_dir(&room).unwrap();
    let run = github.run(&format!("runs logs {RED} --all --json")).var("TMPDIR", &room);
    assert!(!run.exits(0).stdout.contains("EVIL"));
    assert_eq!(fs::read_dir(&room).unwrap().count(), 0, "nothing stays behind");
    needs_no_archive(&github);
}

#[test]
fn matrix_jobs_of_one_name_each_have_their_own_log() {
    let github = GithubSite::new();
    github.change(RED, |run| {
        let jobs = (0..20).map(|nth| {
            let job = Job::new(49_000_000_000 + nth, "test", run.created, 5);
            job.fails(&[&format!("this is number {nth}.")])
        });
        run.attempts[0].jobs = jobs.collect();
    });
    for words in ["--failed", "--all"] {
        let done = github.run(&format!("runs logs {RED} --json {words}")).exits(0);
        for nth in 0..20 {
            let own = events(&done)
                .into_iter()
                .find(|event| event["text"] == format!("this is number {nth}."));
            assert_eq!(own.unwrap()["job_id"], 49_000_000_000_u64 + nth);
        }
    }
}

#[test]
fn after_a_rerun_the_other_jobs_keep_their_logs() {
    let github = GithubSite::new();
    let _ = github.run(&format!("runs rerun {RED} --failed --yes")).exits(0);
    let _ = github.run(&format!("runs watch {RED} --interval 200ms")).exits(0);
    let done = github.run(&format!("runs logs {RED} --all --json")).exits(0);
    let of = |name: &str| events(&done).iter().any(|event| event["job"] == name);
    assert!(NAMES.iter().all(|name| of(name)), "lint ran in the first attempt only");
    let old = github.run(&format!("runs logs {RED} --attempt 1 --json")).exits(0);
    assert!(lines(&old).iter().any(|line| line.contains("AssertionError")));
}

#[test]
fn a_signed_link_that_expired_is_asked_for_again() {
    let github = GithubSite::new();
    github.stand_in.expire_links(2);
    let done = github.run(&format!("runs logs {RED} --json")).exits(0);
    assert!(lines(&done).iter().any(|line| line.contains("AssertionError")));
}

#[test]
fn the_token_is_never_forwarded_to_the_storage() {
    let github = GithubSite::new();
    let _ = github.run(&format!("runs logs {RED} --all --json")).exits(0);
    let seen = github.stand_in.storage().requests();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|seen| seen.credential == Credential::Missing));
    assert!(seen.iter().all(|seen| !format!("{:?}", seen.headers).contains(github.token())));
}

#[test]
fn a_run_of_an_organisations_workflow_needs_no_look_up() {
    let github = GithubSite::new();
    github.change(RED, |run| run.workflow_id = 999_999);
    let row = github.run(&format!("runs view {RED} --json")).exits(0).data()["run"].clone();
    assert_eq!(row["workflow"], "CI");
    let _ = github.run("runs list").exits(0);
    assert!(github.requests().iter().all(|path| !path.contains("/workflows/")));
}

#[test]
fn annotations_that_are_refused_are_a_note() {
    let github = GithubSite::new();
    let refusal = Canned::json(
        403,
        &json!({ "message": "Resource not accessible by personal access token" }),
    );
    let faults = github.stand_in.server().faults();
    faults.set("/repos/parky/parky/check-runs", Fault::answer(refusal));
    let done = github.run(&format!("runs view {RED} --json")).exits(0);
    assert_eq!(done.json()["caveats"][0]["code"], "annotations");
    assert_eq!(done.data()["failed"].as_array().unwrap().len(), 2);
}

#[test]
fn a_token_that_is_not_authorised_names_the_page() {
    let github = GithubSite::new();
    let page = "https://github.com/orgs/parky/sso?authorization_request=abc";
    let refusal = Canned::json(
        403,
        &json!({ "message": "Resource protected by organization SAML enforcement." }),
    )
    .header("x-github-sso", &format!("required; url={page}"));
    github.stand_in.server().faults().set("/repos", Fault::answer(refusal));
    let error = github.run("runs list --json").exits(3).error();
    assert!(format!("{}", error["causes"]).contains(page), "{error}");
}

#[test]
fn a_primary_limit_names_the_local_time() {
    let github = GithubSite::new();
    github.stand_in.set_limits(Limits { remaining: 0, ..Limits::default() });
    let error = github.run("runs list --json").exits(1).error();
    assert_eq!(error["code"], "rate-limited");
    assert!(format!("{}", error["causes"]).contains("JST"), "{error}");
}

#[test]
fn a_secondary_limit_is_waited_out() {
    let github = GithubSite::new();
    let message = json!({ "message": "You have exceeded a secondary rate limit." });
    let limit = Canned::json(403, &message).header("retry-after", "1");
    github.stand_in.server().faults().set("/repos", Fault::answer(limit).times(1));
    let done = github.run("runs list --json").exits(0);
    assert!(done.took >= Duration::from_secs(1), "not asked again before the time");
    assert_eq!(github.requests().len(), 2);
    // Nobody says how long: a minute, which is longer than this command may take.
    let silent = Canned::json(403, &message);
    github.stand_in.server().faults().set("/repos", Fault::answer(silent));
    let error = github.run("runs list --json --timeout 5s").exits(1).error();
    assert_eq!(error["code"], "rate-limited");
}

#[test]
fn a_watch_survives_502_and_says_so() {
    let github = GithubSite::new();
    let run = format!("/repos/parky/parky/actions/runs/{RUNNING}");
    github.change(RUNNING, |run| {
        let soon = chrono::Utc::now() + chrono::TimeDelta::seconds(1);
        run.attempts[0].jobs = vec![Job { steps: Vec::new(), ..Job::new(2, "test", soon, 0) }];
    });
    // The client tries three times by itself; this is more than that, and not at the very start.
    let fault = Fault::answer(Canned::html(502)).times(8);
    github.stand_in.server().faults().set(&format!("{run}/jobs"), fault);
    let done = github.run(&format!("runs watch {RUNNING} --interval 100ms --json")).exits(0);
    let seen = events(&done);
    let retry = seen.iter().find(|event| event["event"] == "retry").unwrap();
    assert!(retry["why"].as_str().unwrap().contains("502") && retry["seconds"].is_number());
    assert_eq!(seen.last().unwrap()["conclusion"], "success");

    let fault = Fault::answer(Canned::html(502));
    github.stand_in.server().faults().set(&format!("{run}/jobs"), fault);
    let words = format!("runs watch {RUNNING} --interval 100ms --give-up 1s --json");
    assert_eq!(github.run(&words).exits(5).code, Some(5));
}

#[test]
fn a_watch_that_begins_in_an_outage_waits_for_its_end() {
    let github = GithubSite::new();
    let run = format!("/repos/parky/parky/actions/runs/{RED}");
    // The client tries three times by itself.
    github.stand_in.server().faults().set(&run, Fault::answer(Canned::html(502)).times(4));
    let done = github.run(&format!("runs watch {RED} --json")).exits(10);
    let seen: Vec<_> = events(&done).into_iter().map(|event| event["event"].clone()).collect();
    assert_eq!((&seen[0], &seen[1]), (&json!("start"), &json!("retry")));
    assert_eq!(seen.last(), Some(&json!("end")));
    // What is no outage is an error, and leaves nothing on stdout.
    assert_eq!(github.run("runs watch 5 --json").exits(4).stdout, "");
}

#[test]
fn a_watch_that_runs_out_of_time_says_so() {
    let github = GithubSite::new();
    let words = format!("runs watch {RUNNING} --timeout 1s --json");
    let error = github.run(&words).exits(5).error();
    assert_eq!(error["message"], "out of time: the run goes on");
}

#[test]
fn logs_into_a_closed_pipe_end_quietly() {
    let github = GithubSite::new();
    github.change_job(2, |job| job.log = Log::Filler { step: 3, mib: 4 });
    for words in ["", "--json"] {
        let run = github.run(&format!("runs logs {RED} --job typecheck {words}"));
        let mut child = run.command().spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let mut some = [0; 10];
        std::io::Read::read_exact(&mut out, &mut some).unwrap();
        drop(out);
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{err}");
        assert!(!err.contains("error"), "{err}");
    }
    let _ = Stdio::null();
}

#[test]
fn an_enterprise_token_goes_nowhere() {
    let github = GithubSite::new();
    let marker = "ghp_MARKERmarkerMARKERmarker0123456789";
    let names = ["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"];
    let both = names.iter().fold(github.run("runs list"), |run, name| run.var(name, marker));
    let _ = both.exits(0);
    let mut alone = github.run("runs list --json").without("GH_TOKEN").var("PATH", "");
    for name in names {
        alone = alone.var(name, marker);
    }
    let done = alone.exits(3);
    assert_eq!(done.error()["code"], "credentials");
    assert_eq!(github.requests().len(), 1, "nothing was sent with it");
    done.hides(marker);
}

#[test]
fn commands_and_escapes_inside_logs_have_no_effect() {
    let github = GithubSite::new();
    let evil = [
        "::add-mask::everything",
        "  ::stop-commands::x",
        "##[add-path]/tmp/evil",
        "\u{1b}]0;title\u{7}\u{1b}[2J\u{1b}[31mred\u{1b}[0m \u{202e}txt.exe",
        "a\rb",
    ];
    github.change_job(2, |job| {
        job.name = "type\u{1b}[2Jcheck\tx".to_owned();
        job.steps[2].lines.extend(evil.map(str::to_owned));
    });
    for (words, on_runner) in [("", false), ("", true), ("--json", true)] {
        let mut run = github.run(&format!("runs logs {RED} {words}"));
        if on_runner {
            run = run.var("GITHUB_ACTIONS", "true");
        }
        let done = run.exits(0);
        let text = &done.stdout;
        let control = |c: char| c.is_control() && c != '\n' && c != '\t';
        assert!(!text.contains(control) && !text.contains('\u{202e}'), "{text:?}");
        for line in text.lines() {
            assert!(!line.trim_start().starts_with("::"), "{line}");
            assert!(!on_runner || !line.contains("##["), "{line}");
        }
        if words == "--json" {
            let lines = lines(&done);
            assert!(evil.iter().all(|line| lines.contains(&(*line).to_owned())), "{lines:?}");
        }
    }
    let ended = github.run(&format!("runs logs {RED} --full")).at_terminal(100).end();
    assert!(ended.raw.contains("\u{1b}[31mred\u{1b}[0m"), "colours pass");
    assert!(
        !ended.raw.contains("\u{1b}]0;") && !ended.raw.contains("\u{1b}[2J"),
        "{:?}",
        ended.raw
    );
}
