//! The client against servers on loopback that answer as GitHub does on a bad day.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::logs::Missing;
use super::*;
use crate::domain::{Clock, Redactor};
use crate::http::stub::{Act, Stub, answer, json as answer_json};
use crate::http::{self, ApiError, Fault, Roots, Service};

const TOKEN: &str = "ghp_0123456789abcdefABCDEF0123456789";
const NOW: &str = "2026-11-21T18:12:00Z";

fn client(stub: &Stub, folder: Option<&Path>) -> Client {
    let clock = Clock::fixed(NOW.parse().unwrap());
    let http = http::Client::new(Roots::system(), Redactor::default(), clock, None);
    let api = http.api(Service::GitHub, stub.url(), Some(TOKEN.into()));
    let links = http.links(Service::GitHub, &stub.url());
    let cache = Cache::new(folder.map(Path::to_owned), &TOKEN.into());
    Hub::new(api, links, stub.url(), cache, clock).repo("parky/parky".parse().unwrap())
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

fn run(id: u64, created: &str, more: &Value) -> Value {
    let mut run = json!({
        "id": id, "name": "CI", "display_title": format!("title {id}"), "head_branch": "main",
        "status": "completed", "conclusion": "success", "created_at": created,
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        run[key] = value.clone();
    }
    run
}

fn runs(list: &[Value]) -> Act {
    let body = json!({ "total_count": list.len(), "workflow_runs": list });
    answer_json(&body.to_string())
}

/// The error of reading a run from a server that answers like this.
async fn refused(status: &str, headers: &[&str], message: &str) -> ApiError {
    let body = json!({ "message": message, "status": status }).to_string();
    let (status, headers) = (status.to_owned(), headers.join("\n"));
    let stub = Stub::http(move |_, _| {
        let headers: Vec<&str> = headers.lines().collect();
        answer(&status, &headers, &body)
    })
    .await;
    client(&stub, None).run(5, None, soon()).await.unwrap_err()
}

#[tokio::test]
async fn a_refusal_says_what_it_means() {
    let limited = |at: &str| Fault::RateLimited { retry_at: at.parse().ok() };
    let reset = "x-ratelimit-reset: 1795288320";
    for (status, headers, message, fault, word) in [
        ("401 Unauthorized", &[][..], "Bad credentials", Fault::Unauthorized, "Bad credentials"),
        ("404 Not Found", &[], "Not Found", Fault::NotFound, "no access"),
        (
            "403 Forbidden",
            &["x-accepted-github-permissions: actions=read"],
            "No",
            Fault::Forbidden,
            "the token needs actions=read",
        ),
        (
            "403 Forbidden",
            &["x-github-sso: required; url=https://github.com/orgs/parky/sso?x=1"],
            "Resource protected by organization SAML enforcement.",
            Fault::Forbidden,
            "(SAML): https://github.com/orgs/parky/sso?x=1",
        ),
        (
            "403 Forbidden",
            &["x-ratelimit-remaining: 0", reset],
            "API rate limit exceeded",
            limited("2026-11-21T19:12:00Z"),
            "2026-11-22 04:12:00 JST",
        ),
        (
            "429 Too Many",
            &["x-ratelimit-remaining: 0", reset],
            "x",
            limited("2026-11-21T19:12:00Z"),
            "JST",
        ),
        (
            "403 Forbidden",
            &["retry-after: 300"],
            "secondary",
            limited("2026-11-21T18:17:00Z"),
            "JST",
        ),
        (
            "403 Forbidden",
            &[],
            "You have exceeded a secondary rate limit.",
            limited("2026-11-21T18:13:00Z"),
            "JST",
        ),
    ] {
        let error = refused(status, headers, message).await;
        assert_eq!(error.fault, fault, "{status} {headers:?}");
        assert!(error.to_string().contains(word), "{word:?} in {error}");
        assert!(!error.to_string().contains(TOKEN));
    }
}

#[tokio::test]
async fn a_short_limit_is_waited_out() {
    let stub = Stub::http(|number, _| match number {
        0 => answer("403 Forbidden", &["retry-after: 0"], "{}"),
        _ => answer_json(&run(5, NOW, &json!({})).to_string()),
    })
    .await;
    assert_eq!(client(&stub, None).run(5, None, soon()).await.unwrap().id, 5);
    assert_eq!(stub.requests().len(), 2);
}

#[tokio::test]
async fn what_did_not_change_comes_from_the_disk() {
    let body = run(5, NOW, &json!({})).to_string();
    let stub = Stub::http(move |_, head| match head.contains("if-none-match: W/\"t1\"") {
        true => answer("304 Not Modified", &["etag: W/\"t1\""], ""),
        false => answer("200 OK", &["etag: W/\"t1\""], &body),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let run = client(&stub, Some(folder.path())).run(5, None, soon()).await.unwrap();
        assert_eq!(run.title, "title 5");
    }
    let asked = stub.requests();
    let with_tag = asked.iter().filter(|head| head.contains("if-none-match")).count();
    assert_eq!((asked.len(), with_tag), (3, 2));
}

#[tokio::test]
async fn every_page_is_read_and_no_link_is_followed() {
    // A server in between may take the links out: then the count tells.
    for (links, rows) in [(true, 100), (false, 100), (false, 40)] {
        let stub = Stub::http(move |_, head| jobs_page(head, links, rows)).await;
        let jobs = client(&stub, None).jobs(5, None, soon()).await.unwrap();
        let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
        assert_eq!(ids, (1..=250).collect::<Vec<_>>(), "{links} {rows}");
        assert_eq!(stub.requests().len() as u64, 250_u64.div_ceil(rows));
    }
}

/// A page of 250 jobs, with so many rows on it, whatever was asked for.
fn jobs_page(head: &str, links: bool, rows: u64) -> Act {
    let page: u64 = match head.split("page=").nth(2).map(|rest| rest.as_bytes()[0]) {
        Some(digit) => u64::from(digit - b'0'),
        None => 1,
    };
    let ids = (page - 1) * rows..(page * rows).min(250);
    let last = ids.end == 250;
    let jobs: Vec<_> = ids.map(|id| json!({ "id": id + 1 })).collect();
    let body = json!({ "total_count": 250, "jobs": jobs }).to_string();
    let link = "Link: <https://evil.example/steal?page=2>; rel=\"next\"";
    match last || !links {
        true => answer("200 OK", &[], &body),
        false => answer("200 OK", &[link], &body),
    }
}

#[tokio::test]
async fn nulls_and_unknown_words_are_read() {
    let odd = json!({
        "id": 9_999_999_999_u64, "name": null, "display_title": "", "head_branch": null,
        "head_sha": "0badc0de12345678", "status": "hibernating", "conclusion": "",
        "head_commit": { "message": "first line\nsecond" }, "created_at": "0001-01-01T00:00:00Z",
        "path": ".github/workflows/ci.yml", "actor": null, "pull_requests": null,
    });
    let stub = Stub::http(move |_, _| answer_json(&odd.to_string())).await;
    let run = client(&stub, None).run(1, None, soon()).await.unwrap();
    assert_eq!(
        (run.title.as_str(), run.workflow.as_str()),
        ("first line", ".github/workflows/ci.yml")
    );
    assert_eq!((run.state(), run.conclusion, run.created_at), (State::Running, None, None));
}

#[tokio::test]
async fn the_newest_run_is_found_though_the_filtered_list_lags() {
    let (new, old) =
        (run(2, "2026-11-21T18:11:00Z", &json!({})), run(1, "2026-11-21T18:00:00Z", &json!({})));
    let other = run(3, "2026-11-21T18:10:00Z", &json!({ "head_branch": "other" }));
    let stub = Stub::http(move |_, head| match head.contains("branch=main") {
        true => runs(std::slice::from_ref(&old)),
        false => runs(&[new.clone(), other.clone(), old.clone()]),
    })
    .await;
    let query = RunQuery { branch: Some("main".to_owned()), limit: 10, ..RunQuery::default() };
    let listed = client(&stub, None).runs(&query, soon()).await.unwrap();
    let ids: Vec<_> = listed.runs.iter().map(|run| run.id).collect();
    assert_eq!((ids, listed.lagging, listed.more), (vec![2, 1], true, false));
    assert_eq!(stub.requests().len(), 2);
}

fn job(status: &str, conclusion: Option<&str>) -> Job {
    Job {
        id: 7,
        run: 5,
        attempt: 1,
        name: "build".to_owned(),
        status: status.to_owned(),
        conclusion: conclusion.map(str::to_owned),
        started_at: None,
        completed_at: None,
        steps: Vec::new(),
        url: String::new(),
    }
}

/// The API and the storage in one: `logs` is answered with a link to `script`.
async fn storage(script: impl Fn(usize) -> Act + Send + Sync + 'static) -> Stub {
    Stub::http(move |number, head| match head.contains("/logs ") {
        true => {
            answer("302 Found", &[&format!("Location: http://{}/blob?sig=s3cr3t", host(head))], "")
        }
        false => script(number / 2),
    })
    .await
}

fn host(head: &str) -> &str {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("host: "));
    line.map(|line| &line[6..]).unwrap()
}

async fn text(stub: &Stub, job: &Job) -> Result<String, Missing> {
    let mut log = client(stub, None).job_log(job).await?;
    let mut all = Vec::new();
    loop {
        match log.chunk().await {
            Ok(Some(chunk)) => all.extend_from_slice(&chunk),
            Ok(None) => return Ok(String::from_utf8(all).unwrap()),
            Err(error) => return Err(Missing::Failed(Box::new(error))),
        }
    }
}

#[tokio::test]
async fn a_link_that_expired_is_asked_for_again() {
    let stub = storage(|turn| match turn {
        0 => answer("403 Forbidden", &[], "<Error><Code>AuthenticationFailed</Code></Error>"),
        _ => answer("200 OK", &[], "the log"),
    })
    .await;
    assert_eq!(text(&stub, &job("completed", Some("failure"))).await.unwrap(), "the log");
}

#[tokio::test]
async fn a_log_that_breaks_off_is_taken_up_where_it_was() {
    let stub = storage(|turn| match turn {
        0 => Act::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123".to_vec()),
        1 => Act::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01".to_vec()),
        _ => answer("200 OK", &[], "0123456789"),
    })
    .await;
    assert_eq!(text(&stub, &job("completed", Some("failure"))).await.unwrap(), "0123456789");
}

#[tokio::test]
async fn a_log_that_is_not_there_has_its_reason() {
    for (status, expected) in [("410 Gone", Missing::Gone), ("404 Not Found", Missing::Absent)] {
        let stub =
            Stub::http(move |_, _| answer(status, &[], r#"{"message":"Server Error"}"#)).await;
        assert_eq!(text(&stub, &job("completed", None)).await.unwrap_err(), expected);
    }
    let stub = Stub::http(|_, _| answer("500 Broken", &[], "")).await;
    for (job, expected) in [
        (job("in_progress", None), Missing::Running),
        (job("completed", Some("skipped")), Missing::Skipped),
    ] {
        assert_eq!(text(&stub, &job).await.unwrap_err(), expected);
    }
    assert_eq!(stub.requests().len(), 0);
    let refusing = storage(|_| answer("403 Forbidden", &[], "<Error/>")).await;
    let Err(Missing::Failed(error)) = text(&refusing, &job("completed", None)).await else {
        unreachable!("it was refused")
    };
    let said = format!("{error} {error:?}");
    assert!(said.contains("signed link") && !said.contains("s3cr3t"), "{said}");
}
