//! What stands in a local state file.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Row as _, SqliteConnection};

/// The first column of the answer to `sql` of the state file at `path`.
pub(crate) fn state_texts(path: &Path, sql: &str) -> Vec<String> {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_secs(20));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let read = async {
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
        let rows = rows.fetch_all(&mut connection).await?;
        rows.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<Vec<String>>>()
    };
    runtime.block_on(read).expect(sql)
}
