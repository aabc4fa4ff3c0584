//! A database that refuses, is slow, says nothing or knows us not, on the server that all share.

use std::time::Duration;

use super::{faults, try_all};
use crate::harness::{closed_port, refusing_postgres, silent_port};

faults! {
    "the database refuses": |w| w.database_at(closed_port()) => RED ["database/* unknown not-tried", "database/connect red refused", "connections/* unknown not-tried", "locks/* unknown not-tried", "dlq/* unknown not-tried"] {"/severity/proposed": "\"SEV1\"", "/offline": "false"};
    "the database says nothing": |w| w.database_at(silent_port()) => RED ["database/* unknown not-tried", "database/connect red timeout", "connections/* unknown not-tried", "locks/* unknown not-tried", "dlq/* unknown not-tried"];
    "the database is starting up": |w| w.database_at(refusing_postgres("57P03", "the database system is starting up")) => RED ["database/* unknown not-tried", "database/connect red starting-up", "connections/* unknown not-tried", "locks/* unknown not-tried", "dlq/* unknown not-tried"];
    "the pooler is full": |w| w.database_at(refusing_postgres("XX000", "Max client connections reached")) => RED ["database/* unknown not-tried", "database/connect red saturated", "connections/* unknown not-tried", "locks/* unknown not-tried", "dlq/* unknown not-tried"];
    "the pooler knows no such project": |w| w.database_at(refusing_postgres("XX000", "Tenant or user not found")) => UNKNOWN ["database/* unknown unauthorized", "connections/* unknown unauthorized", "locks/* unknown unauthorized", "dlq/* unknown unauthorized"];
    "the password is wrong": |w| w.database_url(|url| url.set_password(Some("not-it")).unwrap()) => UNKNOWN ["database/* unknown unauthorized", "connections/* unknown unauthorized", "locks/* unknown unauthorized", "dlq/* unknown unauthorized"];
    "there is no such database": |w| w.database_url(|url| url.set_path("nowhere")) => UNKNOWN ["database/* unknown not-found", "connections/* unknown not-found", "locks/* unknown not-found", "dlq/* unknown not-found"];
    "the database's URL is none": |w| w.var("SUPABASE_DB_URL", "parky") => UNKNOWN ["database/* unknown bad-credential", "connections/* unknown bad-credential", "locks/* unknown bad-credential", "dlq/* unknown bad-credential"];
    "the server has no TLS": |w| w.database_url(|url| url.set_query(Some("sslmode=require"))) => UNKNOWN ["database/* unknown tls-ours", "connections/* unknown tls-ours", "locks/* unknown tls-ours", "dlq/* unknown tls-ours"];
    "the way to the database is slow": |w| { w.usual("db_connect_yellow_ms"); w.usual("db_query_yellow_ms"); w.database_delayed(Duration::from_millis(220)) } => YELLOW ["database/connect yellow slow", "database/query yellow slow"];
    "the database is read-only": |w| w.sql("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$") => RED ["database/read-only red read-only"];
}

#[test]
fn each_fault_on_the_way_to_the_database_is_seen_and_nothing_else() {
    try_all(FAULTS);
}
