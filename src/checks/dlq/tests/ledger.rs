//! What the replays' ledger has settled, as the questions see it.

use chrono::DateTime;

use super::{Answers, ask_as, ask_with, row};
use crate::dlq::FailureId;
use crate::dlq::store::local::LocalStore;
use crate::dlq::store::shared::schema_sql;
use crate::dlq::store::{Frozen, Store as _};
use crate::dlq::table::testing::table;
use crate::domain::{Clock, EnvName};
use crate::postgres::testing::Database;
use crate::state::State;

/// The ledger beside the table, stamped for `env`, with these states of the rows 1, 2, …
async fn with_ledger(database: &Database, env: &str, states: &[&str]) {
    let mut sql = schema_sql(&env.parse().unwrap(), &[], None);
    for (row, state) in (1..).zip(states) {
        let sha = format!("decode('{row:064x}', 'hex')");
        sql.push_str(&format!(
            ";INSERT INTO parky_ops.replay_item (failure_id, lane, fingerprint, payload_sha, state)
              VALUES ('{row}', 'c', {sha}, {sha}, '{state}')"
        ));
    }
    database.run(&sql).await;
}

#[tokio::test]
async fn what_the_ledger_settled_is_not_open() {
    let database = Database::with_dead_letters().await;
    let rows = ["failed", "failed", "failed", "failed", "delivered"];
    let rows = rows.map(|status| row(5, "p0-alerts", "P0", "503", false, status));
    database.run(&rows.concat()).await;
    with_ledger(&database, "prod", &["delivered", "unsure", "discarded", "open"]).await;
    let Answers { p0, day, hour, caveats, .. } = ask_as(&database.target, &table()).await;
    let (p0, day, hour) = (p0.unwrap(), day.unwrap(), hour.unwrap());
    assert_eq!((p0.untold, p0.by_ledger.rows), (2, 2), "what is unsure is not settled");
    assert_eq!((day.rows, day.open, day.by_ledger.rows), (5, 2, 2));
    assert_eq!((hour.open_by_status()["503"], hour.by_ledger.rows), (2, 2));
    assert!(!p0.by_ledger.only_delivered);
    assert_eq!(caveats, 0);
}

#[tokio::test]
async fn a_run_of_failures_that_was_delivered_is_no_start() {
    let database = Database::with_dead_letters().await;
    database.run(&row(5, "c", "P1", "503", false, "failed")).await;
    assert!(ask_as(&database.target, &table()).await.start.is_some());
    with_ledger(&database, "prod", &["delivered"]).await;
    let answers = ask_as(&database.target, &table()).await;
    assert_eq!(answers.start, None);
    assert!(answers.day.unwrap().by_ledger.only_delivered);
}

#[tokio::test]
async fn a_ledger_that_is_no_use_fails_nothing_and_is_told() {
    let database = Database::with_dead_letters().await;
    database.run(&row(5, "c", "P0", "503", false, "failed")).await;
    let role = database
        .role(
            "GRANT USAGE ON SCHEMA admin TO {role};
             GRANT SELECT ON ALL TABLES IN SCHEMA admin TO {role}",
        )
        .await;
    with_ledger(&database, "dev", &["delivered"]).await;
    // Of another environment; then hidden; then half there.
    for target in [&database.target, &role] {
        let answers = ask_as(target, &table()).await;
        assert_eq!((answers.p0.unwrap().untold, answers.caveats), (1, 1));
    }
    database.run("DROP TABLE parky_ops.meta").await;
    let answers = ask_as(&database.target, &table()).await;
    assert_eq!((answers.p0.unwrap().untold, answers.caveats), (1, 0), "there is none");
}

#[tokio::test]
async fn a_table_without_a_key_is_counted_with_a_caveat() {
    let database = Database::with_dead_letters().await;
    database.run(&row(5, "c", "P0", "503", false, "failed")).await;
    with_ledger(&database, "prod", &["delivered"]).await;
    database.run("ALTER TABLE admin.notification_failures DROP COLUMN id").await;
    let answers = ask_as(&database.target, &table()).await;
    assert_eq!((answers.p0.unwrap().untold, answers.caveats), (1, 1));
}

#[tokio::test]
async fn the_local_ledger_serves_where_the_database_has_none() {
    let database = Database::with_dead_letters().await;
    database.run(&row(5, "c", "P0", "503", false, "failed")).await;
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("state");
    let mut session = database.session().await;
    let answers = ask_with(&mut session, &table(), Some(&directory)).await;
    assert_eq!((answers.p0.unwrap().untold, answers.caveats), (1, 0));
    assert!(!directory.exists(), "a read makes nothing");

    let state = State::open(&directory).await.unwrap();
    let clock = Clock::fixed(DateTime::UNIX_EPOCH);
    let mut store = LocalStore::new(state, EnvName::prod(), clock);
    let id = FailureId::new("1");
    let frozen = Frozen { id, lane: "c".into(), fingerprint: [0; 32], payload_sha: [0; 32] };
    store.discard(&[frozen], "told by phone", "sato").await.unwrap();
    store.close().await.unwrap();
    let p0 = ask_with(&mut session, &table(), Some(&directory)).await.p0.unwrap();
    assert_eq!((p0.untold, p0.by_ledger.rows), (0, 1));

    std::fs::write(directory.join("state.db"), "no database").unwrap();
    let answers = ask_with(&mut session, &table(), Some(&directory)).await;
    assert_eq!((answers.p0.unwrap().untold, answers.caveats), (1, 1));
}
