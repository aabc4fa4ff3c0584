//! The API as a client meets it, and as the vendor documents it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

mod change;

use super::*;
use crate::sandbox::plain_client::{Reply, get, get_as, post_as, send};
use crate::sandbox::server::{Act, Credential, Fault};

const SCRIPT: &str = "parky-public-prod";

fn history() -> ScriptHistory {
    let hours = TimeDelta::hours;
    ScriptHistory {
        script: SCRIPT,
        releases: vec![
            Release::new(14, hours(1), "deploy@parky.co.jp", "newest"),
            Release::new(13, hours(2), "ci@parky.co.jp", "the one before"),
            Release::secret(12, hours(3), "platform@parky.co.jp", &["API_KEY"]),
            Release::new(11, hours(4), "ci@parky.co.jp", "old"),
        ],
        undeployed: Some(15),
    }
}

fn start_with(token: TokenKind) -> CloudflareStandIn {
    let now: DateTime<Utc> = "2026-11-21T18:12:00Z".parse().unwrap();
    let facts = CloudflareFacts { now, token, scripts: vec![history()] };
    CloudflareStandIn::start(&Stage::start().unwrap(), &facts).unwrap()
}

fn start() -> CloudflareStandIn {
    start_with(TokenKind::User)
}

impl CloudflareStandIn {
    fn get(&self, path: &str) -> Reply {
        get_as(self.token(), &format!("{}{path}", self.url()))
    }

    fn in_script(path: &str) -> String {
        format!("/accounts/{ACCOUNT_ID}/workers/scripts/{SCRIPT}{path}")
    }

    fn deployments(&self) -> Vec<Value> {
        let answer = self.get(&Self::in_script("/deployments")).json();
        answer["result"]["deployments"].as_array().unwrap().clone()
    }

    fn post(&self, query: &str, shares: &[(u64, f64)]) -> Reply {
        let version = |(number, share): &(u64, f64)| json!({ "version_id": version_id(SCRIPT, *number), "percentage": share });
        let body = json!({
            "strategy": "percentage",
            "versions": shares.iter().map(version).collect::<Vec<_>>(),
            "annotations": { "workers/message": "way back" },
        });
        self.post_body(query, &body)
    }

    fn post_body(&self, query: &str, body: &Value) -> Reply {
        let path = Self::in_script(&format!("/deployments{query}"));
        post_as(self.token(), &format!("{}{path}", self.url()), body)
    }
}

#[test]
fn a_wrong_token_is_refused_everywhere() {
    let api = start();
    let wrong = "x".repeat(40).into();
    let ask = |path: &str| get_as(&wrong, &format!("{}{path}", api.url())).code();
    assert_eq!(ask("/user/tokens/verify"), (401, 1000));
    assert_eq!(ask(&format!("/accounts/{ACCOUNT_ID}/tokens/verify")), (401, 1000));
    assert_eq!(ask(&format!("/accounts/{ACCOUNT_ID}")), (401, 10000));
    assert_eq!(ask(&CloudflareStandIn::in_script("/deployments")), (401, 10000));
    assert_eq!(ask("/nowhere"), (401, 10000));
    assert!(api.server().requests().iter().all(|seen| seen.credential == Credential::Wrong));
}

#[test]
fn no_token_and_a_malformed_header_have_codes_of_their_own() {
    let api = start();
    let url = format!("{}/user/tokens/verify", api.url());
    assert_eq!(get(&url).unwrap().code(), (400, 9106));
    let malformed = send("GET", &url, "authorization: Bearer \r\n", "").unwrap();
    assert_eq!(malformed.code(), (400, 6003));
    assert_eq!(malformed.json()["errors"][0]["error_chain"][0]["code"], 6111);
}

#[test]
fn each_kind_of_token_is_verified_at_its_own_place() {
    let account = format!("/accounts/{ACCOUNT_ID}/tokens/verify");
    for (kind, user_status, account_status) in [
        (TokenKind::User, 200, 401),
        (TokenKind::Account, 401, 200),
        (TokenKind::Revoked, 401, 401),
    ] {
        let api = start_with(kind);
        let statuses = (api.get("/user/tokens/verify").status, api.get(&account).status);
        assert_eq!(statuses, (user_status, account_status), "{kind:?}");
    }
}

#[test]
fn a_wrong_account_script_or_path_is_told_apart() {
    let api = start();
    let other = "0123456789abcdef0123456789abcdef";
    let codes = [
        format!("/accounts/{other}"),
        format!("/accounts/{other}/workers/scripts/{SCRIPT}/deployments"),
        "/accounts/no-account/workers/scripts/x/deployments".to_owned(),
        format!("/accounts/{ACCOUNT_ID}/workers/scripts/parky-public/deployments"),
        "/zones".to_owned(),
        CloudflareStandIn::in_script("/versions/00000000-0000-0000-0000-000000000000"),
    ]
    .map(|path| api.get(&path).code());
    let expected = [(403, 9109), (403, 10000), (404, 7003), (404, 10007), (404, 7003), (404, 7003)];
    assert_eq!(codes, expected);
}

#[test]
fn answers_carry_the_envelope_and_the_headers() {
    let api = start();
    let reply = api.get(&format!("/accounts/{ACCOUNT_ID}"));
    let json = reply.json();
    assert_eq!((&json["success"], &json["errors"]), (&json!(true), &json!([])));
    assert_eq!(json["result"]["id"], ACCOUNT_ID);
    assert_eq!(reply.header("x-ratelimit-remaining"), Some("1199"));
    assert!(reply.header("cf-ray").unwrap().ends_with("-NRT"));
    assert!(reply.header("x-ratelimit-reset").is_some());
}

#[test]
fn deployments_come_newest_first() {
    let api = start();
    let deployments = api.deployments();
    let messages: Vec<_> =
        deployments.iter().map(|d| d["annotations"]["workers/message"].as_str()).collect();
    assert_eq!(messages, [Some("newest"), Some("the one before"), None, Some("old")]);
    let newest = &deployments[0];
    assert_eq!(newest["created_on"], "2026-11-21T17:12:00.000000Z");
    assert_eq!(newest["author_email"], "deploy@parky.co.jp");
    let share = json!([{ "version_id": version_id(SCRIPT, 14), "percentage": 100 }]);
    assert_eq!(newest["versions"], share);
    let path =
        CloudflareStandIn::in_script(&format!("/deployments/{}", newest["id"].as_str().unwrap()));
    assert_eq!(api.get(&path).json()["result"], *newest);
}

#[test]
fn versions_come_whole_or_in_pages() {
    let api = start();
    let numbers = |query: &str| {
        let answer = api.get(&CloudflareStandIn::in_script(&format!("/versions{query}"))).json();
        let items = answer["result"]["items"].as_array().unwrap().clone();
        let numbers: Vec<_> = items.iter().map(|item| item["number"].as_u64().unwrap()).collect();
        (numbers, answer["result_info"].clone())
    };
    assert_eq!(
        numbers("?deployable=true&page=2&per_page=2"),
        (vec![15, 14, 13, 12, 11], Value::Null)
    );
    let (page, info) = numbers("?page=2&per_page=2");
    assert_eq!(page, [13, 12]);
    assert_eq!((&info["total_count"], &info["total_pages"]), (&json!(5), &json!(3)));
    let id = version_id(SCRIPT, 12);
    let one = api.get(&CloudflareStandIn::in_script(&format!("/versions/{id}"))).json();
    assert_eq!(one["result"]["number"], 12);
    assert_eq!(one["result"]["annotations"]["workers/triggered_by"], "secret");
    assert!(one["result"]["resources"]["bindings"].is_array());
}

#[test]
fn a_posted_deployment_is_the_newest_from_then_on() {
    let api = start();
    let before = api.deployments();
    let made = api.post("", &[(13, 100.0)]);
    assert_eq!(made.status, 200, "{made:?}");
    let after = api.deployments();
    assert_eq!(after[0], made.json()["result"]);
    assert_eq!(after[1..], before[..]);
    assert_eq!(after[0]["annotations"]["workers/triggered_by"], "rollback");
    assert_eq!(after[0]["annotations"]["workers/message"], "way back");
    assert!(after[0]["created_on"].as_str() > before[0]["created_on"].as_str());
}

#[test]
fn a_split_and_a_long_message_are_taken() {
    let api = start();
    assert_eq!(api.post("", &[(14, 90.5), (15, 9.5)]).status, 200);
    assert_eq!(api.deployments()[0]["versions"][1]["percentage"], 9.5);
    let body = json!({
        "strategy": "percentage",
        "versions": [{ "version_id": version_id(SCRIPT, 14), "percentage": 100 }],
        "annotations": { "workers/message": "戻".repeat(400) },
    });
    assert_eq!(api.post_body("", &body).status, 200);
    let kept = &api.deployments()[0]["annotations"]["workers/message"];
    assert_eq!(kept.as_str().unwrap().len(), 999);
}

#[test]
fn what_makes_no_deployment_is_refused_and_changes_nothing() {
    let api = start();
    let before = api.deployments();
    for shares in [
        &[][..],
        &[(14, 99.0)],
        &[(14, 120.0), (13, -20.0)],
        &[(14, 50.0), (14, 50.0)],
        &[(14, 40.0), (13, 40.0), (12, 20.0)],
        &[(99, 100.0)],
    ] {
        assert_eq!(api.post("", shares).code(), (400, 10021), "{shares:?}");
    }
    assert_eq!(api.post_body("", &json!({ "strategy": "all" })).code(), (400, 10021));
    assert_eq!(api.deployments(), before);
}

#[test]
fn going_back_past_a_changed_secret_needs_force() {
    let api = start();
    let refused = api.post("", &[(11, 100.0)]);
    assert_eq!(refused.code(), (400, 10220));
    let message = refused.json()["errors"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.ends_with("The following secrets have changed: API_KEY"), "{message}");
    assert_eq!(api.post("?force=true", &[(11, 100.0)]).status, 200);
    assert_eq!(api.deployments()[0]["versions"][0]["version_id"], version_id(SCRIPT, 11));
}

#[test]
fn a_reply_may_be_lost_after_the_deed() {
    let api = start();
    let path = format!("/client/v4{}", CloudflareStandIn::in_script("/deployments"));
    api.server().faults().set(&path, Fault::new(Act::OwnThenClose).on(axum::http::Method::POST));
    assert_eq!(api.post("", &[(13, 100.0)]).status, 0);
    assert_eq!(api.deployments()[0]["versions"][0]["version_id"], version_id(SCRIPT, 13));
}

#[test]
fn the_token_is_in_no_debug_output() {
    let api = start();
    let token = secrecy::ExposeSecret::expose_secret(api.token()).to_owned();
    assert_eq!(token.len(), 40);
    assert!(!format!("{api:?}").contains(&token));
}
