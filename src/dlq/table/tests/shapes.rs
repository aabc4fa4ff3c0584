//! Kinds of tables, rights, and configurations that do not fit.

use super::*;
use crate::postgres::testing::{Client, session};

#[tokio::test]
async fn everything_that_is_missing_is_named_at_once() {
    let database = Database::with_dead_letters().await;
    database
        .run(
            "ALTER TABLE admin.notification_failures DROP COLUMN title, DROP COLUMN retry_count,
               DROP COLUMN error_message",
        )
        .await;
    let error = refused(&mut database.session().await, &table()).await;
    assert_eq!(error.code(), "no-column");
    assert!(error.to_string().ends_with("no column title, retry_count, error_message"), "{error}");
}

#[tokio::test]
async fn views_and_partitions_are_read_too() {
    let database = Database::new().await;
    database
        .run(
            "CREATE SCHEMA admin;
             CREATE TABLE admin.parts (id bigint, attempted_at timestamptz, channel text, severity text,
               title text, http_status smallint, retry_count int, error_message text,
               fallback_email_sent boolean, status text, payload json, PRIMARY KEY (id, attempted_at))
               PARTITION BY RANGE (attempted_at);
             CREATE TABLE admin.part PARTITION OF admin.parts DEFAULT;
             INSERT INTO admin.parts SELECT n, now() - make_interval(secs => n / 3), 'c', 'P1', n::text,
               503, 1, '', false, 'failed', '{}' FROM generate_series(1, 500) n;
             CREATE INDEX ON admin.parts (attempted_at, id);
             CREATE VIEW admin.v AS SELECT * FROM admin.parts;
             CREATE MATERIALIZED VIEW admin.m AS SELECT * FROM admin.parts;",
        )
        .await;
    let mut session = database.session().await;
    for (name, key, keyset, may_update) in [
        ("parts", None, true, true),
        ("v", Some("id"), false, true),
        ("m", Some("id"), false, false),
    ] {
        let own =
            DlqTable { table: name.to_owned(), key_column: key.map(str::to_owned), ..table() };
        let table = Table::look(&mut session, &own).await.unwrap();
        assert_eq!((table.has_keyset(), table.may_update()), (keyset, may_update), "{name}");
        let rows = all(&mut session, &table, Query::default()).await;
        assert_eq!(rows.len(), 500, "{name}");
        let id = rows.first().unwrap().id.clone().unwrap();
        let row = table.read_one(&mut session, &id).await.unwrap().unwrap();
        // Two rows share the newest time; the greater key comes first.
        assert_eq!((row.title.as_str(), row.payload.as_deref()), ("2", Some("{}")), "{name} {id}");
    }
    // A view has no primary key of its own.
    let bare = DlqTable { table: "v".to_owned(), ..table() };
    let bare = Table::look(&mut session, &bare).await.unwrap();
    assert_eq!(bare.key().unwrap_err().code(), "no-key");
}

#[tokio::test]
async fn a_role_that_may_only_read_is_told_apart() {
    let database = Database::with_dead_letters().await;
    let role = database
        .role(
            "GRANT USAGE ON SCHEMA admin TO {role};
             GRANT SELECT ON admin.notification_failures TO {role}",
        )
        .await;
    let mut own = session(&role).await;
    let table = looked(&mut own).await;
    assert!(!table.may_update() && !table.is_filtered());
    database
        .run(&format!("GRANT UPDATE (status) ON admin.notification_failures TO {}", role.user))
        .await;
    assert!(looked(&mut own).await.may_update());

    database
        .run(&format!(
            "REVOKE SELECT ON admin.notification_failures FROM {0};
             GRANT SELECT (attempted_at, channel, severity, title, http_status, retry_count,
               error_message, fallback_email_sent, status) ON admin.notification_failures TO {0}",
            role.user
        ))
        .await;
    let table = looked(&mut own).await;
    assert!(table.key().unwrap_err().to_string().contains("may not read the key id"));
    assert_eq!(table.payload().unwrap_err().code(), "no-payload");
    assert!(all(&mut own, &table, Query::default()).await.is_empty());
}

#[tokio::test]
async fn row_security_is_told() {
    let database = Database::with_dead_letters().await;
    let role = database
        .role(
            "ALTER TABLE admin.notification_failures ENABLE ROW LEVEL SECURITY;
             GRANT USAGE ON SCHEMA admin TO {role};
             GRANT SELECT ON admin.notification_failures TO {role}",
        )
        .await;
    let table = looked(&mut session(&role).await).await;
    assert!(table.is_filtered());
    assert_eq!(table.caveat().unwrap().code, "row-security");
}

#[tokio::test]
async fn the_payload_is_the_configured_column_or_the_only_one_of_json() {
    let database = Database::new().await;
    database.run(&create("id bigint PRIMARY KEY, context json, body text")).await;
    database
        .run("INSERT INTO admin.notification_failures (id, context, body) VALUES (1, '{}', 'text')")
        .await;
    let mut session = database.session().await;
    let several = looked(&mut session).await;
    let error = several.payload().unwrap_err();
    assert!(error.to_string().ends_with("several columns of JSON: context, payload"), "{error}");
    let query = Query { with_payload: true, ..Query::default() };
    assert!(several.pages(query).is_err());
    let row = several.read_one(&mut session, &FailureId::new("1")).await.unwrap().unwrap();
    assert_eq!(row.payload, None);

    let own = DlqTable { payload_column: Some("body".to_owned()), ..table() };
    let own = Table::look(&mut session, &own).await.unwrap();
    let row = own.read_one(&mut session, &FailureId::new("1")).await.unwrap().unwrap();
    assert_eq!(row.payload.as_deref(), Some("text"));

    let wrong = DlqTable { payload_column: Some("no; such".to_owned()), ..table() };
    assert!(matches!(refused(&mut session, &wrong).await, TableError::Config(_)));
    database
        .run("ALTER TABLE admin.notification_failures DROP COLUMN payload, DROP COLUMN context")
        .await;
    assert_eq!(looked(&mut session).await.payload().unwrap_err().code(), "no-payload");
}

#[tokio::test]
async fn hostile_names_are_only_names() {
    let database = Database::new().await;
    let (schema, name, key, payload) =
        (r#"sch"ema'); DROP"#, r"{where} \' t", r#"k"ey; --"#, "pay' load");
    let quoted = |s: &str| s.replace('"', "\"\"");
    database
        .run(&format!(
            r#"CREATE SCHEMA "{0}"; CREATE TABLE "{0}"."{1}" ("{2}" uuid PRIMARY KEY,
               attempted_at timestamptz, channel text, severity text, title text, http_status int,
               retry_count int, error_message text, fallback_email_sent boolean, status text,
               "{3}" text, other jsonb);
               INSERT INTO "{0}"."{1}" ("{2}", attempted_at, status, "{3}")
               VALUES ('123e4567-e89b-12d3-a456-426614174000', now(), E'it''s \\', '{{}}')"#,
            quoted(schema),
            quoted(name),
            quoted(key),
            quoted(payload)
        ))
        .await;
    let hostile = DlqTable {
        schema: schema.to_owned(),
        table: name.to_owned(),
        open_status: vec![r"it's \".to_owned(), "') OR true --".to_owned()],
        key_column: Some(key.to_owned()),
        payload_column: Some(payload.to_owned()),
        delivered_status: None,
    };
    let mut session = database.session().await;
    let table = Table::look(&mut session, &hostile).await.unwrap();
    let row = all(&mut session, &table, Query::default()).await.pop().unwrap();
    let row = table.read_one(&mut session, &row.id.unwrap()).await.unwrap().unwrap();
    assert_eq!(row.payload.as_deref(), Some("{}"));
    assert!(table.is_open_word(&row.status));
}

#[tokio::test]
async fn a_locked_table_and_a_time_that_is_none_are_errors() {
    let database = Database::with_dead_letters().await;
    let mut session = database.session().await;
    let table = looked(&mut session).await;
    let mut holder = Client::open(&database.target).await;
    holder.run("BEGIN; ALTER TABLE admin.notification_failures ADD COLUMN x int").await;
    let error = table.pages(Query::default()).unwrap().next(&mut session).await.unwrap_err();
    assert_eq!(error.code(), "locked");
    holder.run("ROLLBACK").await;
    database
        .run(
            "ALTER TABLE admin.notification_failures ALTER attempted_at DROP DEFAULT,
              ALTER attempted_at TYPE text",
        )
        .await;
    let error = refused(&mut session, &super::table()).await;
    assert!(error.to_string().contains("is of type text"), "{error}");
}

#[tokio::test]
async fn the_allowed_words_are_read_from_a_check_or_an_enum() {
    let database = Database::with_dead_letters().await;
    let mut session = database.session().await;
    let table = looked(&mut session).await;
    assert_eq!(table.allowed_status_words(&mut session).await, Ok(None));
    let two = Ok(Some(vec!["failed".to_owned(), "delivered".to_owned()]));
    for sql in [
        "ADD CONSTRAINT words CHECK (status IN ('failed', 'delivered'))",
        "DROP CONSTRAINT words, ALTER status TYPE varchar(20),
         ADD CONSTRAINT words CHECK (status = 'failed' OR status = 'delivered')",
        "DROP CONSTRAINT words, ADD CONSTRAINT words CHECK (status IN ('failed', 'delivered'))",
    ] {
        database.run(&format!("ALTER TABLE admin.notification_failures {sql}")).await;
        assert_eq!(table.allowed_status_words(&mut session).await, two, "{sql}");
    }
    database
        .run(
            "CREATE TYPE word AS ENUM ('failed', 'delivered');
             ALTER TABLE admin.notification_failures DROP CONSTRAINT words,
               ALTER status DROP DEFAULT, ALTER status TYPE word USING status::text::word",
        )
        .await;
    assert_eq!(table.allowed_status_words(&mut session).await, two);
    // The update of a delivered row, and the filters, work on an enum as well.
    fill(&database, "", "", 0).await;
    let id = FailureId::new("1");
    let limit = std::time::Duration::from_secs(5);
    session.write(&table.mark_delivered(&id, "delivered").unwrap(), limit).await.unwrap();
    let words = Filter { statuses: vec!["nonsense".to_owned()], ..Filter::default() };
    assert!(titles(&mut session, &table, words).await.is_empty());
}
