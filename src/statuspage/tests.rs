//! Pages as vendors serve them, and what they mean.

use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::config::Vendor;
use crate::domain::{Clock, Judgement, Reach, ReasonCode, Redactor, State};
use crate::http::stub::{Act, Stub, answer, json};
use crate::http::{ApiError, Client, Fault, Roots, Unreadable};

fn vendor(components: &[&str]) -> Vendor {
    Vendor {
        name: "Cloudflare".into(),
        url: "https://www.cloudflarestatus.com".parse().unwrap(),
        components: components.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn page(components: &[(&str, &str)]) -> Summary {
    let component = |(name, status): &(&str, &str)| Component {
        name: (*name).to_owned(),
        status: (*status).to_owned(),
    };
    Summary {
        indicator: Some("minor".into()),
        components: components.iter().map(component).collect(),
        incidents: Vec::new(),
    }
}

fn said(judgement: &Judgement) -> (State, ReasonCode) {
    (judgement.state, judgement.reason.code)
}

#[test]
fn the_worst_named_component_decides() {
    let vendor = vendor(&["Workers", "API"]);
    for (status, state, code) in [
        ("operational", State::Green, ReasonCode::Ok),
        ("degraded_performance", State::Yellow, ReasonCode::Degraded),
        ("partial_outage", State::Yellow, ReasonCode::Degraded),
        ("under_maintenance", State::Yellow, ReasonCode::Degraded),
        ("on_fire", State::Yellow, ReasonCode::Degraded),
        ("", State::Yellow, ReasonCode::Degraded),
        ("major_outage", State::Red, ReasonCode::VendorOutage),
    ] {
        let page = page(&[("API", status), ("Workers", "operational"), ("Pages", "major_outage")]);
        assert_eq!(said(&judge(&vendor, &page)), (state, code), "{status}");
    }
}

#[test]
fn names_match_whole_and_letter_for_letter_first() {
    let page = page(&[
        ("Workers KV", "major_outage"),
        ("workers", "major_outage"),
        ("Workers", "operational"),
        ("Tokyo (NRT) - API", "major_outage"),
        ("api", "partial_outage"),
    ]);
    assert_eq!(said(&judge(&vendor(&["Workers"]), &page)), (State::Green, ReasonCode::Ok));
    assert_eq!(said(&judge(&vendor(&["API "]), &page)), (State::Yellow, ReasonCode::Degraded));
}

#[test]
fn of_two_with_one_name_the_worse_counts() {
    let page = page(&[("API", "operational"), ("API", "major_outage"), ("API", "operational")]);
    assert_eq!(judge(&vendor(&["API"]), &page).state, State::Red);
}

#[test]
fn a_component_that_is_not_there_is_never_green() {
    let page = page(&[("Workers", "operational")]);
    let judgement = judge(&vendor(&["Wrokers"]), &page);
    assert_eq!(said(&judgement), (State::Unknown, ReasonCode::NotFound));
    assert_eq!(judgement.reach, Reach::Reached);
    let nothing = Summary::default();
    assert_eq!(said(&judge(&vendor(&[]), &nothing)), (State::Unknown, ReasonCode::NotFound));

    let judgement = judge(&vendor(&["Workers", "Pages"]), &page);
    assert_eq!(said(&judgement), (State::Unknown, ReasonCode::NotFound));
    assert!(judgement.reason.text.ends_with(": Pages"), "{judgement:?}");
    assert_eq!(judgement.evidence["missing"], serde_json::json!(["Pages"]));
}

#[test]
fn a_vendor_without_named_components_is_judged_by_all_of_them() {
    let page = page(&[("Dashboard", "operational"), ("Ingest", "major_outage")]);
    let judgement = judge(&vendor(&[]), &page);
    assert_eq!(said(&judgement), (State::Yellow, ReasonCode::Degraded));
    assert_eq!(judgement.evidence["components"], serde_json::json!({"Ingest": "major_outage"}));
}

#[test]
fn the_page_s_own_word_and_incidents_are_evidence_only() {
    let mut page = page(&[("Workers", "operational")]);
    page.indicator = Some("critical".into());
    page.incidents =
        vec![Incident { name: "Elsewhere".into(), impact: None, started_at: None, url: None }; 7];
    let judgement = judge(&vendor(&["Workers"]), &page);
    assert_eq!(judgement.state, State::Green);
    assert_eq!(judgement.evidence["indicator"], "critical");
    assert_eq!(judgement.evidence["open_incidents"], 7);
    assert_eq!(judgement.evidence["incidents"].as_array().unwrap().len(), 5);
    assert_eq!(judgement.evidence["components"], serde_json::json!({"Workers": "operational"}));
}

async fn read_page(act: Act) -> Result<Summary, ApiError> {
    let stub = Stub::http(move |_, _| act.clone()).await;
    let client = Client::new(Roots::system(), Redactor::default(), Clock::system(), None);
    let summary = read(&client, &stub.url(), Instant::now() + Duration::from_secs(10)).await;
    let head = &stub.requests()[0];
    assert!(head.starts_with("GET /api/v2/summary.json HTTP/1.1\r\n"), "{head}");
    assert!(!head.to_ascii_lowercase().contains("authorization"));
    summary
}

#[tokio::test]
async fn a_page_that_cannot_be_read_says_nothing_of_the_vendor() {
    for (act, code) in [
        (json("<html>"), ReasonCode::Unreadable),
        (json(r#"{"message":"ok"}"#), ReasonCode::Unreadable),
        (answer("302 Found", &["Location: https://status.example/"], ""), ReasonCode::Unreadable),
        (answer("404 Not Found", &[], ""), ReasonCode::NotFound),
        (answer("500 Nope", &[], ""), ReasonCode::ServiceError),
    ] {
        let judgement = unreadable(&vendor(&["Workers"]), &read_page(act).await.unwrap_err());
        assert_eq!(said(&judgement), (State::Unknown, code), "{judgement:?}");
        assert_eq!(judgement.reach, Reach::Reached);
    }
    let half = answer("200 OK", &[], r#"{"components":[{"name":"#);
    let error = read_page(half).await.unwrap_err();
    assert_eq!(error.fault, Fault::Unreadable(Unreadable::Truncated));
}

#[tokio::test]
async fn nulls_new_fields_and_terminal_escapes_are_borne() {
    let summary = read_page(json(
        r#"{"page":{"id":"x"},"status":{"indicator":"minor","description":"y"},"components":[
        null,{"name":null},{"name":" Workers\u001b[2J ","status":null,"group":true,"position":1}],
        "incidents":[{"name":"Slow","impact":"major","started_at":"2026-11-21T18:00:00.000+09:00",
        "shortlink":"https://stspg.io/x","incident_updates":[]},{}],"scheduled_maintenances":[]}"#,
    ))
    .await
    .unwrap();
    assert_eq!(
        summary.components,
        [Component { name: "Workers\\u{1b}[2J".into(), status: "unknown".into() }]
    );
    assert_eq!(summary.incidents[0].started_at, "2026-11-21T09:00:00Z".parse().ok());
    assert_eq!(summary.incidents.len(), 2);
    let empty = read_page(json(r#"{"status":null,"components":null}"#)).await.unwrap();
    assert_eq!(empty, Summary::default());
}

#[tokio::test]
async fn two_thousand_components_are_read() {
    let one = |n| format!(r#"{{"name":"Place {n}","status":"operational"}}"#);
    let list: Vec<_> = (0..2000).map(one).collect();
    let body = format!(r#"{{"components":[{}]}}"#, list.join(","));
    let summary = read_page(json(&body)).await.unwrap();
    assert_eq!(summary.components.len(), 2000);
    assert_eq!(judge(&vendor(&["place 1999"]), &summary).state, State::Green);
}
