//! What is printed for what came.

use std::os::unix::fs::PermissionsExt as _;

use parky_ops::sandbox::cloudflare::tails::{Step, events};
use serde_json::json;

use super::{SCRIPT, assert_deleted, event, numbers, sends, site, stream, words};

fn at() -> chrono::DateTime<chrono::Utc> {
    "2026-11-21T18:12:41Z".parse().unwrap()
}

#[test]
fn a_stream_begins_and_ends_and_keeps_every_event_to_the_byte() {
    let odd = r#"{"outcome":"ok","big":12345678901234567890123,"exact":1.500e+02,"logs":[],"event":null}"#;
    let site = site([vec![Step::Text(odd.to_owned()), sends(1)]]);
    let done = site.run("tail public --json --max-events 2").exits(0);
    let lines = stream(&done.stdout);
    assert_eq!(words(&lines), ["start", "tail", "tail", "ended"]);
    assert_eq!(lines[0]["schema"], "parky-ops/tail/v1");
    assert_eq!((&lines[0]["env"], &lines[0]["sandbox"]), (&json!("prod"), &json!(false)));
    assert_eq!(lines[1]["worker"], "public");
    assert!(done.stdout.contains(&format!("\"trace\":{odd}}}\n")), "{}", done.stdout);
    let ended = json!({ "event": "ended", "events": 2, "bad_frames": 0, "sampled": false, "gaps": 0, "reason": "max-events" });
    assert_eq!(lines[3], ended);
    assert_eq!(done.stderr, "", "under JSON stderr holds nothing but an error");
    assert_deleted(site.stand_in.tails());
    let tail = &site.stand_in.tails().all()[0];
    assert_eq!(
        (tail.messages.as_slice(), &tail.filters),
        (&[r#"{"debug":false}"#.to_owned()][..], &json!([]))
    );
}

#[test]
fn every_kind_and_every_outcome_is_shown_in_both_forms() {
    let kinds = events::of_every_kind(at());
    let outcomes = events::OUTCOMES.map(|word| events::ended(event(0), word));
    let all: Vec<_> = kinds.iter().map(|(_, event)| event.clone()).chain(outcomes).collect();
    let count = all.len();
    let site = site(vec![all.iter().cloned().map(Step::Event).collect(); 2]);
    let done = site.run(&format!("tail public --json --max-events {count}")).exits(0);
    let traces: Vec<_> =
        stream(&done.stdout)[1..=count].iter().map(|l| l["trace"].clone()).collect();
    assert_eq!(traces, all);
    let text = site.run(&format!("tail public --max-events {count}")).exits(0).stdout;
    for said in [
        "✓ 200 GET https://api.parky.co.jp/v2/spots?near=shibuya",
        "cron \"*/5 * * * *\"",
        "email from user@example.jp to help@parky.co.jp (2048 bytes)",
        "alarm of 2026-11-21T18:12:41",
        "tail worker for a, b",
        "queue reservations (7 messages)",
        "rpc Inventory.reserve",
        "websocket close 1006",
        "event of a kind that is new",
        "✗ exceededCpu 200",
        "✗ loadShed",
        "- canceled",
    ] {
        assert!(text.contains(said), "{said:?} in {text}");
    }
}

#[test]
fn logs_are_unfolded_and_exceptions_have_their_stack() {
    let line = json!({ "level": "error", "scope": "pay", "resource": "r-1", "message": "declined", "try": 3 });
    let event = events::logged(
        events::fetch("POST", "https://x/y", 503, at()),
        "log",
        &json!([line.to_string()]),
    );
    let event = events::logged(event, "warn", &json!(["plain", { "a": 1 }]));
    let event = events::threw(event, "TypeError", &json!("no price"), "    at f (a.ts:1:2)");
    let site = site([vec![Step::Event(events::ended(event, "exception"))]]);
    let text = site.run("tail public --max-events 1").exits(0).stdout;
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("03:12:41 JST public ✗ exception 503 POST https://x/y"), "{text}");
    assert_eq!(lines[1].trim(), "error [pay] [r-1] declined try=3");
    assert_eq!(lines[2].trim(), "warn  plain {\"a\":1}");
    assert_eq!(
        (lines[3].trim(), lines[4].trim()),
        ("threw TypeError: no price", "at f (a.ts:1:2)")
    );
}

#[test]
fn filters_of_cloudflare_are_asked_for_and_those_of_ours_are_applied() {
    let site = site([vec![]]);
    let words = "tail public --status ok,error --method get --header X-A:b --ip self --search x \
                 --sampling-rate 0.5 --for 1s";
    let _ = site.run(words).exits(0);
    let filters = site.stand_in.tails().all()[0].filters.clone();
    let outcomes =
        filters.as_array().unwrap().iter().find_map(|f| f["outcome"].as_array()).unwrap().clone();
    assert!(outcomes.contains(&json!("ok")) && outcomes.contains(&json!("exceededWallTime")));
    for filter in [
        json!({ "method": ["GET"] }),
        json!({ "header": { "key": "X-A", "query": "b" } }),
        json!({ "client_ip": ["self"] }),
        json!({ "query": "x" }),
        json!({ "sampling_rate": 0.5 }),
    ] {
        assert!(filters.as_array().unwrap().contains(&filter), "{filter} in {filters}");
    }
    let slow = json!({ "outcome": "ok", "number": 7, "wallTime": 900, "logs": [
        { "level": "warn", "message": ["request 4f1d-77"], "timestamp": 0 }
    ], "event": { "request": { "url": "https://x/v2/spots/9", "method": "GET" } } });
    for chosen in
        ["--min-wall 500ms", "--level warn", "--trace 4f1d-77", "--path /v2/*/9", "--grep 4f1d"]
    {
        site.stand_in.tails().play(SCRIPT, [vec![sends(1), Step::Event(slow.clone())]]);
        let run = site.run(&format!("tail public --json --max-events 1 {chosen}"));
        assert_eq!(numbers(&stream(&run.exits(0).stdout)), [7], "{chosen}");
    }
}

#[test]
fn an_error_ends_it_where_that_is_wanted() {
    let failed = |number| events::ended(event(number), "exception");
    let site = site([vec![sends(1), Step::Event(failed(2)), Step::Event(failed(3))]]);
    let lines = stream(&site.run("tail public --json --until-error").exits(0).stdout);
    assert_eq!(numbers(&lines), [1, 2]);
    assert_eq!(lines.last().unwrap()["reason"], "until-error");
    assert_deleted(site.stand_in.tails());
}

#[test]
fn figures_stand_side_by_side_for_the_two_sides_of_a_canary() {
    let of = |version: &str, wall: u32, outcome: &str| {
        Step::Event(
            json!({ "outcome": outcome, "wallTime": wall, "cpuTime": 2, "scriptVersion": { "id": version } }),
        )
    };
    let play = vec![of("old", 10, "ok"), of("old", 30, "ok"), of("new", 900, "exception")];
    let site = site([play.clone(), play]);
    let lines = stream(&site.run("tail public --json --summary 1s --for 3s").exits(0).stdout);
    let rows: Vec<_> = lines
        .iter()
        .filter(|l| l["event"] == "summary")
        .flat_map(|l| l["rows"].as_array().unwrap())
        .collect();
    let of = |version: &str| rows.iter().find(|row| row["version"] == version).unwrap();
    assert_eq!((&of("old")["events"], &of("old")["wall_ms"]["p95"]), (&json!(2), &json!(30.0)));
    assert_eq!((&of("new")["errors"], &of("new")["worker"]), (&json!(1), &json!("public")));
    assert!(!lines.iter().any(|line| line["event"] == "tail"));
    let text = site.run("tail public --summary 1s --for 2s").exits(0).stdout;
    assert!(text.contains("WALL P50") && text.contains("900 ms"), "{text}");
}

#[test]
fn a_copy_is_private_redacted_and_never_written_over() {
    let mut leaky = event(1);
    leaky["event"]["request"]["url"] = json!("https://x/y?access_token=MARKER-1&q=2");
    leaky["event"]["request"]["headers"] = json!({ "x-api-key": "MARKER-2" });
    let leaky =
        events::logged(leaky, "log", &json!([r#"{"level":"info","refreshToken":"MARKER-3"}"#]));
    let site = site([vec![Step::Event(leaky)]]);
    let copy = site.site.home().join("copy.ndjson");
    let _ = site.run("tail public --max-events 1 --out copy.ndjson").exits(0);
    let text = std::fs::read_to_string(&copy).unwrap();
    assert_eq!(words(&stream(&text)), ["start", "tail", "ended"]);
    assert!(!text.contains("MARKER") && text.contains("q=2"), "{text}");
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let again = site.run("tail public --max-events 1 --out copy.ndjson").exits(1);
    assert!(again.stderr.contains("is not overwritten"), "{}", again.stderr);
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), text);
}

#[test]
fn a_version_is_named_by_number_or_taken_from_the_newest_deployment() {
    let site = site([]);
    for (words, wanted) in [("--version @141", 141), ("--since-deploy", 141)] {
        let _ = site.run(&format!("tail public {words} --for 1s")).exits(0);
        let id = parky_ops::sandbox::cloudflare::version_id(SCRIPT, wanted);
        let filters = site.stand_in.tails().all().last().unwrap().filters.clone();
        assert_eq!(filters, json!([{ "scriptVersion": id }]), "{words}");
    }
    let unknown = site.run("tail public --version @7").exits(4);
    assert!(unknown.stderr.contains("no deployable version '@7'"), "{}", unknown.stderr);
}
