//! `parky-ops severity`: the decision table, and the deadlines of the Japanese calendar.

use serde_json::json;

use crate::harness::{Run, Site};

fn data(words: &str) -> serde_json::Value {
    let home = tempfile::tempdir().unwrap();
    Run::new(home.path(), words).arg("--json").exits(0).data()
}

#[test]
fn the_table_decides_and_tells_the_path() {
    for (flags, proposed, p, channel, mention) in [
        ("--prod-impact yes --payment", "SEV1", "P0", "p0-alerts", json!("here")),
        ("--full-outage", "SEV1", "P0", "p0-alerts", json!("here")),
        ("--prod-impact yes", "SEV2", "P1", "p1-ops", json!(null)),
        ("--prod-impact unknown --dev-only", "SEV2", "P1", "p1-ops", json!(null)),
        ("--prod-impact no --dev-only", "SEV3", "P2", "p2-deploys", json!(null)),
    ] {
        let data = data(&format!("severity decide {flags}"));
        assert_eq!((&data["proposed"], &data["p"]), (&json!(proposed), &json!(p)), "{flags}");
        assert_eq!((&data["channel"], &data["mention"]), (&json!(channel), &mention), "{flags}");
        assert!(!data["rule"].as_str().unwrap().is_empty());
        assert!(!data["path"].as_array().unwrap().is_empty());
        assert_eq!(data["review_at"].is_string(), proposed == "SEV3", "{data:#}");
    }
    let open = data("severity decide --prod-impact no");
    assert_eq!((&open["proposed"], &open["due_at"]), (&json!(null), &json!(null)));
    assert!(open["rule"].as_str().unwrap().contains("look again"), "{open:#}");
}

#[test]
fn deadlines_follow_the_clock_or_the_calendar() {
    let due = |flags: &str, started: &str| {
        let data = data(&format!("severity decide {flags} --started {started}"));
        (data["due_at"].clone(), data["review_at"].clone())
    };
    let sev1 = due("--full-outage", "2025-11-21T18:55:00Z");
    assert_eq!(sev1, (json!("2025-11-21T19:10:00Z"), json!(null)));
    // 2025-09-12 is a Friday before a Monday holiday; a UTC date would give the 12th itself.
    let sev3 = due("--dev-only --prod-impact no", "2025-09-11T15:10:00Z");
    assert_eq!(sev3, (json!("2025-09-16T09:00:00Z"), json!("2025-09-16T00:00:00Z")));
}

#[test]
fn the_calendar_of_the_company_counts() {
    let site = Site::bare("[calendar]\nclosures = []\nadd_holidays = [\"2025-12-29\"]\n");
    let words = "severity decide --prod-impact no --dev-only --started 2025-12-26T06:00:00Z --json";
    let data = site.run(words).exits(0).data();
    assert_eq!(data["due_at"], "2025-12-30T09:00:00Z");
    let why: Vec<_> =
        data["passed_over"].as_array().unwrap().iter().map(|day| day["why"].clone()).collect();
    assert_eq!(why, ["weekend", "weekend", "holiday by the configuration"]);
}

#[test]
fn a_severity_is_explained_under_either_name() {
    for word in ["SEV3", "p2", "3"] {
        let data = data(&format!("severity explain {word}"));
        assert_eq!(data["rows"].as_array().unwrap().len(), 1, "{word}");
        assert_eq!(data["rows"][0]["severity"], "SEV3");
    }
    let data = data("severity explain");
    assert_eq!(data["rows"].as_array().unwrap().len(), 3);
    assert_eq!(data["table"].as_array().unwrap().len(), 4);
    let home = tempfile::tempdir().unwrap();
    let done = Run::new(home.path(), "severity explain P3").exits(2);
    assert!(done.stderr.contains("digests"), "{}", done.stderr);
}

#[test]
fn a_start_in_the_future_is_refused() {
    let site = Site::bare("");
    for words in [
        "severity decide --full-outage --started 2099-01-01T00:00:00Z",
        "severity explain --started 2099-01-01T00:00:00Z",
        "triage --started 2099-01-01T00:00:00Z",
    ] {
        let done = site.run(words).arg("--json").exits(2);
        let message = done.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("is in the future"), "{words}: {message}");
        assert_eq!(done.stdout, "");
    }
}
