//! The table against a real PostgreSQL.

mod counting;
mod keys;
mod narrowing;
mod paging;
mod shapes;

use super::testing::table;
use super::{Query, Table, TableError};
use crate::config::DlqTable;
use crate::dlq::{FailureId, Filter, Letter};
use crate::postgres::Session;
use crate::postgres::testing::Database;

/// A table of this form, its columns in the usual order behind the key's.
pub(super) fn create(key: &str) -> String {
    format!(
        "CREATE SCHEMA admin; CREATE TABLE admin.notification_failures ({key},
           attempted_at timestamptz, channel text, severity text, title text, http_status int,
           retry_count int, error_message text, fallback_email_sent boolean, status text,
           payload jsonb);"
    )
}

/// The built-in table, looked at.
pub(super) async fn looked(session: &mut Session) -> Table {
    Table::look(session, &table()).await.unwrap()
}

pub(super) async fn refused(session: &mut Session, name: &DlqTable) -> TableError {
    Table::look(session, name).await.unwrap_err()
}

pub(super) async fn all(session: &mut Session, table: &Table, query: Query) -> Vec<Letter> {
    let mut pages = table.pages(query).unwrap();
    let mut all = Vec::new();
    while let Some(page) = pages.next(session).await.unwrap() {
        assert!(!page.is_empty());
        all.extend(page);
    }
    all
}

/// The titles of the rows that a filter takes, newest first.
pub(super) async fn titles(session: &mut Session, table: &Table, filter: Filter) -> Vec<String> {
    let query = Query { filter, ..Query::default() };
    all(session, table, query).await.into_iter().map(|letter| letter.title).collect()
}

pub(super) fn ids(ids: &[&str]) -> Vec<FailureId> {
    ids.iter().map(|id| FailureId::new(*id)).collect()
}

/// `n` rows, a second apart, in bulk; the title is their number.
pub(super) async fn fill(database: &Database, columns: &str, values: &str, n: u32) {
    database
        .run(&format!(
            "INSERT INTO admin.notification_failures ({columns} attempted_at, channel, severity, title,
               http_status, retry_count, error_message, fallback_email_sent, status, payload)
             SELECT {values} now() - make_interval(secs => n), 'p1-ops', 'P1', n::text, 503, 3,
                    'Discord answered 503', false, 'failed', '{{\"content\": \"x\"}}'
             FROM generate_series(1, {n}) n; ANALYZE admin.notification_failures"
        ))
        .await;
}
