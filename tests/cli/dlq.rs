//! `dlq list`, `p0`, `stats` and `show` against the sandbox's table: 40 lost alerts, three of them P0
//! of which nobody was told.

use parky_ops::sandbox::{Engine, Options, Scenario};
use serde_json::{Value, json};

use crate::harness::{PgClient, Site};

fn site() -> Site {
    Site::with(|options| Options { engine: Engine::Native, ..options }, Scenario::BadDeploy)
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn rows(data: &Value) -> &[Value] {
    data["rows"].as_array().unwrap()
}

fn caveats(document: &Value) -> Vec<&str> {
    let all = document["caveats"].as_array().unwrap();
    all.iter().map(|caveat| caveat["code"].as_str().unwrap()).collect()
}

#[test]
fn list_has_the_keys_of_the_contract_and_the_newest_first() {
    let done = site().run("dlq list --json --limit all").exits(0);
    let document = done.json();
    assert_eq!(document["schema"], "parky-ops/dlq-list/v1");
    let data = &document["data"];
    assert_eq!((data["complete"].clone(), data["more"].clone()), (json!(true), json!(false)));
    assert_eq!(rows(data).len(), 40, "the settled ones are older than 24 h");
    assert_eq!(
        keys(&rows(data)[0]),
        [
            "id",
            "attempted_at",
            "channel",
            "severity",
            "title",
            "http_status",
            "retry_count",
            "error",
            "fallback_email_sent",
            "status",
            "state",
            "evidence",
            "message_id",
        ]
    );
    let times: Vec<_> =
        rows(data).iter().map(|row| row["attempted_at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    assert!(rows(data).iter().all(|row| row["evidence"] == "almost-surely-not"));
    assert!(caveats(&document).contains(&"window"));
}

#[test]
fn list_obeys_its_limit_and_filters() {
    let site = site();
    let list = |words: &str| site.run(&format!("dlq list --json {words}")).exits(0).json();
    let count = |words: &str| rows(&list(words)["data"]).len();
    let cut = list("--limit 3");
    assert_eq!((rows(&cut["data"]).len(), &cut["data"]["more"]), (3, &json!(true)));
    assert!(caveats(&cut).contains(&"more"));
    assert_eq!(count("--severity SEV1"), 10);
    assert_eq!(count("--channel #p1-ops --channel p0-alerts"), 20);
    assert_eq!(count("--status-class none"), 13);
    assert_eq!(count("--status-class 5xx --http-status 503"), 27);
    assert_eq!(count("--no-fallback"), 3);
    assert_eq!(count("--title burst"), 2);
    assert_eq!(count("--title %"), 2, "a sign as any other");
    assert_eq!(count("--state open"), 40);
    assert_eq!(count("--state delivered"), 0);
    assert_eq!(count("--since 30d --state other"), 6);
    assert_eq!(count("--since 30d --until 24h"), 6);
    let one = list("--severity P1 --limit 1");
    let id = rows(&one["data"])[0]["id"].as_str().unwrap();
    assert_eq!(count(&format!("--id {id} --since 1s")), 1, "a key ignores the window");
    let page = site.run("dlq list --since 1s").exits(0);
    assert!(page.stdout.is_empty() && page.stderr.contains("no dead letter"), "{}", page.stderr);
    assert!(page.stderr.contains("JST"), "{}", page.stderr);
}

#[test]
fn p0_is_red_while_nobody_was_told() {
    let site = site();
    let data = site.run("dlq p0 --json").exits(10).data();
    assert_eq!((&data["verdict"], &data["untold"]), (&json!("red"), &json!(3)));
    let told: Vec<_> = rows(&data).iter().map(|row| row["fallback_email_sent"] == true).collect();
    assert_eq!(told.len(), 10);
    assert!(told.is_sorted(), "untold first");

    let mut admin = PgClient::admin(&site);
    admin.run("UPDATE admin.notification_failures SET fallback_email_sent = true");
    let data = site.run("dlq p0 --json").exits(0).data();
    assert_eq!((&data["verdict"], &data["untold"]), (&json!("yellow"), &json!(0)));
    let _ = site.run("dlq p0 --fail-on yellow").exits(11);
    admin.run("UPDATE admin.notification_failures SET status = 'delivered'");
    let data = site.run("dlq p0 --json").exits(0).data();
    assert_eq!((&data["verdict"], rows(&data).len()), (&json!("green"), 0));
}

#[test]
fn stats_tell_where_when_and_why() {
    let site = site();
    let data = site.run("dlq stats --json").exits(0).data();
    for key in ["by_status", "by_channel", "buckets", "diagnosis"] {
        assert!(!data[key].is_null(), "{key}");
    }
    assert_eq!(data["diagnosis"]["code"], "discord-down");
    assert_eq!(data["by_status"][0], json!({"http_status": 503, "open": 27, "rows": 27}));
    let buckets = data["buckets"].as_array().unwrap();
    assert_eq!(buckets.iter().map(|bucket| bucket["rows"].as_u64().unwrap()).sum::<u64>(), 40);

    let mut admin = PgClient::admin(&site);
    admin.run("UPDATE admin.notification_failures SET http_status = 404");
    let page = site.run("dlq stats --since 1h").exits(0).stdout;
    assert!(page.contains("refuses the webhook") && page.contains("JST"), "{page}");
    assert!(page.contains('█'), "{page}");
}

#[test]
fn show_lays_the_message_out_and_says_what_a_replay_would_do() {
    let site = site();
    let list = site.run("dlq list --json --no-fallback --limit 1").exits(0).data();
    let id = rows(&list)[0]["id"].as_str().unwrap().to_owned();
    let page = site.run(&format!("dlq show {id}")).exits(0).stdout;
    for words in
        ["Parky Alerts", "┃ env", "parky-notifier", "red (#E74C3C)", "it would be sent", "JST"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let data = site.run(&format!("dlq show {id} --json")).exits(0).data();
    assert_eq!(data["replay"]["act"], "send");
    assert_eq!(data["payload"]["username"], "Parky Alerts");
    let print = data["fingerprint"].as_str().unwrap();
    let found =
        site.run(&format!("dlq list --json --fingerprint {}", &print[..12])).exits(0).data();
    assert_eq!(rows(&found).len(), 1);
    assert_eq!(rows(&found)[0]["id"], json!(id));
}

#[test]
fn ids_are_read_from_stdin() {
    use std::io::Write as _;
    use std::process::Stdio;

    let site = site();
    let mut command = site.run("dlq list --json --id -").command();
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"7\n\n 8 \n7\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows(&document["data"]).len(), 2, "{document}");
    let _ = site.run("dlq list --id -").exits(2);
}
