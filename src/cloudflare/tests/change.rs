//! What changes something: sent once, and what its failures mean.

use super::*;
use crate::domain::{Agreement, Consent};

#[expect(clippy::disallowed_methods, reason = "a test agrees with itself")]
fn consent() -> Consent {
    Consent::given("test", "tester", Agreement::Yes, chrono::DateTime::UNIX_EPOCH)
}

const DEPLOY: Deploy<'_> =
    Deploy { script: "parky-public-prod", version_id: "v1", message: "way back", force: false };

async fn posted(act: Act) -> (Result<String, ApiError>, Vec<String>) {
    let stub = Stub::http(move |_, _| act.clone()).await;
    let client = Client::new(api(&stub), ACCOUNT);
    let result = client.deploy(DEPLOY, &consent(), soon()).await;
    (result, stub.requests())
}

fn refusal(status: &str, code: u32, message: &str) -> Act {
    let body = format!(r#"{{"success":false,"errors":[{{"code":{code},"message":"{message}"}}]}}"#);
    answer(status, &[], &body)
}

#[tokio::test]
async fn nothing_is_sent_twice() {
    for status in ["500 Nope", "502 Nope", "429 Slow"] {
        let (result, requests) = posted(answer(status, &[], "")).await;
        let error = result.unwrap_err();
        assert_eq!(requests.len(), 1, "{status}");
        assert_eq!(error.may_have_arrived(), !status.starts_with("429"), "{status}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_leaves_it_open() {
    let (result, requests) = posted(answer("200 OK", &[], "{\"success\":tr")).await;
    assert!(result.unwrap_err().may_have_arrived());
    assert_eq!(requests.len(), 1);
}

#[tokio::test]
async fn changed_secrets_are_named() {
    let message = "Cannot deploy. The following secrets have changed: API_KEY, OTHER.";
    let (result, _) = posted(refusal("400 Bad Request", 10220, message)).await;
    let error = result.unwrap_err();
    assert!(!error.may_have_arrived());
    assert_eq!(changed_secrets(&error).unwrap(), ["API_KEY", "OTHER"]);
    let (result, _) = posted(refusal("400 Bad Request", 10041, message)).await;
    assert_eq!(changed_secrets(&result.unwrap_err()), None);
}

#[tokio::test]
async fn one_version_at_a_hundred_percent_and_force_only_where_said() {
    let made = r#"{"success":true,"result":{"id":"d9"}}"#;
    let stub = Stub::http(move |_, _| json(made)).await;
    let client = Client::new(api(&stub), ACCOUNT);
    let long = "戻".repeat(60);
    for force in [false, true] {
        let deploy = Deploy { force, message: &long, ..DEPLOY };
        assert_eq!(client.deploy(deploy, &consent(), soon()).await.unwrap(), "d9");
    }
    let path =
        format!("POST /client/v4/accounts/{ACCOUNT}/workers/scripts/parky-public-prod/deployments");
    let requests = stub.requests();
    assert!(requests[0].starts_with(&format!("{path} ")), "{}", requests[0]);
    assert!(requests[1].starts_with(&format!("{path}?force=true ")), "{}", requests[1]);
}
