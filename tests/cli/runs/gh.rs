//! The vendor's own client and this program tell the same facts of the same server.

use std::process::Output;

use serde_json::Value;

use crate::harness::{GithubSite, NAMES, RED};

fn said(output: &Output) -> String {
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    out.into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&said(output)).unwrap()
}

#[test]
fn the_same_list() {
    let github = GithubSite::new();
    let fields = "databaseId,displayTitle,status,conclusion,headBranch,event,workflowName,url";
    let theirs = json(&github.gh(&format!("run list --json {fields}")));
    let ours = github.run("runs list --json").exits(0).data();
    let (theirs, ours) = (theirs.as_array().unwrap(), ours["rows"].as_array().unwrap());
    assert_eq!(theirs.len(), ours.len());
    for (their, our) in theirs.iter().zip(ours) {
        for (their_key, our_key) in [
            ("databaseId", "id"),
            ("displayTitle", "title"),
            ("status", "status"),
            ("headBranch", "branch"),
            ("event", "event"),
            ("workflowName", "workflow"),
            ("url", "url"),
        ] {
            assert_eq!(their[their_key], our[our_key], "{our}");
        }
        // What has not ended has an empty conclusion there, and none here.
        assert_eq!(their["conclusion"].as_str().unwrap(), our["conclusion"].as_str().unwrap_or(""));
    }
}

#[test]
fn the_same_jobs() {
    let github = GithubSite::new();
    let theirs = json(&github.gh(&format!("run view {RED} --json jobs")));
    let ours = github.run(&format!("runs view {RED} --json")).exits(0).data();
    let (theirs, ours) = (theirs["jobs"].as_array().unwrap(), ours["jobs"].as_array().unwrap());
    assert_eq!(theirs.len(), ours.len());
    for (their, our) in theirs.iter().zip(ours) {
        assert_eq!(their["databaseId"], our["id"]);
        for key in ["name", "status", "conclusion"] {
            assert_eq!(their[key], our[key]);
        }
        let names = |job: &Value| -> Vec<Value> {
            job["steps"].as_array().unwrap().iter().map(|step| step["name"].clone()).collect()
        };
        assert_eq!(names(their), names(our));
    }
    let page = said(&github.gh(&format!("run view {RED}")));
    assert!(page.contains("X main CI") && page.contains(NAMES[2]), "{page}");
}

#[test]
fn the_same_lines_of_a_failed_step() {
    let github = GithubSite::new();
    let theirs = said(&github.gh(&format!("run view {RED} --log-failed")));
    let ours = github.run(&format!("runs logs {RED}")).exits(0).stdout;
    let of = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with("typecheck\t"));
        lines.map(|line| line.replace('\u{feff}', "")).collect()
    };
    assert_eq!(of(&theirs), of(&ours));
    assert!(!of(&ours).is_empty());
    // The job with a slash in its name: gh finds nothing in the archive, and says nothing.
    assert!(!theirs.contains(NAMES[1]) && ours.contains(NAMES[1]), "{theirs}");
}

#[test]
fn gh_runs_it_again_and_both_watch_it_end() {
    let github = GithubSite::new();
    said(&github.gh(&format!("run rerun {RED} --failed")));
    let data = github.run(&format!("runs view {RED} --json")).exits(0).data();
    assert_eq!(data["run"]["attempt"], 2);
    let watched = said(&github.gh(&format!("run watch {RED} --interval 1 --exit-status")));
    assert!(watched.contains("✓ main CI"), "{watched}");
    let done = github.run(&format!("runs watch {RED} --json")).exits(0);
    assert!(done.stdout.lines().last().unwrap().contains("\"conclusion\":\"success\""));
    let again = github.run(&format!("runs rerun {RED} --yes --json")).exits(0).data();
    assert_eq!(again["run"]["attempt"], 3);
    said(&github.gh(&format!("run watch {RED} --interval 1")));
}
