//! A look at the table before it is read: is it there, may we read it, does row security filter it,
//! what are its columns, its key and its indexes; and whether the replays' ledger lies beside it.
//!
//! By OID none of this raises for a role without rights, and none of it waits for a lock.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::config::DlqTable;
use crate::domain::{Judgement, Reach, ReasonCode};
use crate::postgres::{PgError, Quoted, Session, Sql};

/// Row security beneath a view is hidden from `row_security_active`: it applies to the view's owner,
/// or to us where the view is `security_invoker`.
///
/// A column of a domain is described by the type beneath it. An index counts where it is a valid
/// B-tree over whole rows with the usual order of each type.
const LOOK: &str = "
    SELECT n.oid IS NOT NULL AS schema_exists, c.oid IS NOT NULL AS table_exists,
           coalesce(has_schema_privilege(n.oid, 'USAGE'), false) AS schema_usage,
           coalesce(row_security_active(c.oid), false) OR EXISTS (
             WITH RECURSIVE under(oid) AS (
               SELECT c.oid
               UNION
               SELECT d.refobjid FROM under
               JOIN pg_rewrite r ON r.ev_class = under.oid
               JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                               AND d.refclassid = 'pg_class'::regclass
             )
             SELECT 1 FROM under JOIN pg_class t ON t.oid = under.oid
             JOIN pg_roles o ON o.oid = c.relowner
             WHERE c.relkind IN ('v', 'm') AND t.oid <> c.oid AND t.relrowsecurity
               AND CASE WHEN c.reloptions::text ~* 'security_invoker=(true|on|yes|1)'
                        THEN row_security_active(t.oid)
                        ELSE NOT (o.rolsuper OR o.rolbypassrls)
                             AND (t.relowner <> c.relowner OR t.relforcerowsecurity) END
           ) AS filtered,
           coalesce(c.relkind IN ('r', 'p')
                    OR (c.relkind IN ('v', 'f') AND (pg_relation_is_updatable(c.oid, true) & 4) = 4),
                    false) AS updatable,
           (SELECT json_object_agg(a.attname::text, json_build_object(
              'schema', tn.nspname, 'type', ty.typname, 'required', a.attnotnull,
              'readable', has_column_privilege(c.oid, a.attnum, 'SELECT'),
              'writable', has_column_privilege(c.oid, a.attnum, 'UPDATE')))
            FROM pg_attribute a JOIN pg_type own ON own.oid = a.atttypid
            JOIN pg_type ty ON ty.oid = CASE own.typtype WHEN 'd' THEN own.typbasetype ELSE own.oid END
            JOIN pg_namespace tn ON tn.oid = ty.typnamespace
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)::text AS columns,
           (SELECT json_agg(json_build_object(
              'primary', i.indisprimary, 'unique', i.indisunique AND i.indimmediate,
              'columns', (
                SELECT json_agg(json_build_object(
                         'name', a.attname, 'order', i.indoption[(k.nth - 1)::int],
                         'usual', a.attnum IS NOT NULL AND o.opcdefault
                                  AND i.indcollation[(k.nth - 1)::int] = a.attcollation)
                       ORDER BY k.nth)
                FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(num, nth)
                LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num AND k.num > 0
                LEFT JOIN pg_opclass o ON o.oid = i.indclass[(k.nth - 1)::int]
                WHERE k.nth <= i.indnkeyatts)))
            FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
            WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL
              AND m.amname = 'btree')::text AS indexes,
           (SELECT bool_and(has_schema_privilege(p.oid, 'USAGE')
                            AND has_table_privilege(l.oid, 'SELECT'))
            FROM pg_namespace p JOIN pg_class l ON l.relnamespace = p.oid
            WHERE p.nspname::text = 'parky_ops' AND l.relkind = 'r'
              AND l.relname::text IN ('meta', 'replay_item') HAVING count(*) = 2) AS ledger
    FROM (SELECT 1) one
    LEFT JOIN pg_namespace n ON n.nspname::text = {schema}
    LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname::text = {table}
                        AND c.relkind IN ('r', 'p', 'v', 'm', 'f')";

/// The table as this role finds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// The schema is there.
    pub schema_exists: bool,
    /// The table, view or foreign table is there.
    pub table_exists: bool,
    /// The role may look into the schema.
    pub schema_usage: bool,
    /// Row security hides rows, or may hide them.
    pub filtered: bool,
    /// Its kind can be updated; the right to is a matter of each column.
    pub updatable: bool,
    /// Each column by its name.
    pub columns: BTreeMap<String, Column>,
    /// The indexes that could serve.
    pub indexes: Vec<Index>,
    /// Whether this role may read the replays' ledger beside the table; `None`: there is none.
    pub ledger: Option<bool>,
}

/// A column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Column {
    /// Schema of its type.
    pub schema: String,
    /// Its type, as in `pg_type`: `int8`, `timestamptz`.
    #[serde(rename = "type")]
    pub kind: String,
    /// It may not be null.
    pub required: bool,
    /// This role may read it.
    pub readable: bool,
    /// This role may update it.
    pub writable: bool,
}

/// An index, or a primary key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Index {
    /// It is the primary key.
    pub primary: bool,
    /// No two rows are equal in it.
    pub unique: bool,
    /// Its columns in order.
    pub columns: Vec<IndexColumn>,
}

/// A column of an index.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct IndexColumn {
    /// Its name; `None` for an expression.
    pub name: Option<String>,
    /// Descending (1) and nulls first (2).
    pub order: i32,
    /// It is sorted as `ORDER BY` sorts.
    pub usual: bool,
}

/// Looks at `table`.
///
/// # Errors
/// What the database says.
pub async fn look(session: &mut Session, table: &DlqTable) -> Result<Look, PgError> {
    let names =
        [("schema", &Quoted::literal(&table.schema)), ("table", &Quoted::literal(&table.table))];
    let row = session.read_one(&Sql::fill(LOOK, &names)).await?;
    Ok(Look {
        schema_exists: row.bool("schema_exists")?.unwrap_or_default(),
        table_exists: row.bool("table_exists")?.unwrap_or_default(),
        schema_usage: row.bool("schema_usage")?.unwrap_or_default(),
        filtered: row.bool("filtered")?.unwrap_or_default(),
        updatable: row.bool("updatable")?.unwrap_or_default(),
        columns: row.json("columns")?.unwrap_or_default(),
        indexes: row.json("indexes")?.unwrap_or_default(),
        ledger: row.bool("ledger")?,
    })
}

impl Look {
    /// Whether `column` is there and may be read.
    pub fn reads(&self, column: &str) -> bool {
        self.columns.get(column).is_some_and(|column| column.readable)
    }

    /// Why `needed` cannot be read, if so; everything that is missing at once.
    pub fn refusal(&self, table: &DlqTable, needed: &[&str]) -> Option<Judgement> {
        let no = |code, text: String| Some(Judgement::unknown(code, text).reach(Reach::Reached));
        if !self.schema_exists {
            return no(ReasonCode::NoTable, format!("no schema {} in the database", table.schema));
        }
        if !self.schema_usage {
            let text = format!("the role has no USAGE right on schema {}", table.schema);
            return no(ReasonCode::NoPermission, text);
        }
        if !self.table_exists {
            return no(ReasonCode::NoTable, format!("no table {table} in the database"));
        }
        let lacks = |fits: fn(Option<&Column>) -> bool| -> Vec<&str> {
            needed.iter().copied().filter(|name| fits(self.columns.get(*name))).collect()
        };
        let missing = lacks(|column| column.is_none());
        if !missing.is_empty() {
            let text = format!("{table} has no column {}", missing.join(", "));
            return no(ReasonCode::NoColumn, text);
        }
        let hidden = lacks(|column| column.is_some_and(|column| !column.readable));
        if !hidden.is_empty() {
            let text = format!("the role may not read {} of {table}", hidden.join(", "));
            return no(ReasonCode::NoPermission, text);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dlq::table::testing::table;

    fn whole() -> Look {
        let column = |readable| Column { readable, ..Column::default() };
        let columns = [("attempted_at", true), ("status", true), ("title", false)];
        Look {
            schema_exists: true,
            table_exists: true,
            schema_usage: true,
            columns: columns.map(|(name, may_read)| (name.to_owned(), column(may_read))).into(),
            ..Look::default()
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let table = table();
        let refusal = |look: &Look, needed: &[&str]| {
            look.refusal(&table, needed).map(|judgement| judgement.reason)
        };
        assert_eq!(refusal(&whole(), &["attempted_at", "status"]), None);
        for (look, needed, code, word) in [
            (Look::default(), "status", ReasonCode::NoTable, "schema admin"),
            (Look { schema_usage: false, ..whole() }, "status", ReasonCode::NoPermission, "USAGE"),
            (
                Look { table_exists: false, ..whole() },
                "status",
                ReasonCode::NoTable,
                "admin.notification_failures",
            ),
            (whole(), "http_status", ReasonCode::NoColumn, "http_status"),
            (whole(), "title", ReasonCode::NoPermission, "title"),
        ] {
            let reason = refusal(&look, &[needed]).unwrap();
            assert_eq!(reason.code, code, "{}", reason.text);
            assert!(reason.text.contains(word), "{}", reason.text);
        }
        let all = refusal(&whole(), &["channel", "status", "http_status"]).unwrap();
        assert!(all.text.ends_with("channel, http_status"), "{}", all.text);
    }
}
