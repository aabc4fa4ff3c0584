//! The API as a client meets it.

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::*;
use crate::sandbox::plain_client::{Reply, send};

const REPO: &str = "/repos/parky/parky";
const RUN: u64 = 17_400_000_001;
const JOB: u64 = 48_900_000_001;

fn facts(now: DateTime<Utc>) -> GithubFacts {
    let ci = Workflow::new(61_001, "CI", "ci.yml");
    let at = now - TimeDelta::minutes(30);
    let jobs = vec![
        Job::new(JOB, "lint", at, 10),
        Job::new(JOB + 1, "test / e2e", at, 20).fails(&["assertion failed"]),
        Job::new(JOB + 2, "deploy", at, 5).skipped(),
    ];
    let mut repo = Repo::new("parky/parky", 7, vec![ci.clone()]);
    repo.runs.push(ci.run(RUN, "feat: search", at, jobs));
    for nth in 1..=120 {
        let at = at - TimeDelta::hours(nth);
        let jobs = vec![Job::new(JOB + 10 + nth as u64, "lint", at, 10)];
        repo.runs.push(ci.run(RUN + nth as u64, "older", at, jobs));
    }
    GithubFacts { now, accepts: true, repos: vec![repo] }
}

fn start() -> GithubStandIn {
    let now = "2026-11-21T18:12:00Z".parse().unwrap();
    GithubStandIn::start(&Stage::start().unwrap(), facts(now)).unwrap()
}

impl GithubStandIn {
    fn ask(&self, method: &str, path: &str, more: &str, body: &str) -> Reply {
        let token = self.token().expose_secret();
        let headers = format!("authorization: token {token}\r\nuser-agent: test\r\n{more}");
        send(method, &format!("{}{REPO}{path}", self.url()), &headers, body).unwrap()
    }

    fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, "", "")
    }

    fn run(&self) -> Value {
        self.get(&format!("/actions/runs/{RUN}")).json()
    }
}

#[test]
fn who_does_not_say_who_it_is_gets_nothing() {
    let api = start();
    let url = format!("{}{REPO}/actions/runs", api.url());
    let agent = "user-agent: x\r\n";
    for (headers, status) in [
        (String::new(), 403),
        (agent.to_owned(), 401),
        (format!("{agent}authorization: Bearer nonsense\r\n"), 401),
    ] {
        assert_eq!(send("GET", &url, &headers, "").unwrap().status, status, "{headers:?}");
    }
    assert_eq!(api.get("/actions/runs/1").status, 404);
    assert_eq!(api.get("/nothing").json()["status"], "404");
}

#[test]
fn lists_are_newest_first_in_pages_with_a_link_to_the_next() {
    let api = start();
    let page = api.get("/actions/runs?per_page=100");
    let json = page.json();
    assert_eq!(json["total_count"], 121);
    assert_eq!(json["workflow_runs"][0]["id"], RUN);
    assert_eq!(json["workflow_runs"].as_array().unwrap().len(), 100);
    let link = page.header("link").unwrap();
    assert!(link.contains("/repositories/7/actions/runs?per_page=100&page=2>; rel=\"next\""));
    let rest = api.get("/actions/runs?per_page=100&page=2");
    assert_eq!(rest.json()["workflow_runs"].as_array().unwrap().len(), 21);
    assert_eq!(rest.header("link"), None);
}

#[test]
fn a_filtered_list_lags_and_the_plain_one_does_not() {
    let api = start();
    api.set_index_lag(TimeDelta::hours(1));
    let first = |query: &str| api.get(&format!("/actions/runs{query}")).json();
    assert_eq!(first("")["workflow_runs"][0]["id"], RUN);
    assert_eq!(first("?branch=main")["workflow_runs"][0]["id"], RUN + 1);
    assert_eq!(first("?status=failure")["total_count"], 0);
}

#[test]
fn an_answer_that_did_not_change_is_empty_and_free() {
    let api = start();
    let first = api.get("/actions/runs");
    let (tag, left) = (first.header("etag").unwrap().to_owned(), "x-ratelimit-remaining");
    let again = api.ask("GET", "/actions/runs", &format!("if-none-match: {tag}\r\n"), "");
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(again.header(left), first.header(left));
    api.set_limits(Limits { remaining: 0, ..Limits::default() });
    let refused = api.get("/actions/runs");
    assert_eq!((refused.status, refused.header(left)), (403, Some("0")));
}

#[test]
fn logs_are_behind_a_signed_link_that_takes_no_token() {
    let api = start();
    let link = |job: u64| {
        let reply = api.get(&format!("/actions/jobs/{job}/logs"));
        (reply.status, reply.header("location").map(str::to_owned))
    };
    let (status, to) = link(JOB + 1);
    let to = to.unwrap();
    assert_eq!(status, 302);
    assert!(!to.starts_with(&api.url()), "another server: {to}");
    let text = send("GET", &to, "", "").unwrap().body;
    assert!(text.starts_with('\u{feff}') && text.contains("Z assertion failed\n"), "{text}");
    let token = api.token().expose_secret();
    let leaked = send("GET", &to, &format!("authorization: Bearer {token}\r\n"), "").unwrap();
    assert_eq!(leaked.status, 400);
    assert_eq!(send("GET", &format!("{to}x"), "", "").unwrap().status, 403);
    api.expire_links(1);
    assert_eq!(send("GET", &link(JOB).1.unwrap(), "", "").unwrap().status, 403);
    assert_eq!(link(JOB + 2), (404, None));
    api.change_run(RUN, |run| run.attempts[0].jobs[0].log = Log::Gone);
    assert_eq!(link(JOB).0, 410);
}

#[test]
fn a_rerun_makes_an_attempt_with_new_jobs_for_the_failed_ones_alone() {
    let api = start();
    let ids = |value: &Value| -> Vec<u64> {
        let jobs = value["jobs"].as_array().unwrap();
        jobs.iter().map(|job| job["id"].as_u64().unwrap()).collect()
    };
    let path = format!("/actions/runs/{RUN}");
    assert_eq!(api.run()["conclusion"], "failure");
    assert_eq!(api.ask("POST", &format!("{path}/rerun-failed-jobs"), "", "").status, 201);
    let run = api.run();
    assert_eq!((&run["run_attempt"], &run["conclusion"]), (&json!(2), &Value::Null));
    let now = ids(&api.get(&format!("{path}/jobs")).json());
    let before = ids(&api.get(&format!("{path}/attempts/1/jobs")).json());
    assert_eq!(before, [JOB, JOB + 1, JOB + 2]);
    assert_eq!((now[0], now[2]), (JOB, JOB + 2));
    assert_ne!(now[1], JOB + 1);
    let twice = api.ask("POST", &format!("{path}/rerun"), "", "");
    assert_eq!(
        (twice.status, twice.json()["message"].as_str()),
        (403, Some("This workflow is already running"))
    );
    assert_eq!(api.ask("POST", &format!("{path}/cancel"), "", "").status, 202);
    while api.run()["status"] != "completed" {
        std::thread::yield_now();
    }
    assert_eq!(api.run()["conclusion"], "cancelled");
    assert_eq!(api.ask("POST", &format!("{path}/cancel"), "", "").status, 409);
}

#[test]
fn a_gate_opens_or_fails_by_the_word_of_a_reviewer() {
    for (word, conclusion) in [("approved", None), ("rejected", Some("failure"))] {
        let api = start();
        api.change_run(RUN, |run| {
            run.attempts[0].jobs[2] =
                Job::new(JOB + 2, "deploy", run.created, 600).waits_for("production");
            run.attempts[0].jobs.remove(1);
        });
        let path = format!("/actions/runs/{RUN}/pending_deployments");
        assert_eq!(api.run()["status"], "waiting");
        let gate = api.get(&path).json()[0].clone();
        assert_eq!(gate["environment"]["name"], "production");
        let ids = [gate["environment"]["id"].as_u64().unwrap()];
        let body = json!({ "environment_ids": ids, "state": word, "comment": "" }).to_string();
        assert_eq!(api.ask("POST", &path, "", &body).status, 200);
        assert_eq!(api.run()["conclusion"].as_str(), conclusion);
        assert_eq!(api.ask("POST", &path, "", &body).status, 422, "nothing waits any more");
    }
}

#[test]
fn the_archive_has_a_file_for_each_job_and_step() {
    let api = start();
    let jobs = api.change_run(RUN, |run| run.attempts[0].jobs.clone()).unwrap();
    let bytes = archive::of(&jobs, 1).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let names: Vec<_> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert!(names.contains(&"1_test  e2e.txt".to_owned()), "{names:?}");
    assert!(names.contains(&"test  e2e/3_npm test.txt".to_owned()), "{names:?}");
    let mut text = String::new();
    let mut file = archive.by_name("1_test  e2e.txt").unwrap();
    std::io::Read::read_to_string(&mut file, &mut text).unwrap();
    assert!(text.contains("assertion failed"));
}

#[test]
fn a_repository_of_another_name_is_where_its_number_is() {
    let api = start();
    api.change_repos(|repos| repos[0].formerly = vec!["parky/old".to_owned()]);
    let token = api.token().expose_secret();
    let headers = format!("authorization: token {token}\r\nuser-agent: test\r\n");
    let ask = |path: &str| send("GET", &format!("{}{path}", api.url()), &headers, "").unwrap();
    let moved = ask("/repos/parky/old/actions/runs?per_page=5");
    assert_eq!(moved.status, 301);
    let url = moved.json()["url"].as_str().unwrap().to_owned();
    assert!(url.ends_with("/repositories/7/actions/runs?per_page=5"), "{url}");
    assert_eq!(ask("/repositories/7").json()["full_name"], "parky/parky");
    assert_eq!(ask("/repositories/8").status, 404);
}

#[test]
fn a_schedule_goes_on_by_itself_and_says_what_it_finds() {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    let (api, stage) = (start(), Stage::start().unwrap());
    let well = Arc::new(AtomicBool::new(true));
    let found = Arc::clone(&well);
    let cron = Cron {
        repo: "parky/parky",
        file: "look.yml",
        every: Duration::from_millis(10),
        run: |id, at, well| {
            let job = Job::new(id, "look", at - TimeDelta::minutes(1), 1);
            let job = if well { job } else { job.fails(&["##[error]503"]) };
            Workflow::new(61_009, "Look", "look.yml").run(id, "Look", at, vec![job])
        },
    };
    api.keep_running(&stage, cron, move || found.load(Ordering::Relaxed));
    let looks = || -> Vec<String> {
        let page = api.get("/actions/runs?per_page=100").json();
        let runs = page["workflow_runs"].as_array().unwrap().clone();
        let looks = runs.iter().filter(|run| run["name"] == "Look");
        looks.map(|run| run["conclusion"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let until = |word: &str| {
        let begun = Instant::now();
        while !looks().iter().any(|look| look == word) {
            assert!(begun.elapsed() < Duration::from_secs(20), "no {word} in {:?}", looks());
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    until("success");
    well.store(false, Ordering::Relaxed);
    until("failure");
}
