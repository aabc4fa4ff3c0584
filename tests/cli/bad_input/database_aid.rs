//! What the database's first aid makes of servers that refuse, differ, hide and lock.

use parky_ops::sandbox::{Engine, Options, Scenario};
use serde_json::Value;

use crate::harness::{Done, PgClient, Site, Standby, database_url, refusing_postgres};

fn site() -> Site {
    Site::with(|options| Options { engine: Engine::Native, ..options }, Scenario::Healthy)
}

fn changed(sql: &str) -> Site {
    let site = site();
    PgClient::admin(&site).run(sql);
    site
}

fn caveats(done: &Done) -> Vec<String> {
    let all = done.json()["caveats"].as_array().unwrap().clone();
    all.iter().map(|caveat| caveat["code"].as_str().unwrap().to_owned()).collect()
}

fn at(port: u16) -> String {
    format!("postgres://parky:a-refused-password@127.0.0.1:{port}/postgres")
}

#[test]
fn each_error_of_a_login_says_what_it_means() {
    let site = Site::bare("");
    for (sqlstate, message, exit, says) in [
        ("28P01", "password authentication failed for user \"parky\"", 3, "wrong password"),
        ("28000", "role \"parky\" is not permitted to log in", 3, "wrong password or user"),
        ("3D000", "database \"postgres\" does not exist", 3, "no such database"),
        ("53300", "remaining connection slots are reserved", 10, "connections are exhausted"),
        ("57P01", "terminating connection due to administrator command", 10, "shutting down"),
        ("57P03", "the database system is starting up", 10, "starting up"),
        ("XX000", "Max client connections reached", 10, "the pooler is full"),
        ("XX000", "Tenant or user not found", 3, "no such project or user"),
        ("XX000", "(ENOTFOUND) tenant/user postgres.abc not found", 3, "no such project or user"),
        ("XX000", "address not in tenant allow_list: {1, 2, 3, 4}", 3, "network restriction"),
        ("XX000", "circuit breaker open for operation: auth_error", 3, "too many failed logins"),
    ] {
        let url = at(refusing_postgres(sqlstate, message));
        let ping = site.run("db ping --json").var("SUPABASE_DB_URL", &url).exits(exit);
        let connect = ping.check("database", "connect");
        assert_eq!(connect["state"], if exit == 10 { "red" } else { "unknown" }, "{connect:#}");
        assert_eq!(connect["evidence"]["sqlstate"], sqlstate, "{message}");
        let text = connect["reason"]["text"].as_str().unwrap();
        assert!(text.contains(says) && text.contains(message), "{message}: {text}");
        // A list has no verdict: it fails, by our fault or by the server's.
        let list = site.run("db locks --json").var("SUPABASE_DB_URL", &url);
        let list = list.exits(if exit == 3 { 3 } else { 5 });
        assert!(list.error()["message"].as_str().unwrap().contains(says), "{}", list.stderr);
        assert_eq!(list.stdout, "");
        list.hides("a-refused-password");
    }
}

#[test]
fn each_error_of_a_read_says_what_it_means() {
    // The real server answers a read with every code: the table is a view that raises it.
    let site = changed(
        "CREATE SCHEMA supabase_migrations;
         CREATE FUNCTION raise(code text, message text) RETURNS text LANGUAGE plpgsql AS
           $$ BEGIN RAISE EXCEPTION USING ERRCODE = code, MESSAGE = message; END $$;
         GRANT USAGE ON SCHEMA supabase_migrations TO parky",
    );
    let mut admin = PgClient::admin(&site);
    for (sqlstate, message, exit, says) in [
        ("25006", "cannot execute INSERT in a read-only transaction", 1, "read-only"),
        ("26000", "prepared statement \"sqlx_s_1\" does not exist", 1, "transaction pooler"),
        ("42P05", "prepared statement \"sqlx_s_1\" already exists", 1, "transaction pooler"),
        ("42501", "permission denied for table x", 3, "no right"),
        ("42P01", "relation \"x\" does not exist", 4, "no such table"),
        ("3F000", "schema \"x\" does not exist", 4, "no such schema"),
        ("53300", "too many connections", 5, "connections are exhausted"),
        ("55P03", "canceling statement due to lock timeout", 5, "holds a lock"),
        ("57014", "canceling statement due to statement timeout", 5, "ran out of time"),
        ("57P01", "terminating connection due to administrator command", 5, "shutting down"),
        ("57P03", "the database system is starting up", 5, "starting up"),
        ("53100", "could not extend file: No space left on device", 1, "disk is full"),
        ("XX000", "Unable to check out process from the pool due to timeout", 5, "pooler"),
    ] {
        let quoted = message.replace('\'', "''");
        admin.run(&format!(
            "CREATE OR REPLACE VIEW supabase_migrations.schema_migrations AS
               SELECT raise('{sqlstate}', '{quoted}') AS version;
             GRANT SELECT ON supabase_migrations.schema_migrations TO parky"
        ));
        let done = site.run("db migrations --json").exits(exit);
        let error = done.error();
        let all = error.to_string();
        assert!(all.contains(says) && all.contains(sqlstate), "{sqlstate}: {all}");
        assert_eq!(done.stdout, "");
    }
}

#[test]
fn a_statement_that_lasts_is_ended_by_the_server() {
    let site = changed(
        "CREATE SCHEMA supabase_migrations;
         CREATE VIEW supabase_migrations.schema_migrations AS
           SELECT pg_sleep(60)::text AS version;
         GRANT USAGE ON SCHEMA supabase_migrations TO parky;
         GRANT SELECT ON supabase_migrations.schema_migrations TO parky",
    );
    let done = site.run("db migrations --json").exits(5);
    assert!(done.error().to_string().contains("57014"), "{}", done.stderr);
    // A read's own limit, with threefold slack.
    assert!(done.took.as_millis() < 3 * 1500, "{:?}", done.took);
}

#[test]
fn absent_migrations_are_said_to_be_absent() {
    let site = site();
    let done = site.run("db migrations --json").exits(4);
    assert!(done.error().to_string().contains("no schema supabase_migrations"), "{}", done.stderr);
    let mut admin = PgClient::admin(&site);
    admin.run(
        "CREATE SCHEMA supabase_migrations; GRANT USAGE ON SCHEMA supabase_migrations TO parky",
    );
    let done = site.run("db migrations --json").exits(4);
    assert!(
        done.error().to_string().contains("no table supabase_migrations.schema"),
        "{}",
        done.stderr
    );
}

#[test]
fn unreadable_migrations_are_said_to_be_unreadable() {
    let site = changed(
        "CREATE SCHEMA supabase_migrations;
         CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY)",
    );
    let refused = |right: &str| {
        let done = site.run("db migrations --json").exits(3);
        assert!(done.error().to_string().contains(right), "{}", done.stderr);
    };
    refused("USAGE");
    let mut admin = PgClient::admin(&site);
    admin.run("GRANT USAGE ON SCHEMA supabase_migrations TO parky");
    refused("SELECT");
    // An early version of the table has no names; with row security no row says nothing.
    admin.run(
        "GRANT SELECT ON supabase_migrations.schema_migrations TO parky;
         ALTER TABLE supabase_migrations.schema_migrations ENABLE ROW LEVEL SECURITY",
    );
    let done = site.run("db migrations --json").exits(7);
    assert_eq!(caveats(&done), ["row-security"]);
    admin.run(
        "ALTER TABLE supabase_migrations.schema_migrations DISABLE ROW LEVEL SECURITY;
         INSERT INTO supabase_migrations.schema_migrations VALUES ('20261121035900')",
    );
    let row = site.run("db migrations --json").exits(0).data()["rows"][0].clone();
    assert_eq!((&row["version"], &row["name"]), (&"20261121035900".into(), &Value::Null));
}

#[test]
fn a_role_that_sees_no_activity_says_so() {
    let site = changed("REVOKE pg_monitor FROM parky; CREATE TABLE work (id int)");
    let mut holder = PgClient::admin(&site);
    let pid = holder.pid();
    holder.run("BEGIN; LOCK TABLE work IN ACCESS EXCLUSIVE MODE");
    let waiting = PgClient::admin(&site).run_in_background("SELECT * FROM work");
    PgClient::admin(&site).until_waiting(1);

    let done = site.run("db queries --json").exits(7);
    assert_eq!(done.data()["seen"], false);
    assert_eq!(caveats(&done), ["limited-view"]);
    let text = site.run("db queries").exits(7).stdout;
    assert!(text.starts_with("unknown:"), "{text}");

    // Who waits for whom is seen all the same; what they run is not.
    let done = site.run("db locks --json").exits(0);
    assert_eq!(caveats(&done), ["limited-view"]);
    let row = done.data()["rows"][0].clone();
    assert_eq!((&row["root_pid"], &row["blocked"]), (&pid.into(), &1.into()));
    assert_eq!((&row["root_state"], &row["root_query"]), (&Value::Null, &Value::Null));
    assert!(row["longest_wait_s"].is_number(), "waitstart is hidden from nobody: {row:#}");

    let done = site.run("db connections --json").exits(0);
    let hidden = done.data()["rows"].as_array().unwrap().iter().any(|row| row["state"].is_null());
    assert!(hidden && done.data()["used"].as_u64().unwrap() >= 3, "{}", done.stdout);

    // A session whose start may not be seen cannot be told from a later one of its pid.
    let done = site.run(&format!("db kill {pid} --terminate --confirm {pid} --json")).exits(3);
    assert!(done.error().to_string().contains("pg_read_all_stats"), "{}", done.stderr);
    holder.run("COMMIT");
    assert!(waiting.join().unwrap().0);
}

#[test]
fn a_lock_on_a_catalogue_table_hangs_nothing() {
    let site = site();
    let mut holder = PgClient::admin(&site);
    holder.run("BEGIN; LOCK TABLE pg_extension IN ACCESS EXCLUSIVE MODE");
    let done = site.run("db queries --json").exits(0);
    let reason = done.data()["top"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("holds a lock"), "{reason}");
    let _ = site.run("db health --json").exits(0);

    holder.run("COMMIT; BEGIN; LOCK TABLE pg_locks IN ACCESS EXCLUSIVE MODE");
    let done = site.run("db locks --json").exits(5);
    assert!(done.error().to_string().contains("55P03"), "{}", done.stderr);
    let done = site.run("triage --only locks --json").exits(7);
    assert_eq!(done.says("locks", "blocked"), "unknown locked");
    assert!(done.took.as_millis() < 3 * 1500, "{:?}", done.took);

    // Logins read this one: nobody comes in any more.
    holder.run("COMMIT; BEGIN; LOCK TABLE pg_authid IN ACCESS EXCLUSIVE MODE");
    let done = site.run("db ping --json").exits(10);
    assert_eq!(done.says("database", "connect"), "red timeout");
    assert!(done.took.as_millis() < 3 * 2600, "{:?}", done.took);
    holder.run("COMMIT");
}

#[test]
fn pg_stat_statements_that_is_absent_or_not_loaded_is_said() {
    let site = site();
    let reason = || {
        let data = site.run("db queries --json").exits(0).data();
        assert_eq!(data["top"]["available"], false);
        data["top"]["reason"].as_str().unwrap().to_owned()
    };
    assert!(reason().contains("not installed"), "{}", reason());
    PgClient::admin(&site).run(
        "CREATE SCHEMA extensions; CREATE EXTENSION pg_stat_statements SCHEMA extensions;
         GRANT USAGE ON SCHEMA extensions TO parky",
    );
    assert!(reason().contains("shared_preload_libraries"), "{}", reason());
}

#[test]
fn a_standby_answers_and_says_that_it_is_one() {
    let site = site();
    let standby = Standby::of(&site);
    let mut url = database_url(&site);
    url.set_port(Some(standby.port())).unwrap();
    for words in ["db health", "db locks", "db connections", "db queries"] {
        let done = site.run(words).arg("--json").var("SUPABASE_DB_URL", url.as_str()).exits(0);
        assert!(caveats(&done).contains(&"standby".to_owned()), "{words}: {}", done.stdout);
    }
    // A session is ended there too, though nothing can be written.
    let mut reader = PgClient::open(url.as_str()).unwrap();
    let pid = reader.pid();
    let kill = site.run(&format!("db kill {pid} --terminate --confirm {pid} --json"));
    assert_eq!(kill.var("SUPABASE_DB_URL", url.as_str()).exits(0).data()["session"], "gone");
}

/// The catalogue views whose columns differ between the versions, as each of them has them.
const VERSIONS: [(u32, &str, &str, &str); 5] = [
    (13, "", "", ""),
    (14, ", waitstart", ", two_phase", ", query_id"),
    (15, ", waitstart", ", two_phase", ", query_id"),
    (16, ", waitstart", ", two_phase, false AS conflicting", ", query_id"),
    (
        17,
        ", waitstart",
        ", two_phase, now() AS inactive_since, false AS conflicting, NULL::text AS invalidation_reason, \
         false AS failover, false AS synced",
        ", query_id",
    ),
];

/// `pg_stat_statements` of each version: what its columns of time are called.
const STATEMENTS: [(&str, &str); 3] = [
    (
        "1.8",
        "0.5::float8 AS total_exec_time, 0.1::float8 AS mean_exec_time, 0.2::float8 AS blk_read_time, 0::float8 AS blk_write_time",
    ),
    (
        "1.10",
        "0.5::float8 AS total_exec_time, 0.1::float8 AS mean_exec_time, 0.2::float8 AS blk_read_time, 0::float8 AS blk_write_time",
    ),
    (
        "1.11",
        "0.5::float8 AS total_exec_time, 0.1::float8 AS mean_exec_time, 0.2::float8 AS shared_blk_read_time, 0::float8 AS shared_blk_write_time, 0::float8 AS local_blk_read_time",
    ),
];

#[test]
fn what_versions_13_to_17_call_their_columns_is_met() {
    let site = changed("CREATE TABLE work (id int); GRANT SELECT ON work TO parky");
    let mut admin = PgClient::admin(&site);
    let mut holder = PgClient::admin(&site);
    holder.run("BEGIN; LOCK TABLE work IN ACCESS EXCLUSIVE MODE");
    let waiting = PgClient::admin(&site).run_in_background("SELECT * FROM work");
    admin.until_waiting(1);
    for (version, locks, slots, activity) in VERSIONS {
        // The role finds these views before the catalogue's own.
        admin.run(&format!(
            "CREATE SCHEMA v{version}; GRANT USAGE ON SCHEMA v{version} TO parky;
             CREATE VIEW v{version}.pg_locks AS
               SELECT locktype, database, relation, page, tuple, virtualxid, transactionid, classid,
                      objid, objsubid, virtualtransaction, pid, mode, granted, fastpath{locks}
               FROM pg_catalog.pg_locks;
             CREATE VIEW v{version}.pg_replication_slots AS
               SELECT slot_name, plugin, slot_type, datoid, database, temporary, active, active_pid, xmin,
                      catalog_xmin, restart_lsn, confirmed_flush_lsn, wal_status, safe_wal_size{slots}
               FROM pg_catalog.pg_replication_slots;
             CREATE VIEW v{version}.pg_stat_activity AS
               SELECT datid, datname, pid, leader_pid, usesysid, usename,
                      'seen by {version}'::text AS application_name, client_addr, client_hostname,
                      client_port, backend_start, xact_start, query_start, state_change,
                      wait_event_type, wait_event, state, backend_xid, backend_xmin{activity}, query,
                      backend_type
               FROM pg_catalog.pg_stat_activity;
             GRANT SELECT ON ALL TABLES IN SCHEMA v{version} TO parky;
             ALTER ROLE parky SET search_path = v{version}, pg_catalog"
        ));
        let data = site.run("db locks --json").exits(0).data();
        assert_eq!(data["rows"][0]["blocked"], 1, "{version}");
        assert!(data["rows"][0]["longest_wait_s"].is_number(), "{version}: {data:#}");
        let health = site.run("db health --json").exits(0);
        for check in health.data()["checks"].as_array().unwrap() {
            assert!(
                matches!(check["state"].as_str(), Some("green" | "yellow")),
                "{version}: {check:#}"
            );
        }
        // The names of the applications show that it was these views that were read.
        let seen_by = format!("seen by {version}");
        assert_eq!(data["rows"][0]["root_app"], seen_by.as_str(), "{data:#}");
        let data = site.run("db connections --json").exits(0).data();
        assert_eq!(data["rows"][0]["app"], seen_by.as_str(), "{data:#}");
        let data = site.run("db queries --json --longer-than 0s").exits(0).data();
        assert_eq!(data["rows"][0]["app"], seen_by.as_str(), "{data:#}");
    }
    // The extension's view is found by its schema; its columns are those of the version.
    admin.run(
        "CREATE SCHEMA extensions; GRANT USAGE ON SCHEMA extensions TO parky;
         CREATE EXTENSION pg_stat_statements SCHEMA extensions;
         ALTER EXTENSION pg_stat_statements DROP VIEW extensions.pg_stat_statements;
         DROP VIEW extensions.pg_stat_statements",
    );
    for (version, columns) in STATEMENTS {
        admin.run(&format!(
            "CREATE VIEW extensions.pg_stat_statements AS
               SELECT oid AS dbid, 'SELECT $1' AS query, 5::int8 AS calls, 7::int8 AS rows, {columns}
               FROM pg_database;
             UPDATE pg_extension SET extversion = '{version}' WHERE extname = 'pg_stat_statements';
             GRANT SELECT ON extensions.pg_stat_statements TO parky"
        ));
        let top = site.run("db queries --json").exits(0).data()["top"].clone();
        assert_eq!(
            (&top["available"], &top["version"]),
            (&true.into(), &version.into()),
            "{top:#}"
        );
        let row = &top["rows"][0];
        assert_eq!(
            (&row["calls"], &row["total_ms"], &row["io_ms"]),
            (&5.into(), &0.5.into(), &0.2.into())
        );
        admin.run("DROP VIEW extensions.pg_stat_statements");
    }
    holder.run("COMMIT");
    let _ = waiting.join();
}
