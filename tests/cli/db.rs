//! `parky-ops db`: first aid for a real PostgreSQL with many sessions.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parky_ops::sandbox::{Engine, Options, Scenario};
use serde_json::json;
use url::Url;

use crate::harness::{PgClient, PgCrowd, Site, database_url};

/// A server with room for so many sessions, and a role `api` with a table of its own. Its password is
/// kept with one round of hashing, so that hundreds of logins take no time.
fn site(max_connections: u16) -> (Site, Url) {
    let native = |options| Options { engine: Engine::Native, max_connections, ..options };
    let site = Site::with(native, Scenario::Healthy);
    PgClient::admin(&site).run(
        "CREATE ROLE api LOGIN PASSWORD
           'SCRAM-SHA-256$1:MDEyMzQ1Njc4OWFiY2RlZg==$N/ucQwKj8hfaQnykIAebYTP7Ehesu4mjQlrXXtNqUaI=:WSnbepRdLON+OvbwX4Rk7jSc1mtq9+2QhDsUs+nfHe4=';
         CREATE TABLE work (id int PRIMARY KEY, v int);
         INSERT INTO work SELECT g, 0 FROM generate_series(1, 20) g;
         ALTER TABLE work OWNER TO api",
    );
    let mut url = database_url(&site);
    url.set_username("api").unwrap();
    url.set_password(Some("an-api-password")).unwrap();
    (site, url)
}

fn api(url: &Url) -> PgClient {
    PgClient::open(url.as_str()).expect("a session of the API")
}

/// A session that sits in a transaction, three behind it one after another, an `ALTER TABLE` behind
/// all of them and five readers behind that.
struct Queue {
    root: i64,
    /// Lasts as long as its session.
    _holder: PgClient,
    waiting: Vec<JoinHandle<(bool, PgClient)>>,
}

impl Queue {
    const LENGTH: usize = 3 + 1 + 5;

    fn stand(site: &Site, url: &Url) -> Self {
        let mut admin = PgClient::admin(site);
        let mut holder = api(url);
        let root = holder.pid();
        holder.run("BEGIN; UPDATE work SET v = 1 WHERE id = 1");
        let mut waiting = Vec::new();
        let behind = |first: &str, then| {
            let mut client = api(url);
            client.run(first);
            client.run_in_background(then)
        };
        waiting.push(behind(
            "BEGIN; UPDATE work SET v = 2 WHERE id = 2",
            "UPDATE work SET v = 2 WHERE id = 1; COMMIT",
        ));
        waiting.push(behind(
            "BEGIN; UPDATE work SET v = 3 WHERE id = 3",
            "UPDATE work SET v = 3 WHERE id = 2; COMMIT",
        ));
        waiting.push(behind("SELECT 1", "UPDATE work SET v = 4 WHERE id = 3"));
        admin.until_waiting(3);
        waiting.push(behind("SELECT 1", "ALTER TABLE work ADD COLUMN note text"));
        admin.until_waiting(4);
        waiting.extend((0..5).map(|_| behind("SELECT 1", "SELECT count(*) FROM work")));
        admin.until_waiting(Self::LENGTH);
        Self { root, _holder: holder, waiting }
    }

    /// Everybody behind the root gets what they wait for.
    fn freed(self) {
        let begun = Instant::now();
        while !self.waiting.iter().all(JoinHandle::is_finished) {
            assert!(begun.elapsed() < Duration::from_secs(30), "some still wait");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(self.waiting.into_iter().all(|task| task.join().unwrap().0), "some were ended");
    }
}

#[test]
fn in_a_crowd_the_root_of_the_queue_is_named_and_ended() {
    let (site, url) = site(215);
    let queue = Queue::stand(&site, &url);
    let crowd = PgCrowd::open(url.as_str(), 200 - 1 - Queue::LENGTH);
    let root = queue.root;

    let done = site.run("db locks --json").exits(0);
    // 1 s, with threefold slack for a busy machine.
    assert!(done.took < Duration::from_secs(3), "{:?}", done.took);
    let data = done.data();
    assert_eq!(data["rows"].as_array().unwrap().len(), 1, "{data:#}");
    let row = &data["rows"][0];
    assert_eq!((&row["root_pid"], &row["blocked"]), (&json!(root), &json!(Queue::LENGTH)));
    assert!(row["depth"].as_u64().unwrap() >= 3, "{row:#}");
    assert_eq!(
        (&row["root_role"], &row["root_state"]),
        (&json!("api"), &json!("idle in transaction"))
    );
    assert!(row["root_query"].as_str().unwrap().contains("SET v = 1"), "{row:#}");
    assert!(row["sample_query"].as_str().unwrap().contains("SET v = 2"), "{row:#}");
    for key in ["root_app", "root_seconds", "longest_wait_s"] {
        assert!(!row[key].is_null(), "{key}: {row:#}");
    }
    let wants = |mode: &str| {
        let locks = data["locks"].as_array().unwrap();
        locks.iter().any(|l| l["granted"] == false && l["mode"] == mode && l["target"] == "work")
    };
    assert!(wants("AccessExclusiveLock") && wants("AccessShareLock"), "{data:#}");

    let done = site.run("triage --only database,connections,locks,dlq --json").exits(10);
    assert!(done.took < Duration::from_secs(3 * 8), "{:?}", done.took);
    assert_eq!(done.says("locks", "blocked"), "red blocked");
    assert_eq!(done.says("connections", "connections"), "red saturated");
    for check in done.data()["checks"].as_array().unwrap() {
        assert!(check["took_ms"].as_u64().unwrap() < 3 * 1500, "{check:#}");
    }
    let next = done.check("locks", "blocked")["next"]["command"].clone();
    assert_eq!(next, "parky-ops db locks");

    let kill = format!("db kill {root} --terminate --confirm {root} --json");
    let ended = site.run(&kill).exits(0).data();
    assert_eq!((&ended["executed"], &ended["session"]), (&json!(true), &json!("gone")));
    assert_eq!(
        (&ended["blocked_before"], &ended["blocked_after"]),
        (&json!(Queue::LENGTH), &json!(0))
    );
    assert!(ended["audit"].as_str().unwrap().contains(&format!("named {root}")), "{ended:#}");
    queue.freed();
    let data = site.run("db locks --json").exits(0).data();
    assert_eq!((&data["rows"], &data["complete"]), (&json!([]), &json!(true)));
    drop(crowd);
}

#[test]
fn a_statement_is_cancelled_and_its_session_stays() {
    let (site, url) = site(20);
    let mut holder = api(&url);
    let pid = holder.pid();
    holder.run("BEGIN; UPDATE work SET v = 1 WHERE id = 1");
    let running = holder.run_in_background("SELECT pg_sleep(600)");
    let waiter = api(&url).run_in_background("UPDATE work SET v = 2 WHERE id = 1");
    PgClient::admin(&site).until_waiting(1);
    let data = site.run(&format!("db kill {pid} --confirm {pid} --json")).exits(0).data();
    assert_eq!((&data["signal"], &data["session"]), (&json!("cancel"), &json!("cancelled")));
    let blocked = (&data["blocked_before"], &data["blocked_after"]);
    assert_eq!(blocked, (&json!(1), &json!(0)), "{data:#}");
    assert!(!running.join().unwrap().0, "the statement ended with an error");
    assert!(waiter.join().unwrap().0);
}

#[test]
fn an_idle_transaction_cannot_be_cancelled_and_that_is_no_success() {
    let (site, url) = site(20);
    let mut holder = api(&url);
    let pid = holder.pid();
    holder.run("BEGIN; UPDATE work SET v = 1 WHERE id = 1");
    let plan = site.run(&format!("db kill {pid} --dry-run --json")).exits(0).data();
    let warning = plan["plan"]["warnings"][0].as_str().unwrap();
    assert!(warning.contains("use --terminate"), "{plan:#}");
    let data = site.run(&format!("db kill {pid} --confirm {pid} --json")).exits(1).data();
    assert_eq!(data["session"], "unchanged");
    assert_eq!(data["next"], format!("parky-ops db kill {pid} --terminate"));
    holder.run("COMMIT");
}

#[test]
fn nobody_is_ended_without_the_pid() {
    let (site, url) = site(20);
    let mut holder = api(&url);
    let pid = holder.pid();
    for words in ["", "--yes", "--confirm 1", "--yes --no-input"] {
        let done = site.run(&format!("db kill {pid} --terminate {words} --json")).exits(6);
        let data = done.data();
        assert_eq!(data["executed"], false, "{words}");
        let plan = &data["plan"];
        assert_eq!(plan["consent"]["kind"], "severe");
        assert_eq!(plan["consent"]["name"], pid.to_string());
        assert_eq!((&plan["target"]["pid"], &plan["target"]["role"]), (&json!(pid), &json!("api")));
    }
    let text = site.run(&format!("db kill {pid} --terminate")).exits(6);
    assert!(text.stdout.starts_with("PLAN terminate the session of pid"), "{}", text.stdout);
    assert!(text.stderr.contains(&format!("--confirm {pid}")), "{}", text.stderr);
    assert_eq!(holder.one("SELECT 'still here'"), "still here");
}

#[test]
fn at_a_terminal_the_pid_is_typed() {
    let (site, url) = site(20);
    let mut holder = api(&url);
    let pid = holder.pid();
    holder.run("BEGIN");
    let run = site.run(&format!("db kill {pid} --terminate"));
    let mut wrong = run.at_terminal(100);
    wrong.wait_for("to go on");
    wrong.type_in("yes\r");
    assert_eq!(wrong.end().code, Some(6));
    assert_eq!(holder.one("SELECT 'still here'"), "still here");
    let mut right = run.at_terminal(100);
    right.wait_for("to go on");
    right.type_in(&format!("{pid}\r"));
    let ended = right.end();
    assert_eq!(ended.code, Some(0), "{}", ended.screen);
    assert!(ended.screen.contains(&format!("pid {pid} is gone")), "{}", ended.screen);
}

#[test]
fn sessions_that_are_not_ours_to_end_are_refused() {
    let (site, url) = site(20);
    let mut admin = PgClient::admin(&site);
    admin.run("CREATE ROLE supabase_admin LOGIN PASSWORD 'another-password'");
    let mut platform = url.clone();
    platform.set_username("supabase_admin").unwrap();
    platform.set_password(Some("another-password")).unwrap();
    let mut platform = PgClient::open(platform.as_str()).unwrap();
    let server =
        admin.one("SELECT pid::text FROM pg_stat_activity WHERE backend_type = 'checkpointer'");
    for (pid, word) in [(platform.pid().to_string(), "platform"), (server, "the server's own")] {
        let done = site.run(&format!("db kill {pid} --terminate --confirm {pid} --json")).exits(3);
        let error = done.error();
        assert_eq!(error["code"], "refused-session");
        assert!(error["message"].as_str().unwrap().contains(word), "{error}");
    }
    // The superuser's session is refused by the server: the role has no right to it.
    let pid = admin.pid();
    let done = site.run(&format!("db kill {pid} --terminate --confirm {pid} --json")).exits(3);
    assert_eq!(done.error()["code"], "no-permission");
    let done = site.run("db kill 2147483000 --confirm 2147483000 --json").exits(4);
    assert_eq!(done.error()["code"], "not-found");

    // A project that is pinned, and does not say that it is the one: read with a caveat, not changed.
    site.set("env.prod.supabase_ref", "\"another\"");
    let mut other = api(&url);
    let pid = other.pid();
    let _ = site.run(&format!("db kill {pid} --terminate --confirm {pid}")).exits(3);
    let caveats = site.run("db locks --json").exits(0).json()["caveats"].clone();
    assert_eq!(caveats[0]["code"], "pin-unchecked");
    assert_eq!(other.one("SELECT 'still here'"), "still here");
}

#[test]
fn a_ping_is_a_connect_and_one_question() {
    let (site, _) = site(20);
    let data = site.run("db ping --json").exits(0).data();
    assert_eq!(data["verdict"], "green");
    let names: Vec<_> = data["checks"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
    assert_eq!(names, ["connect", "query"]);
    assert_eq!(data["checks"][1]["evidence"]["times_ms"].as_array().unwrap().len(), 1);
    let data = site.run("db ping --count 3 --json").exits(0).data();
    assert_eq!(data["checks"][1]["evidence"]["times_ms"].as_array().unwrap().len(), 3);
    let bare = Site::bare("");
    let done = bare.run("db ping --json").exits(3);
    assert_eq!(done.data()["verdict"], "unknown");
    assert_eq!(done.says("database", "connect"), "unknown no-credential");
    assert_eq!(bare.run("db locks --json").exits(3).error()["code"], "no-credential");
}

#[test]
fn health_checks_the_database_and_nothing_else() {
    let (site, _) = site(20);
    let data = site.run("db health --json").exits(0).data();
    let sources: std::collections::BTreeSet<_> = data["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["source"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(sources.into_iter().collect::<Vec<_>>(), ["connections", "database", "locks"]);
    assert_eq!(data["checks"].as_array().unwrap().len(), 9);
}

#[test]
fn what_runs_and_who_holds_connections_is_listed() {
    let (site, url) = site(20);
    let mut client = api(&url);
    client.run("SET application_name = 'batch'");
    let pid = client.pid();
    let running = client.run_in_background("SELECT pg_sleep(600) /* PASSWORD 'hunter2' */");
    let mut admin = PgClient::admin(&site);
    let began = Instant::now();
    while admin.one("SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE '%hunter2%' AND state = 'active' AND usename = 'api'") != "1" {
        assert!(began.elapsed() < Duration::from_secs(20));
    }
    let done = site.run("db queries --longer-than 0s --json").exits(0);
    let data = done.data();
    let row =
        data["rows"].as_array().unwrap().iter().find(|row| row["pid"] == pid).unwrap().clone();
    assert_eq!(
        (&row["role"], &row["app"], &row["state"]),
        (&json!("api"), &json!("batch"), &json!("active"))
    );
    assert!(row["query"].as_str().unwrap().contains("PASSWORD ***"), "{row:#}");
    done.hides("hunter2");
    assert_eq!(data["top"]["available"], false);
    assert!(data["top"]["reason"].as_str().unwrap().contains("not installed"), "{data:#}");

    let data = site.run("db connections --json").exits(0).data();
    assert_eq!(data["max_connections"], 20);
    let row =
        data["rows"].as_array().unwrap().iter().find(|row| row["app"] == "batch").unwrap().clone();
    assert_eq!((&row["role"], &row["n"]), (&json!("api"), &json!(1)));
    let _ = site.run(&format!("db kill {pid} --terminate --confirm {pid}")).exits(0);
    assert!(!running.join().unwrap().0);
}

#[test]
fn the_newest_migrations_are_listed() {
    let (site, _) = site(20);
    PgClient::admin(&site).run(
        "CREATE SCHEMA supabase_migrations;
         CREATE TABLE supabase_migrations.schema_migrations
           (version text PRIMARY KEY, statements text[], name text);
         INSERT INTO supabase_migrations.schema_migrations VALUES
           ('20261101000000', '{}', 'init'), ('20261121035900', NULL, 'add_spot'), ('3', NULL, NULL);
         GRANT USAGE ON SCHEMA supabase_migrations TO parky;
         GRANT SELECT ON supabase_migrations.schema_migrations TO parky",
    );
    let data = site.run("db migrations --limit 2 --json").exits(0).data();
    assert_eq!(data["more"], true);
    assert_eq!(data["rows"][0], json!({"version": "3", "name": null, "written_at": null}));
    assert_eq!(
        data["rows"][1],
        json!({"version": "20261121035900", "name": "add_spot", "written_at": "2026-11-21T03:59:00Z"})
    );
}

#[test]
fn a_saturated_database_is_red_and_its_queue_has_a_root() {
    let site =
        Site::with(|options| Options { engine: Engine::Native, ..options }, Scenario::DbSaturated);
    let done = site.run("triage --json").exits(10);
    assert_eq!(done.says("connections", "connections"), "red saturated");
    assert_eq!(done.says("locks", "blocked"), "red blocked");
    let row = site.run("db locks --json").exits(0).data()["rows"][0].clone();
    assert_eq!(row["blocked"], 9);
    let root = &row["root_pid"];
    let _ = site.run(&format!("db kill {root} --terminate --confirm {root}")).exits(0);
    let done = site.run("db health --json").done();
    assert_eq!(done.says("locks", "blocked"), "green ok");
}

#[test]
fn the_embedded_engine_says_what_it_cannot_show() {
    let site = Site::with(
        |options| Options { engine: Engine::Embedded, ..options },
        Scenario::DbSaturated,
    );
    let engine = site.sandbox().database_engine();
    assert!(engine.contains("sessions and locks need an installed PostgreSQL"), "{engine}");
}

#[test]
fn a_postgresql_17_answers_every_question() {
    let embedded = |options| Options { engine: Engine::Embedded, ..options };
    let site = Site::with(embedded, Scenario::DeadLetters);
    PgClient::open(database_url(&site).as_str()).unwrap().run(
        "CREATE SCHEMA supabase_migrations;
         CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY, name text);
         INSERT INTO supabase_migrations.schema_migrations VALUES ('20261121035900', 'add_spot')",
    );
    let data = |words: &str| site.run(words).arg("--json").exits(0).data();

    let health = data("db health");
    let checks = health["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["state"] == "green"), "{health:#}");
    let read_only = checks.iter().find(|check| check["name"] == "read-only").unwrap();
    let version = read_only["evidence"]["version_num"].as_u64().unwrap();
    assert!((170_000..180_000).contains(&version), "{version}");
    assert_eq!(data("db ping")["verdict"], "green");

    let locks = data("db locks");
    assert_eq!((&locks["rows"], &locks["complete"]), (&json!([]), &json!(true)));
    let queries = data("db queries --longer-than 0s");
    assert_eq!((&queries["seen"], &queries["rows"]), (&json!(true), &json!([])), "{queries:#}");
    let connections = data("db connections");
    assert!(connections["used"].as_u64().unwrap() >= 1, "{connections:#}");
    assert!(connections["max_connections"].as_u64().unwrap() >= 1, "{connections:#}");
    let migrations = data("db migrations");
    assert_eq!(migrations["rows"][0]["name"], "add_spot", "{migrations:#}");

    let letters = data("dlq list --limit all");
    let rows = letters["rows"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["title"] == "good P0") && rows.len() > 40, "{}", rows.len());
    assert_eq!(letters["complete"], true);
    let red = site.run("triage --only dlq --json").exits(10);
    assert_eq!(red.says("dlq", "p0"), "red untold-p0");
    assert!(!data("dlq stats")["diagnosis"].is_null());
}
