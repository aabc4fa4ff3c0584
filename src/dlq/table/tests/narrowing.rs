//! Every filter, alone and with the texts that would break a careless one.

use chrono::TimeDelta;

use super::*;
use crate::dlq::{StatusClass, fingerprint};
use crate::domain::{Clock, hex};

async fn filled() -> (Database, Session, Table) {
    let database = Database::new().await;
    database.run(&create("id bigint PRIMARY KEY")).await;
    database
        .run(
            r#"INSERT INTO admin.notification_failures VALUES
             (1, now() - interval '1 hour', '#p0-alerts', 'P0', 'a', 503, 3, '', false, 'failed', '{"n": 1}'),
             (2, now() - interval '2 hours', ' p0-alerts', 'p0', 'B', 429, 3, '', true, 'failed', '{"n": 2}'),
             (3, now() - interval '3 hours', 'p1-ops', 'P1', '100%_\', NULL, NULL, NULL, NULL, 'delivered', NULL),
             (4, now() - interval '4 hours', 'it''s', 'P1', NULL, 404, 3, '', false, 'Failed', 'null'),
             (5, now() - interval '5 hours', NULL, NULL, '決済API', 0, 3, '', false, NULL, '{"n": 5}')"#,
        )
        .await;
    let mut session = database.session().await;
    let table = looked(&mut session).await;
    (database, session, table)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn each_filter_narrows() {
    let (_database, mut session, table) = filled().await;
    let none = Filter::default;
    let now = Clock::system().now();
    let hours = |n| Some(now - TimeDelta::hours(n) - TimeDelta::minutes(30));
    for (filter, expected) in [
        (none(), &["a", "B", "100%_\\", "", "決済API"][..]),
        (Filter { ids: ids(&["3", "1", "x", "99"]), since: hours(0), ..none() }, &["a", "100%_\\"]),
        (Filter { ids: ids(&["x"]), ..none() }, &[]),
        (Filter { since: hours(2), ..none() }, &["a", "B"]),
        (Filter { until: hours(3), ..none() }, &["", "決済API"]),
        (Filter { since: hours(3), until: hours(1), ..none() }, &["B", "100%_\\"]),
        (Filter { severities: words(&["P0"]), ..none() }, &["a", "B"]),
        (Filter { severities: words(&["p1", "P0"]), ..none() }, &["a", "B", "100%_\\", ""]),
        (Filter { channels: words(&["p0-alerts"]), ..none() }, &["a", "B"]),
        (Filter { channels: words(&["#p0-alerts", "#it's"]), ..none() }, &["a", "B", ""]),
        (Filter { channels: words(&["') OR true --"]), ..none() }, &[]),
        (Filter { statuses: words(&["failed"]), ..none() }, &["a", "B"]),
        (Filter { statuses: words(&["Failed", "delivered"]), ..none() }, &["100%_\\", ""]),
        (Filter { classes: vec![StatusClass::Limited], ..none() }, &["B"]),
        (Filter { classes: vec![StatusClass::Server], ..none() }, &["a"]),
        (Filter { classes: vec![StatusClass::Client], ..none() }, &[""]),
        (Filter { classes: vec![StatusClass::None], ..none() }, &["100%_\\", "決済API"]),
        (
            Filter { classes: vec![StatusClass::None, StatusClass::Limited], ..none() },
            &["B", "100%_\\", "決済API"],
        ),
        (Filter { http_statuses: vec![503, 404], ..none() }, &["a", ""]),
        (Filter { http_statuses: vec![503], classes: vec![StatusClass::Client], ..none() }, &[]),
        (Filter { title: Some("b".to_owned()), ..none() }, &["B"]),
        (Filter { title: Some("%".to_owned()), ..none() }, &["100%_\\"]),
        (Filter { title: Some("_\\".to_owned()), ..none() }, &["100%_\\"]),
        (Filter { title: Some("済a".to_owned()), ..none() }, &["決済API"]),
        (Filter { title: Some("' OR '' = '".to_owned()), ..none() }, &[]),
        (Filter { no_fallback: true, ..none() }, &["a"]),
    ] {
        assert_eq!(titles(&mut session, &table, filter.clone()).await, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn a_fingerprint_is_looked_for_in_the_payloads() {
    let (_database, mut session, table) = filled().await;
    let own = hex(&fingerprint::exact("p0-alerts", Some("{\"n\":2}")));
    for wanted in [own.get(..8).unwrap().to_uppercase(), own] {
        let filter = Filter { fingerprint: Some(wanted), ..Filter::default() };
        let query = Query { filter, limit: Some(10), ..Query::default() };
        let rows = all(&mut session, &table, query).await;
        assert_eq!(rows.iter().map(|row| row.title.as_str()).collect::<Vec<_>>(), ["B"]);
        assert_eq!(rows.first().unwrap().payload, None, "nobody asked for it");
    }
}

#[tokio::test]
async fn answers_that_are_texts_are_read_as_numbers() {
    let database = Database::new().await;
    database.run(&create("id bigint PRIMARY KEY")).await;
    database
        .run(
            "ALTER TABLE admin.notification_failures ALTER http_status TYPE text,
               ALTER retry_count TYPE text, ALTER fallback_email_sent TYPE text,
               ALTER attempted_at TYPE timestamp;
             INSERT INTO admin.notification_failures VALUES
               (1, '2026-11-21 18:00', 'c', 'P0', 'a', ' 503 ', '3', '', 'yes', 'failed'),
               (2, '2026-11-21 17:00', 'c', 'P0', 'b', 'timeout', 'many', '', 'no', 'failed'),
               (3, '2026-11-21 16:00', 'c', 'P0', 'c', '000', '', '', '1', 'failed')",
        )
        .await;
    let mut session = database.session().await;
    let table = looked(&mut session).await;
    let rows = all(&mut session, &table, Query::default()).await;
    let read: Vec<_> = rows
        .iter()
        .map(|row| (row.http_status, row.retry_count, row.fallback_email_sent))
        .collect();
    assert_eq!(read, [(Some(503), 3, true), (None, 0, false), (None, 0, true)]);
    assert_eq!(rows.first().unwrap().attempted_at, "2026-11-21T18:00:00Z".parse().ok());
    let filter = Filter { classes: vec![StatusClass::Server], ..Filter::default() };
    assert_eq!(titles(&mut session, &table, filter).await, ["a"]);
    let filter = Filter { since: "2026-11-21T16:30:00Z".parse().ok(), ..Filter::default() };
    assert_eq!(titles(&mut session, &table, filter).await, ["a", "b"]);
}
