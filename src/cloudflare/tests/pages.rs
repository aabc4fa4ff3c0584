//! Pages, in the forms in which projects and deployments come.

use super::*;
use crate::domain::{PagesEnvironment, PagesProject};

async fn project(result: &str) -> Result<PagesProject, ApiError> {
    let body = format!(r#"{{"success":true,"errors":[],"messages":[],"result":{result}}}"#);
    let stub = Stub::http(move |_, _| json(&body)).await;
    Client::new(api(&stub), ACCOUNT).pages_project("web", soon()).await
}

#[tokio::test]
async fn live_is_what_production_serves_and_not_what_is_newest() {
    let found = project(
        r#"{"name":"web","domains":null,"source":null,"canonical_deployment":{"id":"a1","environment":
        "production","created_on":"2026-11-20T00:00:00Z","latest_stage":{"name":"deploy","status":
        "success"},"deployment_trigger":{"metadata":{"commit_message":"fix\nmore\u001b[2J"}},
        "env_vars":{"KEY":{"value":"hidden-value"}}},"latest_deployment":{"id":"b2","environment":
        "preview","created_on":"2026-11-21T00:00:00Z","latest_stage":null}}"#,
    )
    .await
    .unwrap();
    let (live, latest) = (found.live.clone().unwrap(), found.latest.clone().unwrap());
    assert_eq!((&*live.deployment_id, live.live, live.may_serve()), ("a1", true, true));
    assert_eq!(live.message.as_deref(), Some("fix"));
    assert_eq!((latest.live, latest.environment), (false, PagesEnvironment::Preview));
    assert!(!latest.may_serve() && !found.from_repository);
    assert!(!format!("{found:?}").contains("hidden-value"));
}

#[tokio::test]
async fn a_project_that_never_deployed() {
    let found = project(r#"{"name":"web","canonical_deployment":null}"#).await.unwrap();
    assert_eq!((found.live, found.latest), (None, None));
    assert!(project("null").await.is_err());
}

#[tokio::test]
async fn a_deployment_without_a_time_is_not_passed_over() {
    let found =
        project(r#"{"name":"web","latest_deployment":{"id":"a1","created_on":null}}"#).await;
    assert!(found.unwrap_err().to_string().contains("deployment a1 has no readable"));
}

#[tokio::test]
async fn lists_are_read_to_their_end_in_pages_that_are_allowed() {
    let one = |nth: usize| {
        format!(
            r#"{{"id":"d{nth}","environment":"production","created_on":"2026-11-21T18:{nth:02}:00Z"}}"#
        )
    };
    let page = |from: usize, to: usize| {
        let all: Vec<_> = (from..to).map(one).collect();
        json(&format!(r#"{{"success":true,"result":[{}]}}"#, all.join(",")))
    };
    let (first, second) = (page(0, 25), page(25, 30));
    let stub = Stub::http(
        move |_, head| {
            if head.contains("page=1&") { first.clone() } else { second.clone() }
        },
    )
    .await;
    let client = Client::new(api(&stub), ACCOUNT);
    let list = client.pages_deployments("web", true, 100, soon()).await.unwrap();
    assert_eq!((list.deployments.len(), list.more), (30, false));
    assert_eq!(list.deployments[0].deployment_id, "d29");
    let list = client.pages_deployments("web", true, 10, soon()).await.unwrap();
    assert_eq!((list.deployments.len(), list.more), (10, true));
    assert!(stub.requests()[0].contains("?page=1&per_page=25&env=production "));
    assert_eq!(stub.requests().len(), 3);
}
