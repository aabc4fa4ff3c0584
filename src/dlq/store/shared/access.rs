//! What this role may do, told before anything is tried.
//!
//! Reads the catalogue by OID, which raises for nobody, whatever the role's rights; then
//! `parky_ops.meta` where it may be read.

use super::super::StoreError;
use super::schema::SCHEMA_VERSION;
use crate::config::DlqTable;
use crate::domain::EnvName;
use crate::postgres::{PgError, Quoted, Session, Sql};

/// The team's table and the column that a delivery marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamTable {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// The column of the status word.
    pub status_column: String,
}

impl From<&DlqTable> for TeamTable {
    fn from(table: &DlqTable) -> Self {
        Self {
            schema: table.schema.clone(),
            table: table.table.clone(),
            status_column: "status".to_owned(),
        }
    }
}

/// The schema as this role finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Not there, or not whole: `dlq init` makes it.
    Missing,
    /// There, but this role may not read it.
    Hidden,
    /// Of a version that this program knows.
    Ours {
        /// The version.
        version: i64,
    },
    /// A newer program has changed it.
    Newer {
        /// The version.
        version: i64,
    },
}

/// What this role may do in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The schema.
    pub schema: Schema,
    /// The environment that the schema is stamped for.
    pub stamped: Option<String>,
    /// The word of `dlq init` for delivered rows of the team's table.
    pub delivered_status: Option<String>,
    /// Whether the role may write to every table of the schema.
    pub may_write: bool,
    /// Whether the role may make the schema, or what is missing of it.
    pub may_create_schema: bool,
    /// Whether the role may update the status column of the team's table.
    pub may_update_table: bool,
    /// Whether the server takes no writes: a standby, or set to read-only (as a full disk does on
    /// hosted servers).
    pub read_only_server: bool,
}

const LOOK: &str = "
    SELECT (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
              AND c.relname::text IN {tables}) AS tables,
           coalesce(has_schema_privilege(n.oid, 'USAGE'), false) AS usage,
           coalesce((SELECT bool_and(has_table_privilege(c.oid, 'SELECT')) FROM pg_class c
              WHERE c.relnamespace = n.oid AND c.relname::text IN {tables}), false) AS may_read,
           coalesce((SELECT bool_and(c.relname::text = 'meta' OR has_table_privilege(c.oid, 'INSERT')
                AND has_table_privilege(c.oid, 'UPDATE')
                AND (c.relname::text <> 'lane_lease' OR has_table_privilege(c.oid, 'DELETE')))
              FROM pg_class c
              WHERE c.relnamespace = n.oid AND c.relname::text IN {tables}), false) AS may_write,
           CASE WHEN n.oid IS NULL
                THEN has_database_privilege(d.oid, 'CREATE')
                ELSE has_schema_privilege(n.oid, 'CREATE') END AS may_create,
           coalesce(has_schema_privilege(tn.oid, 'USAGE')
                    AND has_column_privilege(t.oid, a.attnum, 'UPDATE'), false) AS may_update_table,
           pg_is_in_recovery()
             OR current_setting('default_transaction_read_only') = 'on' AS read_only_server
    FROM pg_database d
    LEFT JOIN pg_namespace n ON n.nspname::text = 'parky_ops'
    LEFT JOIN pg_namespace tn ON tn.nspname::text = {schema}
    LEFT JOIN pg_class t ON t.relnamespace = tn.oid AND t.relname::text = {table}
                        AND t.relkind IN ('r', 'p', 'v', 'f')
    LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname::text = {column}
                            AND a.attnum > 0 AND NOT a.attisdropped
    WHERE d.datname = current_database()";

const META: &str = "SELECT key, value FROM parky_ops.meta";

const TABLES: [&str; 6] =
    ["meta", "replay_run", "replay_item", "replay_selection", "replay_attempt", "lane_lease"];

/// Looks; changes nothing.
pub(super) async fn look(session: &mut Session, team: &TeamTable) -> Result<Access, PgError> {
    let values = [
        ("tables", &Quoted::list(TABLES)),
        ("schema", &Quoted::literal(&team.schema)),
        ("table", &Quoted::literal(&team.table)),
        ("column", &Quoted::literal(&team.status_column)),
    ];
    let row = session.read_one(&Sql::fill(LOOK, &values)).await?;
    let yes = |column| Ok::<_, PgError>(row.bool(column)?.unwrap_or_default());
    let whole = row.count("tables")? == TABLES.len() as u64;
    let readable = yes("usage")? && yes("may_read")?;
    let mut access = Access {
        schema: if whole { Schema::Hidden } else { Schema::Missing },
        stamped: None,
        delivered_status: None,
        may_write: whole && readable && yes("may_write")?,
        may_create_schema: yes("may_create")?,
        may_update_table: yes("may_update_table")?,
        read_only_server: yes("read_only_server")?,
    };
    if whole && readable {
        for row in session.read(&Sql::constant(META)).await? {
            let value = row.text("value")?;
            match row.text("key")?.as_deref() {
                Some("env") => access.stamped = value,
                Some("delivered_status") => access.delivered_status = value,
                Some("schema_version") => {
                    // A version that is no number can only be of a program that we do not know.
                    let version = value.and_then(|text| text.parse().ok()).unwrap_or(i64::MAX);
                    access.schema = if version > SCHEMA_VERSION {
                        Schema::Newer { version }
                    } else {
                        Schema::Ours { version }
                    };
                }
                _ => {}
            }
        }
        if access.schema == Schema::Hidden {
            // Tables without a stamp: an `init` that did not end.
            access.schema = Schema::Missing;
        }
    }
    Ok(access)
}

impl Access {
    /// Why this role's replays are kept in the local ledger, where that is not for `dlq init` to mend.
    /// `None`: the shared store is theirs, whether it is ready or not.
    pub fn why_local(&self) -> Option<&'static str> {
        let could_init = self.may_create_schema || self.may_update_table;
        match self.schema {
            _ if self.read_only_server => Some("the database takes no writes"),
            Schema::Missing if could_init => None,
            Schema::Missing => Some("the role may not write to the database"),
            Schema::Hidden => Some("the role may not read the schema parky_ops"),
            Schema::Ours { .. } if !self.may_write => Some("the role may not write to parky_ops"),
            Schema::Ours { .. } | Schema::Newer { .. } => None,
        }
    }

    /// Whether writes of `env` are in order, by version and stamp.
    ///
    /// # Errors
    /// [`StoreError::NoSchema`], [`StoreError::Newer`], [`StoreError::OtherEnv`].
    pub fn check(&self, env: &EnvName) -> Result<(), StoreError> {
        match self.schema {
            Schema::Missing | Schema::Hidden => return Err(StoreError::NoSchema),
            Schema::Newer { version } => {
                return Err(StoreError::Newer { found: version, known: SCHEMA_VERSION });
            }
            Schema::Ours { .. } => {}
        }
        match &self.stamped {
            Some(stamped) if stamped == env.as_str() => Ok(()),
            stamped => Err(StoreError::OtherEnv {
                stamped: stamped.clone().unwrap_or_else(|| "no environment".to_owned()),
                asked: env.as_str().to_owned(),
            }),
        }
    }
}
