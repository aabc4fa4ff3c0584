//! First aid on real servers.

use super::*;
use crate::domain::{Agreement, Consent};
use crate::postgres::testing::{Client, Cluster, Database};
use crate::postgres::{PgErrorKind, Session};

#[expect(clippy::disallowed_methods, reason = "the operator of a test agrees")]
fn consent(act: &str) -> Consent {
    Consent::given(act, "a test", Agreement::Yes, chrono::DateTime::UNIX_EPOCH)
}

/// A session of another client, found by its application name.
async fn other(session: &mut Session) -> i64 {
    let sql = "SELECT pid FROM pg_stat_activity
               WHERE application_name = 'a client' AND datname = current_database()";
    let row = session.read_one(&crate::postgres::Sql::constant(sql)).await.unwrap();
    row.int("pid").unwrap().unwrap()
}

#[tokio::test]
async fn a_later_session_of_the_same_pid_is_left_alone() {
    let database = Database::new().await;
    let mut client = Client::open(&database.target).await;
    let mut session = database.session().await;
    let pid = other(&mut session).await;
    let found = victim(&mut session, pid).await.unwrap();
    let mut earlier = found.clone();
    earlier.backend_start = "2026-11-21T18:00:00.000000Z".to_owned();
    let act = earlier.act(Signal::Terminate);
    let ended = kill(&mut session, &earlier, Signal::Terminate, &consent(&act)).await.unwrap();
    assert_eq!((ended.sent, ended.session), (false, After::Gone));
    client.run("SELECT 1").await;

    // An agreement to one act is none to another.
    let act = found.act(Signal::Cancel);
    let refused = kill(&mut session, &found, Signal::Terminate, &consent(&act)).await;
    assert!(matches!(refused, Err(KillError::OtherConsent(_))), "{refused:?}");
    client.run("SELECT 1").await;
}

#[tokio::test]
async fn our_own_session_is_refused() {
    let mut session = Database::new().await.session().await;
    let sql = crate::postgres::Sql::constant("SELECT pg_backend_pid() AS pid");
    let own = session.read_one(&sql).await.unwrap().int("pid").unwrap().unwrap();
    let refused = victim(&mut session, own).await.unwrap_err();
    assert!(refused.to_string().contains("own session"), "{refused}");
    let nobody = victim(&mut session, i64::from(i32::MAX)).await.unwrap_err();
    assert_eq!(nobody, KillError::NoSession(i64::from(i32::MAX)));
}

#[tokio::test]
async fn a_prepared_transaction_blocks_without_a_session() {
    let cluster = Cluster::start("max_prepared_transactions = 5", None);
    let admin = cluster.target("postgres");
    let mut holder = Client::open(&admin).await;
    holder.run("CREATE TABLE work (id int)").await;
    holder.run("BEGIN; LOCK TABLE work; PREPARE TRANSACTION 'left behind'").await;
    let waiting = Client::open(&admin).await.run_in_background("SELECT * FROM work");
    let mut session = crate::postgres::testing::session(&admin).await;
    let found = loop {
        let found = locks(&mut session).await.unwrap();
        if found.waiting > 0 {
            break found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!((found.rows[0].root_pid, found.rows[0].blocked), (0, 1));
    assert_eq!(found.rows[0].root_role, None);
    assert!(found.locks.iter().any(|lock| lock.granted && lock.pid.is_none()), "{found:?}");
    holder.run("ROLLBACK PREPARED 'left behind'").await;
    waiting.await.unwrap();
}

#[tokio::test]
async fn the_most_expensive_statements_are_told_where_they_are_counted() {
    let cluster = Cluster::start("shared_preload_libraries = 'pg_stat_statements'", None);
    let admin = cluster.target("postgres");
    let mut client = Client::open(&admin).await;
    client
        .run("CREATE SCHEMA \"odd name\"; CREATE EXTENSION pg_stat_statements SCHEMA \"odd name\"")
        .await;
    for _ in 0..3 {
        client.run("SELECT 'a statement of the test' AS x").await;
    }
    let mut session = crate::postgres::testing::session(&admin).await;
    let found = statements(&mut session, 500).await.unwrap();
    let own = |row: &&Statement| row.query.as_deref().is_some_and(|text| text.contains("AS x"));
    let row = found.rows.iter().find(own).unwrap();
    assert_eq!(row.calls, 3);
    assert!(row.total_ms >= row.mean_ms && row.mean_ms > 0.0, "{row:?}");
    assert!(!row.query.as_deref().unwrap().contains("a statement of the test"), "normalised");
    assert_eq!(statements(&mut session, 1).await.unwrap().rows.len(), 1);
}

#[tokio::test]
async fn without_the_right_to_signal_nothing_is_ended() {
    let database = Database::new().await;
    let target = database.role("GRANT pg_monitor TO {role}").await;
    let mut client = Client::open(&database.target).await;
    let mut session = crate::postgres::testing::session(&target).await;
    let pid = other(&mut session).await;
    let found = victim(&mut session, pid).await.unwrap();
    let act = found.act(Signal::Cancel);
    let refused = kill(&mut session, &found, Signal::Cancel, &consent(&act)).await;
    let kind = refused.err().and_then(|error| match error {
        KillError::Postgres(error) => Some(error.kind()),
        _ => None,
    });
    assert_eq!(kind, Some(PgErrorKind::NoPermission));
    client.run("SELECT 1").await;
}
