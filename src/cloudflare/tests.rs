//! The client against answers as Cloudflare gives them, the bad ones first.

mod change;
mod pages;
mod versions;

use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::domain::{Clock, Deployment, Reach, ReasonCode, Redactor};
use crate::http::stub::{Act, Stub, answer, json};
use crate::http::{Api, ApiError, Fault, Roots, Service, Unreadable};

const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

fn api(stub: &Stub) -> Api {
    let shared =
        crate::http::Client::new(Roots::system(), Redactor::default(), Clock::system(), None);
    let base = stub.url().join("client/v4").unwrap();
    shared.api(Service::Cloudflare, base, Some("a-token-of-a-test".into()))
}

async fn refused(act: Act) -> ApiError {
    let stub = Stub::http(move |_, _| act.clone()).await;
    let client = Client::new(api(&stub), ACCOUNT);
    client.deployments("public", "parky-public-prod", soon()).await.unwrap_err()
}

async fn deployed(result: &str) -> Result<Vec<Deployment>, ApiError> {
    let body = format!(r#"{{"success":true,"errors":[],"messages":[],"result":{result}}}"#);
    let stub = Stub::http(move |_, _| json(&body)).await;
    let client = Client::new(api(&stub), ACCOUNT);
    client.deployments("public", "parky-public-prod", soon()).await
}

#[tokio::test]
async fn codes_say_more_than_the_status() {
    for (status, code, fault, word) in [
        ("401 Unauthorized", 1000, Fault::Unauthorized, ReasonCode::Unauthorized),
        ("401 Unauthorized", 10000, Fault::Unauthorized, ReasonCode::Unauthorized),
        ("403 Forbidden", 10000, Fault::Forbidden, ReasonCode::NoPermission),
        ("403 Forbidden", 9109, Fault::Unauthorized, ReasonCode::Unauthorized),
        ("400 Bad Request", 9106, Fault::Unauthorized, ReasonCode::Unauthorized),
        ("404 Not Found", 7003, Fault::NotFound, ReasonCode::NotFound),
        ("404 Not Found", 10007, Fault::NotFound, ReasonCode::NotFound),
        ("400 Bad Request", 4711, Fault::Refused, ReasonCode::ServiceError),
        ("200 OK", 10000, Fault::Unauthorized, ReasonCode::Unauthorized),
    ] {
        let body = format!(
            r#"{{"success":false,"errors":[{{"code":{code},"message":"Said"}}],"messages":[],
            "result":null}}"#
        );
        let error = refused(answer(status, &["CF-Ray: 8ab-NRT"], &body)).await;
        assert_eq!(error.fault, fault, "{status} {code}");
        assert_eq!(error.reason(), (word, Reach::Reached));
        assert_eq!(error.said.as_ref().and_then(|said| said.code), Some(code));
        assert!(error.to_string().contains("request 8ab-NRT"), "{error}");
    }
}

#[tokio::test]
async fn what_is_nested_in_an_error_is_told() {
    let body = r#"{"success":false,"errors":[{"code":6003,"message":"Invalid request headers",
        "error_chain":[{"code":6111,"message":"Invalid format for Authorization header"}]}]}"#;
    let error = refused(answer("400 Bad Request", &[], body)).await;
    assert_eq!(error.fault, Fault::Unauthorized);
    let said = error.said.unwrap();
    assert_eq!(&*said.message, "Invalid request headers: Invalid format for Authorization header");
    assert!(help(said.code.unwrap()).unwrap().contains("malformed"));
}

#[tokio::test]
async fn errors_in_other_forms() {
    let error = refused(answer("400 Nope", &[], r#"{"code":"1234","error":"Said"}"#)).await;
    let said = error.said.as_ref().unwrap();
    assert_eq!((said.code, &*said.message), (Some(1234), "Said"));

    let error = refused(answer("429 Nope", &[], r#"{"success":false,"errors":[{"code":971}]}"#));
    assert_eq!(error.await.fault, Fault::RateLimited { retry_at: None });

    let error = refused(json(r#"{"success":false,"errors":null,"result":{}}"#)).await;
    assert_eq!(error.fault, Fault::Refused);
}

#[tokio::test]
async fn web_pages_and_other_things_that_are_no_answer() {
    let challenge = answer("403 Forbidden", &["cf-mitigated: challenge"], "<html>");
    assert_eq!(refused(challenge).await.fault, Fault::Unreadable(Unreadable::Challenge));
    let page = answer("403 Forbidden", &[], "<html>");
    assert_eq!(refused(page).await.fault, Fault::Unreadable(Unreadable::Html));
    let bad_gateway = answer("502 Bad Gateway", &[], "<html>");
    assert_eq!(refused(bad_gateway).await.fault, Fault::Server);
    for body in ["{}", "[]", r#"{"success":true,"result":{"deployments":{}}}"#] {
        let error = refused(json(body)).await;
        assert!(
            matches!(error.fault, Fault::Unreadable(Unreadable::WrongShape(_))),
            "{body}: {error}"
        );
    }
}

#[tokio::test]
async fn nulls_and_unknown_values_are_borne() {
    assert_eq!(deployed("null").await.unwrap(), []);
    assert_eq!(deployed(r#"{"deployments":null}"#).await.unwrap(), []);
    let list = deployed(
        r#"{"deployments":[null,{"id":"d1","created_on":"2026-11-21T18:05:00Z","source":"quantum",
        "strategy":"new","author_email":null,"annotations":null,"cohorts":[{}],
        "versions":[{"version_id":"v1","percentage":null,"x":1}]}]}"#,
    )
    .await
    .unwrap();
    assert_eq!(list[0].source.as_deref(), Some("quantum"));
    assert_eq!(list[0].main_version().unwrap().percentage, 100.0);
    assert!(list[0].live);
}

#[tokio::test]
async fn a_deployment_without_a_time_is_not_passed_over() {
    for time in ["null", r#""yesterday""#] {
        let result = format!(r#"{{"deployments":[{{"id":"d1","created_on":{time}}}]}}"#);
        let error = deployed(&result).await.unwrap_err();
        assert!(error.to_string().contains("deployment d1 has no readable"), "{error}");
    }
}

#[tokio::test]
async fn the_first_is_live_the_newest_comes_first() {
    let one = |id: &str, at: &str, version: &str, by: &str| {
        format!(
            r#"{{"id":"{id}","created_on":"{at}","author_email":"a@parky.co.jp","source":"wrangler",
            "annotations":{{"workers/message":"fix\u001b[2J\nit","workers/triggered_by":"{by}"}},
            "versions":[{{"version_id":"{version}","percentage":10}},
                        {{"version_id":"{version}-b","percentage":90.5}}]}}"#
        )
    };
    let list = [
        one("d2", "2026-11-21T18:00:00Z", "v1", "deployment"),
        one("d3", "2026-11-21T18:05:00.123456Z", "v2", "rollback"),
        one("d1", "2026-11-20T18:00:00Z", "v1", "upload"),
    ]
    .join(",");
    let list = deployed(&format!(r#"{{"deployments":[{list}]}}"#)).await.unwrap();
    let told: Vec<_> =
        list.iter().map(|d| (d.deployment_id.as_str(), d.live, d.is_rollback)).collect();
    assert_eq!(told, [("d3", false, true), ("d2", true, false), ("d1", false, false)]);
    let newest = &list[0];
    assert_eq!(newest.main_version().unwrap().version_id, "v2-b");
    assert!(newest.is_split());
    assert_eq!(newest.message.as_deref(), Some("fix\\u{1b}[2J it"));
    assert_eq!((newest.worker.as_str(), newest.script.as_str()), ("public", "parky-public-prod"));
}

#[tokio::test]
async fn numbers_are_asked_for_once_and_written_in() {
    let stub = Stub::http(|_, _| {
        json(
            r#"{"success":true,"result":{"items":[{"id":"v1","number":41,"metadata":null},
            {"id":"v2","number":null}]}}"#,
        )
    })
    .await;
    let client = Client::new(api(&stub), ACCOUNT);
    let numbers = client.version_numbers("parky public/prod", soon()).await.unwrap();
    assert_eq!(numbers, [("v1".to_owned(), 41)].into());
    let script = format!("/client/v4/accounts/{ACCOUNT}/workers/scripts/parky%20public%2Fprod");
    let head = format!("GET {script}/versions?deployable=true ");
    assert!(stub.requests()[0].starts_with(&head), "{}", stub.requests()[0]);

    let result = r#"{"deployments":[{"id":"d1","created_on":"2026-11-21T18:05:00Z",
        "versions":[{"version_id":"v1","percentage":90},{"version_id":"v9","percentage":10}]}]}"#;
    let mut list = deployed(result).await.unwrap();
    number_versions(&mut list, &numbers);
    let told: Vec<_> = list[0].versions.iter().map(|share| share.number).collect();
    assert_eq!(told, [Some(41), None]);
}

const INVALID: &str = r#"{"success":false,"errors":[{"code":1000,"message":"Invalid API Token"}]}"#;

#[tokio::test]
async fn a_token_of_an_account_is_not_called_invalid() {
    let stub = Stub::http(|_, head| {
        if head.starts_with("GET /client/v4/user/tokens/verify ") {
            return answer("401 Unauthorized", &[], INVALID);
        }
        json(
            r#"{"success":true,"result":{"id":"t1","status":"active",
            "expires_on":"2027-01-01T00:00:00Z"}}"#,
        )
    })
    .await;
    let state = verify_token(&api(&stub), Some(ACCOUNT), soon()).await.unwrap();
    assert_eq!((state.status, state.owner), (TokenStatus::Active, TokenOwner::Account));
    assert_eq!(state.expires_on, "2027-01-01T00:00:00Z".parse().ok());
    assert_eq!(stub.requests().len(), 2);

    let error = verify_token(&api(&stub), None, soon()).await.unwrap_err();
    assert_eq!(error.fault, Fault::Unauthorized);
}

#[tokio::test]
async fn a_token_that_nobody_knows_is_invalid_and_an_outage_is_not() {
    let stub = Stub::http(|_, _| answer("401 Unauthorized", &[], INVALID)).await;
    let error = verify_token(&api(&stub), Some(ACCOUNT), soon()).await.unwrap_err();
    assert_eq!(error.fault, Fault::Unauthorized);
    assert_eq!(&*error.asked.path, "/client/v4/user/tokens/verify");

    let stub = Stub::http(|_, _| answer("500 Nope", &[], "")).await;
    let error = verify_token(&api(&stub), Some(ACCOUNT), soon()).await.unwrap_err();
    assert_eq!((error.fault, stub.requests().len()), (Fault::Server, 3));
}

#[tokio::test]
async fn states_of_a_token() {
    for (word, status) in [
        (r#""disabled""#, TokenStatus::Disabled),
        (r#""expired""#, TokenStatus::Expired),
        (r#""frozen""#, TokenStatus::Other("frozen".into())),
        ("null", TokenStatus::Other("without a status".into())),
    ] {
        let body = format!(r#"{{"success":true,"result":{{"id":"t1","status":{word}}}}}"#);
        let stub = Stub::http(move |_, _| json(&body)).await;
        let state = verify_token(&api(&stub), None, soon()).await.unwrap();
        assert_eq!((state.status, state.owner), (status, TokenOwner::User));
    }
}

#[tokio::test]
async fn the_account_by_its_name() {
    let body = format!(r#"{{"success":true,"result":{{"id":"{ACCOUNT}","name":"Parky"}}}}"#);
    let stub = Stub::http(move |_, _| json(&body)).await;
    let account = Client::new(api(&stub), ACCOUNT).account(soon()).await.unwrap();
    assert_eq!(account, Account { id: ACCOUNT.into(), name: Some("Parky".into()) });
    assert!(stub.requests()[0].starts_with(&format!("GET /client/v4/accounts/{ACCOUNT} ")));
}
