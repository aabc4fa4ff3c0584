//! Counts of a window, and of the worst.

use chrono::TimeDelta;

use super::*;
use crate::domain::Clock;
use crate::postgres::testing::Database;

async fn filled() -> Database {
    let database = Database::with_dead_letters().await;
    database
        .run(
            "INSERT INTO admin.notification_failures
               (attempted_at, channel, severity, title, http_status, fallback_email_sent, status)
             SELECT now() - make_interval(mins => m), c, s, m::text, h, f, w FROM (VALUES
               (5, '#p0-alerts', 'P0', 503, false, 'failed'), (10, 'p0-alerts', 'p0', 503, true, 'failed'),
               (15, 'p1-ops', 'P1', NULL, false, 'failed'), (20, 'p1-ops', 'P1', 404, false, 'delivered'),
               (90, 'p2-deploys', 'P2', 429, false, 'failed'),
               (1800, 'p0-alerts', 'P0', 500, false, 'failed'),
               (1900, 'p0-alerts', 'P0', 500, true, 'failed'),
               (2000, 'p0-alerts', 'P0', 500, false, 'delivered')) v(m, c, s, h, f, w)",
        )
        .await;
    database
}

#[tokio::test]
async fn a_window_is_counted() {
    let database = filled().await;
    let mut session = database.session().await;
    let table = looked(&mut session).await;
    let now = Clock::system().now();
    let stats = table.stats(&mut session, now - TimeDelta::hours(1), now, &[]).await.unwrap();
    assert_eq!((stats.rows, stats.open, stats.undated), (4, 3, 0));
    let by_status: Vec<_> =
        stats.by_status.iter().map(|row| (row.http_status, row.open, row.rows)).collect();
    assert_eq!(by_status, [(Some(503), 2, 2), (None, 1, 1), (Some(404), 0, 1)]);
    let by_channel: Vec<_> =
        stats.by_channel.iter().map(|row| (row.channel.as_str(), row.open, row.rows)).collect();
    assert_eq!(by_channel, [("p0-alerts", 2, 2), ("p1-ops", 1, 2)]);
    let by_word: Vec<_> = stats.by_word.iter().map(|row| (row.status.as_str(), row.rows)).collect();
    assert_eq!(by_word, [("failed", 3), ("delivered", 1)]);
    assert_eq!(stats.buckets.len(), 24);
    assert_eq!(stats.buckets.iter().map(|bucket| bucket.rows).sum::<u64>(), 4);
    assert_eq!(stats.buckets.iter().map(|bucket| bucket.open).sum::<u64>(), 3);
    assert_eq!(stats.buckets.first().unwrap().from, stats.since);
    assert_eq!(stats.buckets.last().unwrap().to, stats.until);
    for bucket in stats.buckets.iter().filter(|bucket| bucket.rows > 0) {
        let minutes = (now - bucket.from).num_seconds() / 60;
        assert!((5..=22).contains(&minutes), "{bucket:?}");
    }

    // What the ledger has settled is counted, but not open.
    let settled = ids(&["1", "3", "not a key"]);
    let less = table.stats(&mut session, now - TimeDelta::hours(1), now, &settled).await.unwrap();
    assert_eq!((less.rows, less.open), (4, 1));

    let none = table
        .stats(&mut session, now - TimeDelta::days(30), now - TimeDelta::days(20), &[])
        .await
        .unwrap();
    assert_eq!((none.rows, none.by_status.len(), none.buckets.len()), (0, 0, 24));
}

#[tokio::test]
async fn the_worst_are_counted_by_age_and_whether_anyone_was_told() {
    let database = filled().await;
    let mut session = database.session().await;
    let table = looked(&mut session).await;
    let p0 = table.p0(&mut session, &[], 10, Clock::system().now()).await.unwrap();
    assert_eq!((p0.untold, p0.told, p0.untold_older, p0.told_older), (1, 1, 1, 1));
    let rows: Vec<_> = p0.rows.iter().map(|row| row.title.as_str()).collect();
    assert_eq!(rows, ["5", "1800", "10", "1900"], "untold first, each kind newest first");
    assert!(!p0.more);

    let cut = table.p0(&mut session, &ids(&["1"]), 2, Clock::system().now()).await.unwrap();
    assert_eq!((cut.untold, cut.more), (0, true));
    let rows: Vec<_> = cut.rows.iter().map(|row| row.title.as_str()).collect();
    assert_eq!(rows, ["1800", "10"]);
}
