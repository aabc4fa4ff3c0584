//! What the stand-in's workers say on a working day, and what a bad version and a canary look like.

use parky_ops::sandbox::Scenario;
use parky_ops::sandbox::cloudflare::{Release, version_id};
use serde_json::{Value, json};

use super::{Running, SCRIPT, stream};
use crate::harness::{CloudflareSite, Run, Site};

/// The traces of a stream.
fn traces(stdout: &str) -> Vec<Value> {
    let lines = stream(stdout).into_iter().filter(|line| line["event"] == "tail");
    lines.map(|line| line["trace"].clone()).collect()
}

fn is_error(trace: &Value) -> bool {
    let status = trace["event"]["response"]["status"].as_u64().unwrap_or(0);
    status >= 500 || !["ok", "canceled"].contains(&trace["outcome"].as_str().unwrap())
}

/// The figures of each version over the whole of a run.
fn figures(run: &Run) -> Vec<(String, u64, u64)> {
    let mut all: Vec<(String, u64, u64)> = Vec::new();
    for line in stream(&run.exits(0).stdout) {
        for row in line["rows"].as_array().into_iter().flatten() {
            let version = row["version"].as_str().unwrap().to_owned();
            let (events, errors) =
                (row["events"].as_u64().unwrap(), row["errors"].as_u64().unwrap());
            assert!(row["wall_ms"]["p95"].is_number() && row["cpu_ms"]["p50"].is_number(), "{row}");
            match all.iter_mut().find(|(known, ..)| *known == version) {
                Some((_, e, f)) => (*e, *f) = (*e + events, *f + errors),
                None => all.push((version, events, errors)),
            }
        }
    }
    all
}

#[test]
fn both_sides_of_a_canary_speak_and_after_its_end_only_the_stable_one() {
    let site = Site::of(Scenario::Canary);
    let watch = || figures(&site.run("tail public --summary 2s --for 9s --json"));
    let id = |number| version_id(SCRIPT, number);
    let seen = watch();
    let of = |number| seen.iter().find(|(version, ..)| *version == id(number)).cloned().unwrap();
    let ((_, stable, well), (_, fresh, failed)) = (of(141), of(142));
    assert!(stable > 3 * fresh && well == 0, "{seen:?}");
    assert!(failed * 2 > fresh, "most of the new version's events are errors: {seen:?}");
    let abort = "rollback worker public --abort-canary --confirm public --verify 0 --json";
    let _ = site.run(abort).exits(0);
    let seen = watch();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!((&seen[0].0, seen[0].2), (&id(141), 0));
}

#[test]
fn a_bad_deploy_shows_errors_of_its_version_and_none_after_the_rollback() {
    let site = Site::of(Scenario::BadDeploy);
    let done = site.run("tail public --json --until-error --for 30s").exits(0);
    let last = traces(&done.stdout).pop().unwrap();
    assert!(is_error(&last), "{last}");
    assert_eq!(last["scriptVersion"]["id"], version_id(SCRIPT, 142));
    let back = "rollback worker public --to @141 --confirm public --verify 0 --json";
    let _ = site.run(back).exits(0);
    let seen = traces(&site.run("tail public --json --max-events 25 --for 30s").exits(0).stdout);
    assert!(seen.iter().all(|trace| !is_error(trace)), "{seen:?}");
    assert!(seen.iter().all(|t| t["scriptVersion"]["id"] == version_id(SCRIPT, 141)), "{seen:?}");
}

#[test]
fn every_worker_speaks_at_once() {
    let site = Site::of(Scenario::Healthy);
    let lines = stream(&site.run("tail --all --json --for 6s").exits(0).stdout);
    for worker in ["public", "admin", "marketing", "store-sync"] {
        let said = lines.iter().filter(|line| line["worker"] == worker).count();
        assert!(said > 0, "{worker} is silent");
    }
    let text = site.run("tail public --max-events 20").exits(0).stdout;
    assert!(text.contains("GET https://api.parky.co.jp/v2/") && text.contains("JP"), "{text}");
}

#[test]
fn a_line_at_its_worst_is_told_event_by_event() {
    let site = CloudflareSite::new();
    site.stand_in.tails().be_rough(SCRIPT);
    // A round is over after 9 s.
    let done = site.run("tail public --json --for 14s").exits(0);
    let lines = stream(&done.stdout);
    let count = |word: &str| lines.iter().filter(|line| line["event"] == word).count();
    assert!(count("bad_frame") > 0 && count("gap") > 0, "{lines:?}");
    let ended = lines.last().unwrap();
    assert_eq!((&ended["event"], &ended["sampled"]), (&json!("ended"), &json!(true)));
    let spots = |trace: &&Value| {
        trace["event"]["request"]["url"]
            .as_str()
            .is_some_and(|url| url.ends_with("/499/availability"))
    };
    let traces = traces(&done.stdout);
    assert!(traces.iter().any(|trace| spots(&trace)), "the burst is whole");
    assert!(traces.iter().any(|trace| trace["event"].get("getWebSocketEvent").is_some()));
    let deceptive = |c: char| c != '\n' && parky_ops::domain::text::is_deceptive(c);
    assert!(!done.stdout.chars().any(deceptive));
    super::assert_deleted(site.stand_in.tails());
}

#[test]
fn two_viewers_of_a_worker_are_sent_the_same_events() {
    let release = |number, hours| {
        Release::new(number, chrono::TimeDelta::hours(hours), "ci@parky.co.jp", "feat: x")
    };
    let split = vec![release(14, 1).beside(13, 60), release(13, 9)];
    let site = CloudflareSite::of_releases(split, None);
    let run = site.run("tail public --json --max-events 40");
    let (one, other) = (Running::start(&run), Running::start(&run));
    let came = |running: Running| {
        let (code, lines) = running.end();
        assert_eq!(code, Some(0));
        traces(&lines.join("\n"))
    };
    let (mut one, mut other) = (came(one), came(other));
    // Whoever was there first saw more of the beginning.
    if !one.contains(&other[0]) {
        std::mem::swap(&mut one, &mut other);
    }
    let from = one.iter().position(|trace| *trace == other[0]).expect("one event that both saw");
    let both = one.len() - from;
    assert!(both > 5, "they hardly met: {both}");
    assert_eq!(one[from..], other[..both]);
    let versions: Vec<_> = one.iter().map(|trace| &trace["scriptVersion"]["id"]).collect();
    assert!(versions.contains(&&json!(version_id(SCRIPT, 14))), "{versions:?}");
}
