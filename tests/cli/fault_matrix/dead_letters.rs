//! Alerts that did not reach Discord, and whether anybody was told.

use super::world::World;
use super::{faults, try_all};

faults! {
    "a P2 was not delivered": |w| lost(w, "P2", "503", true, 180, 1) => YELLOW ["dlq/last-24h yellow undelivered"] {"/told/state": "\"nothing\""};
    "a P0 went out by e-mail": |w| lost(w, "P0", "503", true, 180, 1) => YELLOW ["dlq/last-24h yellow undelivered", "dlq/p0 yellow undelivered"] {"/told/state": "\"yes\""};
    "a P0 reached nobody": |w| lost(w, "P0", "503", false, 180, 1) => RED ["dlq/last-24h red untold-p0", "dlq/p0 red untold-p0"] {"/told": "{\"state\": \"no\", \"untold_p0\": 1}"};
    "a P0 of yesterday reached nobody": |w| lost(w, "P0", "503", false, 1800, 1) => YELLOW ["dlq/p0 yellow untold-p0"];
    "a webhook is gone": |w| lost(w, "P1", "404", true, 20, 1) => RED ["dlq/last-24h yellow undelivered", "dlq/last-hour red webhook-revoked"];
    "a webhook's token changed": |w| lost(w, "P1", "401", true, 20, 1) => RED ["dlq/last-24h yellow undelivered", "dlq/last-hour red webhook-revoked"];
    "Discord is down": |w| lost(w, "P1", "503", true, 20, 5) => RED ["dlq/last-24h yellow undelivered", "dlq/last-hour red discord-down"] {"/started_from": "\"dead-letter\""};
    "Discord does not answer": |w| lost(w, "P1", "NULL", true, 20, 5) => RED ["dlq/last-24h yellow undelivered", "dlq/last-hour red discord-down"];
    "Discord failed four times": |w| lost(w, "P1", "502", true, 20, 4) => YELLOW ["dlq/last-24h yellow undelivered", "dlq/last-hour yellow undelivered"];
    "Discord holds alerts back": |w| lost(w, "P1", "429", true, 20, 50) => YELLOW ["dlq/last-24h yellow undelivered", "dlq/last-hour yellow discord-limited"];
    "the table is not there": |w| w.sql("DROP TABLE admin.notification_failures") => UNKNOWN ["dlq/* unknown no-table"];
    "a column is not there": |w| w.sql("ALTER TABLE admin.notification_failures DROP COLUMN fallback_email_sent") => UNKNOWN ["dlq/p0 unknown no-column", "dlq/last-24h unknown no-column"] {"/told/state": "\"unknown\""};
    "the role may not read the table": |w| w.sql("REVOKE ALL ON admin.notification_failures FROM parky") => UNKNOWN ["dlq/* unknown no-permission"] {"/told/state": "\"unknown\""};
    "row security hides rows": |w| w.sql("ALTER TABLE admin.notification_failures ENABLE ROW LEVEL SECURITY") => UNKNOWN ["dlq/* unknown row-security"] {"/told/state": "\"unknown\"", "/told/untold_p0": "null"};
}

/// So many rows whose last try was `minutes` ago; Discord answered `status`, and mail went out or not.
fn lost(world: &mut World<'_>, severity: &str, status: &str, told: bool, minutes: u32, rows: u32) {
    world.sql(&format!(
        "INSERT INTO admin.notification_failures
           (attempted_at, channel, severity, title, http_status, fallback_email_sent)
         SELECT now() - make_interval(mins => {minutes}), 'p1-ops', '{severity}', 'lost', {status}, {told}
         FROM generate_series(1, {rows})"
    ));
}

#[test]
fn each_fault_of_the_dead_letters_is_seen_and_nothing_else() {
    try_all(FAULTS);
}
