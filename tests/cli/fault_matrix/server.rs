//! A PostgreSQL that is full, blocked, or kept from cleaning up: each on a server of its own.

use super::world::World;
use super::{faults, try_all};
use crate::harness::PgCrowd;

/// A table to be locked, and nothing else.
const WORK: &str = "CREATE TABLE work (id int); INSERT INTO work VALUES (1)";
const ROOMY: u16 = 20;

faults! {
    "every connection is taken": full => RED ["database/* unknown not-tried", "database/connect red saturated", "connections/connections red saturated", "locks/* unknown not-tried", "dlq/* unknown not-tried"] {"/next/0/command": "\"parky-ops db connections\""};
    "more than nine of ten connections are taken": |w| crowded(w, 16) => RED ["connections/connections red saturated"];
    "more than seven of ten connections are taken": |w| crowded(w, 12) => YELLOW ["connections/connections yellow saturated"];
    "a session is blocked": |w| blocked(w, 1) => YELLOW ["locks/blocked yellow blocked"] {"/next/0/command": "\"parky-ops db locks\""};
    "five sessions are blocked": |w| blocked(w, 5) => RED ["locks/blocked red blocked"];
    "a session sits in a transaction": |w| { blocked(w, 0); aged(w, "6 min") } => YELLOW ["database/idle-in-transaction yellow idle-in-transaction"];
    "a session sits in a transaction and blocks": |w| { blocked(w, 1); aged(w, "31 min") } => RED ["database/idle-in-transaction red idle-in-transaction", "database/statements yellow long-statement", "locks/blocked yellow blocked"];
    "a statement runs for long": |w| { working(w, 0); aged(w, "2 min") } => YELLOW ["database/statements yellow long-statement"];
    "a statement runs for long and blocks": |w| { working(w, 1); aged(w, "6 min") } => RED ["database/statements red long-statement", "locks/blocked yellow blocked"];
    "a slot keeps what nobody reads": slot => YELLOW ["database/slots yellow slot-retains"];
    "a slot has lost what its reader needs": |w| { slot(w); lose(w) } => RED ["database/slots red slot-lost"];
    "the role sees no other sessions": |w| w.server(ROOMY, "REVOKE pg_monitor FROM parky") => UNKNOWN ["database/statements unknown limited-view", "database/idle-in-transaction unknown limited-view"];
    "a migration holds the table of the dead letters": migration => UNKNOWN ["dlq/* unknown locked"] {"/told/state": "\"unknown\""};
}

/// The superuser keeps 3 of the connections.
fn full(world: &mut World<'_>) {
    world.server(6, "SELECT 1");
    let crowd = PgCrowd::open(world.server_url().as_str(), 3);
    world.keep(crowd);
}

fn crowded(world: &mut World<'_>, sessions: usize) {
    world.server(ROOMY, "SELECT 1");
    let crowd = PgCrowd::open(world.server_url().as_str(), sessions);
    world.keep(crowd);
}

/// So many sessions wait for one that has only just begun, and sits there.
fn blocked(world: &mut World<'_>, waiting: usize) {
    world.server(ROOMY, WORK);
    let mut holder = world.session();
    holder.run("BEGIN; LOCK TABLE work IN ACCESS EXCLUSIVE MODE");
    world.keep(holder);
    queue(world, waiting);
}

/// So many wait for one that is in the middle of a statement.
fn working(world: &mut World<'_>, waiting: usize) {
    world.server(ROOMY, WORK);
    let sql = "BEGIN; LOCK TABLE work IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)";
    let runs = world.session().run_in_background(sql);
    world.keep(runs);
    let sleeps = "SELECT count(*)::text FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    world.session().until_one(sleeps, "1");
    queue(world, waiting);
}

fn queue(world: &mut World<'_>, waiting: usize) {
    for _ in 0..waiting {
        let waits = world.session().run_in_background("SELECT * FROM work");
        world.keep(waits);
    }
    world.session().until_waiting(waiting);
}

/// For the role that looks, all that other sessions are at began earlier by `age`.
fn aged(world: &mut World<'_>, age: &str) {
    let mut admin = world.session();
    let columns = admin.one(&format!(
        "SELECT string_agg(CASE WHEN attname IN ('xact_start', 'query_start', 'state_change')
           THEN format('%1$I - interval ''{age}'' AS %1$I', attname)
           ELSE quote_ident(attname) END, ', ' ORDER BY attnum)
         FROM pg_attribute WHERE attrelid = 'pg_stat_activity'::regclass AND attnum > 0"
    ));
    admin.run(&format!(
        "CREATE SCHEMA aged; GRANT USAGE ON SCHEMA aged TO parky;
         CREATE VIEW aged.pg_stat_activity AS SELECT {columns} FROM pg_catalog.pg_stat_activity;
         GRANT SELECT ON aged.pg_stat_activity TO parky;
         ALTER ROLE parky SET search_path = aged, pg_catalog"
    ));
}

fn slot(world: &mut World<'_>) {
    world.server(ROOMY, "SELECT pg_create_physical_replication_slot('left', true)");
    // A segment is 16 MiB; an unused one is not switched.
    for _ in 0..3 {
        world.session().run("CREATE TABLE more (); DROP TABLE more; SELECT pg_switch_wal()");
    }
}

/// The server keeps no more than a part of a segment for it.
fn lose(world: &World<'_>) {
    let mut admin = world.session();
    admin.run("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
    admin.run("SELECT pg_reload_conf()");
    let status = "SELECT wal_status FROM pg_replication_slots";
    while !["unreserved", "lost"].contains(&admin.one(status).as_str()) {
        admin.run("CREATE TABLE more (); DROP TABLE more; SELECT pg_switch_wal()");
        admin.run("CHECKPOINT");
    }
}

fn migration(world: &mut World<'_>) {
    world.server(ROOMY, WORK);
    let mut migration = world.session();
    migration.run("BEGIN; ALTER TABLE admin.notification_failures ADD COLUMN note text");
    world.keep(migration);
}

#[test]
fn each_fault_of_the_server_is_seen_and_nothing_else() {
    try_all(FAULTS);
}
