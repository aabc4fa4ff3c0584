//! The newest migrations, as the Supabase CLI keeps them in `supabase_migrations.schema_migrations`.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;

use crate::postgres::{PgError, Quoted, Row, Session, Sql};

/// By OID none of this raises for a role without rights.
const LOOK: Sql = Sql::constant(
    "SELECT n.oid IS NOT NULL AS schema_exists, c.oid IS NOT NULL AS table_exists,
            coalesce(has_schema_privilege(n.oid, 'USAGE'), false) AS schema_usage,
            coalesce(has_table_privilege(c.oid, 'SELECT'), false) AS may_select,
            coalesce(row_security_active(c.oid), false) AS filtered
     FROM (SELECT 1) one
     LEFT JOIN pg_namespace n ON n.nspname = 'supabase_migrations'
     LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'schema_migrations'",
);

/// Early versions of the table have no name; the way through JSON reads it where it is.
const NEWEST: &str = "
    SELECT t.version::text AS version, to_jsonb(t) ->> 'name' AS name
    FROM (SELECT * FROM supabase_migrations.schema_migrations
          ORDER BY version DESC LIMIT {limit}::int8) t
    ORDER BY t.version DESC";

/// A migration that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Migration {
    /// Its version.
    pub version: String,
    /// Its name.
    pub name: Option<String>,
    /// When its file was made (UTC), where the version is such a time. Not when it was applied: the
    /// table does not tell.
    pub written_at: Option<DateTime<Utc>>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrations {
    /// The newest first.
    pub rows: Vec<Migration>,
    /// Whether there are more.
    pub more: bool,
    /// Row security hides rows from our role, or may hide them.
    pub filtered: bool,
}

/// Why there is nothing to see.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoMigrations {
    /// The Supabase CLI has not migrated this database.
    #[error("no {0} in the database: migrations are not kept there")]
    Absent(&'static str),
    /// Our role may not look.
    #[error("the role has no {0}")]
    NoPermission(&'static str),
    /// The server answered with an error.
    #[error(transparent)]
    Unreadable(#[from] PgError),
}

/// Asks the server for the newest `limit` migrations.
///
/// # Errors
/// Why there is nothing to see.
pub async fn migrations(session: &mut Session, limit: u32) -> Result<Migrations, NoMigrations> {
    let look = session.read_one(&LOOK).await?;
    let is = |column| look.bool(column).map(Option::unwrap_or_default);
    if !is("schema_exists")? {
        return Err(NoMigrations::Absent("schema supabase_migrations"));
    }
    if !is("schema_usage")? {
        return Err(NoMigrations::NoPermission("USAGE right on schema supabase_migrations"));
    }
    if !is("table_exists")? {
        return Err(NoMigrations::Absent("table supabase_migrations.schema_migrations"));
    }
    if !is("may_select")? {
        let right = "SELECT right on supabase_migrations.schema_migrations";
        return Err(NoMigrations::NoPermission(right));
    }
    let one_more = Quoted::literal(&u64::from(limit).saturating_add(1).to_string());
    let found = session.read(&Sql::fill(NEWEST, &[("limit", &one_more)])).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let rows = found.iter().take(limit).map(migration).collect::<Result<_, PgError>>()?;
    Ok(Migrations { rows, more: found.len() > limit, filtered: is("filtered")? })
}

fn migration(row: &Row) -> Result<Migration, PgError> {
    let version = row.text("version")?.unwrap_or_default();
    let name = row.text("name")?.filter(|name| !name.is_empty());
    Ok(Migration { written_at: written_at(&version), version, name })
}

/// The CLI makes versions of the time (UTC) as `20261121035900`.
fn written_at(version: &str) -> Option<DateTime<Utc>> {
    let digits = version.len() == 14 && version.bytes().all(|byte| byte.is_ascii_digit());
    let time = NaiveDateTime::parse_from_str(version, "%Y%m%d%H%M%S").ok().filter(|_| digits)?;
    Some(time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_tells_when_it_was_written() {
        let at = |version| written_at(version).map(|at| at.to_rfc3339());
        assert_eq!(at("20261121035900").as_deref(), Some("2026-11-21T03:59:00+00:00"));
        for version in ["", "1", "20261321035900", "2026112103590", "+0261121035900"] {
            assert_eq!(at(version), None, "{version}");
        }
    }
}
