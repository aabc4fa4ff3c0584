//! What `triage` says of workflows and of the healthcheck.

use chrono::{DateTime, TimeDelta, Utc};
use parky_ops::sandbox::github::{Job, Limits, Repo, Run as ActionsRun, Workflow};
use parky_ops::sandbox::server::{Canned, Fault};
use serde_json::{Value, json};

use crate::harness::{Done, GithubSite, RED, WAITING, usual, workflows};

const WORDS: &str = "triage --json --only actions,synthetic";
const FILE: &str = "synthetic-healthcheck.yml";

fn healthcheck() -> Workflow {
    Workflow::new(61_003, "Synthetic healthcheck", FILE)
}

/// A healthcheck so many minutes ago.
fn probe(id: u64, minutes: i64, good: bool) -> ActionsRun {
    let at = Utc::now() - TimeDelta::minutes(minutes);
    let job = Job::new(id + 1_000_000_000, "probe", at, 5);
    let job = if good { job } else { job.fails(&["##[error]503"]) };
    healthcheck().run(id, "Synthetic healthcheck", at, vec![job]).on(Some("main"), "schedule")
}

/// A good run of a workflow so many minutes ago.
fn good(workflow: &Workflow, id: u64, minutes: i64) -> ActionsRun {
    let at = Utc::now() - TimeDelta::minutes(minutes);
    workflow.run(id, "feat: search", at, vec![Job::new(id + 1_000_000_000, "build", at, 30)])
}

/// A repository whose CI and deploy are good, with these healthchecks.
fn fine(probes: &[(u64, i64, bool)]) -> Repo {
    let [ci, deploy] = workflows();
    let mut repo = Repo::new("parky/parky", 7, vec![ci.clone(), deploy.clone(), healthcheck()]);
    repo.runs = vec![good(&ci, 1, 300), good(&deploy, 2, 290)];
    repo.runs.extend(probes.iter().map(|&(id, minutes, good)| probe(id, minutes, good)));
    repo
}

fn site(repos: Vec<Repo>) -> GithubSite {
    let github = GithubSite::of(Utc::now(), repos);
    github.site.set("github.healthcheck_workflow", &format!("\"{FILE}\""));
    github
}

fn said(done: &Done) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let checks = done.data()["checks"].as_array().unwrap().clone();
    let wanted = ["actions", "synthetic"];
    let asked = checks.iter().filter(|c| wanted.contains(&c["source"].as_str().unwrap()));
    let say = |c: &Value| {
        format!("{}: {} {}", word(&c["name"]), word(&c["state"]), word(&c["reason"]["code"]))
    };
    asked.map(say).collect()
}

#[test]
fn good_runs_are_one_green_check_and_one_request() {
    let github = site(vec![fine(&[(50, 4, true), (51, 9, true)])]);
    let done = github.run(WORDS).exits(0);
    assert_eq!(said(&done), ["default-branch: green ok", "healthcheck: green ok"]);
    assert_eq!(github.requests().len(), 1, "{:?}", github.requests());
    assert_eq!(done.data()["next"], json!([]));
}

#[test]
fn bad_and_waiting_workflows_have_a_check_each_with_what_to_type() {
    let github = GithubSite::new();
    let done = github.run(WORDS).exits(0);
    assert_eq!(
        said(&done),
        [
            "Deploy: yellow awaiting-approval",
            "CI: yellow run-failed",
            "healthcheck: skipped not-configured"
        ]
    );
    let next = |name| done.check("actions", name)["next"]["command"].clone();
    assert_eq!(next("CI"), format!("parky-ops runs logs {RED}"));
    assert_eq!(next("Deploy"), format!("parky-ops runs approvals {WAITING}"));
    assert_eq!(done.check("actions", "CI")["evidence"]["run_id"], RED);
    // What is printed can be typed.
    for name in ["CI", "Deploy"] {
        let command = next(name).as_str().unwrap().replace("parky-ops ", "");
        assert_ne!(github.run(&command).exits(0).stdout, "");
    }
}

#[test]
fn a_repository_without_workflows_is_not_green() {
    let github = site(vec![Repo::new("parky/parky", 7, Vec::new())]);
    let done = github.run(WORDS).exits(7);
    assert_eq!(said(&done), ["default-branch: yellow no-runs", "healthcheck: unknown not-found"]);
    assert!(done.text("synthetic", "healthcheck").contains(FILE));
}

#[test]
fn a_healthcheck_that_never_ran_is_red() {
    let done = site(vec![fine(&[])]).run(WORDS).exits(10);
    assert_eq!(said(&done), ["default-branch: green ok", "healthcheck: red stale"]);
}

#[test]
fn a_renamed_repository_is_unknown_and_its_new_name_is_told() {
    let mut repo = fine(&[(50, 4, true)]);
    repo.formerly = vec!["parky/old-name".to_owned()];
    let github = site(vec![repo]);
    github.site.set("github.repos", "[\"parky/old-name\"]");
    let done = github.run(WORDS).exits(3);
    assert_eq!(said(&done), ["default-branch: unknown moved", "healthcheck: unknown moved"]);
    let text = done.text("actions", "default-branch");
    assert!(text.contains("parky/old-name was renamed or moved and is parky/parky now"), "{text}");
    let doctor = github.run("doctor --json").done();
    assert_eq!(doctor.says("tokens", "GitHub parky/old-name"), "unknown moved");
}

#[test]
fn a_repository_that_is_not_there_or_not_ours_to_see_is_unknown() {
    let github = site(vec![fine(&[])]);
    github.site.set("github.repos", "[\"parky/nope\"]");
    let done = github.run(WORDS).exits(3);
    assert_eq!(
        said(&done),
        ["default-branch: unknown not-found", "healthcheck: unknown not-found"]
    );
    let text = done.text("actions", "default-branch");
    assert!(text.contains("the same where the token has no access"), "{text}");
    assert!(text.contains("token from $GH_TOKEN"), "{text}");
}

#[test]
fn runs_that_cannot_be_read_are_unknown_with_the_reason() {
    let sso = "required; url=https://github.com/orgs/parky/sso?x=1";
    let message = |text: &str| json!({ "message": text });
    for (answer, code, words) in [
        (Canned::json(401, &message("Bad credentials")), "unauthorized", "token from $GH_TOKEN"),
        (Canned::json(403, &message("No")), "no-permission", "token from $GH_TOKEN"),
        (Canned::json(403, &message("No")).header("x-github-sso", sso), "no-permission", "SAML"),
        (
            Canned::json(403, &message("slow down")).header("retry-after", "600"),
            "rate-limited",
            "asked to wait until",
        ),
        (Canned::html(502), "service-error", "HTTP 502"),
        (Canned::html(200), "unreadable", "web page"),
    ] {
        let github = site(vec![fine(&[(50, 4, true)])]);
        github.stand_in.server().faults().set("/repos", Fault::answer(answer));
        let done = github.run(WORDS).done();
        let expected =
            [format!("default-branch: unknown {code}"), format!("healthcheck: unknown {code}")];
        assert_eq!(said(&done), expected);
        let text = done.text("actions", "default-branch");
        assert!(text.contains(words), "{words} in {text}");
    }
    let github = site(vec![fine(&[(50, 4, true)])]);
    github.stand_in.set_limits(Limits { remaining: 0, ..Limits::default() });
    let done = github.run(WORDS).exits(7);
    assert_eq!(said(&done)[0], "default-branch: unknown rate-limited");
    let done = github.site.run(WORDS).exits(3);
    assert_eq!(said(&done)[0], "default-branch: unknown no-credential");
}

#[test]
fn without_a_repository_both_are_skipped() {
    let github = site(vec![fine(&[])]);
    github.site.set("github.repos", "[]");
    let done = github.run(WORDS).done();
    assert_eq!(
        said(&done),
        ["default-branch: skipped not-configured", "healthcheck: skipped not-configured"]
    );
    assert_eq!(github.requests().len(), 0);
}

#[test]
fn one_repository_of_several_that_fails_hides_no_other() {
    let mut infra = Repo::new("parky/infra", 8, vec![workflows()[0].clone()]);
    infra.runs.push(good(&workflows()[0], 90, 30));
    let github = site(vec![fine(&[(50, 4, true)]), infra]);
    github.stand_in.server().faults().set("/repos/parky/infra", Fault::answer(Canned::html(502)));
    let done = github.run(WORDS).exits(7);
    assert_eq!(
        said(&done),
        ["default-branch: green ok", "parky/infra: unknown service-error", "healthcheck: green ok"]
    );
    github.stand_in.server().faults().clear_all();
    assert_eq!(said(&github.run(WORDS).exits(0))[0], "default-branch: green ok");
}

/// A healthcheck every five minutes fills the plain list in eight hours.
#[test]
fn a_failed_deploy_behind_a_hundred_healthchecks_is_found() {
    let mut repo = fine(&[]);
    let flood = (0..120).map(|nth| probe(1000 + nth, 3 + 2 * i64::try_from(nth).unwrap(), true));
    repo.runs.extend(flood);
    let [_, deploy] = workflows();
    let at = Utc::now() - TimeDelta::minutes(280);
    let failed = Job::new(5_000_000_000, "deploy", at, 30).fails(&["##[error]no"]);
    repo.runs.push(deploy.run(3, "feat: v2", at, vec![failed]));
    let github = site(vec![repo]);
    let done = github.run(WORDS).exits(0);
    assert_eq!(said(&done), ["Deploy: yellow run-failed", "healthcheck: green ok"]);
    assert!(github.requests().len() <= 3, "{:?}", github.requests());
    // The filter knows nothing: the workflow that is named is asked for by itself.
    github.stand_in.set_index_lag(TimeDelta::days(3));
    assert_eq!(said(&github.run(WORDS).exits(0))[0], "Deploy: yellow run-failed");
    // And where that cannot be read, nothing is called green.
    let by_file = "/repos/parky/parky/actions/workflows/deploy.yml";
    github.stand_in.server().faults().set(by_file, Fault::answer(Canned::html(502)));
    assert_eq!(said(&github.run(WORDS).exits(7))[0], "default-branch: unknown service-error");
}

#[test]
fn the_healthcheck_tells_the_start_while_it_fails() {
    let probes = [(50, 4, false), (51, 9, false), (52, 14, true), (53, 19, false)];
    let github = site(vec![fine(&probes)]);
    let done = github.run(WORDS).exits(10);
    assert_eq!(said(&done)[1], "healthcheck: red healthcheck-failed");
    let data = done.data();
    assert_eq!(data["started_from"], "healthcheck");
    let started: DateTime<Utc> = data["started_at"].as_str().unwrap().parse().unwrap();
    let ago = (Utc::now() - started).num_seconds();
    assert!((9 * 60 - 2..10 * 60).contains(&ago), "{ago}");
    assert_eq!(data["severity"]["proposed"], "SEV3", "only a monitor");
    assert_eq!(data["next"][0]["command"], "parky-ops runs logs 50");
    assert_ne!(github.run("runs logs 50").exits(0).stdout, "");
    let text = github.run("triage --only actions,synthetic").exits(10).stdout;
    assert!(text.contains("the first failed healthcheck run"), "{text}");
}

#[test]
fn a_healthcheck_that_is_late_silent_or_running_is_judged_by_the_last_that_ended() {
    let now = Utc::now();
    for (probes, code, expected) in [
        (&[(50, 20, true)][..], 0, "healthcheck: yellow stale"),
        (&[(50, 47, true)], 10, "healthcheck: red stale"),
    ] {
        let mut repo = fine(probes);
        let running = Job::new(4_000_000_000, "probe", now - TimeDelta::minutes(1), 600);
        let running = healthcheck().run(60, "Synthetic healthcheck", now, vec![running]);
        repo.runs.push(running.on(Some("main"), "schedule"));
        let done = site(vec![repo]).run(WORDS).exits(code);
        assert_eq!(said(&done)[1], expected);
        let next = &done.check("synthetic", "healthcheck")["next"]["command"];
        assert_eq!(*next, format!("parky-ops runs list --workflow {FILE}"));
    }
}

#[test]
fn a_deploy_that_no_other_source_tells_is_the_suspect() {
    let mut repo = fine(&[(50, 4, true)]);
    repo.runs.push(good(&workflows()[1], 3, 12));
    let github = site(vec![repo]);
    let data = github.run(WORDS).exits(0).data();
    let suspect = &data["suspect"];
    assert_eq!((&suspect["kind"], &suspect["target"]), (&json!("run"), &json!("Deploy")));
    assert_eq!((&suspect["deployment_id"], &suspect["minutes_before"]), (&json!("3"), &json!(12)));
    assert_eq!((&suspect["author"], &suspect["message"]), (&json!("mori"), &json!("feat: search")));
    let data = github.run("triage --json --only synthetic").exits(0).data();
    assert_eq!(data["suspect"], json!(null), "the actions were left out");
}

#[test]
fn runs_of_pull_requests_and_other_branches_say_nothing_of_the_branch() {
    let mut repo = usual(Utc::now());
    repo.runs.retain(|run| run.id != WAITING);
    for run in repo.runs.iter_mut().filter(|run| run.id == RED) {
        run.event = "pull_request";
    }
    let github = site(vec![repo]);
    assert_eq!(said(&github.run(WORDS).done())[0], "default-branch: green ok");
    github.site.set("github.branch", "\"release\"");
    assert_eq!(said(&github.run(WORDS).done())[0], "default-branch: yellow no-runs");
}

#[test]
fn the_repository_of_the_checkout_is_looked_at_and_said() {
    let github = site(vec![fine(&[(50, 4, true)])]);
    github.site.set("github.repos", "[]");
    let git = github.site.home().join(".git");
    std::fs::create_dir(&git).unwrap();
    let remote = "[remote \"origin\"]\n url = git@github.com:parky/parky.git\n";
    std::fs::write(git.join("config"), remote).unwrap();
    let done = github.run(WORDS).exits(0);
    assert_eq!(said(&done)[0], "default-branch: green ok");
    let caveats = done.json()["caveats"].as_array().unwrap().clone();
    assert!(caveats.iter().any(|c| c["code"] == "repository-of-checkout"), "{caveats:?}");
    std::fs::write(git.join("config"), remote.replace("github.com", "gitlab.com")).unwrap();
    assert_eq!(said(&github.run(WORDS).done())[0], "default-branch: skipped not-configured");
}
