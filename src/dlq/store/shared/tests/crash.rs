//! Races, and a server that goes and comes.

use super::*;

#[tokio::test]
async fn an_equal_that_is_claimed_in_the_same_moment_marks_nothing() {
    let database = initialised().await;
    let mut store = open(&database.target).await.store;
    let rows = [suite::row("a", 1, 0), suite::row("b", 1, 0), suite::row("c", 2, 0)];
    let run = suite::begin(&mut store, &rows[1..]).await;
    suite::begin(&mut store, &rows[..1]).await;
    // Somebody's claim of `a` that is not committed yet is not seen, but waited for.
    let mut other = Client::open(&database.target).await;
    other
        .run(
            "BEGIN; UPDATE parky_ops.replay_item SET state = 'claimed', fence = fence + 1,
               lease_until = clock_timestamp() + interval '1 min' WHERE failure_id = 'a'",
        )
        .await;
    let committed = async {
        // Our claim waits for that one's lock.
        let waiting = Sql::constant(
            "SELECT 1 AS one FROM pg_stat_activity WHERE wait_event_type = 'Lock'
               AND datname = current_database()",
        );
        let mut watcher = database.session().await;
        while watcher.read(&waiting).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        other.run("COMMIT").await;
    };
    let (claimed, ()) = tokio::join!(store.claim(run, suite::LANE, suite::LEASE, true), committed);
    let Claimed::Item(claim) = claimed.unwrap() else { panic!("c was free") };
    assert_eq!(claim.id, suite::id("c"));
    let b = suite::item(&mut store, "b").await;
    assert_eq!((b.state, b.attempts, b.reason), (ItemState::Open, 0, None));
}

#[tokio::test]
async fn a_database_that_restarts_during_a_run_loses_nothing() {
    let mut cluster = Cluster::start("", None);
    let target = cluster.target("postgres");
    let mut store = open(&target).await.store;
    store.init(&consent(), &[], None).await.unwrap();
    let rows = [suite::row("a", 1, 0), suite::row("b", 2, 0)];
    let run = suite::begin(&mut store, &rows).await;
    let claim = suite::claim(&mut store, run, suite::LEASE).await;
    let attempt = suite::intend(&mut store, &claim, suite::LEASE).await;
    cluster.restart();
    let end = store.finish(&attempt, &suite::delivered(), &suite::answer(200)).await.unwrap();
    assert_eq!(end, suite::done());

    let claim = suite::claim(&mut store, run, suite::LEASE).await;
    cluster.restart();
    // The intent's answer may be lost; asked again, it is the same one.
    let attempt = suite::intend(&mut store, &claim, suite::LEASE).await;
    let again = suite::intend(&mut store, &claim, suite::LEASE).await;
    assert_eq!(attempt, again);
    assert_eq!(suite::item(&mut store, "b").await.attempts, 1);

    cluster.stop();
    let gone = store.finish(&attempt, &suite::delivered(), &suite::answer(200)).await;
    assert!(matches!(gone, Err(StoreError::Shared(_))), "{gone:?}");
    cluster.begin_again();
    let end = store.finish(&attempt, &suite::delivered(), &suite::answer(200)).await.unwrap();
    assert_eq!(end, suite::done());
}
