//! Keys of every type, and none.

use super::*;
use crate::postgres::testing::session;

const UUID: &str = "123e4567-e89b-12d3-a456-426614174000";

#[tokio::test]
async fn a_row_is_read_by_its_key_in_its_own_type() {
    for (column, value, id, typed, wrong) in [
        ("id bigint PRIMARY KEY", "42", "42", "0042", "42x"),
        ("id int PRIMARY KEY", "42", "42", " 42", "99999999999"),
        ("id smallint PRIMARY KEY", "42", "42", "42", "70000"),
        (
            "id uuid PRIMARY KEY",
            "'123e4567-e89b-12d3-a456-426614174000'",
            UUID,
            "123E4567-E89B-12D3-A456-426614174000",
            "123e4567",
        ),
        ("id text PRIMARY KEY", "'it''s \\ \"1\"'", "it's \\ \"1\"", "it's \\ \"1\"", "its"),
        ("id varchar(20) PRIMARY KEY", "'a-1'", "a-1", "a-1", "a-1 OR true"),
        ("id numeric PRIMARY KEY", "1.50", "1.50", "1.50", "x"),
        (
            "a text, \"B c\" bigint, PRIMARY KEY (a, \"B c\")",
            "'x', 7",
            r#"["x","7"]"#,
            r#"[ "x", "07" ]"#,
            r#"["x","y"]"#,
        ),
    ] {
        let database = Database::new().await;
        database.run(&create(column)).await;
        database
            .run(&format!(
                "INSERT INTO admin.notification_failures
                 VALUES ({value}, now(), '#p0-alerts', 'P0', 't', NULL, 2, 'e', NULL, 'failed', '{{}}')"
            ))
            .await;
        let mut session = database.session().await;
        let table = looked(&mut session).await;
        let letter = table.read_one(&mut session, &FailureId::new(typed)).await.unwrap().unwrap();
        assert_eq!(letter.id, Some(FailureId::new(id)), "{column}");
        assert_eq!((letter.channel.as_str(), letter.http_status), ("p0-alerts", None));
        assert_eq!((letter.retry_count, letter.fallback_email_sent), (2, false));
        assert_eq!(letter.payload.as_deref(), Some("{}"));
        assert_eq!(table.key().unwrap().normal(&FailureId::new(typed)), letter.id);

        let none = table.read_one(&mut session, &FailureId::new(wrong)).await;
        assert_eq!(none, Ok(None), "{column}");
        let many = table.read_many(&mut session, &ids(&[wrong, id, "", "'"])).await.unwrap();
        assert_eq!(many.len(), 1, "{column}");

        let marked = table.mark_delivered(&FailureId::new(id), "delivered").unwrap();
        let limit = std::time::Duration::from_secs(5);
        session.write(&marked, limit).await.unwrap();
        let filter = Filter { statuses: vec!["delivered".to_owned()], ..Filter::default() };
        assert_eq!(titles(&mut session, &table, filter).await, ["t"], "{column}");
    }
}

#[tokio::test]
async fn the_index_of_the_key_serves() {
    let database = Database::new().await;
    database.run(&create("id uuid PRIMARY KEY DEFAULT gen_random_uuid()")).await;
    fill(&database, "", "", 5000).await;
    let mut session = database.session().await;
    let table = looked(&mut session).await;
    let same = table.key().unwrap().equals(&FailureId::new(UUID)).unwrap();
    let values = [("t", &table.relation()), ("same", &same)];
    let plan =
        crate::postgres::Sql::fill("EXPLAIN SELECT * FROM {t} letters WHERE {same}", &values);
    let plan = session.read(&plan).await.unwrap();
    let line = plan.first().unwrap().text("QUERY PLAN").unwrap().unwrap();
    assert!(line.starts_with("Index Scan"), "{line}");
}

#[tokio::test]
async fn without_a_key_rows_are_listed_and_not_told_apart() {
    let database = Database::new().await;
    database.run(&create("id bigint")).await;
    fill(&database, "id,", "n,", 3).await;
    let mut session = database.session().await;
    let table = looked(&mut session).await;
    let error = table.key().unwrap_err();
    assert_eq!((error.code(), error.hint()), ("no-key", "set dlq.key_column in the configuration"));
    assert!(error.to_string().contains("no primary key"), "{error}");
    assert_eq!(titles(&mut session, &table, Filter::default()).await, ["1", "2", "3"]);
    assert!(all(&mut session, &table, Query::default()).await.iter().all(|row| row.id.is_none()));
    for error in [
        table.read_one(&mut session, &FailureId::new("1")).await.unwrap_err(),
        table.read_many(&mut session, &ids(&["1"])).await.unwrap_err(),
        table.mark_delivered(&FailureId::new("1"), "x").unwrap_err(),
        table
            .pages(Query {
                filter: Filter { ids: ids(&["1"]), ..Filter::default() },
                ..Query::default()
            })
            .unwrap_err(),
    ] {
        assert_eq!(error.code(), "no-key");
    }
}

#[tokio::test]
async fn a_configured_key_is_used_and_one_that_is_none_is_found_out() {
    let database = Database::new().await;
    database.run(&create("id bigint, ref text")).await;
    fill(&database, "id, ref,", "n, 'r' || n / 2,", 3).await;
    let mut session = database.session().await;
    let own = DlqTable { key_column: Some("id".to_owned()), ..table() };
    let keyed = Table::look(&mut session, &own).await.unwrap();
    let row = keyed.read_one(&mut session, &FailureId::new("2")).await.unwrap().unwrap();
    assert_eq!(row.title, "2");
    // Nothing says that it is unique, so pages are not cut by it.
    database.run("CREATE INDEX ON admin.notification_failures (attempted_at, id)").await;
    assert!(!Table::look(&mut session, &own).await.unwrap().has_keyset());
    database
        .run("ALTER TABLE admin.notification_failures ALTER id SET NOT NULL, ADD UNIQUE (id)")
        .await;
    assert!(Table::look(&mut session, &own).await.unwrap().has_keyset());

    let twice = DlqTable { key_column: Some("ref".to_owned()), ..table() };
    let twice = Table::look(&mut session, &twice).await.unwrap();
    let error = twice.read_one(&mut session, &FailureId::new("r1")).await.unwrap_err();
    assert_eq!(error, TableError::Ambiguous(FailureId::new("r1")));

    let missing = DlqTable { key_column: Some("no\"such".to_owned()), ..table() };
    let error = refused(&mut session, &missing).await;
    assert!(matches!(&error, TableError::Config(text) if text.contains("no\"such")), "{error}");
}

#[tokio::test]
async fn a_key_called_like_a_column_of_the_answer_sorts_right() {
    let database = Database::new().await;
    database
        .run(
            "CREATE SCHEMA admin; CREATE TABLE admin.notification_failures (attempted_at timestamptz,
               channel text, severity text, title text PRIMARY KEY, http_status int, retry_count int,
               error_message text, fallback_email_sent boolean, status text, payload jsonb);
             CREATE INDEX ON admin.notification_failures (attempted_at, title);
             INSERT INTO admin.notification_failures
             SELECT '2026-11-21', 'c', 'P1', repeat('x', 1500) || n FROM generate_series(100, 400) n",
        )
        .await;
    let mut session = session(&database.target).await;
    let table = looked(&mut session).await;
    assert!(table.has_keyset());
    let rows = all(&mut session, &table, Query::default()).await;
    let mut seen: Vec<_> = rows.iter().filter_map(|row| row.id.clone()).collect();
    seen.dedup();
    assert_eq!(seen.len(), 301);
    assert!(rows.iter().all(|row| row.title.ends_with('…')), "long titles are cut, visibly");
}
