//! What can go wrong with a tail before and while events come.

use std::time::Duration;

use parky_ops::http::Method;
use parky_ops::sandbox::ACCOUNT_ID;
use parky_ops::sandbox::cloudflare::tails::{Handshake, Step, events};
use parky_ops::sandbox::cloudflare::{error_body, success_body};
use parky_ops::sandbox::server::{Canned, Fault};
use serde_json::json;

use crate::harness::{CloudflareSite, Site, TOKEN_VARIABLE, cloudflare_config};
use crate::tail::{SCRIPT, assert_deleted, event, numbers, sends, site, stream, words};

fn tails_path() -> String {
    format!("/client/v4/accounts/{ACCOUNT_ID}/workers/scripts/{SCRIPT}/tails")
}

/// Each frame between two good events, as JSON.
fn between(step: Step) -> (CloudflareSite, Vec<serde_json::Value>) {
    let site = site([vec![sends(1), step, sends(2)]]);
    let done = site.run("tail public --json --max-events 2").exits(0);
    assert_deleted(site.stand_in.tails());
    (site, stream(&done.stdout))
}

#[test]
fn a_frame_that_is_no_event_is_told_once_and_skipped() {
    for (bad, sample) in [
        (Step::Text("not json \u{1b}[2J".into()), "not json \\u{1b}[2J"),
        (Step::Text("null".into()), "null"),
        (Step::Text(String::new()), "nothing"),
        (Step::Text("{\"outcome\":".into()), "{\"outcome\":"),
        (Step::Binary(vec![0xff, 0xfe, 0x00]), "3 bytes that are no text"),
        // A message of text that is no UTF-8.
        (Step::Raw(vec![0x81, 0x03, 0xff, 0xfe, 0x7b]), "text that is no UTF-8"),
    ] {
        let (_, lines) = between(bad);
        assert_eq!(numbers(&lines), [1, 2], "{lines:?}");
        let told: Vec<_> = lines.iter().filter(|line| line["event"] == "bad_frame").collect();
        assert_eq!(told.len(), 1, "{lines:?}");
        assert_eq!((&told[0]["count"], &told[0]["sample"]), (&json!(1), &json!(sample)));
        assert_eq!(lines.last().unwrap()["bad_frames"], 1);
    }
}

#[test]
fn many_bad_frames_are_counted_and_not_repeated() {
    let bad = Step::Burst { template: "garbage {n}".into(), count: 150 };
    let (_, lines) = between(bad);
    let told = lines.iter().filter(|line| line["event"] == "bad_frame").count();
    assert!((1..=3).contains(&told), "{told}");
    assert_eq!(lines.last().unwrap()["bad_frames"], 150);
}

#[test]
fn a_binary_frame_with_an_event_is_an_event() {
    let (_, lines) = between(Step::Binary(br#"{"number":7}"#.to_vec()));
    assert_eq!(numbers(&lines), [1, 7]);
}

#[test]
fn a_frame_in_fragments_and_several_events_in_one_are_all_taken() {
    let text = event(7).to_string();
    assert_eq!(numbers(&between(Step::Fragments(text, 9)).1), [1, 7]);
    let several = format!("[{},{}]", event(7), event(8));
    let site =
        site([vec![Step::Text(several), Step::Text(format!("{}\n{}", event(9), event(10)))]]);
    let lines = stream(&site.run("tail public --json --max-events 4").exits(0).stdout);
    assert_eq!(numbers(&lines), [7, 8, 9, 10]);
}

#[test]
fn a_broken_protocol_costs_the_line_and_it_is_got_back() {
    for bytes in
        [vec![0xf1, 0x01, b'x'], vec![0x83, 0x00], vec![0x81, 0x7f, 0x7f, 0, 0, 0, 0, 0, 0, 0]]
    {
        let site = site([vec![sends(1), Step::Raw(bytes)], vec![sends(2)]]);
        let lines = stream(&site.run("tail public --json --max-events 2").exits(0).stdout);
        assert_eq!(words(&lines), ["start", "tail", "gap", "tail", "ended"], "{lines:?}");
    }
}

#[test]
fn a_log_line_of_1_mib_is_whole_in_json_and_cut_on_a_terminal() {
    let long = "x".repeat(1 << 20);
    let big = events::logged(event(1), "log", &json!([long]));
    let site = site(vec![vec![Step::Event(big.clone())]; 2]);
    let lines = stream(&site.run("tail public --json --max-events 1").exits(0).stdout);
    assert_eq!(lines[1]["trace"], big);
    let ended = site.run("tail public --max-events 1").at_terminal(80).end();
    assert_eq!(ended.code, Some(0), "{}", ended.raw);
    let words: String = ended.raw.split_whitespace().collect();
    assert!(words.contains("(1048576signs;--jsonshowsall)"), "{}", ended.raw);
    assert!(ended.raw.len() < 1 << 16);
}

#[test]
fn escapes_in_a_log_never_reach_the_terminal_and_forge_no_line() {
    let hostile = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}evil\u{9b}31m\n03:12:41 JST public ✓ 200 GET https://forged";
    let mut bad = events::logged(event(1), hostile, &json!([hostile, { "k": hostile }]));
    bad = events::threw(bad, hostile, &json!(hostile), hostile);
    bad["event"]["request"]["url"] = json!(hostile);
    bad["outcome"] = json!(hostile);
    let site = site(vec![vec![Step::Event(bad.clone())]; 2]);
    let done = site.run("tail public --json --max-events 1").exits(0);
    let deceptive =
        |text: &str| text.chars().any(|c| c != '\n' && parky_ops::domain::text::is_deceptive(c));
    assert!(!deceptive(&done.stdout), "{}", done.stdout);
    assert!(done.stdout.contains("\\u202eevil\\u009b31m"), "{}", done.stdout);
    assert_eq!(stream(&done.stdout)[1]["trace"], bad, "the value is unchanged");
    let text = site.run("tail public --max-events 1").exits(0).stdout;
    assert!(!deceptive(&text), "{text}");
    let forged = text.lines().skip(1).filter(|line| !line.starts_with("    ")).count();
    assert_eq!(forged, 0, "{text}");
}

#[test]
fn a_burst_of_10_000_events_arrives_whole_and_in_order() {
    let burst = Step::Burst { template: r#"{"outcome":"ok","number":{n}}"#.into(), count: 10_000 };
    let site = site([vec![burst]]);
    let lines = stream(&site.run("tail public --json --max-events 10000").exits(0).stdout);
    assert_eq!(numbers(&lines), (0..10_000).collect::<Vec<_>>());
}

#[test]
fn a_refused_handshake_is_named_and_leaves_no_tail() {
    let site = site([]);
    site.stand_in.tails().shake([Handshake::Refuse(403); 9]);
    let done = site.run("tail public --json").exits(5);
    let message = done.error()["message"].clone();
    assert!(message.as_str().unwrap().contains("refused the handshake (HTTP 403)"), "{message}");
    assert_eq!(done.stdout, "");
    assert_deleted(site.stand_in.tails());
}

#[test]
fn a_server_without_the_subprotocol_is_named() {
    let site = site([]);
    site.stand_in.tails().shake([Handshake::NoSubprotocol; 9]);
    let done = site.run("tail public").exits(5);
    assert!(done.stderr.contains("does not speak 'trace-v1'"), "{}", done.stderr);
    assert_deleted(site.stand_in.tails());
}

#[test]
fn a_worker_that_does_not_exist_is_named_with_its_origin_and_a_near_name() {
    let site = CloudflareSite::new();
    site.site.edit(|config| config.replace("parky-public-prod", "parky-publik-prod"));
    let scripts = json!([{ "id": "parky-public-prod" }, { "id": "other" }]);
    let list = format!("/client/v4/accounts/{ACCOUNT_ID}/workers/scripts");
    let answer = Canned::json(200, &success_body(&scripts));
    site.stand_in.server().faults().set(&list, Fault::answer(answer).on(Method::GET));
    let error = site.run("tail public --json").exits(4).error();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("no worker parky-publik-prod"), "{message}");
    assert!(message.contains("worker public, ") && message.contains("config.toml"), "{message}");
    assert_eq!(error["hint"], "did you mean parky-public-prod?");
    let slip = site.run("tail publick").exits(2);
    assert!(slip.stderr.contains("did you mean 'public'?"), "{}", slip.stderr);
}

#[test]
fn a_pages_project_is_told_from_a_worker() {
    let site = CloudflareSite::new();
    let project = format!("/client/v4/accounts/{ACCOUNT_ID}/pages/projects/parky-lp");
    let answer = Canned::json(200, &success_body(&json!({ "id": "x", "name": "parky-lp" })));
    site.stand_in.server().faults().set(&project, Fault::answer(answer));
    let done = site.run("tail parky-lp").exits(4);
    assert!(done.stderr.contains("parky-lp is a Pages project"), "{}", done.stderr);
}

#[test]
fn an_env_that_the_toml_does_not_have_stops_a_tail() {
    for (toml, said) in [
        ("name = 'parky'\n[env.dev]\n", "has no [env.prod], only dev"),
        ("name = 'parky'\nlegacy_env = false\n[env.prod]\n", "legacy_env = false"),
    ] {
        let site = Site::bare(&cloudflare_config("http://127.0.0.1:9", ACCOUNT_ID));
        std::fs::write(site.home().join("wrangler.public.toml"), toml).unwrap();
        site.edit(|config| {
            let own = "name = \"public\"\nconfig = \"wrangler.public.toml\"";
            let folder = format!("[workers]\nconfig_dir = \"{}\"\n", site.home().display());
            config.replace("name = \"public\"", own) + &folder
        });
        let done = site.run("tail public").var(TOKEN_VARIABLE, "x".repeat(40)).exits(3);
        assert!(done.stderr.contains(said), "{}", done.stderr);
    }
}

#[test]
fn without_an_account_id_a_tail_says_what_to_set() {
    let site = CloudflareSite::new();
    site.site.edit(|config| config.replace("cloudflare_account", "#cloudflare_account"));
    let done = site.run("tail public").exits(3);
    assert!(done.stderr.contains("CLOUDFLARE_ACCOUNT_ID"), "{}", done.stderr);
}

#[test]
fn the_limit_of_10_viewers_is_explained() {
    let site = CloudflareSite::new();
    let api = site.stand_in.url();
    let script = format!("{api}/accounts/{ACCOUNT_ID}/workers/scripts/{SCRIPT}/tails");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use parky_ops::cloudflare::{TailFilters, Tails};
        use parky_ops::domain::{Clock, Redactor};
        let http = parky_ops::http::Client::new(
            parky_ops::http::Roots::system(),
            Redactor::default(),
            Clock::system(),
            None,
        );
        let base = api.parse().unwrap();
        let token = Some(site.stand_in.token().clone());
        let api = http.api(parky_ops::http::Service::Cloudflare, base, token);
        let tails = Tails::new(api, ACCOUNT_ID);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        for _ in 0..10 {
            let now = Clock::system().now();
            tails.create(SCRIPT, &TailFilters::default(), now, deadline).await.expect(&script);
        }
    });
    let done = site.run("tail public").exits(1);
    assert!(
        done.stderr.contains("10 viewers look at parky-public-prod already"),
        "{}",
        done.stderr
    );
    assert!(done.stderr.contains("close a log view of the dashboard"), "{}", done.stderr);
    assert_eq!(site.stand_in.tails().open().len(), 10, "those of others stay");
}

#[test]
fn a_429_or_5xx_while_opening_is_tried_again_or_named() {
    let site = site([vec![sends(1)]]);
    let broken = Fault::answer(Canned::html(502)).on(Method::POST).times(2);
    site.stand_in.server().faults().set(&tails_path(), broken);
    let done = site.run("tail public --max-events 1").exits(0);
    assert!(done.stderr.contains("trying again in"), "{}", done.stderr);
    for (header, said) in [("7200", "asked to wait until"), ("", "without saying how long")] {
        let site = CloudflareSite::new();
        let canned = Canned::json(429, &error_body(971, "slow down"));
        let canned = if header.is_empty() { canned } else { canned.header("retry-after", header) };
        site.stand_in.server().faults().set(&tails_path(), Fault::answer(canned).on(Method::POST));
        let done = site.run("tail public").exits(1);
        assert!(done.stderr.contains(said), "{}", done.stderr);
        assert!(done.stderr.contains("1,200 in 5 minutes"), "{}", done.stderr);
    }
}

#[test]
fn two_account_ids_that_differ_are_told_and_a_tail_reads_all_the_same() {
    let site = site([vec![sends(1)]]);
    let other = "0123456789abcdef0123456789abcdef";
    site.site.edit(|config| config.replace(ACCOUNT_ID, other));
    let run = site.run("tail public --max-events 1").var("CLOUDFLARE_ACCOUNT_ID", ACCOUNT_ID);
    let done = run.exits(0);
    assert!(done.stderr.contains(other) && done.stderr.contains("note:"), "{}", done.stderr);
    assert_eq!(done.stdout.lines().count(), 1, "{}", done.stdout);
}

#[test]
fn a_token_without_the_right_to_tail_is_told_which_right_that_is() {
    for status in [401, 403] {
        let site = CloudflareSite::new();
        let canned = Canned::json(status, &error_body(10000, "Authentication error"));
        site.stand_in.server().faults().set(&tails_path(), Fault::answer(canned).on(Method::POST));
        let done = site.run("tail public --json").exits(3);
        let error = done.error();
        assert!(error["hint"].as_str().unwrap().contains("Workers Tail Read"), "{error}");
        assert!(error["message"].as_str().unwrap().contains("parky-public-prod"), "{error}");
        assert_eq!(error["http_status"], status, "{error}");
    }
}
