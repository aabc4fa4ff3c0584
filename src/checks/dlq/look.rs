//! A look at the table before it is read: is it there, may we read it, does row security filter it.
//!
//! By OID none of this raises for a role without rights, and none of it waits for a lock.

use std::collections::BTreeMap;

use crate::config::DlqTable;
use crate::domain::{Judgement, Reach, ReasonCode};
use crate::postgres::{PgError, Quoted, Session, Sql};

/// Row security beneath a view is hidden from `row_security_active`: it applies to the view's owner,
/// or to us where the view is `security_invoker`.
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
           (SELECT json_object_agg(a.attname::text, has_column_privilege(c.oid, a.attnum, 'SELECT'))
            FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)::text AS columns
    FROM (SELECT 1) one
    LEFT JOIN pg_namespace n ON n.nspname::text = {schema}
    LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname::text = {table}
                        AND c.relkind IN ('r', 'p', 'v', 'm', 'f')";

/// The table as this role finds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) schema_exists: bool,
    pub(super) table_exists: bool,
    pub(super) schema_usage: bool,
    /// Row security hides rows, or may hide them.
    pub(super) filtered: bool,
    /// Each column, and whether we may read it.
    pub(super) columns: BTreeMap<String, bool>,
}

pub(super) async fn look(session: &mut Session, table: &DlqTable) -> Result<Look, PgError> {
    let names =
        [("schema", &Quoted::literal(&table.schema)), ("table", &Quoted::literal(&table.table))];
    let row = session.read_one(&Sql::fill(LOOK, &names)).await?;
    Ok(Look {
        schema_exists: row.bool("schema_exists")?.unwrap_or_default(),
        table_exists: row.bool("table_exists")?.unwrap_or_default(),
        schema_usage: row.bool("schema_usage")?.unwrap_or_default(),
        filtered: row.bool("filtered")?.unwrap_or_default(),
        columns: row.json("columns")?.unwrap_or_default(),
    })
}

impl Look {
    /// Why `needed` cannot be read, if so.
    pub(super) fn refusal(&self, table: &DlqTable, needed: &[&str]) -> Option<Judgement> {
        let no = |code, text: String| Some(Judgement::unknown(code, text).reach(Reach::Reached));
        let without = |readable: bool| -> Vec<&str> {
            let lacks = |column: &str| match self.columns.get(column) {
                None => !readable,
                Some(may_read) => readable && !may_read,
            };
            needed.iter().copied().filter(|column| lacks(column)).collect()
        };
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
        let missing = without(false);
        if !missing.is_empty() {
            let text = format!("{table} has no column {}", missing.join(", "));
            return no(ReasonCode::NoColumn, text);
        }
        let hidden = without(true);
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
    use crate::checks::dlq::tests::table;

    fn whole() -> Look {
        let columns = [("attempted_at", true), ("status", true), ("title", false)];
        Look {
            schema_exists: true,
            table_exists: true,
            schema_usage: true,
            filtered: false,
            columns: columns.map(|(name, may_read)| (name.to_owned(), may_read)).into(),
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
    }
}
