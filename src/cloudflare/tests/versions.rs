//! Lists of versions, single ones, splits and cohorts.

use super::*;
use crate::domain::VersionDetail;

fn wrapped(result: &str) -> String {
    format!(r#"{{"success":true,"errors":[],"messages":[],"result":{result}}}"#)
}

async fn detail(result: &str) -> Result<VersionDetail, ApiError> {
    let body = wrapped(result);
    let stub = Stub::http(move |_, _| json(&body)).await;
    Client::new(api(&stub), ACCOUNT).version("s", "v", soon()).await
}

#[tokio::test]
async fn a_version_may_say_nothing_but_its_id() {
    let found = detail(r#"{"id":"v1","resources":null,"metadata":null,"annotations":null}"#).await;
    let found = found.unwrap();
    assert_eq!((found.version.at, found.bindings.len()), (None, 0));
    let error = detail("null").await.unwrap_err();
    assert!(error.to_string().contains("no version in it"), "{error}");
    let odd = detail(r#"{"id":"v1","resources":{"bindings":[null,{"type":7}]}}"#).await.unwrap();
    assert_eq!((&*odd.bindings[0].name, &*odd.bindings[0].kind), ("", ""));
}

#[tokio::test]
async fn values_of_bindings_are_compared_and_not_kept() {
    let with = |text: &str| {
        format!(
            r#"{{"id":"v1","number":3,"resources":{{"bindings":[
            {{"name":"MODE","type":"plain_text","text":"{text}"}},
            {{"name":"CACHE","type":"kv_namespace","namespace_id":"aa"}}],
            "script_runtime":{{"compatibility_date":"2026-04-30","compatibility_flags":["f"],
            "migration_tag":"m1"}},"script":{{"handlers":["fetch"]}}}}}}"#
        )
    };
    let one = detail(&with("hidden-value")).await.unwrap();
    let other = detail(&with("another-value")).await.unwrap();
    assert!(!format!("{one:?}").contains("hidden-value"));
    let differences = crate::domain::differences(&one, &other);
    let says: Vec<_> = differences.iter().map(crate::domain::Difference::says).collect();
    assert_eq!(says, ["binding MODE gets another value (plain_text)"]);
    assert_eq!(one.bindings[0].to.as_deref(), Some("aa"));
}

#[tokio::test]
async fn versions_come_newest_first_whatever_the_order() {
    let body = wrapped(
        r#"{"items":[{"id":"v1","number":1},null,{"id":"v3","number":3,"metadata":
        {"created_on":"2026-11-21T18:05:00Z","author_email":"a@parky.co.jp","source":"wrangler"},
        "annotations":{"workers/tag":"v3","workers/triggered_by":"secret"}},{"id":"v2","number":2}]}"#,
    );
    let stub = Stub::http(move |_, _| json(&body)).await;
    let versions = Client::new(api(&stub), ACCOUNT).versions("s", soon()).await.unwrap();
    let ids: Vec<_> = versions.iter().map(|version| version.version_id.as_str()).collect();
    assert_eq!(ids, ["v3", "v2", "v1"]);
    assert!(versions[0].is_of_secret());
    assert_eq!(versions[0].tag.as_deref(), Some("v3"));
}

#[tokio::test]
async fn cohorts_in_forms_that_are_not_documented_are_borne() {
    let list = deployed(
        r#"{"deployments":[{"id":"d1","created_on":"2026-11-21T18:05:00Z","cohorts":[
        {"name":"staff","versions":[{"version_id":"v2","percentage":100}]},
        {"name":"odd","versions":["v1",7]},{"versions":null}],
        "versions":[{"version_id":"v1","percentage":100},{"version_id":"v2","percentage":0}]}]}"#,
    )
    .await
    .unwrap();
    let cohorts = &list[0].cohorts;
    assert_eq!((&*cohorts[0].name, &*cohorts[0].versions[0].version_id), ("staff", "v2"));
    assert_eq!((cohorts[1].versions.len(), cohorts.len()), (0, 3));
    assert!(!list[0].is_split(), "a share of nothing is no split");
    assert_eq!(list[0].whole().unwrap().version_id, "v1");
}

#[tokio::test]
async fn all_scripts_by_name() {
    let body = wrapped(r#"[{"id":"parky-public-prod"},null,{"id":"parky-admin-prod","x":1}]"#);
    let stub = Stub::http(move |_, _| json(&body)).await;
    let names = Client::new(api(&stub), ACCOUNT).script_names(soon()).await.unwrap();
    assert_eq!(names, ["parky-public-prod", "parky-admin-prod"]);
}
