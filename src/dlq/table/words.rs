//! The words that the table's status may have, as far as the database says so: for choosing the one
//! that a delivered row gets.

use super::{Table, TableError};
use crate::postgres::{Quoted, Session, Sql};

/// The labels of an enum in their order, or the check constraints of this one column.
const WORDS: &str = "
    SELECT (SELECT json_agg(e.enumlabel::text ORDER BY e.enumsortorder)
            FROM pg_enum e WHERE e.enumtypid = a.atttypid)::text AS labels,
           (SELECT json_agg(pg_get_constraintdef(k.oid))
            FROM pg_constraint k
            WHERE k.conrelid = a.attrelid AND k.contype = 'c'
              AND k.conkey = ARRAY[a.attnum])::text AS checks
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname::text = {schema} AND c.relname::text = {table} AND a.attname = 'status'
      AND NOT a.attisdropped";

impl Table {
    /// The words that the status may have; `None` where nothing restricts it, or in a way that is not
    /// a plain list.
    ///
    /// # Errors
    /// What the database says.
    pub async fn allowed_status_words(
        &self,
        session: &mut Session,
    ) -> Result<Option<Vec<String>>, TableError> {
        let (schema, table) =
            (Quoted::literal(&self.name.schema), Quoted::literal(&self.name.table));
        let sql = Sql::fill(WORDS, &[("schema", &schema), ("table", &table)]);
        let rows = session.read(&sql).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        if let Some(labels) = row.json("labels")? {
            return Ok(Some(labels));
        }
        let checks: Vec<String> = row.json("checks")?.unwrap_or_default();
        Ok(checks.iter().find_map(|check| listed(check)))
    }
}

/// The words of a constraint that is a plain list, in the two forms in which PostgreSQL prints one:
/// `status = ANY (ARRAY['a', 'b'])` and `status = 'a' OR status = 'b'`, with casts anywhere.
fn listed(check: &str) -> Option<Vec<String>> {
    let (mut words, mut rest) = (Vec::new(), String::new());
    let mut signs = check.chars().peekable();
    while let Some(sign) = signs.next() {
        if sign != '\'' {
            rest.push(sign);
            continue;
        }
        let mut word = String::new();
        loop {
            match signs.next()? {
                '\'' if signs.next_if_eq(&'\'').is_some() => word.push('\''),
                '\'' => break,
                other => word.push(other),
            }
        }
        words.push(word);
        rest.push('?');
    }
    let bare = without_casts(&rest);
    let list = |text: &str| !text.is_empty() && text.split(',').all(|item| item == "?");
    let is_any = bare
        .strip_prefix("CHECKstatus=ANYARRAY[")
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(list);
    let is_either = bare
        .strip_prefix("CHECK")
        .is_some_and(|rest| rest.split("OR").all(|part| part == "status=?"));
    (is_any || is_either).then_some(words)
}

/// Without blanks, parentheses and casts (`::text`, `::character varying[]`).
fn without_casts(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split("::");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let cast = |c: char| c.is_ascii_lowercase() || matches!(c, ' ' | '_' | '"' | '.');
        let after = part.trim_start_matches(cast);
        out.push_str(after.strip_prefix("[]").unwrap_or(after));
    }
    let out = out.trim_end_matches(" NOT VALID");
    out.chars().filter(|c| !matches!(c, ' ' | '(' | ')')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_in_every_form_and_nothing_else_is() {
        let two = Some(vec!["failed".to_owned(), "it's".to_owned()]);
        for (check, words) in [
            ("CHECK ((status = ANY (ARRAY['failed'::text, 'it''s'::text])))", &two),
            (
                "CHECK (((status)::text = ANY ((ARRAY['failed'::character varying, \
                 'it''s'::character varying])::text[]))) NOT VALID",
                &two,
            ),
            ("CHECK (((status = 'failed'::text) OR (status = 'it''s'::text)))", &two),
            ("CHECK ((status <> 'failed'::text))", &None),
            ("CHECK ((status ~ '^[a-z]+$'::text))", &None),
            ("CHECK ((length(status) < 20))", &None),
            ("CHECK ((status <> ALL (ARRAY['failed'::text])))", &None),
            ("CHECK ((lower(status) = ANY (ARRAY['failed'::text])))", &None),
            ("CHECK ('", &None),
        ] {
            assert_eq!(&listed(check), words, "{check}");
        }
    }
}
