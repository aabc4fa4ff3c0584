//! Long lists: whole, in order, flat; by keyset and by cursor.

use std::collections::BTreeSet;

use super::*;
use crate::dlq::table::Order;
use crate::postgres::testing::{Bouncer, session};
use crate::postgres::{Sql, Target};

const MANY: u32 = 100_000;

/// Reads everything, and expects each of the `n` rows once, in order, in pages of bounded size.
async fn is_whole(session: &mut Session, table: &Table, order: Order, n: u32) {
    let mut pages = table.pages(Query { order, ..Query::default() }).unwrap();
    let (mut seen, mut last, mut largest) = (0, None, 0);
    while let Some(page) = pages.next(session).await.unwrap() {
        largest = largest.max(page.len());
        for letter in page {
            let at = (letter.attempted_at.unwrap(), letter.id.clone());
            if let Some(before) = last.replace(at.clone()) {
                match order {
                    Order::Newest => assert!(before.0 >= at.0 && before.1 != at.1),
                    Order::Oldest => assert!(before.0 <= at.0 && before.1 != at.1),
                }
            }
            seen += 1;
        }
    }
    assert_eq!(seen, n);
    assert!(largest <= 2048, "a page of {largest} rows");
    assert!(!pages.more());
}

async fn transactions_open(target: &Target) -> i64 {
    let mut other = session(target).await;
    let sql = Sql::constant(
        "SELECT count(*) AS n FROM pg_stat_activity
         WHERE application_name = 'parky-ops' AND datname = current_database()
           AND pid <> pg_backend_pid() AND xact_start IS NOT NULL",
    );
    other.read_one(&sql).await.unwrap().int("n").unwrap().unwrap()
}

#[tokio::test]
async fn a_hundred_thousand_rows_by_keyset() {
    let database = Database::new().await;
    database.run(&create("id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY")).await;
    database.run("CREATE INDEX ON admin.notification_failures (attempted_at DESC, id DESC)").await;
    // Ten rows share each time.
    fill(&database, "", "", MANY).await;
    database
        .run("UPDATE admin.notification_failures SET attempted_at = now() - make_interval(secs => id / 10)")
        .await;
    let mut session = database.session().await;
    let table = looked(&mut session).await;
    assert!(table.has_keyset());
    is_whole(&mut session, &table, Order::Newest, MANY).await;
    is_whole(&mut session, &table, Order::Oldest, MANY).await;

    let mut pages = table.pages(Query::default()).unwrap();
    assert_eq!(pages.caveat(), None);
    pages.next(&mut session).await.unwrap();
    assert_eq!(transactions_open(&database.target).await, 0);
}

#[tokio::test]
async fn a_hundred_thousand_rows_by_cursor_even_behind_a_pooler() {
    let database = Database::new().await;
    database.run(&create("id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY")).await;
    fill(&database, "", "", MANY).await;
    let bouncer = Bouncer::start(database.target.port, 2);
    let target = Target { port: bouncer.port, ..database.target.clone() };
    let mut session = session(&target).await;
    let table = looked(&mut session).await;
    assert!(!table.has_keyset());
    is_whole(&mut session, &table, Order::Newest, MANY).await;
    is_whole(&mut session, &table, Order::Oldest, MANY).await;

    let mut pages = table.pages(Query::default()).unwrap();
    assert_eq!(pages.caveat().unwrap().code, "cursor");
    pages.next(&mut session).await.unwrap();
    assert_eq!(transactions_open(&database.target).await, 1);
    // A list that was left half way leaves no transaction behind the next question.
    let one = session.read_one(&Sql::constant("SELECT 1 AS n")).await.unwrap();
    assert_eq!(one.int("n").unwrap(), Some(1));
    assert_eq!(transactions_open(&database.target).await, 0);
    let error = pages.next(&mut session).await.unwrap_err();
    assert!(matches!(error, TableError::Database(_)), "{error}");
    assert!(session.read_one(&Sql::constant("SELECT 1 AS n")).await.is_ok());
}

#[tokio::test]
async fn a_short_list_needs_no_cursor_and_says_whether_there_is_more() {
    let database = Database::new().await;
    database.run(&create("id bigint PRIMARY KEY")).await;
    fill(&database, "id,", "n,", 100).await;
    let mut session = database.session().await;
    let table = looked(&mut session).await;
    for (limit, rows, more) in [(1, 1, true), (99, 99, true), (100, 100, false), (500, 100, false)]
    {
        let mut pages = table.pages(Query { limit: Some(limit), ..Query::default() }).unwrap();
        assert_eq!(pages.caveat(), None);
        let page = pages.next(&mut session).await.unwrap().unwrap();
        assert_eq!(page.first().unwrap().title, "1");
        assert_eq!((page.len(), pages.next(&mut session).await.unwrap()), (rows, None));
        assert_eq!(pages.more(), more, "{limit}");
    }
    // A limit beyond one page cuts a cursor's list, too, and ends its transaction.
    fill(&database, "id,", "n + 1000,", 9000).await;
    let query = || Query { limit: Some(5000), ..Query::default() };
    assert_eq!(all(&mut session, &table, query()).await.len(), 5000);
    assert_eq!(transactions_open(&database.target).await, 0);
    let without = (1..=90).map(|n| FailureId::new(n.to_string())).collect();
    let rest = Query { without, limit: Some(5), ..Query::default() };
    let rest = all(&mut session, &table, rest).await;
    assert!(rest.iter().all(|row| row.id.as_ref().unwrap().as_str().len() == 4), "{rest:?}");
}

#[tokio::test]
async fn rows_without_a_sane_time_come_last_and_are_not_lost() {
    for index in ["", "CREATE INDEX ON admin.notification_failures (attempted_at, id)"] {
        let database = Database::new().await;
        database.run(&create("id bigint PRIMARY KEY")).await;
        fill(&database, "id,", "n,", 300).await;
        database
            .run(
                "INSERT INTO admin.notification_failures (id, attempted_at, title) VALUES
                   (901, NULL, 'null'), (902, 'infinity', 'inf'), (903, '-infinity', '-inf'),
                   (904, '20000-01-01', 'far'), (905, '0044-03-15 BC', 'long ago')",
            )
            .await;
        database.run(index).await;
        let mut session = database.session().await;
        let table = looked(&mut session).await;
        let rows = all(&mut session, &table, Query::default()).await;
        let odd: BTreeSet<_> = rows.iter().skip(300).map(|row| row.title.as_str()).collect();
        assert_eq!(odd, BTreeSet::from(["null", "inf", "-inf", "far", "long ago"]), "{index}");
        assert!(rows.iter().skip(300).all(|row| row.attempted_at.is_none()));

        // In a window they are only where the reader wants them.
        let since = Some(rows.first().unwrap().attempted_at.unwrap() - chrono::TimeDelta::hours(1));
        let filter = Filter { since, ..Filter::default() };
        let inside = Query { filter: filter.clone(), ..Query::default() };
        assert_eq!(all(&mut session, &table, inside).await.len(), 300);
        let inside = Query { filter, undated: true, limit: Some(302), ..Query::default() };
        assert_eq!(all(&mut session, &table, inside).await.len(), 302);
    }
}
