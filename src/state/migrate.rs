//! The schema's versions: `PRAGMA user_version` counts the migrations that have run.

use super::{State, StateError};

/// Each migration, in order; never edited once released.
const MIGRATIONS: [&str; 6] = [
    include_str!("migrations/1.sql"),
    include_str!("migrations/2.sql"),
    include_str!("migrations/3.sql"),
    include_str!("migrations/4.sql"),
    include_str!("migrations/5.sql"),
    include_str!("migrations/6.sql"),
];

pub(super) async fn migrate(state: &mut State) -> Result<(), StateError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version(state).await? == known {
        return Ok(());
    }
    // Another process may be migrating too: the version counts only under the write lock.
    run(state, "BEGIN IMMEDIATE").await?;
    let found = version(state).await?;
    if found > known {
        run(state, "ROLLBACK").await?;
        return Err(StateError::Newer { path: state.path.clone(), found, known });
    }
    let done = usize::try_from(found).unwrap_or(0);
    for migration in &MIGRATIONS[done..] {
        run(state, migration).await?;
    }
    run(state, &format!("PRAGMA user_version = {known}")).await?;
    run(state, "COMMIT").await
}

/// Refuses a file that a newer program wrote; an older one is left as it is.
pub(super) async fn refuse_newer(state: &mut State) -> Result<(), StateError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let found = version(state).await?;
    if found > known {
        return Err(StateError::Newer { path: state.path.clone(), found, known });
    }
    Ok(())
}

async fn version(state: &mut State) -> Result<i64, StateError> {
    let version = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut state.connection).await;
    version.map_err(|error| state.error(error))
}

async fn run(state: &mut State, sql: &str) -> Result<(), StateError> {
    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut state.connection).await;
    done.map(drop).map_err(|error| state.error(error))
}
