//! A database that refuses, lacks, hides, is full, is pooled, is silent or is locked.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use parky_ops::sandbox::{Engine, Options, Scenario};
use serde_json::{Value, json};
use url::Url;

use crate::harness::{Bouncer, Done, PgClient, Site, database_url, silent_port};

/// Only what the database tells: everything else would be asked in vain.
const ASK: &str = "triage --only database,connections,locks,dlq --json";
/// Every check that ASK owes.
const CHECKS: [(&str, &str); 12] = [
    ("database", "connect"),
    ("database", "query"),
    ("database", "read-only"),
    ("database", "statements"),
    ("database", "idle-in-transaction"),
    ("database", "slots"),
    ("database", "xid"),
    ("connections", "connections"),
    ("locks", "blocked"),
    ("dlq", "last-24h"),
    ("dlq", "p0"),
    ("dlq", "last-hour"),
];
/// The deadline of the group, with threefold slack for a busy machine.
const SLACK: Duration = Duration::from_secs(3 * 8);

/// A real PostgreSQL in which 40 alerts are lost, three of them P0 of which nobody was told.
fn site() -> Site {
    Site::with(|options| Options { engine: Engine::Native, ..options }, Scenario::BadDeploy)
}

/// A site whose database was changed first.
fn changed(sql: &str) -> Site {
    let site = site();
    PgClient::admin(&site).run(sql);
    site
}

/// Runs `words`, against `url` where there is one, and expects the exit code, an answer in time, and
/// no password anywhere: neither shown nor kept.
fn ask(site: &Site, words: &str, url: Option<&Url>, exit: i32) -> Done {
    // What psql takes from the environment must not steer this program.
    let psql = site.run(words).var("PGOPTIONS", "-c default_transaction_read_only=on");
    let mut run = psql.var("PGSSLMODE", "verify-full").var("PGPASSWORD", "another-password");
    if let Some(url) = url {
        run = run.var("SUPABASE_DB_URL", url.as_str());
    }
    let done = run.exits(exit);
    assert!(done.took < SLACK, "{:?}", done.took);
    let used = url.and_then(Url::password).map(str::to_owned);
    let configured =
        site.sandbox.as_ref().and_then(|_| Some(database_url(site).password()?.to_owned()));
    let kept = site.home().join(".local/state/parky-ops");
    assert!(kept.join("state.db").is_file(), "the triage is kept");
    for password in used.iter().chain(&configured) {
        assert!(!done.stdout.contains(password.as_str()), "{}", done.stdout);
        assert!(!done.stderr.contains(password.as_str()), "{}", done.stderr);
        assert!(!is_kept(password, &kept), "the state holds the password");
    }
    done
}

fn is_kept(password: &str, path: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(path) else {
        let bytes = std::fs::read(path).unwrap_or_default();
        return bytes.windows(password.len()).any(|window| window == password.as_bytes());
    };
    entries.flatten().any(|entry| is_kept(password, &entry.path()))
}

fn text(check: &Value) -> String {
    check["reason"]["text"].as_str().unwrap().to_owned()
}

/// Every check says `expected`, and each text holds all of `words`.
fn all_say(done: &Done, expected: &str, words: &[&str]) {
    for (source, name) in CHECKS {
        assert_eq!(done.says(source, name), expected, "{source}/{name}");
        let text = text(&done.check(source, name));
        assert!(words.iter().all(|word| text.contains(word)), "{source}/{name}: {text}");
    }
}

/// The dead letters say `expected` with `words`; everything else was measured and is green.
fn only_dead_letters_say(done: &Done, expected: &str, words: &[&str]) {
    for (source, name) in CHECKS {
        if source == "dlq" {
            assert_eq!(done.says(source, name), expected, "{name}");
            let text = text(&done.check(source, name));
            assert!(words.iter().all(|word| text.contains(word)), "{name}: {text}");
        } else {
            assert_eq!(done.check(source, name)["state"], "green", "{source}/{name}");
        }
    }
    assert_eq!(done.data()["verdict"], "unknown");
    assert_eq!(done.data()["told"]["state"], "unknown", "nobody knows who was told");
}

#[test]
fn a_wrong_password_is_unknown() {
    let site = site();
    let mut url = database_url(&site);
    url.set_password(Some("not-the-password-at-all")).unwrap();
    let done = ask(&site, ASK, Some(&url), 3);
    all_say(&done, "unknown unauthorized", &["wrong password", "28P01", "$SUPABASE_DB_URL"]);
    // Even with the log of everything that was asked, and in the text for people.
    let page = ask(&site, "triage --only database -vv", Some(&url), 3);
    assert!(page.stdout.contains("wrong password"), "{}", page.stdout);
}

#[test]
fn a_missing_database_is_unknown() {
    let site = site();
    let mut url = database_url(&site);
    url.set_path("/no_such_place");
    let done = ask(&site, ASK, Some(&url), 3);
    all_say(&done, "unknown not-found", &["no such database", "no_such_place", "$SUPABASE_DB_URL"]);
}

#[test]
fn a_missing_table_is_unknown() {
    let site = changed("DROP TABLE admin.notification_failures");
    let done = ask(&site, ASK, None, 7);
    only_dead_letters_say(&done, "unknown no-table", &["no table admin.notification_failures"]);
}

#[test]
fn a_missing_schema_is_unknown() {
    let site = changed("DROP SCHEMA admin CASCADE");
    let done = ask(&site, ASK, None, 7);
    only_dead_letters_say(&done, "unknown no-table", &["no schema admin"]);
}

#[test]
fn missing_rights_are_unknown() {
    let site = changed("REVOKE ALL ON admin.notification_failures FROM parky");
    let done = ask(&site, ASK, None, 7);
    let words = ["may not read", "status", "admin.notification_failures"];
    only_dead_letters_say(&done, "unknown no-permission", &words);

    PgClient::admin(&site).run("REVOKE ALL ON SCHEMA admin FROM parky");
    let done = ask(&site, ASK, None, 7);
    only_dead_letters_say(&done, "unknown no-permission", &["USAGE", "schema admin"]);
}

#[test]
fn row_security_never_shows_a_false_green() {
    // Without a policy the role sees an empty table: nothing is lost, as it seems.
    let site = changed("ALTER TABLE admin.notification_failures ENABLE ROW LEVEL SECURITY");
    let done = ask(&site, ASK, None, 7);
    only_dead_letters_say(&done, "unknown row-security", &["row security hides rows"]);
    assert!(caveats(&done).contains(&"row-security".to_owned()));

    // What it does see is a lower bound.
    PgClient::admin(&site).run(
        "CREATE POLICY mail ON admin.notification_failures FOR SELECT TO parky
         USING (severity = 'P0' AND NOT fallback_email_sent)",
    );
    let done = ask(&site, ASK, None, 10);
    let p0 = done.check("dlq", "p0");
    assert_eq!(done.says("dlq", "p0"), "red untold-p0");
    assert!(text(&p0).starts_with("at least: "), "{p0:#}");
    assert_eq!(p0["evidence"]["at_least"], true);
    assert_eq!(done.data()["told"], json!({"state": "no", "untold_p0": 3}));
    assert!(caveats(&done).contains(&"row-security".to_owned()));
}

fn caveats(done: &Done) -> Vec<String> {
    let code = |caveat: &Value| caveat["code"].as_str().unwrap().to_owned();
    done.json()["caveats"].as_array().unwrap().iter().map(code).collect()
}

#[test]
fn a_saturated_server_is_red() {
    let few = |options| Options { engine: Engine::Native, max_connections: 6, ..options };
    let site = Site::with(few, Scenario::BadDeploy);
    let taken = take_every_connection(database_url(&site).as_str());
    let done = ask(&site, ASK, None, 10);
    assert_eq!(done.data()["verdict"], "red");
    for (source, name) in [("database", "connect"), ("connections", "connections")] {
        assert_eq!(done.says(source, name), "red saturated");
        let check = done.check(source, name);
        assert_eq!(check["evidence"]["sqlstate"], "53300");
        assert!(text(&check).contains("connections are exhausted"), "{check:#}");
    }
    for (source, name) in CHECKS.iter().filter(|(source, _)| ["locks", "dlq"].contains(source)) {
        assert_eq!(done.says(source, name), "unknown not-tried");
    }
    drop(taken);
}

/// Opens sessions until the server refuses one three times in a row: one that has just ended gives
/// its place back a little later.
fn take_every_connection(url: &str) -> Vec<PgClient> {
    let (mut taken, mut refused) = (Vec::new(), 0);
    while refused < 3 {
        match PgClient::open(url) {
            Ok(client) => {
                taken.push(client);
                refused = 0;
            }
            Err(sqlx::Error::Database(error)) => {
                assert_eq!(error.code().as_deref(), Some("53300"));
                refused += 1;
                thread::sleep(Duration::from_millis(100));
            }
            Err(error) => panic!("{error}"),
        }
    }
    taken
}

#[test]
fn behind_a_transaction_pooler_everything_is_measured() {
    let site = site();
    let bouncer = Bouncer::before(&database_url(&site), 2);
    let neighbour = Neighbour::at(bouncer.url());
    for _ in 0..3 {
        // The URL is all that tells the program of the pooler.
        let done = ask(&site, "triage --json", Some(bouncer.url()), 10);
        is_the_bad_deploy(&done, &site);
    }
    neighbour.leave();
}

/// Another client of the same pooler, which prepares statements and changes settings of the server
/// connections that it shares with us.
struct Neighbour {
    stop: std::sync::Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Neighbour {
    fn at(url: &Url) -> Self {
        let (stop, url) = (std::sync::Arc::new(AtomicBool::new(false)), url.to_string());
        let stopped = stop.clone();
        let thread = thread::spawn(move || {
            let mut client = PgClient::open(&url).unwrap();
            client
                .run("SET search_path = nowhere; SET lock_timeout = '1ms'; PREPARE s AS SELECT 1");
            while !stopped.load(Ordering::Relaxed) {
                client.run("BEGIN; SELECT 'not yours'; COMMIT");
            }
        });
        Self { stop, thread }
    }

    fn leave(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
    }
}

fn is_the_bad_deploy(done: &Done, site: &Site) {
    let data = done.data();
    assert_eq!(data["verdict"], "red");
    assert_eq!(data["severity"]["proposed"], "SEV2");
    assert_eq!(data["started_from"], "dead-letter");
    assert_eq!(data["suspect"]["target"], "public");
    assert_eq!(data["suspect"]["minutes_before"], 7);
    assert_eq!(data["told"], json!({"state": "no", "untold_p0": 3}));
    assert_eq!(done.says("hosts", &site.host("api.parky.co.jp")), "red http-5xx");
    assert_eq!(done.says("workers", "public"), "yellow fresh-deploy");
    assert_eq!(done.says("dlq", "p0"), "red untold-p0");
    assert_eq!(done.says("dlq", "last-24h"), "red untold-p0");
    assert_eq!(done.says("dlq", "last-hour"), "red discord-down");
    assert_eq!(done.check("dlq", "last-24h")["evidence"]["open"], 40);
    for (source, name) in CHECKS.iter().filter(|(source, _)| *source != "dlq") {
        let check = done.check(source, name);
        assert_eq!(check["state"], "green", "{check:#}");
        // A read's own limit, with threefold slack.
        assert!(check["took_ms"].as_u64().unwrap() < 3 * 1500, "{check:#}");
    }
}

#[test]
fn a_silent_database_is_red_within_its_deadline() {
    let site = Site::bare("");
    let url = format!("postgres://parky:a-silent-secret@127.0.0.1:{}/postgres", silent_port());
    let done = ask(&site, ASK, Some(&url.parse().unwrap()), 10);
    assert_eq!(done.says("database", "connect"), "red timeout");
    let connect = done.check("database", "connect");
    assert!(text(&connect).contains("accepts connections but said nothing"), "{connect:#}");
    // The limit of a connect, with threefold slack.
    assert!(connect["took_ms"].as_u64().unwrap() < 3 * 2000, "{connect:#}");
    for (source, name) in CHECKS.iter().filter(|check| **check != ("database", "connect")) {
        assert_eq!(done.says(source, name), "unknown not-tried", "{source}/{name}");
    }
}

#[test]
fn a_locked_table_does_not_hang_the_triage() {
    let site = site();
    let mut migration = PgClient::admin(&site);
    migration.run("BEGIN; ALTER TABLE admin.notification_failures ADD COLUMN note text");
    let done = ask(&site, ASK, None, 7);
    only_dead_letters_say(&done, "unknown locked", &["holds a lock"]);
    for name in ["p0", "last-24h", "last-hour"] {
        let check = done.check("dlq", name);
        assert!(check["took_ms"].as_u64().unwrap() < 3 * 1500, "{check:#}");
    }
    // We waited in a queue in which others would have waited behind us, and left it.
    migration.run("COMMIT");
    assert_eq!(ask(&site, ASK, None, 10).says("dlq", "p0"), "red untold-p0");
}
