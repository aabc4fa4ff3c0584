//! What the server has spent its time on, by `pg_stat_statements`: where the extension is, in
//! whatever schema, under the names of its version.

use serde::Serialize;

use crate::postgres::{PgError, Quoted, Row, Session, Sql, statement};

/// Supabase keeps extensions in a schema of their own, and others keep them in `public`.
const WHERE: Sql = Sql::constant(
    "SELECT n.nspname::text AS schema, e.extversion AS version,
            (SELECT json_agg(a.attname::text) FROM pg_class c
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE c.relnamespace = n.oid AND c.relname = 'pg_stat_statements')::text AS columns
     FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
     WHERE e.extname = 'pg_stat_statements'",
);

const TOP: &str = "
    SELECT s.calls::int8, {total}::float8 AS total_ms, {mean}::float8 AS mean_ms,
           s.rows::int8 AS rows, ({read}::float8 + {write}::float8) AS io_ms,
           left(s.query, 2000) AS query
    FROM {view} s WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY 2 DESC, 1 DESC LIMIT {limit}::int8";

/// A statement with its sums since the extension's counters began.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Statement {
    /// How often it ran.
    pub calls: u64,
    /// Milliseconds in all.
    pub total_ms: f64,
    /// Milliseconds each.
    pub mean_ms: f64,
    /// Rows in all.
    pub rows: u64,
    /// Milliseconds of reading and writing, where `track_io_timing` is on.
    pub io_ms: f64,
    /// Its text, with constants taken out; `None` where our role may not see it.
    pub query: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Statements {
    /// Version of the extension.
    pub version: String,
    /// The most expensive ones first.
    pub rows: Vec<Statement>,
}

/// Why there is nothing to see.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoStatements {
    /// The extension is not in this database.
    #[error("pg_stat_statements is not installed in this database")]
    Absent,
    /// Its view is not what any known version has.
    #[error("pg_stat_statements {version} has no column {column}")]
    Unknown {
        /// The extension's version.
        version: String,
        /// What is missing.
        column: &'static str,
    },
    /// The server answered with an error.
    #[error("pg_stat_statements cannot be read: {0}")]
    Unreadable(#[from] PgError),
}

/// Asks the server for the `limit` most expensive statements of this database.
///
/// # Errors
/// Why there is nothing to see.
pub async fn statements(session: &mut Session, limit: u32) -> Result<Statements, NoStatements> {
    let found = session.read(&WHERE).await?;
    let row = found.first().ok_or(NoStatements::Absent)?;
    let version = row.text("version")?.unwrap_or_default();
    let columns: Vec<String> = row.json("columns")?.unwrap_or_default();
    let view = Quoted::table(&row.text("schema")?.unwrap_or_default(), "pg_stat_statements");
    let names = Names::of(&columns)
        .map_err(|column| NoStatements::Unknown { version: version.clone(), column })?;
    let limit = Quoted::literal(&limit.to_string());
    let holes = [
        ("total", &names.total),
        ("mean", &names.mean),
        ("read", &names.read),
        ("write", &names.write),
        ("view", &view),
        ("limit", &limit),
    ];
    let found = session.read(&Sql::fill(TOP, &holes)).await?;
    let rows = found.iter().map(top).collect::<Result<_, PgError>>()?;
    Ok(Statements { version, rows })
}

fn top(row: &Row) -> Result<Statement, PgError> {
    Ok(Statement {
        calls: row.count("calls")?,
        total_ms: row.float("total_ms")?.unwrap_or_default(),
        mean_ms: row.float("mean_ms")?.unwrap_or_default(),
        rows: row.count("rows")?,
        io_ms: row.float("io_ms")?.unwrap_or_default(),
        query: statement::shown(row.text("query")?),
    })
}

/// What the version calls the columns; a figure that it does not have is 0.
#[derive(Debug, PartialEq, Eq)]
struct Names {
    total: Quoted,
    mean: Quoted,
    read: Quoted,
    write: Quoted,
}

impl Names {
    /// # Errors
    /// The column without which nothing can be said.
    fn of(columns: &[String]) -> Result<Self, &'static str> {
        let has = |name: &str| columns.iter().any(|column| column == name);
        let either = |names: [&'static str; 2]| {
            let [newest, _] = names;
            let found = names.into_iter().find(|name| has(name));
            found.map(Quoted::ident).ok_or(newest)
        };
        let zero = || Quoted::literal("0");
        Ok(Self {
            // Since 1.8 (PostgreSQL 13) planning is counted apart; an older one stays after an
            // upgrade of the server until somebody updates the extension.
            total: either(["total_exec_time", "total_time"])?,
            mean: either(["mean_exec_time", "mean_time"])?,
            // Since 1.11 (PostgreSQL 17) local blocks are timed apart.
            read: either(["shared_blk_read_time", "blk_read_time"]).unwrap_or_else(|_| zero()),
            write: either(["shared_blk_write_time", "blk_write_time"]).unwrap_or_else(|_| zero()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(columns: &str) -> Result<Names, &'static str> {
        Names::of(&columns.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn each_version_has_its_names() {
        for (columns, total, read) in [
            (
                "calls total_time mean_time blk_read_time blk_write_time",
                "total_time",
                Some("blk_read_time"),
            ),
            (
                "total_exec_time mean_exec_time blk_read_time blk_write_time",
                "total_exec_time",
                Some("blk_read_time"),
            ),
            (
                "total_exec_time mean_exec_time shared_blk_read_time shared_blk_write_time local_blk_read_time",
                "total_exec_time",
                Some("shared_blk_read_time"),
            ),
            ("total_exec_time mean_exec_time", "total_exec_time", None),
        ] {
            let names = names(columns).unwrap();
            assert_eq!(names.total, Quoted::ident(total));
            assert_eq!(names.read, read.map_or_else(|| Quoted::literal("0"), Quoted::ident));
        }
        assert_eq!(names("calls query"), Err("total_exec_time"));
    }
}
