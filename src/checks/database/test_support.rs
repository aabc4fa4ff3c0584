//! What the tests of the database's checks share.

use crate::config::Thresholds;

/// The built-in thresholds, as the operators' table has them.
pub(crate) fn thresholds() -> Thresholds {
    Thresholds {
        probe_timeout_ms: 4000,
        host_yellow_ms: 1000,
        host_red_ms: 3000,
        cert_yellow_days: 14,
        cert_red_days: 3,
        suspect_window_min: 60,
        healthcheck_yellow_min: 15,
        healthcheck_red_min: 30,
        db_connect_yellow_ms: 500,
        db_connect_red_ms: 2000,
        db_query_yellow_ms: 150,
        db_query_red_ms: 1000,
        connections_yellow_pct: 70,
        connections_red_pct: 90,
        blocked_yellow: 1,
        blocked_red: 5,
        blocked_wait_yellow_s: 30,
        blocked_wait_red_s: 120,
        idle_in_transaction_yellow_min: 5,
        idle_in_transaction_red_min: 30,
        statement_yellow_s: 60,
        statement_red_s: 300,
        slot_yellow_mib: 1024,
        xid_yellow_pct: 25,
        xid_red_pct: 50,
        dlq_last_hour_red: 5,
        logpush_yellow_min: 15,
        logpush_red_min: 60,
        sentry_users_red: 10,
    }
}
