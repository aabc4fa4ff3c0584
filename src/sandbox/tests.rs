//! A whole sandbox, and the facts of each scenario as a client sees them.

use std::os::unix::fs::PermissionsExt as _;

use chrono::TimeDelta;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use super::plain_client::{get, get_as, get_within};
use super::*;

fn now() -> DateTime<Utc> {
    "2026-11-21T18:12:00Z".parse().unwrap()
}

fn options(scenario: Scenario) -> Options {
    Options::new(scenario, now(), Vars::of_the_process())
}

fn start(scenario: Scenario) -> Sandbox {
    Sandbox::start(options(scenario)).unwrap()
}

/// Status of each host's probe; 0 where there was none.
fn probes(sandbox: &Sandbox) -> Vec<u16> {
    let patience = std::time::Duration::from_secs(3);
    let probe = |host: &HostStandIn| get_within(patience, &format!("{}/healthz", host.url()));
    sandbox.hosts().iter().map(|host| probe(host).map_or(0, |reply| reply.status)).collect()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// The answer to `sql`, as text. At `now`, the scenario's, not the machine's.
fn query(sandbox: &Sandbox, sql: &str) -> String {
    let sql = format!("select ({sql})::text").replace("NOW", "timestamptz '2026-11-21 18:12:00Z'");
    block_on(async {
        let url = sandbox.database_url().expose_secret();
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap().get(0)
    })
}

const FAILED: &str = "from admin.notification_failures where status = 'failed'";

fn summary(sandbox: &Sandbox, slug: &str) -> serde_json::Value {
    let url = format!("{}/api/v2/summary.json", sandbox.vendors().url(slug));
    get(&url).unwrap().json()
}

/// Every status that a named component has on any page.
fn named_components(sandbox: &Sandbox) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for page in &VENDORS {
        let summary = summary(sandbox, page.slug);
        let components = summary["components"].as_array().unwrap();
        for name in page.named {
            let found = components.iter().find(|component| component["name"] == *name).unwrap();
            all.push((page.slug, found["status"].as_str().unwrap().to_owned()));
        }
    }
    all
}

fn deployments(sandbox: &Sandbox, script: &str) -> plain_client::Reply {
    let api = sandbox.cloudflare();
    let path = format!("/accounts/{ACCOUNT_ID}/workers/scripts/{script}/deployments");
    get_as(api.token(), &format!("{}{path}", api.url()))
}

#[test]
fn healthy_is_well_everywhere() {
    let sandbox = start(Scenario::Healthy);
    assert_eq!(probes(&sandbox), [200; 4]);
    assert!(named_components(&sandbox).iter().all(|(_, status)| status == "operational"));
    assert_eq!(summary(&sandbox, "cloudflare")["status"]["indicator"], "minor");
    for (_, script, _) in WORKERS {
        assert_eq!(deployments(&sandbox, script).status, 200);
    }
    let recent = "select count(*) from admin.notification_failures \
                  where status = 'failed' or attempted_at > NOW - interval '24 hours'";
    assert_eq!(query(&sandbox, recent), "0");
}

#[test]
fn bad_deploy_breaks_the_api_and_loses_40_alerts() {
    let sandbox = start(Scenario::BadDeploy);
    assert_eq!(probes(&sandbox), [200, 503, 200, 200]);
    let newest =
        deployments(&sandbox, "parky-public-prod").json()["result"]["deployments"][0].clone();
    assert_eq!(newest["created_on"], "2026-11-21T17:53:00.000000Z");
    assert_eq!(newest["author_email"], "deploy@parky.co.jp");
    assert!(named_components(&sandbox).iter().all(|(_, status)| status == "operational"));

    let ask = |sql: &str| query(&sandbox, sql);
    assert_eq!(ask(&format!("select count(*) {FAILED} and attempted_at < NOW")), "40");
    assert_eq!(
        ask(&format!("select min(attempted_at) = NOW - interval '12 min' {FAILED}")),
        "true"
    );
    let by_channel = format!(
        "select string_agg(n::text, ',') from (select count(*) n {FAILED} group by channel) t"
    );
    assert_eq!(ask(&by_channel), "10,10,10,10");
    let untold =
        format!("select count(*) {FAILED} and severity = 'P0' and not fallback_email_sent");
    assert_eq!(ask(&untold), "3");
    let payload =
        format!("select bool_and(payload->'embeds'->0->>'title' like '%' || title) {FAILED}");
    assert_eq!(ask(&payload), "true");
}

#[test]
fn dead_letters_come_in_every_shape() {
    let sandbox = start(Scenario::DeadLetters);
    assert_eq!(probes(&sandbox), [200; 4]);
    let shapes = "select string_agg(distinct coalesce(jsonb_typeof(payload), 'SQL'), ' ' \
                  order by coalesce(jsonb_typeof(payload), 'SQL')) \
                  from admin.notification_failures";
    assert_eq!(query(&sandbox, shapes), "SQL array null number object string");
    let count = |rest: &str| {
        query(&sandbox, &format!("select count(*) from admin.notification_failures where {rest}"))
    };
    assert_eq!(count("status <> 'failed'"), "5");
    assert_eq!(count("title is null and severity is null"), "1");
    assert_eq!(count("attempted_at < NOW - interval '24 hours'"), "4");
    assert_eq!(count(&format!("error_message like '%{LEAKED_TOKEN}%'")), "1");
    assert_eq!(count("title like E'%\\u001b[2J%'"), "1");
    assert_eq!(count("http_status is null"), "6");
}

#[test]
fn dead_letters_can_be_brought_along() {
    let letter = |nth: usize| DeadLetter {
        channel: format!("lane-{}", nth % 50),
        ..DeadLetter::alert("P1", "mine", now() - TimeDelta::minutes(1), nth)
    };
    let letters = Some((0..200).map(letter).collect());
    let options = Options { letters, ..options(Scenario::Healthy) };
    let sandbox = Sandbox::start(options).unwrap();
    let ask = format!("select count(*) || ' on ' || count(distinct channel) {FAILED}");
    assert_eq!(query(&sandbox, &ask), "200 on 50");
}

/// What a replay needs of the database, in the scenario that is tried first.
#[test]
fn the_role_may_keep_a_ledger_and_settle_rows() {
    let sandbox = start(Scenario::BadDeploy);
    block_on(async {
        let url = sandbox.database_url().expose_secret();
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql(
            "CREATE SCHEMA IF NOT EXISTS parky_ops_tried; CREATE TABLE parky_ops_tried.t (id int);
             UPDATE admin.notification_failures SET status = 'delivered' WHERE status = 'failed'",
        )
        .execute(&mut connection)
        .await
        .unwrap();
    });
    assert_eq!(query(&sandbox, &format!("select count(*) {FAILED}")), "0");
}

#[test]
fn all_down_leaves_only_the_vendors_pages() {
    let sandbox = start(Scenario::AllDown);
    assert_eq!(probes(&sandbox), [0, 503, 0, 0]);
    let reply = deployments(&sandbox, "parky-public-prod");
    assert_eq!((reply.status, reply.body.starts_with("<!DOCTYPE html>")), (502, true));
    let down: Vec<_> = named_components(&sandbox)
        .into_iter()
        .filter(|(_, status)| status == "major_outage")
        .map(|(slug, _)| slug)
        .collect();
    assert_eq!(down, ["cloudflare", "cloudflare", "cloudflare", "supabase", "supabase"]);
    assert_eq!(summary(&sandbox, "supabase")["incidents"].as_array().unwrap().len(), 1);
    let url = sandbox.database_url().expose_secret();
    let error = block_on(PgConnection::connect(url)).unwrap_err();
    assert!(matches!(&error, sqlx::Error::Io(io) if io.kind() == io::ErrorKind::ConnectionRefused));
}

#[test]
fn bad_tokens_leaves_hosts_and_vendors() {
    let sandbox = start(Scenario::BadTokens);
    assert_eq!(probes(&sandbox), [200; 4]);
    assert!(named_components(&sandbox).iter().all(|(_, status)| status == "operational"));
    assert_eq!(deployments(&sandbox, "parky-public-prod").code(), (401, 10000));
    let api = sandbox.cloudflare();
    let verify = get_as(api.token(), &format!("{}/user/tokens/verify", api.url()));
    assert_eq!(verify.code(), (401, 1000));
    let error =
        block_on(PgConnection::connect(sandbox.database_url().expose_secret())).unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "28P01");
}

#[test]
fn a_host_changes_while_it_runs_and_alone() {
    let sandbox = start(Scenario::BadTokens);
    let host = sandbox.host("admin.parky.co.jp").unwrap();
    for (behaviour, status) in [
        (Behaviour::Refuses, 0),
        (Behaviour::Html(500), 500),
        (Behaviour::Redirects("https://elsewhere.example/".to_owned()), 302),
        (Behaviour::Garbage, 0),
        (Behaviour::Huge(1), 200),
        (Behaviour::Slow(204, 10), 204),
    ] {
        host.behave(&behaviour).unwrap();
        assert_eq!(probes(&sandbox), [200, 200, status, 200], "{behaviour:?}");
    }
    assert!(host.requests().iter().all(|seen| seen.path == "/healthz"));
}

#[test]
fn the_configuration_is_private_and_points_at_loopback_only() {
    let sandbox = start(Scenario::BadTokens);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(sandbox.dir()), mode(&sandbox.config_path())), (0o700, 0o600));
    let text = std::fs::read_to_string(sandbox.config_path()).unwrap();
    let config: toml::Table = text.parse().unwrap();
    for service in ["cloudflare", "github", "discord", "sentry"] {
        let url = config["urls"][service].as_str().unwrap();
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    }
    let prod = &config["env"]["prod"];
    let api = prod["hosts"][1].as_str().unwrap();
    assert!(api.starts_with("http://api.parky.co.jp.localhost:"), "{api}");
    assert_eq!(config["worker"][0]["hosts"][0].as_str(), Some(api));
    assert_eq!(config["worker"][0]["script"]["prod"].as_str(), Some("parky-public-prod"));
    assert_eq!(prod["cloudflare_account"].as_str(), Some(ACCOUNT_ID));
    assert_eq!(config["vendor"].as_array().unwrap().len(), 6);
    let p0 = sandbox.discord().channel("p0-alerts").unwrap();
    assert_eq!(prod["webhooks"]["p0-alerts"].as_str(), Some(p0.webhook_url().expose_secret()));
    assert_eq!(prod["discord_guild"].as_str(), Some(discord::GUILD_ID));
    assert_eq!(config["channels"]["p0-alerts"]["id"].as_str(), Some(p0.id().as_str()));
    assert_eq!(config["channels"]["biz-payments"]["business"].as_bool(), Some(true));
    let token = sandbox.cloudflare().token().expose_secret();
    assert_eq!(prod["credentials"]["cloudflare_api_token"].as_str(), Some(token));
}

#[test]
fn a_service_without_a_stand_in_says_so() {
    let sandbox = start(Scenario::BadTokens);
    assert_eq!(get(&sandbox.absent().url("/github/user")).unwrap().status, 501);
    assert_eq!(sandbox.absent().requests()[0].path, "/github/user");
}

#[test]
fn what_runs_inside_sees_no_real_credential() {
    let sandbox = start(Scenario::BadTokens);
    let outer = [("GH_TOKEN", "real"), ("HOME", "/root"), ("PATH", "/bin"), ("PGPASSWORD", "real")];
    let inner = sandbox.vars(&Vars::from_iter(outer));
    assert_eq!((inner.get("PATH"), inner.get("GH_TOKEN")), (Some("/bin"), None));
    assert_eq!(inner.home(), Some(sandbox.home()));
    assert_eq!(inner.path("PARKY_OPS_CONFIG"), Some(sandbox.config_path()));
    assert_eq!(inner.names().count(), 4);
    let exports = sandbox.exports();
    assert!(exports.iter().any(|(name, value)| name == "GH_TOKEN" && value.starts_with("ghp_")));
    let webhook = exports.iter().find(|(name, _)| name == "DISCORD_WEBHOOK_BIZ_PAYMENTS").unwrap();
    assert!(webhook.1.starts_with("http://127.0.0.1:"), "{webhook:?}");
}

#[test]
fn discord_has_the_channels_that_are_asked_for() {
    let channels: Vec<_> = (0..50).map(|nth| format!("lane-{nth}")).collect();
    let options = Options { channels: channels.clone(), ..options(Scenario::BadTokens) };
    let sandbox = Sandbox::start(options).unwrap();
    let discord = sandbox.discord();
    assert_eq!(discord.channels().map(|(name, _)| name).collect::<Vec<_>>(), channels);
    let text = std::fs::read_to_string(sandbox.config_path()).unwrap();
    let config: toml::Table = text.parse().unwrap();
    assert_eq!(config["env"]["prod"]["webhooks"].as_table().unwrap().len(), 50);
}

#[test]
fn debug_output_holds_no_secret() {
    let sandbox = start(Scenario::Healthy);
    let shown = format!("{sandbox:?}");
    let secrets: Vec<_> = sandbox
        .exports()
        .into_iter()
        .filter(|(name, _)| name.contains("TOKEN") || name.contains("WEBHOOK"))
        .collect();
    assert_eq!(secrets.len(), 9);
    for (name, secret) in secrets {
        assert!(!shown.contains(&secret), "{name} in {shown}");
    }
    assert!(!shown.contains("postgres://"), "{shown}");
}

#[test]
fn two_are_up_at_once_and_each_cleans_up_alone() {
    let [one, two] = [Scenario::Healthy, Scenario::BadDeploy].map(start);
    let (gone, dir) = (one.dir().to_owned(), two.dir().to_owned());
    assert_ne!(one.database_url().expose_secret(), two.database_url().expose_secret());
    one.shutdown();
    assert!(!gone.exists() && dir.exists());
    assert_eq!(query(&two, &format!("select count(*) {FAILED}")), "40");
    assert_eq!(probes(&two), [200, 503, 200, 200]);
}

#[test]
fn a_folder_of_somebody_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.md"), "").unwrap();
    let dir = Some(folder.path().to_owned());
    let error = Sandbox::start(Options { dir, ..options(Scenario::BadTokens) }).unwrap_err();
    assert!(error.to_string().contains("no sandbox of ours"), "{error}");
}

#[tokio::test]
async fn it_starts_and_stops_inside_a_runtime_too() {
    let sandbox = start(Scenario::Healthy);
    let url = sandbox.database_url().expose_secret();
    PgConnection::connect(url).await.unwrap().close().await.unwrap();
    drop(sandbox);
}
