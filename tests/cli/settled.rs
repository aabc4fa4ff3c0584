//! What a replay has settled is open nowhere any more: not in `triage`, not in the reading `dlq`
//! commands, whichever ledger knows of it.

use parky_ops::sandbox::Scenario;
use serde_json::{Value, json};

use crate::harness::{Done, PgClient, Site, state_texts};

/// The rows that `bad-deploy` lost.
const LOST: usize = 40;

fn replayed(site: &Site) {
    let done = site.run("dlq replay --since 24h --yes --rate full --json").exits(0);
    let summary = done.stdout.lines().last().unwrap();
    let summary: Value = serde_json::from_str(summary).unwrap();
    assert_eq!(summary["delivered"], LOST, "{summary:#}");
}

/// The reason's text and the evidence of a check.
fn told(done: &Done, name: &str) -> (String, Value) {
    let check = done.check("dlq", name);
    (check["reason"]["text"].as_str().unwrap().to_owned(), check["evidence"].clone())
}

fn codes(document: &Value) -> Vec<&str> {
    let caveats = document["caveats"].as_array().unwrap();
    caveats.iter().filter_map(|caveat| caveat["code"].as_str()).collect()
}

#[test]
fn a_ledger_that_cannot_be_read_fails_no_read_and_is_told() {
    let site = Site::of(Scenario::BadDeploy);
    PgClient::admin(&site).run("UPDATE parky_ops.meta SET value = 'dev' WHERE key = 'env'");
    let list = site.run("dlq list --json").exits(0).json();
    assert!(codes(&list).contains(&"ledger-unread"), "{list:#}");
    // The ids for the shell are kept; a ledger is born where something is to be sent.
    let state = site.home().join(".local/state/parky-ops/state.db");
    assert_eq!(state_texts(&state, "SELECT env FROM ledger"), [""; 0]);
    let triage = site.run("triage --json --only dlq").exits(10).json();
    assert!(codes(&triage).contains(&"ledger-unread"), "{triage:#}");
}

#[test]
fn what_a_replay_delivered_is_open_nowhere() {
    let site = Site::of(Scenario::BadDeploy);
    let before = site.run("triage --json --only dlq").exits(10);
    assert_eq!(before.says("dlq", "p0"), "red untold-p0");
    for name in ["p0", "last-24h", "last-hour"] {
        assert_eq!(told(&before, name).1["settled_by_ledger"], 0, "{name}");
        // What it says to type next can be pasted.
        let next = before.check("dlq", name)["next"]["command"].as_str().unwrap().to_owned();
        let words = next.strip_prefix("parky-ops ").unwrap();
        let done = site.run(words).done();
        assert!(matches!(done.code, Some(0 | 10)), "{next}: {}", done.stderr);
    }
    replayed(&site);

    let after = site.run("triage --json --only dlq").exits(0);
    for name in ["p0", "last-24h", "last-hour"] {
        assert_eq!(after.says("dlq", name), "green ok", "{}", after.stdout);
        let (text, evidence) = told(&after, name);
        let settled = evidence["settled_by_ledger"].as_u64().unwrap();
        assert!(settled > 0, "{name}: {evidence}");
        assert!(text.contains(&format!("; {settled} were delivered by a replay")), "{text}");
    }
    assert_eq!(told(&after, "last-24h").1["settled_by_ledger"], LOST);
    assert_eq!(after.data()["told"], json!({"state": "nothing", "untold_p0": 0}));
    assert_eq!(codes(&after.json()), Vec::<&str>::new());

    let p0 = site.run("dlq p0 --json").exits(0).data();
    assert_eq!((&p0["verdict"], &p0["untold"]), (&json!("green"), &json!(0)));
    assert!(p0["reason"]["text"].as_str().unwrap().contains("delivered by a replay"), "{p0:#}");
    let open = site.run("dlq list --state open --json").exits(0).data();
    assert_eq!(open["rows"], json!([]));
    let stats = site.run("dlq stats --json").exits(0).data();
    assert_eq!(stats["open"], 0);

    let delivered = site.run("dlq list --state delivered --limit 1 --json").exits(0).data();
    let id = delivered["rows"][0]["id"].as_str().unwrap();
    let show = site.run(&format!("dlq show {id} --json")).exits(0).data();
    assert_eq!(show["state"], "delivered");
    let message = show["message_id"].as_str().unwrap();
    assert!(show["link"].as_str().unwrap().ends_with(message), "{show:#}");
    assert_eq!(show["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(show["attempts"][0]["outcome"], "delivered");
    assert_eq!(show["replay"]["act"], "nothing");
}
